# Makes symbolic links right after relocation.
#
# A link is read as Debian meant it (absolute, or relative to where it stood before usr/ was flattened). It then
# points to the file in this package (relative), in a package of the closure (absolute store path), or, for the
# machine's own state under /etc, /dev, /run, ..., stays as it is.
package Links;

use strict;
use warnings;
use Unpack;

my $STATE = qr{\A(etc|dev|run|var|proc|sys|tmp|srv|root|home|mnt|media)(?:/|\z)};

sub relocate_all {
    my ($tree, $closure) = @_;
    my @unresolved = grep { !_relocate($tree, $closure, $_, 0) } sort keys %{ $tree->{links} };
    # A target may lie behind another link of this package, which is right only now.
    _relocate($tree, $closure, $_, 1) for @unresolved;
    return;
}

# Returns false when the target was not found, unless it is the last attempt.
sub _relocate {
    my ($tree, $closure, $path, $last) = @_;
    my $target = $tree->{links}{$path};
    my $absolute = resolve($tree->{origins}{$path}, $target);
    my $wanted = Unpack::flatten($absolute);
    my $file = "$tree->{out}/$path";
    if ($wanted eq $path) {
        unlink($file) or die "cannot remove '$path': $!\n";
        return 1;
    }
    my $new = _new_target($tree, $closure, $path, $wanted, $absolute);
    return 0 unless defined $new || $last;
    $new //= "/$absolute";
    return 1 if $new eq $target;
    unlink($file) or die "cannot remove '$path': $!\n";
    symlink($new, $file) or die "cannot make the link '$path': $!\n";
    return 1;
}

sub _new_target {
    my ($tree, $closure, $path, $wanted, $absolute) = @_;
    return "/$absolute" if $wanted eq '';
    my $here = lstat("$tree->{out}/$wanted");
    if (my ($top) = $wanted =~ $STATE) {
        return $here && index($path, "$top/") == 0 ? relative($path, $wanted) : "/$absolute";
    }
    return $here ? relative($path, $wanted) : $closure->find($wanted);
}

# The path below / that a link at $origin with $target points to.
sub resolve {
    my ($origin, $target) = @_;
    my @parts = $target =~ m{\A/} ? () : split(m{/}, $origin =~ s{(?:\A|/)[^/]*\z}{}r);
    for my $part (split(m{/}, $target)) {
        next if $part eq '' || $part eq '.';
        if ($part eq '..') { pop @parts } else { push @parts, $part }
    }
    return join('/', @parts);
}

# The relative target that leads from the link $from to $to.
sub relative {
    my ($from, $to) = @_;
    my @from = split(m{/}, $from);
    my @to = split(m{/}, $to);
    pop @from;
    while (@from && @to && $from[0] eq $to[0]) { shift @from; shift @to }
    return join('/', ('..') x @from, @to) || '.';
}

1;
