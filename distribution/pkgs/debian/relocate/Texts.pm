# Rewrites paths in the kinds of text files whose readers need absolute paths: linker scripts, pkg-config files,
# systemd units, udev rules and D-Bus services. Paths that this package (or, for linking, its closure) does not have
# stay: the machine shows its packages at /usr.
package Texts;

use strict;
use warnings;
use Scripts;
use Unpack;

my $PATH = qr{/(?:usr|lib|lib64|bin|sbin)(?:/[\w.+\@%:-]+)+};

# Pairs of [pattern for the file's path, function from (context, text) to text].
my @KINDS = (
    [ qr{\Alib/.*\.(?:so|a)\z}, \&_linker_script ],
    [ qr{\A(?:lib|share)/(?:.*/)?pkgconfig/[^/]+\.pc\z}, \&_pkg_config ],
    [ qr{\Alib/.*/cmake/.*\.cmake\z|\Ashare/cmake/.*\.cmake\z}, \&_everywhere ],
    [ qr{\Alib/systemd/(?:system|user)/.*\.(?:service|socket|mount|swap)\z}, \&_unit ],
    [ qr{\Alib/udev/rules\.d/[^/]+\.rules\z}, \&_rules ],
    [ qr{\Ashare/dbus-1/(?:system-)?services/[^/]+\.service\z}, \&_dbus_service ],
);

my $LARGEST = 1 << 20;

sub relocate_all {
    my ($tree, $closure) = @_;
    my $self = { tree => $tree, closure => $closure };
    for my $path (@{ $tree->{text} }) {
        next unless $path =~ m{\.(?:so|a|pc|cmake|service|socket|mount|swap|rules)\z};
        for my $kind (@KINDS) {
            next unless $path =~ $kind->[0];
            my $file = "$tree->{out}/$path";
            last if -l $file || -s $file > $LARGEST;
            my $text = Scripts::read_text($file);
            my $new = $kind->[1]->($self, $text);
            Scripts::write_text($file, $new) if $new ne $text;
            last;
        }
    }
    return;
}

# A path in this package, or undef.
sub _own {
    my ($self, $path) = @_;
    my $flat = Unpack::flatten($path);
    return lstat("$self->{tree}{out}/$flat") ? "$self->{tree}{out}/$flat" : undef;
}

sub _any {
    my ($self, $path) = @_;
    return _own($self, $path) // $self->{closure}->find(Unpack::flatten($path));
}

sub _everywhere {
    my ($self, $text) = @_;
    $text =~ s{(?<![\w./\}])($PATH)}{_any($self, $1) // $1}ge;
    return $text;
}

sub _linker_script {
    my ($self, $text) = @_;
    return $text unless length($text) < 4096 && $text =~ /\b(?:GROUP|INPUT)\s*\(/;
    return _everywhere($self, $text);
}

sub _pkg_config {
    my ($self, $text) = @_;
    $text =~ s{^((?:exec_)?prefix[ \t]*=[ \t]*)/usr[ \t]*$}{$1$self->{tree}{out}}mg;
    return _everywhere($self, $text);
}

sub _unit {
    my ($self, $text) = @_;
    $text =~ s{^(Exec\w+[ \t]*=[ \t]*[-\@:+!|]*)($PATH)}{$1 . (_own($self, $2) // $2)}mge;
    return $text;
}

sub _dbus_service {
    my ($self, $text) = @_;
    $text =~ s{^(Exec[ \t]*=[ \t]*)($PATH)}{$1 . (_own($self, $2) // $2)}mge;
    return $text;
}

sub _rules {
    my ($self, $text) = @_;
    $text =~ s{((?:RUN|PROGRAM|IMPORT)(?:\{program\})?\+?==?")($PATH)}{$1 . (_own($self, $2) // $2)}ge;
    return $text;
}

1;
