# Merges directory trees by symbolic links.
#
# A directory that only one source has becomes one link; where several have it, it is made and merged. Of several
# files at one place the one with the best priority wins; equal priorities are a collision, unless the files are
# alternatives in Debian's sense: then the higher of their own priorities wins.
package Merge;

use strict;
use warnings;

# Read by tools at build time only, or written anew by whoever merges.
my $SKIPPED = qr{\A(?:nix-support|share/info/dir|share/man/(?:index\..*|whatis)|log)\z};

# %$options: out; deep (never link a directory); ignore_collisions (0: fail, 1: warn, 2: silent); wanted
# (list of paths that are shown: "/" or "/bin" ...); prefix (where in the output, "" or "/x").
sub new {
    my ($class, $options) = @_;
    return bless({ %$options, sources => [], count => 0 }, $class);
}

# Adds a tree. A smaller priority wins. Trees are merged in the order in which they were added.
sub add {
    my ($self, $root, $priority) = @_;
    return if $self->{seen}{$root}++;
    push @{ $self->{sources} }, { root => $root, priority => $priority };
    my $propagated = "$root/nix-support/propagated-user-env-packages";
    if (open(my $in, '<', $propagated)) {
        my @packages = map { split(' ', $_) } <$in>;
        $self->add($_, $priority) for @packages;
    }
    return;
}

sub run {
    my ($self) = @_;
    my @directories = grep { -d $_->{root} } @{ $self->{sources} };
    for my $source (@{ $self->{sources} }) {
        die "'$source->{root}' is a file and cannot be merged; directories were expected\n"
          unless -d $source->{root} || $self->{ignore_files};
    }
    make_dirs("$self->{out}$self->{prefix}");
    $self->_merge('', \@directories);
    return;
}

sub make_dirs {
    my ($dir) = @_;
    return if -d $dir;
    make_dirs($1) if $dir =~ m{\A(.+)/};
    mkdir($dir) or die "cannot make '$dir': $!\n";
    return;
}

# Merges the directory $path (relative, '' for the root) of the given sources.
sub _merge {
    my ($self, $path, $sources) = @_;
    my %entries;
    for my $source (@$sources) {
        my $dir = $path eq '' ? $source->{root} : "$source->{root}/$path";
        opendir(my $handle, $dir) or next;
        push @{ $entries{$_} }, $source for grep { $_ ne '.' && $_ ne '..' } readdir($handle);
    }
    for my $name (sort keys %entries) {
        my $child = $path eq '' ? $name : "$path/$name";
        next if $child =~ $SKIPPED;
        my $wanted = $self->_wanted($child) or next;
        $self->_place($child, $entries{$name}, $wanted);
    }
    return;
}

# 2: shown with all that is below it; 1: something below it may be shown; 0: not shown.
sub _wanted {
    my ($self, $path) = @_;
    my $below = 0;
    for my $wanted (@{ $self->{wanted} }) {
        return 2 if $wanted eq '/' || "/$path" eq $wanted || index("/$path", "$wanted/") == 0;
        $below = 1 if index($wanted, "/$path/") == 0;
    }
    return $below;
}

sub _place {
    my ($self, $path, $sources, $wanted) = @_;
    my @directories = grep { -d "$_->{root}/$path" } @$sources;
    if (@directories == 0) {
        return if $wanted < 2;
        return $self->_link($path, $self->_choose($path, $sources));
    }
    if (@directories < @$sources) {
        my @files = grep { !-d "$_->{root}/$path" } @$sources;
        $self->_collision($path, $directories[0], $files[0]);
    }
    my $alone = @directories == 1 && $wanted == 2 && !$self->{deep};
    return $self->_link($path, $directories[0]) if $alone;
    mkdir("$self->{out}$self->{prefix}/$path") or die "cannot make '$path': $!\n";
    return $self->_merge($path, \@directories);
}

sub _link {
    my ($self, $path, $source) = @_;
    $self->{count}++;
    symlink("$source->{root}/$path", "$self->{out}$self->{prefix}/$path") or die "cannot link '$path': $!\n";
    return;
}

sub _choose {
    my ($self, $path, $sources) = @_;
    my ($best, @rest) = @$sources;
    for my $source (@rest) {
        if ($source->{priority} != $best->{priority}) {
            $best = $source if $source->{priority} < $best->{priority};
            next;
        }
        my ($ours, $theirs) = map { $self->_alternative($_, $path) } $best, $source;
        if (defined $ours && defined $theirs) { $best = $source if $theirs > $ours }
        elsif (defined $ours) { $best = $source }
        elsif (!defined $theirs) { $self->_collision($path, $best, $source) }
    }
    return $best;
}

# The priority that a Debian package gives to an alternative, or undef for anything else.
sub _alternative {
    my ($self, $source, $path) = @_;
    my $table = $source->{alternatives} //= do {
        my %table;
        if (open(my $in, '<', "$source->{root}/nix-support/debian/alternatives")) {
            while (my $line = <$in>) { $table{$2} = $1 if $line =~ /\A(-?\d+) (.*)\n/ }
        }
        \%table;
    };
    return $table->{$path};
}

sub _collision {
    my ($self, $path, $first, $second) = @_;
    return if $self->{ignore_collisions} == 2;
    my ($one, $two) = map { "$_->{root}/$path" } $first, $second;
    return if _same($one, $two);
    die "collision between '$two' and '$one'; give one of the packages another priority (meta.priority)\n"
      unless $self->{ignore_collisions};
    print STDERR "warning: collision between '$two' and '$one'; the latter is used\n";
    return;
}

# Whether two files are the same, or equal in contents and mode.
sub _same {
    my ($one, $two) = @_;
    my ($target_one, $target_two) = (readlink($one), readlink($two));
    return 1 if defined $target_one && defined $target_two && $target_one eq $target_two;
    my @one = stat($one) or return 0;
    my @two = stat($two) or return 0;
    return 1 if $one[0] == $two[0] && $one[1] == $two[1];
    return 0 if -d _ || -d $one || $one[7] != $two[7] || $one[2] != $two[2];
    open(my $a, '<:raw', $one) or return 0;
    open(my $b, '<:raw', $two) or return 0;
    while (read($a, my $left, 1 << 16)) {
        read($b, my $right, 1 << 16);
        return 0 if $left ne $right;
    }
    return 1;
}

1;
