package Markdown;

# The part of Markdown that option descriptions use, as a tree.
#
# Blocks: { kind: paragraph, inline } { kind: code, text, language } { kind: list, ordered, items: [ blocks ] }
# { kind: note, class, blocks } { kind: heading, inline }.
# Inline: { kind: text, text } { kind: code, text, role? } { kind: strong | emphasis, inline } { kind: link, url, inline }.
# Descriptions in DocBook, as 15.09 had them, are turned into Markdown first.
use strict;
use warnings;

my $docbook = qr{</?(?:para|literal|option|command|filename|varname|envar|replaceable|emphasis|itemizedlist|listitem|
    programlisting|screen|note|warning|link|citerefentry|package|quote|code|manvolnum|refentrytitle|envvar|function|
    orderedlist|simpara|acronym|title)\b}x;

sub blocks {
    my ($text) = @_;
    $text = from_docbook($text) if $text =~ $docbook;
    return parse_blocks([ split(/\n/, $text) ]);
}

sub parse_blocks {
    my ($lines) = @_;
    my @blocks;
    my @lines = @$lines;
    while (@lines) {
        my $line = $lines[0];
        if ($line =~ /^\s*$/) { shift(@lines); next }
        if    ($line =~ /^(\s{0,3})(`{3,}|~{3,})\s*(\S*)/) { push(@blocks, code_block(\@lines, $2, $3, length($1))) }
        elsif ($line =~ /^:::+\s*\{\.(\w+)[^}]*\}/)         { push(@blocks, note_block(\@lines, $1)) }
        elsif ($line =~ /^\s{0,3}(?:[-*+]|[0-9]+[.)])\s+/)  { push(@blocks, list_block(\@lines)) }
        elsif ($line =~ /^#{1,6}\s+(.*?)\s*#*$/)             { shift(@lines); push(@blocks, { kind => 'heading', inline => inline($1) }) }
        elsif ($line =~ /^ {4}/)                            { push(@blocks, indented_code(\@lines)) }
        else                                                { push(@blocks, paragraph(\@lines)) }
    }
    return \@blocks;
}

sub code_block {
    my ($lines, $fence, $language, $margin) = @_;
    shift(@$lines);
    my @text;
    while (@$lines) {
        my $line = shift(@$lines);
        last if $line =~ /^\s{0,3}\Q$fence\E\s*$/;
        $line =~ s/^\s{0,$margin}//;
        push(@text, $line);
    }
    return { kind => 'code', text => join("\n", @text), language => $language };
}

sub indented_code {
    my ($lines) = @_;
    my @text;
    while (@$lines && $lines->[0] =~ /^(?: {4}|\s*$)/) {
        my $line = shift(@$lines);
        $line =~ s/^ {4}//;
        push(@text, $line);
    }
    pop(@text) while @text && $text[-1] =~ /^\s*$/;
    return { kind => 'code', text => join("\n", @text), language => '' };
}

sub note_block {
    my ($lines, $class) = @_;
    shift(@$lines);
    my (@inner, $depth);
    $depth = 1;
    while (@$lines) {
        my $line = shift(@$lines);
        $depth++ if $line =~ /^:::+\s*\{/;
        $depth-- if $line =~ /^:::+\s*$/;
        last if $depth == 0;
        push(@inner, $line);
    }
    return { kind => 'note', class => $class, blocks => parse_blocks(\@inner) };
}

# Items go on as long as lines are indented below their marker, blank, or plain continuations of a paragraph.
sub list_block {
    my ($lines) = @_;
    my $ordered = $lines->[0] =~ /^\s{0,3}[0-9]/ ? 1 : 0;
    my $marker = $ordered ? qr/^(\s{0,3}[0-9]+[.)]\s+)/ : qr/^(\s{0,3}[-*+]\s+)/;
    my @items;
    while (@$lines && $lines->[0] =~ $marker) {
        my $width = length($1);
        my @item = (substr(shift(@$lines), $width));
        while (@$lines) {
            my $line = $lines->[0];
            last if $line =~ $marker;
            if ($line =~ /^\s*$/) {
                last if !grep { /\S/ } @$lines;
                my ($next) = grep { /\S/ } @$lines;
                last if $next !~ /^ {2}/ && $next !~ $marker;
                last if $next =~ $marker;
                push(@item, '');
                shift(@$lines);
                next;
            }
            last if $line !~ /^\s/ && $item[-1] eq '';
            last if $line =~ /^(?:`{3,}|:::)/;
            shift(@$lines);
            $line =~ s/^\s{0,$width}//;
            push(@item, $line);
        }
        shift(@$lines) while @$lines && $lines->[0] =~ /^\s*$/ && next_is($lines, $marker);
        push(@items, parse_blocks(\@item));
    }
    return { kind => 'list', ordered => $ordered, items => \@items };
}

sub next_is {
    my ($lines, $pattern) = @_;
    my ($next) = grep { /\S/ } @$lines;
    return defined($next) && $next =~ $pattern;
}

sub paragraph {
    my ($lines) = @_;
    my @text;
    while (@$lines && $lines->[0] =~ /\S/) {
        last if @text && $lines->[0] =~ /^(?:\s{0,3}(?:`{3,}|~{3,}|[-*+]\s|1[.)]\s)|:::)/;
        my $line = shift(@$lines);
        $line =~ s/^\s+//;
        push(@text, $line);
    }
    return { kind => 'paragraph', inline => inline(join("\n", @text)) };
}

sub inline {
    my ($text) = @_;
    my @result;
    my $plain = '';
    my $add = sub {
        push(@result, { kind => 'text', text => $plain }) if $plain ne '';
        $plain = '';
        push(@result, @_);
    };
    pos($text) = 0;
    while (pos($text) < length($text)) {
        if ($text =~ /\G\\([!-\/:-@\[-`{-~])/gc) { $plain .= $1 }
        elsif ($text =~ /\G\{([a-z]+)\}(`+)(.+?)\2(?!`)/gcs) { $add->({ kind => 'code', text => trimmed($3), role => $1 }) }
        elsif ($text =~ /\G(`+)(.+?)(?<!`)\1(?!`)/gcs) { $add->({ kind => 'code', text => trimmed($2) }) }
        elsif ($text =~ /\G\*\*(?=\S)(.+?)(?<=\S)\*\*/gcs) { $add->({ kind => 'strong', inline => inline($1) }) }
        elsif ($text =~ /\G\*(?=\S)([^*]+?)(?<=\S)\*/gcs) { $add->({ kind => 'emphasis', inline => inline($1) }) }
        elsif ($text =~ /\G(?<![A-Za-z0-9])_(?=\S)([^_]+?)(?<=\S)_(?![A-Za-z0-9])/gcs) { $add->({ kind => 'emphasis', inline => inline($1) }) }
        elsif ($text =~ /\G\[([^\]]*)\]\(([^)\s]*)\)/gc) {
            my ($label, $url) = ($1, $2);
            $add->({ kind => 'link', url => $url, inline => inline($label ne '' ? $label : $url) });
        }
        elsif ($text =~ /\G<((?:https?|mailto|ftp):[^>\s]+)>/gc) { $add->({ kind => 'link', url => $1, inline => [ { kind => 'text', text => $1 } ] }) }
        elsif ($text =~ /\G([A-Za-z0-9 ,.;:]+|.)/gcs) { $plain .= $1 }
    }
    $add->();
    return \@result;
}

# The space that keeps a backquote within code apart from those around it.
sub trimmed {
    my ($code) = @_;
    $code =~ s/\n/ /g;
    $code =~ s/^ (.*`.*) $/$1/;
    return $code;
}

sub from_docbook {
    my ($text) = @_;
    $text =~ s{<(?:programlisting|screen)[^>]*>(?:<!\[CDATA\[)?\n?(.*?)(?:\]\]>)?\s*</(?:programlisting|screen)>}{"\n\n```\n" . $1 . "\n```\n\n"}ges;
    $text =~ s{<citerefentry>\s*<refentrytitle>(.*?)</refentrytitle>\s*<manvolnum>(.*?)</manvolnum>\s*</citerefentry>}{"{manpage}`$1($2)`"}ges;
    $text =~ s{<option>(.*?)</option>}{"{option}`" . $1 . "`"}ges;
    $text =~ s{<filename>(.*?)</filename>}{"{file}`" . $1 . "`"}ges;
    $text =~ s{<command>(.*?)</command>}{"{command}`" . $1 . "`"}ges;
    $text =~ s{<(literal|varname|envar|envvar|replaceable|package|code|function)>(.*?)</\1>}{"`$2`"}ges;
    $text =~ s{<emphasis[^>]*>(.*?)</emphasis>}{"*$1*"}ges;
    $text =~ s{<quote>(.*?)</quote>}{"\"$1\""}ges;
    $text =~ s{<link\s+xlink:href="([^"]*)"\s*/>}{"<$1>"}ges;
    $text =~ s{<link\s+xlink:href="([^"]*)"[^>]*>(.*?)</link>}{"[$2]($1)"}ges;
    $text =~ s{<listitem>\s*(?:<(?:sim)?para>)?\s*}{"\n- "}ges;
    $text =~ s{\s*(?:</(?:sim)?para>)?\s*</listitem>}{\n}gs;
    $text =~ s{</?(?:sim)?para>}{\n\n}gs;
    $text =~ s{<(note|warning)>}{"\n\n::: {.$1}\n"}ges;
    $text =~ s{</(?:note|warning)>}{\n:::\n\n}gs;
    $text =~ s{</?[a-z]+(?:\s[^>]*)?/?>}{}gs;
    $text =~ s/&lt;/</g;
    $text =~ s/&gt;/>/g;
    $text =~ s/&quot;/"/g;
    $text =~ s/&apos;/'/g;
    $text =~ s/&amp;/&/g;
    return $text;
}

1;
