# Gives each ELF file the interpreter and the search path (RUNPATH) that it needs, and indexes the libraries.
#
# The search path names only directories that satisfy the file's own NEEDED entries, its .note.dlopen and what its
# old RUNPATH named; entries with $ORIGIN stay. A needed library that is not found fails the build, except
# for plugins: a library outside of the loader's search path whose needs Debian does not declare does nothing without
# the package that it is for. Those are listed in nix-support/debian/incomplete.
package Libraries;

use strict;
use warnings;
use Elf;
use ElfPatch;
use Unpack;
use Links;

# The loader never needs a search path.
my $LOADER = qr{\A(?:ld-linux.*|ld64?)\.so\.\d+\z};

# What a library opens without a note: the C library unwinds threads with GCC's.
my %OPENED = ('libc.so.6' => ['libgcc_s.so.1']);

# %$options: out, machine ("62-64"), default_dirs (the loader's own search path, relative to the output),
# optional (a pattern: needed libraries that may be absent).
sub new {
    my ($class, $tree, $closure, $options) = @_;
    return bless({ tree => $tree, closure => $closure, %$options, files => {}, index => {}, missing => {} }, $class);
}

# Reads all ELF files and writes nix-support/debian/libs.
sub index_all {
    my ($self) = @_;
    my $out = $self->{tree}{out};
    for my $path (@{ $self->{tree}{elf} }) {
        my $info = Elf::read_file("$out/$path") or next;
        $self->{files}{$path} = $info;
        $self->_index($path, $info->{machine}, $info->{soname}) if $info->{dynamic} && $path =~ /\.so(?:\.|\z)/;
    }
    for my $link (sort keys %{ $self->{tree}{links} }) {
        next unless $link =~ m{\.so(?:\.[^/]*)?\z} && -f "$out/$link";
        my $real = $self->_real_path($link);
        my $info = defined $real ? $self->{files}{$real} : $real;
        $self->_index($link, $info->{machine}, undef) if $info;
    }
    mkdir("$out/nix-support");
    mkdir("$out/nix-support/debian");
    open(my $to, '>', "$out/nix-support/debian/libs") or die "cannot write the list of libraries: $!\n";
    print {$to} "$_ $self->{index}{$_}\n" for sort keys %{ $self->{index} };
    close($to);
    return;
}

# Follows links inside the output; undef when they lead elsewhere.
sub _real_path {
    my ($self, $path) = @_;
    for (1 .. 20) {
        my $target = readlink("$self->{tree}{out}/$path") // return $path;
        return undef if $target =~ m{\A/};
        $path = Links::resolve($path, $target);
    }
    return undef;
}

sub _index {
    my ($self, $path, $machine, $soname) = @_;
    my ($dir, $name) = $path =~ m{\A(.*)/([^/]+)\z} or return;
    my $rank = (grep { $_ eq $dir } @{ $self->{default_dirs} }) ? 0 : 1;
    return if $rank == 1 && ($dir =~ m{/glibc-hwcaps/} || $name !~ /\Alib/);
    my $key = "$rank $machine $name";
    $self->{index}{$key} = $path unless exists $self->{index}{$key} && $self->{index}{$key} le $path;
    # ldconfig makes links by the libraries' own names where a package does not have them.
    if (defined $soname && $soname ne $name && $soname !~ m{/} && $rank == 0 && !lstat("$self->{tree}{out}/$dir/$soname")) {
        symlink($name, "$self->{tree}{out}/$dir/$soname");
        $self->{index}{"$rank $machine $soname"} = "$dir/$soname";
    }
    return;
}

# Patches all files.
sub relocate_all {
    my ($self) = @_;
    my %changes;
    for my $path (sort keys %{ $self->{files} }) {
        my $info = $self->{files}{$path};
        next if !$info->{dynamic} || $info->{machine} ne $self->{machine} && !$self->_foreign($info);
        next if $path =~ m{([^/]+)\z} && $1 =~ $LOADER;
        my $interpreter = $self->_interpreter($path, $info);
        my $run_path = join(':', $self->_search_path($path, $info));
        next if !defined $interpreter && $run_path eq join(':', @{ $info->{run_path} });
        $changes{$path} = { interpreter => $interpreter, run_path => $run_path };
    }
    $self->_fail_for_missing;
    ElfPatch::patch("$self->{tree}{out}/$_", $changes{$_}) for sort keys %changes;
    return;
}

# A program with an embedded Python looks for its library beside itself: the link shows it there.
sub find_python {
    my ($self) = @_;
    my $out = $self->{tree}{out};
    for my $path (sort keys %{ $self->{files} }) {
        next unless $path =~ m{\As?bin/};
        my ($version) = map { /\Alib(python3\.\d+)/ } @{ $self->{files}{$path}{needed} };
        next if !defined $version || lstat("$out/lib/$version");
        my $found = $self->{closure}->find("lib/$version/os.py") or next;
        mkdir("$out/lib");
        symlink($found =~ s{/os\.py\z}{}r, "$out/lib/$version") or die "cannot link Python's library: $!\n";
    }
    return;
}

# Libraries and programs of the machine's 32-bit sibling are treated too when their loader is in the closure.
sub _foreign {
    my ($self, $info) = @_;
    return $info->{machine} eq '3-32' && $self->{machine} eq '62-64'
      && defined $self->{closure}->library_dir('ld-linux.so.2', '3-32');
}

sub _interpreter {
    my ($self, $path, $info) = @_;
    my $old = $info->{interpreter} // return undef;
    my ($name) = $old =~ m{([^/]+)\z};
    my $dir = $self->_find($name, $info->{machine});
    return "$dir/$name" if defined $dir;
    my $found = $self->{closure}->find(Unpack::flatten($old));
    push @{ $self->{missing}{$name} }, $path unless defined $found;
    return $found;
}

# Directories in the order in which the loader shall search: what the old path named, then the needed libraries'.
sub _search_path {
    my ($self, $path, $info) = @_;
    my (@dirs, %seen, @own);
    my $add = sub { my ($dir) = @_; push @dirs, $dir unless $seen{$dir}++; return };
    for my $entry (@{ $info->{run_path} }) {
        my @places = $self->_map_entry($path, $entry) or next;
        $add->($places[0]);
        push @own, $places[1];
    }
    for my $name (@{ $info->{needed} }) {
        next if $name =~ $LOADER || $name =~ m{\A/};
        next if grep { -e "$_/$name" } @own;
        my $dir = $self->_find($name, $info->{machine});
        if (defined $dir) { $add->($dir) }
        elsif ($name !~ $self->{optional}) { push @{ $self->{missing}{$name} }, $path }
    }
    for my $name (@{ $info->{dlopen} }, @{ $OPENED{ $info->{soname} // '' } // [] }) {
        my $dir = $self->_find($name, $info->{machine});
        $add->($dir) if defined $dir;
    }
    return @dirs;
}

# An old search path's entry as (new entry, directory it means now), or nothing when there is no such directory.
sub _map_entry {
    my ($self, $path, $entry) = @_;
    my $out = $self->{tree}{out};
    if ($entry =~ m{\A\$(?:ORIGIN|\{ORIGIN\})(.*)\z}) {
        my $dir = Links::resolve($path, ".$1");
        return -d "$out/$dir" ? ($entry, "$out/$dir") : ();
    }
    return () unless $entry =~ m{\A/};
    my $wanted = Unpack::flatten(Links::resolve('', $entry));
    return () if grep { $_ eq $wanted } @{ $self->{default_dirs} };
    return ("$out/$wanted") x 2 if -d "$out/$wanted";
    my $found = $self->{closure}->find($wanted);
    return defined $found && -d $found ? ($found, $found) : ();
}

# The directory with the library: this package's before the closure's, the loader's search path before others.
sub _find {
    my ($self, $name, $machine) = @_;
    return $self->{found}{"$machine $name"} //= do {
        my $own0 = $self->{index}{"0 $machine $name"};
        my $own1 = $self->{index}{"1 $machine $name"};
        my $path = $own0 // $own1;
        defined $path ? "$self->{tree}{out}/" . $path =~ s{/[^/]*\z}{}r : $self->{closure}->library_dir($name, $machine);
    };
}

sub _fail_for_missing {
    my ($self) = @_;
    my $missing = $self->{missing};
    my (@plugins, %fatal);
    for my $name (sort keys %$missing) {
        for my $path (@{ $missing->{$name} }) {
            if ($self->_is_plugin($path)) { push @plugins, "$name $path\n" } else { push @{ $fatal{$name} }, $path }
        }
    }
    if (@plugins) {
        open(my $to, '>', "$self->{tree}{out}/nix-support/debian/incomplete") or die "cannot write the list of plugins: $!\n";
        print {$to} sort @plugins;
    }
    return unless %fatal;
    for my $name (sort keys %fatal) {
        my @users = @{ $fatal{$name} };
        print STDERR "library '$name' is not in the dependencies; needed by '$users[0]'",
          (@users > 1 ? ' and ' . (@users - 1) . ' more' : ''), "\n";
    }
    die "cannot relocate: " . join(', ', map { "'$_'" } sort keys %fatal) . " not found in this package or its dependencies\n";
}

sub _is_plugin {
    my ($self, $path) = @_;
    my ($dir) = $path =~ m{\A(.*)/};
    return !defined $self->{files}{$path}{interpreter} && !grep { $_ eq $dir } @{ $self->{default_dirs} };
}

1;
