# Which directories have the programs that scripts call by their bare names.
#
# On Debian all programs are in one directory. Here a script's PATH need not have those of its own package or of the
# packages that this declares as dependencies; their directories are added behind what is in PATH.
package Programs;

use strict;
use warnings;
use Closure;
use Scripts;

my @DIRECTORIES = qw(bin sbin games);

# Larger files are not searched.
my $LARGEST = 1 << 20;

sub new {
    my ($class, $tree, $closure) = @_;
    return bless({ tree => $tree, closure => $closure }, $class);
}

# Name of a program => the directory that has it; this package's before the dependencies'. A dependency without
# programs (a metapackage) stands for what it depends on.
sub _known {
    my ($self) = @_;
    return $self->{known} //= do {
        my (%known, %seen);
        my @packages = ($self->{tree}{out}, @{ $self->{closure}{direct} });
        while (defined(my $package = shift @packages)) {
            next if $seen{$package}++;
            my @dirs = grep { -d } map { "$package/$_" } @DIRECTORIES;
            push @packages, Closure::read_lines("$package/nix-support/debian/deps") if !@dirs;
            for my $dir (@dirs) {
                opendir(my $handle, $dir) or next;
                $known{$_} //= $dir for grep { !/\A\./ } readdir($handle);
            }
        }
        \%known;
    };
}

# The directories of the programs whose names occur in the text, sorted.
sub directories_for {
    my ($self, $text) = @_;
    return _sorted($self->_found($text));
}

# The same for all text files of the package whose paths match.
sub directories_for_files {
    my ($self, $pattern) = @_;
    my $out = $self->{tree}{out};
    my @found;
    for my $path (grep { $_ =~ $pattern } @{ $self->{tree}{text} }) {
        my $file = "$out/$path";
        next if -l $file || !-e $file || -s $file > $LARGEST;
        push @found, $self->_found(Scripts::read_text($file));
    }
    return _sorted(@found);
}

sub _found {
    my ($self, $text) = @_;
    my $known = $self->_known;
    # What stands behind a "/" is part of a path; comments are not commands.
    $text =~ s/^[ \t]*#.*$//mg;
    return map { $known->{$_} // () } $text =~ m{(?<![\w./\$-])([\w][\w.+-]*)(?![\w/=(])}g;
}

sub _sorted { my %seen; return sort grep { !$seen{$_}++ } @_ }

1;
