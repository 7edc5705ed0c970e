package Man;

# A manual page in section 5, in the `man` macros of roff.
use strict;
use warnings;

sub new {
    my ($class, %settings) = @_;
    return bless({%settings}, $class);
}

sub start {
    my ($self) = @_;
    my $name = escape($self->{name});
    my $upper = uc($name);
    my $revision = escape($self->{revision});
    return <<"END";
.TH "$upper" "5" "" "$revision" "System configuration"
.\\" hyphenation would split names, justification would stretch them
.nh
.ad l
.SH "NAME"
$name \\- options of the system configuration
.SH "DESCRIPTION"
The file \\fI/etc/nixos/configuration.nix\\fR says how the machine is to be: it sets options, all of which are listed here.
A change takes effect with \\fBnixos\\-rebuild switch\\fR.
.SH "OPTIONS"
END
}

sub finish {
    return <<'END';
.SH "SEE ALSO"
\fBnixos\-rebuild\fR(8), \fBnixos\-option\fR(8)
END
}

sub option {
    my ($self, $option) = @_;
    my $fields = join('', map { ".PP\n.I " . escape($_->[0]) . ":\n" . blocks($_->[1], 1) } @{ $option->{fields} });
    return ".PP\n\\fB" . escape($option->{name}) . "\\fR\n.RS 4\n" . blocks($option->{description}, 1) . $fields . ".RE\n";
}

# `follows`: the first paragraph goes on after what stands before it.
sub blocks {
    my ($blocks, $follows) = @_;
    my $text = '';
    for my $block (@$blocks) {
        $text .= block($block, $follows);
        $follows = 0;
    }
    return $text;
}

sub block {
    my ($block, $follows) = @_;
    my $kind = $block->{kind};
    return ($follows ? '' : ".PP\n") . line(inline($block->{inline})) if $kind eq 'paragraph';
    return ".PP\n" . line('\fB' . inline($block->{inline}) . '\fR') if $kind eq 'heading';
    return ".PP\n.RS 4\n.nf\n" . join("\n", map { protect(escape($_)) } split(/\n/, $block->{text}, -1)) . "\n.fi\n.RE\n" if $kind eq 'code';
    return ".PP\n.RS 4\n.B " . escape(ucfirst($block->{class})) . "\n" . blocks($block->{blocks}, 0) . ".RE\n" if $kind eq 'note';
    my $number = 0;
    my $items = join('', map {
        $number++;
        my $mark = $block->{ordered} ? "$number." : '\(bu';
        ".IP \"$mark\" 4\n" . blocks($_, 1)
    } @{ $block->{items} });
    return ".RS 4\n$items.RE\n";
}

sub inline {
    my ($parts) = @_;
    return join('', map { part($_) } @$parts);
}

sub part {
    my ($part) = @_;
    my $kind = $part->{kind};
    return escape($part->{text}) if $kind eq 'text';
    return '\fB' . inline($part->{inline}) . '\fR' if $kind eq 'strong';
    return '\fI' . inline($part->{inline}) . '\fR' if $kind eq 'emphasis';
    if ($kind eq 'link') {
        my $label = inline($part->{inline});
        my $url = escape($part->{url});
        return $label eq $url ? $label : "$label ($url)";
    }
    my $role = $part->{role} // '';
    return '\fI' . escape($part->{text}) . '\fR' if $role eq 'file' || $role eq 'var';
    return '\fB' . escape($part->{text}) . '\fR';
}

# Lines of running text; roff takes a dot or quote at the front of one for a command.
sub line {
    my ($text) = @_;
    return join("\n", map { protect($_) } split(/\n/, $text)) . "\n";
}

sub protect {
    my ($line) = @_;
    $line =~ s/^([.'])/\\&$1/;
    return $line;
}

sub escape {
    my ($text) = @_;
    $text =~ s/\\/\\e/g;
    $text =~ s/-/\\-/g;
    return $text;
}

1;
