# Functions for the corrections of single packages (corrections.nix). They act on the relocated tree.
package Setup;

use strict;
use warnings;
use Scripts;

our ($out, $tree, $closure, $scripts, $triplet);

# Runs a package's code with the tree's variables. %$context: out, tree, closure, scripts, triplet.
sub run {
    my ($code, $context) = @_;
    ($out, $tree, $closure, $scripts, $triplet) = @$context{qw(out tree closure scripts triplet)};
    eval "$code\n;1" or die "the package's own corrections failed: $@";
    return;
}

# Puts a shell script in the place of a program, which sets environment variables that are not set already.
# The program moves to .NAME-wrapped.
sub wrap {
    my ($path, %defaults) = @_;
    my $hidden = $path =~ s{([^/]+)\z}{.$1-wrapped}r;
    rename("$out/$path", "$out/$hidden") or die "cannot wrap '$path': $!\n";
    launcher($path, "$out/$hidden", map { "export $_=\"\${$_-$defaults{$_}}\"" } sort keys %defaults);
    return;
}

# Writes the shell script $path that runs @lines and becomes $program.
sub launcher {
    my ($path, $program, @lines) = @_;
    my $shell = $closure->find('bin/dash') // die "a launcher needs the package 'dash' in 'depends'\n";
    Scripts::make_dirs("$out/$path" =~ s{/[^/]*\z}{}r);
    unlink("$out/$path");
    Scripts::write_text("$out/$path", join("\n", "#!$shell", @lines, "exec \"$program\" \"\$@\"", ''));
    chmod(0755, "$out/$path");
    return;
}

# Makes bin/perl a launcher of $program (or of a hidden copy of it, when it is bin/perl itself) that knows the
# modules of this package and its closure.
sub perl_program {
    my ($program) = @_;
    my $plain = "$out/bin/.perl-plain";
    if ($program eq "$out/bin/perl") { rename($program, $plain) or die "cannot rename '$program': $!\n" }
    else { Scripts::make_dirs("$out/bin"); symlink($program, $plain) }
    my $dirs = join(':', Scripts::perl_dirs($triplet, sub { $scripts->module_dirs(@_) }));
    launcher('bin/perl', $plain, "export PERL5LIB=\"\${PERL5LIB:+\$PERL5LIB:}$dirs\"");
    return;
}

# A kernel's files under the names that do not contain its release.
sub kernel {
    for my $pair ([ 'vmlinuz-*', 'bzImage' ], [ 'config-*', 'config' ], [ 'System.map-*', 'System.map' ]) {
        my ($file) = glob("$out/boot/$pair->[0]") or next;
        symlink($file =~ s{\A\Q$out\E/}{}r, "$out/$pair->[1]");
    }
    return;
}

1;
