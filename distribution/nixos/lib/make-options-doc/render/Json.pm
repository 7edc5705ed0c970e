package Json;

# Reads JSON, as Nix writes it: UTF-8 stays as bytes, numbers as text; true is 1, false 0, null undef.
use strict;
use warnings;

my %escapes = ('"' => '"', '\\' => '\\', '/' => '/', b => "\b", f => "\f", n => "\n", r => "\r", t => "\t");

sub parse {
    my ($text) = @_;
    my $value = value(\$text);
    fail(\$text, 'the end') if $text !~ /\G\s*\z/gc;
    return $value;
}

sub value {
    my ($text) = @_;
    $$text =~ /\G\s+/gc;
    return string($text) if $$text =~ /\G"/gc;
    return object($text) if $$text =~ /\G\{/gc;
    return list($text)   if $$text =~ /\G\[/gc;
    return $1    if $$text =~ /\G(-?[0-9][0-9.eE+-]*)/gc;
    return 1     if $$text =~ /\Gtrue/gc;
    return 0     if $$text =~ /\Gfalse/gc;
    return undef if $$text =~ /\Gnull/gc;
    return fail($text, 'a value');
}

sub string {
    my ($text) = @_;
    my $result = '';
    while (1) {
        $result .= $1 if $$text =~ /\G([^"\\]+)/gc;
        return $result if $$text =~ /\G"/gc;
        if    ($$text =~ /\G\\u([0-9a-fA-F]{4})/gc)   { $result .= utf8_bytes(hex($1)) }
        elsif ($$text =~ /\G\\(["\\\/bfnrt])/gc)      { $result .= $escapes{$1} }
        else                                          { fail($text, 'the rest of a string') }
    }
}

sub object {
    my ($text) = @_;
    my %result;
    return \%result if $$text =~ /\G\s*\}/gc;
    while (1) {
        $$text =~ /\G\s*"/gc or fail($text, 'a name');
        my $name = string($text);
        $$text =~ /\G\s*:/gc or fail($text, "':'");
        $result{$name} = value($text);
        return \%result if $$text =~ /\G\s*\}/gc;
        $$text =~ /\G\s*,/gc or fail($text, "',' or '}'");
    }
}

sub list {
    my ($text) = @_;
    my @result;
    return \@result if $$text =~ /\G\s*\]/gc;
    while (1) {
        push(@result, value($text));
        return \@result if $$text =~ /\G\s*\]/gc;
        $$text =~ /\G\s*,/gc or fail($text, "',' or ']'");
    }
}

# Bytes of a character; Nix escapes only control characters, so no pairs of surrogates come.
sub utf8_bytes {
    my $character = chr($_[0]);
    utf8::encode($character);
    return $character;
}

sub fail {
    my ($text, $expected) = @_;
    my $at = pos($$text) // 0;
    die "the input is not valid JSON at byte $at: expected $expected\n";
}

1;
