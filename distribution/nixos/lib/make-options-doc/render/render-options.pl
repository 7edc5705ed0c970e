# Writes a document about options.
#
# Standard input: JSON list of records { name, loc, type, description, default?, example?, declarations, readOnly,
# relatedPackages? }; values are { _type: "literalExpression" | "literalMD", text }. Standard output: the document.
# Environment: `format` (html, man, commonmark, asciidoc), `title`, `manName`, `revision`.
use strict;
use warnings;
use Json;
use Markdown;
use Html;
use Man;
use PlainText;

my %writers = (
    html       => 'Html',
    man        => 'Man',
    commonmark => 'CommonMark',
    asciidoc   => 'AsciiDoc',
);

my $format = $ENV{format} // '';
my $class  = $writers{$format} or die "unknown format '$format'; known are " . join(', ', sort keys %writers) . "\n";

binmode(STDIN,  ':raw');
binmode(STDOUT, ':raw');
my $records = Json::parse(do { local $/ = undef; <STDIN> });

my $writer = $class->new(
    title    => $ENV{title}    // 'Options',
    name     => $ENV{manName}  // 'configuration.nix',
    revision => $ENV{revision} // '',
);

print $writer->start();
for my $option (@$records) {
    print $writer->option(prepare($option));
}
print $writer->finish();

# What is shown of an option: blocks of Markdown, and fields [ label, blocks ].
sub prepare {
    my ($option) = @_;
    my @fields;
    push(@fields, [ 'Type', Markdown::blocks(escape_type($option->{type}) . ($option->{readOnly} ? ' *(read only)*' : '')) ]);
    push(@fields, [ 'Default', value($option->{default}) ]) if exists $option->{default};
    push(@fields, [ 'Example', value($option->{example}) ]) if exists $option->{example};
    push(@fields, [ 'Related packages', Markdown::blocks($option->{relatedPackages}) ]) if $option->{relatedPackages};
    my @files = @{ $option->{declarations} // [] };
    my $mark = @files > 1 ? '- ' : '';
    push(@fields, [ 'Declared by', Markdown::blocks(join("\n", map { "$mark\{file}`$_`" } @files)) ]) if @files;
    my $description = $option->{description};
    $description = ref($description) ? $description->{text} : $description // '';
    return { name => $option->{name}, description => Markdown::blocks($description), fields => \@fields };
}

sub value {
    my ($value) = @_;
    return Markdown::blocks($value->{text}) if $value->{_type} eq 'literalMD';
    my $text = $value->{text};
    $text =~ s/\n+\z//;
    return $text =~ /\n/ ? [ { kind => 'code', text => $text } ] : [ { kind => 'paragraph', inline => [ { kind => 'code', text => $text } ] } ];
}

# Types are plain text: characters that mean something in Markdown stand for themselves.
sub escape_type {
    my ($text) = @_;
    $text =~ s/([*`\[\]<>{}_\\])/\\$1/g;
    return $text;
}
