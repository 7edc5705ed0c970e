# Builder: makes a store path out of the .debs of one package, or of several that belong together.
#
# Environment: out; debs and members (space-separated, in the same order); depends (store paths of the direct
# dependencies); interpreters (packages that scripts may need without saying so); tools (bootstrap tools); busybox; triplet, loader, machine; optionalLibraries (a pattern);
# setup (Perl code with this package's own corrections).
use strict;
use warnings;

use Alternatives;
use Closure;
use Libraries;
use Links;
use Scripts;
use Setup;
use Texts;
use Unpack;

umask(022);
my ($out, $tools, $triplet, $loader) = @ENV{qw(out tools triplet loader)};
$ENV{PATH} = "$tools/bin:$ENV{busybox}";
my @debs = split(' ', $ENV{debs});
my @members = split(' ', $ENV{members});
my @depends = split(' ', $ENV{depends});

mkdir($out) or die "cannot make '$out': $!\n";
my $tree = Unpack->new($out);
my $closure = Closure->new(\@depends);

for my $i (0 .. $#debs) {
    $tree->unpack_files($debs[$i]);
    $tree->unpack_control($debs[$i], "nix-support/debian/$members[$i]");
}

my $optional = $ENV{optionalLibraries} // '';
my $libraries = Libraries->new($tree, $closure, {
    machine => $ENV{machine},
    default_dirs => [ "lib/$triplet", 'lib', $loader =~ s{/[^/]*\z}{}r, 'lib32', 'libx32' ],
    optional => $optional eq '' ? qr/(?!)/ : qr/\A(?:$optional)\z/,
});
Links::relocate_all($tree, $closure);
Alternatives::relocate_all($tree, [ map { "$out/nix-support/debian/$_/postinst" } @members ]);
$libraries->index_all;
$libraries->relocate_all;
$libraries->find_python;
my $scripts = Scripts->new($tree, $closure, { triplet => $triplet, interpreters => [ split(' ', $ENV{interpreters} // '') ] });
$scripts->relocate_all;
Texts::relocate_all($tree, $closure);

my $support = "$out/nix-support/debian";
Scripts::write_text("$support/deps", join('', map { "$_\n" } @depends));
Scripts::write_text("$support/special", join('', map { "$_\n" } sort @{ $tree->{special} })) if @{ $tree->{special} };

if (($ENV{setup} // '') ne '') {
    Setup::run($ENV{setup}, { out => $out, tree => $tree, closure => $closure, scripts => $scripts, triplet => $triplet });
}
