# Builder of a directory of links. Environment: out; entriesPath (file with lines "NAME<tab>PATH"; later names win).
use strict;
use warnings;
use Merge;

umask(022);
mkdir($ENV{out}) or die "cannot make '$ENV{out}': $!\n";
open(my $entries, '<', $ENV{entriesPath}) or die "cannot read the list of entries: $!\n";
while (<$entries>) {
    my ($name, $path) = /\A([^\t]+)\t(.*)\n/ or next;
    my $link = "$ENV{out}/$name";
    Merge::make_dirs($link =~ s{/[^/]*\z}{}r);
    unlink($link);
    symlink($path, $link) or die "cannot link '$name': $!\n";
}
