# Documents in markup that people write: Markdown and AsciiDoc. They differ in how things are marked.
package PlainText;
use strict;
use warnings;

sub new {
    my ($class, %settings) = @_;
    return bless({%settings}, $class);
}

sub start {
    my ($self) = @_;
    return $self->heading(1, $self->{title});
}

sub finish { return '' }

sub option {
    my ($self, $option) = @_;
    my $text = $self->heading(2, $self->escape($option->{name})) . $self->blocks($option->{description}, '');
    for my $field (@{ $option->{fields} }) {
        $text .= $self->field($field->[0], $self->blocks($field->[1], ''));
    }
    return $text;
}

sub blocks {
    my ($self, $blocks, $margin) = @_;
    my $text = join("\n", map { $self->block($_) } @$blocks);
    $text .= "\n" if @$blocks;
    return $text;
}

sub block {
    my ($self, $block) = @_;
    my $kind = $block->{kind};
    return $self->inline($block->{inline}) . "\n" if $kind eq 'paragraph';
    return $self->heading(3, $self->inline($block->{inline})) if $kind eq 'heading';
    return $self->code_block($block) if $kind eq 'code';
    return $self->note($block) if $kind eq 'note';
    my $number = 0;
    return join('', map { $number++; $self->item($_, $block->{ordered} ? $number : 0) } @{ $block->{items} });
}

sub inline {
    my ($self, $parts) = @_;
    return join('', map { $self->part($_) } @$parts);
}

sub part {
    my ($self, $part) = @_;
    my $kind = $part->{kind};
    return $self->escape($part->{text}) if $kind eq 'text';
    return $self->strong($self->inline($part->{inline})) if $kind eq 'strong';
    return $self->emphasis($self->inline($part->{inline})) if $kind eq 'emphasis';
    return $self->link($part->{url}, $self->inline($part->{inline})) if $kind eq 'link';
    return $self->code($part->{text});
}

package CommonMark;
use strict;
use warnings;
our @ISA = ('PlainText');

sub heading  { my ($self, $level, $text) = @_; return ('#' x $level) . " $text\n\n" }
sub strong   { return "**$_[1]**" }
sub emphasis { return "*$_[1]*" }
sub link     { return $_[1] eq $_[2] ? "<$_[1]>" : "[$_[2]]($_[1])" }
sub field    { my ($self, $label, $text) = @_; return "*$label:*\n$text" . ($text =~ /\n\n\z/ ? '' : "\n") }

sub code {
    my ($self, $text) = @_;
    return $text =~ /`/ ? "`` $text ``" : "`$text`";
}

sub code_block {
    my ($self, $block) = @_;
    my $fence = $block->{text} =~ /```/ ? '````' : '```';
    return "$fence" . ($block->{language} // '') . "\n$block->{text}\n$fence\n";
}

sub note {
    my ($self, $block) = @_;
    my $text = '**' . ucfirst($block->{class}) . "**\n\n" . $self->blocks($block->{blocks});
    $text =~ s/\n+\z//;
    return join('', map { $_ eq '' ? ">\n" : "> $_\n" } split(/\n/, $text));
}

sub item {
    my ($self, $blocks, $number) = @_;
    my $mark = $number ? "$number. " : '- ';
    my $margin = ' ' x length($mark);
    my $text = $self->blocks($blocks);
    $text =~ s/\n+\z//;
    $text =~ s/\n(?=[^\n])/\n$margin/g;
    return "$mark$text\n";
}

sub escape {
    my ($self, $text) = @_;
    $text =~ s/([\\`*_\[\]<>])/\\$1/g;
    return $text;
}

package AsciiDoc;
use strict;
use warnings;
our @ISA = ('PlainText');

sub heading  { my ($self, $level, $text) = @_; return ('=' x $level) . " $text\n\n" }
sub strong   { return "*$_[1]*" }
sub emphasis { return "_$_[1]_" }
sub link     { return $_[1] eq $_[2] ? $_[1] : "$_[1]\[$_[2]]" }
sub code     { return "`+$_[1]+`" }

sub field {
    my ($self, $label, $text) = @_;
    $text =~ s/\n+\z//;
    return "${label}::\n+\n--\n$text\n--\n\n";
}

sub code_block {
    my ($self, $block) = @_;
    return "----\n$block->{text}\n----\n";
}

sub note {
    my ($self, $block) = @_;
    return '[' . uc($block->{class}) . "]\n====\n" . $self->blocks($block->{blocks}) . "====\n";
}

sub item {
    my ($self, $blocks, $number) = @_;
    my ($first, @rest) = map { my $text = $self->block($_); $text =~ s/\n+\z//; $text } @$blocks;
    return ($number ? '. ' : '* ') . ($first // '') . "\n" . join('', map { "+\n$_\n" } @rest);
}

sub escape {
    my ($self, $text) = @_;
    $text =~ s/([*_`#\[\]])/\\$1/g;
    return $text;
}

1;
