# Debian's alternatives: names such as bin/awk or bin/editor that several packages offer.
#
# A package says them in its postinst, by `update-alternatives --install LINK NAME PATH PRIORITY [--slave ...]`. Each
# relocated package has its own; which one a profile shows is decided by the recorded priority, as on Debian.
package Alternatives;

use strict;
use warnings;
use Links;
use Scripts;
use Unpack;

# Makes the links and writes nix-support/debian/alternatives: PRIORITY LINK per line.
sub relocate_all {
    my ($tree, $postinsts) = @_;
    my @lines;
    for my $postinst (grep { -e } @$postinsts) {
        for my $alternative (_parse(Scripts::read_text($postinst))) {
            my ($link, $path, $priority) = @$alternative;
            ($link, $path) = (Unpack::flatten($link), Unpack::flatten($path));
            next if lstat("$tree->{out}/$link") || !lstat("$tree->{out}/$path");
            my ($parent) = $link =~ m{\A(.*)/} or next;
            Scripts::make_dirs("$tree->{out}/$parent");
            symlink(Links::relative($link, $path), "$tree->{out}/$link") or next;
            $tree->{links}{$link} = Links::relative($link, $path);
            push @lines, "$priority $link\n";
        }
    }
    return unless @lines;
    Scripts::write_text("$tree->{out}/nix-support/debian/alternatives", join('', sort @lines));
    return;
}

# The text with the values of variables that it sets once, to something literal, in their places.
sub _expand {
    my ($text) = @_;
    my %values;
    while ($text =~ /^[ \t]*(?:readonly[ \t]+)?([A-Za-z_]\w*)=(.*)$/mg) {
        my ($name, $value) = ($1, $2);
        push @{ $values{$name} }, $value =~ /\A(["']?)([^\s"'\$`\\;&|]*)\1[ \t]*(?:#.*)?\z/ ? $2 : undef;
    }
    my %known = map { $_ => $values{$_}[0] } grep { @{ $values{$_} } == 1 && defined $values{$_}[0] } keys %values;
    $text =~ s/\$(?:\{(\w+)\}|(\w+))/$known{ $1 \/\/ $2 } \/\/ $&/ge;
    return $text;
}

# [link, path, priority] of every call whose arguments are all literal, or variables that are.
sub _parse {
    my ($text) = @_;
    $text =~ s/\\\n/ /g;
    $text = _expand($text);
    my @found;
    while ($text =~ /update-alternatives\s+((?:--quiet\s+|--force\s+)*--install\s+[^\n;&|]*)/g) {
        my @words = grep { $_ ne '' } split(/[\s"']+/, $1);
        shift @words while @words && $words[0] ne '--install';
        next if @words < 5 || grep { /[\$`]/ } @words;
        my (undef, $link, undef, $path, $priority) = splice(@words, 0, 5);
        next unless $priority =~ /\A-?\d+\z/;
        push @found, [ $link, $path, $priority ];
        while (@words >= 4 && $words[0] eq '--slave') {
            my (undef, $slave, undef, $slave_path) = splice(@words, 0, 4);
            push @found, [ $slave, $slave_path, $priority ];
        }
    }
    return @found;
}

1;
