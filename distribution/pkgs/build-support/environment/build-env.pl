# Builder of merged trees. Environment: out; sourcesPath (file with lines "PRIORITY PATH"); pathsToLink;
# ignoreCollisions; extraPrefix; deep; ignoreSingleFileOutputs; manifest.
use strict;
use warnings;
use Merge;

umask(022);
my $merge = Merge->new({
    out => $ENV{out}, prefix => $ENV{extraPrefix} // '', deep => $ENV{deep} || 0,
    ignore_collisions => $ENV{ignoreCollisions} || 0, ignore_files => $ENV{ignoreSingleFileOutputs} || 0,
    wanted => [ map { s{(?<=.)/+\z}{}r } split(' ', $ENV{pathsToLink}) ],
});
open(my $sources, '<', $ENV{sourcesPath}) or die "cannot read the list of sources: $!\n";
while (<$sources>) {
    my ($priority, $path) = /\A(\S+) (.*)\n/ or next;
    $merge->add($path, $priority);
}
$merge->run;
if (($ENV{manifest} // '') ne '') {
    symlink($ENV{manifest}, "$ENV{out}/manifest") or die "cannot link the manifest: $!\n";
}
print STDERR "made $merge->{count} links\n";
