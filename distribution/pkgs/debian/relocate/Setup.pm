# Functions for the corrections of single packages (corrections.nix). They act on the relocated tree.
package Setup;

use strict;
use warnings;
use Links;
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
# The program moves to .NAME-wrapped; programs that act by their name are told the name that was called.
sub wrap {
    my ($path, %defaults) = @_;
    return unless -f "$out/$path" && !-l "$out/$path";
    my ($dir, $name) = $path =~ m{\A(.*)/([^/]+)\z};
    my $hidden = "$dir/.$name-wrapped";
    rename("$out/$path", "$out/$hidden") or die "cannot wrap '$path': $!\n";
    my @lines = map { "export $_=\"\${$_-$defaults{$_}}\"" } sort keys %defaults;
    my @aliases = grep { -l "$out/$dir/$_" && (readlink("$out/$dir/$_") // '') eq $name } map { m{([^/]+)\z} } glob("$out/$dir/*");
    return launcher($path, "$out/$hidden", @lines) unless @aliases;
    my $names = "lib/firn-names/$name";
    Scripts::make_dirs("$out/$names");
    symlink(Links::relative("$names/$_", $hidden), "$out/$names/$_") for $name, @aliases;
    return launcher($path, "$out/$names/\$name", @lines, 'name=${0##*/}', "[ -e \"$out/$names/\$name\" ] || name=$name");
}

# The existing directories of the package and its closure, as a search path.
sub search_path { return join(':', $scripts->module_dirs(@_)) }

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

# Ruby looks for its library below /usr.
sub ruby {
    for my $program (glob("$out/bin/ruby[0-9]*")) {
        my ($version) = $program =~ m{/ruby([0-9.]+)\z} or next;
        wrap("bin/ruby$version", RUBYLIB => search_path('lib/ruby/vendor_ruby', "lib/ruby/$version.0", "lib/$triplet/ruby/$version.0",
            "lib/ruby/vendor_ruby/$version.0", "lib/$triplet/ruby/vendor_ruby/$version.0"));
    }
    return;
}

# Emacs looks for its Lisp and data below /usr.
sub emacs {
    my ($lisp) = $scripts->module_dirs(map { s{\A\Q$out\E/|\A/nix/store/[^/]+/}{}r } map { glob("$_/share/emacs/[0-9]*/lisp") } $out, @{ $closure->all });
    return unless defined $lisp;
    my ($share, $version) = $lisp =~ m{\A(.*/share/emacs/([^/]+))/lisp\z};
    for my $program (glob("$out/bin/emacs-*")) {
        next if -l $program;
        wrap('bin/' . $program =~ s{.*/}{}r, EMACSDATA => "$share/etc", EMACSDOC => "$share/etc",
            EMACSPATH => "$out/libexec/emacs/$version/$triplet", EMACSLOADPATH => join(':', _lisp_dirs($lisp)));
    }
    return;
}

sub _lisp_dirs {
    my ($dir) = @_;
    opendir(my $handle, $dir) or return ();
    my @names = sort grep { !/\A\./ } readdir($handle);
    my @own = grep { /\.elc?(?:\.gz)?\z/ } @names;
    return ((@own ? $dir : ()), map { _lisp_dirs("$dir/$_") } grep { -d "$dir/$_" && !/\A(?:obsolete|term)\z/ } @names);
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

# Shows the programs of directories in bin/ as well; what is there already stays.
sub link_programs {
    for my $dir (@_) {
        my $inside = $dir =~ s{\A\Q$out\E/}{}r;
        Scripts::make_dirs("$out/bin");
        for my $name (map { m{([^/]+)\z} } grep { -x } glob("$dir/*")) {
            symlink("../$inside/$name", "$out/bin/$name") unless lstat("$out/bin/$name");
        }
    }
    return;
}

# Replaces the text of a file of this package by what $change->() makes of it in $_.
sub edit {
    my ($path, $change) = @_;
    local $_ = Scripts::read_text("$out/$path");
    $change->();
    Scripts::write_text("$out/$path", $_);
    return;
}

# The bundle that Debian makes of the authorities' certificates when it installs them.
sub certificates {
    Scripts::make_dirs("$out/etc/ssl/certs");
    my @files = sort map { glob("$_/*.crt") } glob("$out/share/ca-certificates/*");
    Scripts::write_text("$out/etc/ssl/certs/ca-certificates.crt", join('', map { Scripts::read_text($_) } @files));
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
