package Html;

# One HTML page with all options, an anchor for each (#opt-NAME), and a field that filters them.
use strict;
use warnings;

sub new {
    my ($class, %settings) = @_;
    return bless({%settings}, $class);
}

sub start {
    my ($self) = @_;
    my $title = escape($self->{title});
    my $revision = $self->{revision} eq '' ? '' : '<p>Version ' . escape($self->{revision}) . '</p>';
    return <<"END";
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>
body { font-family: sans-serif; line-height: 1.45; max-width: 60rem; margin: 0 auto; padding: 1rem; }
header { position: sticky; top: 0; background: Canvas; padding: .5rem 0; }
input { width: 100%; font-size: 1.1rem; padding: .4rem; box-sizing: border-box; }
section { border-top: 1px solid GrayText; padding: .5rem 0; }
h2 { font: 1.05rem monospace; font-weight: bold; overflow-wrap: anywhere; }
pre, code { font-family: monospace; background: color-mix(in srgb, CanvasText 8%, Canvas); }
pre { padding: .5rem; overflow-x: auto; }
dt { font-weight: bold; }
dd > p { margin: .2rem 0; }
.note { border-left: .25rem solid GrayText; padding-left: .75rem; }
</style>
</head>
<body>
<header>
<h1>$title</h1>
$revision
<input id="filter" type="search" placeholder="Words to look for" aria-label="Words to look for" autofocus>
</header>
<main>
END
}

sub finish {
    return <<'END';
</main>
<script>
const sections = [...document.querySelectorAll('section')].map((node) => [node, node.textContent.toLowerCase()]);
document.getElementById('filter').addEventListener('input', (event) => {
  const words = event.target.value.toLowerCase().split(/\s+/);
  for (const [node, text] of sections) node.hidden = !words.every((word) => text.includes(word));
});
</script>
</body>
</html>
END
}

sub option {
    my ($self, $option) = @_;
    my $name = escape($option->{name});
    my $fields = join('', map { '<dt>' . escape($_->[0]) . "</dt>\n<dd>" . blocks($_->[1]) . "</dd>\n" } @{ $option->{fields} });
    return "<section id=\"opt-$name\">\n<h2><a href=\"#opt-$name\">$name</a></h2>\n" . blocks($option->{description}) . "<dl>\n$fields</dl>\n</section>\n";
}

sub blocks {
    my ($blocks) = @_;
    return join('', map { block($_) } @$blocks);
}

sub block {
    my ($block) = @_;
    my $kind = $block->{kind};
    return '<p>' . inline($block->{inline}) . "</p>\n" if $kind eq 'paragraph';
    return '<h3>' . inline($block->{inline}) . "</h3>\n" if $kind eq 'heading';
    return '<pre><code>' . escape($block->{text}) . "</code></pre>\n" if $kind eq 'code';
    return "<div class=\"note\"><p><strong>" . escape(ucfirst($block->{class})) . "</strong></p>\n" . blocks($block->{blocks}) . "</div>\n" if $kind eq 'note';
    my $tag = $block->{ordered} ? 'ol' : 'ul';
    return "<$tag>\n" . join('', map { '<li>' . item($_) . "</li>\n" } @{ $block->{items} }) . "</$tag>\n";
}

# An item of one paragraph stands without the paragraph's margins.
sub item {
    my ($blocks) = @_;
    return inline($blocks->[0]{inline}) if @$blocks == 1 && $blocks->[0]{kind} eq 'paragraph';
    return blocks($blocks);
}

sub inline {
    my ($parts) = @_;
    return join('', map { part($_) } @$parts);
}

sub part {
    my ($part) = @_;
    my $kind = $part->{kind};
    return escape($part->{text}) if $kind eq 'text';
    return '<strong>' . inline($part->{inline}) . '</strong>' if $kind eq 'strong';
    return '<em>' . inline($part->{inline}) . '</em>' if $kind eq 'emphasis';
    return '<a href="' . escape($part->{url}) . '">' . inline($part->{inline}) . '</a>' if $kind eq 'link';
    my $code = '<code>' . escape($part->{text}) . '</code>';
    # Options link to their own section.
    return ($part->{role} // '') eq 'option' ? '<a href="#opt-' . escape($part->{text}) . "\">$code</a>" : $code;
}

sub escape {
    my ($text) = @_;
    $text =~ s/&/&amp;/g;
    $text =~ s/</&lt;/g;
    $text =~ s/>/&gt;/g;
    $text =~ s/"/&quot;/g;
    return $text;
}

1;
