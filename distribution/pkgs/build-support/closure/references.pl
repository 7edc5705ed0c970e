# Builder that writes what is known of a closure.
#
# Nix writes .attrs.json, in which `closure` lists the closure's paths with hash, size and references. Environment:
# NIX_ATTRS_JSON_FILE (or .attrs.json in the build directory). Output: a directory with store-paths, registration (what
# nix-store --load-db reads) and total-nar-size; with `layout` = "list" just the list of paths.
use strict;
use warnings;

my $file = $ENV{NIX_ATTRS_JSON_FILE} || '.attrs.json';
open(my $in, '<:raw', $file) or die "cannot read '$file': $!\n";
my $text = do { local $/ = undef; <$in> };
my $attributes = parse_value(\$text);
my $out = $attributes->{outputs}{out};
my @paths = sort { $a->{path} cmp $b->{path} } @{ $attributes->{closure} // [] };

if (($attributes->{layout} // '') eq 'list') {
    write_file($out, map { "$_->{path}\n" } @paths);
} else {
    mkdir($out) or die "cannot make '$out': $!\n";
    write_file("$out/store-paths", map { "$_->{path}\n" } @paths);
    write_file("$out/registration", map { registration($_) } @paths);
    my $total = 0;
    $total += $_->{narSize} for @paths;
    write_file("$out/total-nar-size", "$total\n");
}

sub registration {
    my ($info) = @_;
    my @references = sort @{ $info->{references} };
    # The empty line stands for the deriver.
    return join("\n", $info->{path}, $info->{narHash}, $info->{narSize}, '', scalar(@references), @references, '');
}

sub write_file {
    my ($name, @lines) = @_;
    open(my $to, '>:raw', $name) or die "cannot write '$name': $!\n";
    print {$to} @lines;
    close($to) or die "cannot write '$name': $!\n";
    return;
}

# A JSON value at the position of $$text; numbers stay text, null is undef.
sub parse_value {
    my ($text) = @_;
    $$text =~ /\G\s*/gc;
    return parse_object($text) if $$text =~ /\G\{/gc;
    return parse_array($text) if $$text =~ /\G\[/gc;
    return parse_string($text) if $$text =~ /\G"/gc;
    return $1 if $$text =~ /\G(-?[0-9][0-9.eE+-]*)/gc;
    return 1 if $$text =~ /\Gtrue/gc;
    return 0 if $$text =~ /\Gfalse/gc;
    return undef if $$text =~ /\Gnull/gc;
    die "the attributes are not valid JSON at byte " . (pos($$text) // 0) . "\n";
}

sub parse_object {
    my ($text) = @_;
    my %object;
    return \%object if $$text =~ /\G\s*\}/gc;
    do {
        $$text =~ /\G\s*"/gc or die "a name was expected in the attributes' JSON\n";
        my $name = parse_string($text);
        $$text =~ /\G\s*:/gc or die "':' was expected in the attributes' JSON\n";
        $object{$name} = parse_value($text);
    } while ($$text =~ /\G\s*,/gc);
    $$text =~ /\G\s*\}/gc or die "'}' was expected in the attributes' JSON\n";
    return \%object;
}

sub parse_array {
    my ($text) = @_;
    my @array;
    return \@array if $$text =~ /\G\s*\]/gc;
    do { push @array, parse_value($text) } while ($$text =~ /\G\s*,/gc);
    $$text =~ /\G\s*\]/gc or die "']' was expected in the attributes' JSON\n";
    return \@array;
}

my %ESCAPES;
BEGIN { %ESCAPES = (n => "\n", t => "\t", r => "\r", b => "\b", f => "\f") }

sub parse_string {
    my ($text) = @_;
    $$text =~ /\G((?:[^"\\]|\\.)*)"/gcs or die "a string of the attributes' JSON does not end\n";
    return $1 =~ s{\\(?:u([0-9a-fA-F]{4})|(.))}{defined $1 ? chr(hex $1) : $ESCAPES{$2} // $2}gesr;
}
