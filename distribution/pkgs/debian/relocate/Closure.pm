# The packages that a package depends on: which files and which shared libraries they have.
#
# A relocated package says in nix-support/debian/deps which packages it depends on directly and in
# nix-support/debian/libs which libraries it has, one per line: RANK MACHINE NAME PATH. Rank 0 is the loader's own
# search path, rank 1 any other directory. Dependents read these instead of searching the trees.
package Closure;

use strict;
use warnings;

# $dependencies: store paths of the direct dependencies, in the order in which they are searched.
sub new {
    my ($class, $dependencies) = @_;
    return bless({ direct => [@$dependencies], all => undef, libs => {} }, $class);
}

# All packages of the closure: the direct dependencies first, then breadth first.
sub all {
    my ($self) = @_;
    return $self->{all} if $self->{all};
    my @queue = @{ $self->{direct} };
    my %seen = map { $_ => 1 } @queue;
    for (my $i = 0 ; $i < @queue ; $i++) {
        push @queue, grep { !$seen{$_}++ } read_lines("$queue[$i]/nix-support/debian/deps");
    }
    return $self->{all} = \@queue;
}

# The directory that holds the library $name for $machine, or undef: direct dependencies before the rest of the
# closure, the loader's search path before other directories.
sub library_dir {
    my ($self, $name, $machine) = @_;
    for my $packages ($self->{direct}, $self->all) {
        for my $rank (0, 1) {
            for my $package (@$packages) {
                my $path = $self->_libraries($package)->{"$rank $machine $name"};
                return $package . '/' . $path =~ s{/[^/]*\z}{}r if defined $path;
            }
        }
    }
    return undef;
}

# The store path of $path (relative to a package) in the first package that has it, or undef.
sub find {
    my ($self, $path) = @_;
    for my $packages ($self->{direct}, $self->all) {
        for my $package (@$packages) {
            return "$package/$path" if lstat("$package/$path");
        }
    }
    return undef;
}

# The existing directories $path of all packages, nearest first.
sub directories {
    my ($self, @paths) = @_;
    return map { my $package = $_; grep { -d } map { "$package/$_" } @paths } @{ $self->all };
}

sub _libraries {
    my ($self, $package) = @_;
    return $self->{libs}{$package} //= {
        map { /\A(\d \S+ \S+) (.*)\z/ ? ($1 => $2) : () } read_lines("$package/nix-support/debian/libs")
    };
}

# The lines of a file without their ends; none when it does not exist.
sub read_lines {
    my ($file) = @_;
    open(my $in, '<', $file) or return ();
    my @lines = <$in>;
    chomp @lines;
    return @lines;
}

1;
