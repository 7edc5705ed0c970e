# Gives an ELF file another interpreter and search path (DT_RUNPATH), in place.
#
# Nothing that is there moves: a new segment is appended to the file with the interpreter's name and a longer copy of
# the dynamic string table (and, when it has no free entry, of the dynamic section). Its program header takes the
# place of a note that says again what PT_GNU_PROPERTY says, else of another note; a file without notes gets a longer
# table of program headers, in the new segment. Section headers follow, since linkers read libraries through them.
package ElfPatch;

use strict;
use warnings;

use constant {
    PT_NULL => 0, PT_LOAD => 1, PT_DYNAMIC => 2, PT_INTERP => 3, PT_NOTE => 4, PT_PHDR => 6, PT_GNU_PROPERTY => 0x6474e553,
    DT_NULL => 0, DT_STRTAB => 5, DT_STRSZ => 10, DT_RPATH => 15, DT_RUNPATH => 29,
    PF_W => 2, PF_R => 4,
};

my %LAYOUT = (
    64 => {
        word => 'Q', header_at => 32, header => 'Q Q L S S S S S S', header_size => 64,
        segment => 'L L Q Q Q Q Q Q', segment_fields => [qw(type flags offset vaddr paddr file_size size align)],
        segment_size => 56, section => 'L L Q Q Q Q', section_size => 64,
    },
    32 => {
        word => 'L', header_at => 28, header => 'L L L S S S S S S', header_size => 52,
        segment => 'L L L L L L L L', segment_fields => [qw(type offset vaddr paddr file_size size flags align)],
        segment_size => 32, section => 'L L L L L L', section_size => 40,
    },
);

# patch($file, { interpreter => PATH or undef (unchanged), run_path => LIST joined by ":" ("" removes it) })
sub patch {
    my ($file, $change) = @_;
    open(my $handle, '+<:raw', $file) or die "cannot change '$file': $!\n";
    my $self = bless({ handle => $handle, file => $file }, __PACKAGE__);
    $self->_read_headers;
    my ($dynamic) = grep { $_->{type} == PT_DYNAMIC } @{ $self->{segments} };
    my $entries = $self->_read_dynamic($dynamic);
    my $segment = $self->_new_segment($change, $dynamic, $entries);
    $self->_write($segment) if $segment;
    close($handle) or die "cannot change '$file': $!\n";
    return;
}

sub _unpack { my ($self, $template, $bytes) = @_; return unpack($template =~ s/([QLS])/$1$self->{order}/gr, $bytes) }
sub _pack { my ($self, $template, @values) = @_; return pack($template =~ s/([QLS])/$1$self->{order}/gr, @values) }

sub _get {
    my ($self, $offset, $size) = @_;
    return '' if $size == 0;
    seek($self->{handle}, $offset, 0);
    my $count = read($self->{handle}, my $bytes, $size) // 0;
    die "'$self->{file}' is truncated\n" if $count != $size;
    return $bytes;
}

sub _put {
    my ($self, $offset, $bytes) = @_;
    seek($self->{handle}, $offset, 0);
    print { $self->{handle} } $bytes or die "cannot change '$self->{file}': $!\n";
    return;
}

sub _read_headers {
    my ($self) = @_;
    my $ident = $self->_get(0, 52);
    $self->{order} = ord(substr $ident, 5, 1) == 2 ? '>' : '<';
    my $layout = $self->{layout} = $LAYOUT{ ord(substr $ident, 4, 1) == 2 ? 64 : 32 };
    my $header = $self->_get($layout->{header_at}, $layout->{header_size} - $layout->{header_at});
    @$self{qw(segments_at sections_at flags header_size segment_size segment_count section_size section_count names_index)} =
      $self->_unpack($layout->{header}, $header);
    my $table = $self->_get($self->{segments_at}, $self->{segment_count} * $layout->{segment_size});
    $self->{segments} = [ map {
        my %segment;
        @segment{ @{ $layout->{segment_fields} } } =
          $self->_unpack($layout->{segment}, substr($table, $_ * $layout->{segment_size}, $layout->{segment_size}));
        \%segment;
    } 0 .. $self->{segment_count} - 1 ];
    return;
}

# The dynamic section as a list of [tag, value], the closing DT_NULL and all after it left out.
sub _read_dynamic {
    my ($self, $dynamic) = @_;
    my $word = $self->{layout}{word};
    my @words = $self->_unpack("($word)*", $self->_get($dynamic->{offset}, $dynamic->{file_size}));
    my @entries;
    while (my ($tag, $value) = splice(@words, 0, 2)) {
        last if $tag == DT_NULL;
        push @entries, [ $tag, $value ];
    }
    return \@entries;
}

sub _value { my ($entries, $tag) = @_; for (@$entries) { return $_->[1] if $_->[0] == $tag } return undef }

sub _offset_of {
    my ($self, $address) = @_;
    for my $s (grep { $_->{type} == PT_LOAD } @{ $self->{segments} }) {
        return $address - $s->{vaddr} + $s->{offset} if $address >= $s->{vaddr} && $address < $s->{vaddr} + $s->{file_size};
    }
    die "'$self->{file}' has its dynamic strings outside of all segments\n";
}

# Changes the dynamic entries and collects what the new segment consists of; undef when nothing has to be added.
sub _new_segment {
    my ($self, $change, $dynamic, $entries) = @_;
    my @kept = grep { $_->[0] != DT_RPATH && $_->[0] != DT_RUNPATH } @$entries;
    my $segment = { parts => [], size => 0, flags => PF_R };
    if ($change->{run_path} ne '') {
        my ($at, $size) = (_value(\@kept, DT_STRTAB), _value(\@kept, DT_STRSZ));
        my $strings = $self->_get($self->_offset_of($at), $size) . "$change->{run_path}\0";
        $segment->{strings} = _add($segment, $strings, '.dynstr');
        unshift @kept, [ DT_RUNPATH, $size ];
        $segment->{strings_size} = length $strings;
    }
    $segment->{interpreter} = _add($segment, "$change->{interpreter}\0", '.interp') if defined $change->{interpreter};
    $segment->{entries} = \@kept;
    $segment->{dynamic} = $dynamic;
    my $entry_size = 2 * ($self->{layout}{word} eq 'Q' ? 8 : 4);
    if ((@kept + 1) * $entry_size > $dynamic->{file_size}) {
        $segment->{moved} = _add($segment, "\0" x ((@kept + 1) * $entry_size), '.dynamic');
        $segment->{flags} = PF_R | PF_W;
    }
    if (!@{ $segment->{parts} }) {
        $self->_put($dynamic->{offset}, $self->_dynamic_bytes($segment));
        return undef;
    }
    return $segment;
}

# Adds bytes to the segment, aligned for any use; returns the part.
sub _add {
    my ($segment, $bytes, $section) = @_;
    my $part = { at => ($segment->{size} + 15) & ~15, bytes => $bytes, section => $section };
    $segment->{size} = $part->{at} + length $bytes;
    push @{ $segment->{parts} }, $part;
    return $part;
}

sub _dynamic_bytes {
    my ($self, $segment) = @_;
    my $word = $self->{layout}{word};
    my $bytes = $self->_pack("($word)*", map { @$_ } @{ $segment->{entries} });
    my $room = $segment->{moved} ? length $segment->{moved}{bytes} : $segment->{dynamic}{file_size};
    return $bytes . "\0" x ($room - length $bytes);
}

sub _write {
    my ($self, $segment) = @_;
    my @segments = @{ $self->{segments} };
    my $slot = _slot(\@segments);
    my $table = defined $slot ? undef : _add($segment, "\0" x (($self->{segment_count} + 1) * $self->{layout}{segment_size}), undef);
    $self->_locate($segment);
    $_->{offset} = $segment->{offset} + $_->{at}, $_->{vaddr} = $segment->{vaddr} + $_->{at} for @{ $segment->{parts} };

    splice(@segments, $slot, 1) if defined $slot;
    my ($last) = grep { $segments[$_]{type} == PT_LOAD } reverse 0 .. $#segments;
    splice(@segments, $last + 1, 0, {
        type => PT_LOAD, flags => $segment->{flags}, offset => $segment->{offset}, vaddr => $segment->{vaddr}, paddr => $segment->{vaddr},
        file_size => $segment->{size}, size => $segment->{size}, align => $segment->{align},
    });
    _point(\@segments, PT_INTERP, $segment->{interpreter});
    _point(\@segments, PT_DYNAMIC, $segment->{moved});
    _point(\@segments, PT_PHDR, $table);
    $self->_fill_dynamic($segment);
    my $headers = join('', map { my $s = $_; $self->_pack($self->{layout}{segment}, map { $s->{$_} } @{ $self->{layout}{segment_fields} }) } @segments);
    $table->{bytes} = $headers if $table;
    $self->_put($_->{offset}, $_->{bytes}) for @{ $segment->{parts} };
    $self->_put($self->{segments_at}, $headers) unless $table;
    $self->_put_header(scalar @segments, $table) if $table;
    $self->_update_sections($segment);
    return;
}

# Puts the segment behind the file's end and behind all addresses, congruent as the loader wants it.
sub _locate {
    my ($self, $segment) = @_;
    my @loads = grep { $_->{type} == PT_LOAD } @{ $self->{segments} };
    my ($align, $end) = (0x1000, 0);
    for my $load (@loads) {
        $align = $load->{align} if $load->{align} > $align;
        $end = $load->{vaddr} + $load->{size} if $load->{vaddr} + $load->{size} > $end;
    }
    $segment->{align} = $align;
    $segment->{offset} = ((-s $self->{handle}) + 15) & ~15;
    $segment->{vaddr} = (($end + $align - 1) & ~($align - 1)) + ($segment->{offset} & ($align - 1));
    return;
}

# Index of a program header that can be given up, or undef.
sub _slot {
    my ($segments) = @_;
    my ($property) = grep { $_->{type} == PT_GNU_PROPERTY } @$segments;
    my @notes = grep { $segments->[$_]{type} == PT_NOTE } 0 .. $#$segments;
    for my $i (@notes) {
        return $i if $property && $segments->[$i]{offset} == $property->{offset} && $segments->[$i]{file_size} == $property->{file_size};
    }
    my ($free) = grep { $segments->[$_]{type} == PT_NULL } 0 .. $#$segments;
    return $free // $notes[-1];
}

sub _point {
    my ($segments, $type, $part) = @_;
    return unless $part;
    for my $s (grep { $_->{type} == $type } @$segments) {
        @$s{qw(offset vaddr paddr)} = ($part->{offset}, $part->{vaddr}, $part->{vaddr});
        @$s{qw(file_size size)} = (length $part->{bytes}) x 2;
    }
    return;
}

sub _fill_dynamic {
    my ($self, $segment) = @_;
    if ($segment->{strings}) {
        for my $entry (@{ $segment->{entries} }) {
            $entry->[1] = $segment->{strings}{vaddr} if $entry->[0] == DT_STRTAB;
            $entry->[1] = $segment->{strings_size} if $entry->[0] == DT_STRSZ;
        }
    }
    my $bytes = $self->_dynamic_bytes($segment);
    if ($segment->{moved}) { $segment->{moved}{bytes} = $bytes } else { $self->_put($segment->{dynamic}{offset}, $bytes) }
    return;
}

# A longer table of program headers: its place and length stand in the file's header.
sub _put_header {
    my ($self, $count, $table) = @_;
    my $layout = $self->{layout};
    $self->_put($layout->{header_at}, $self->_pack($layout->{word}, $table->{offset}));
    $self->_put($layout->{header_at} + ($layout->{word} eq 'Q' ? 24 : 16), $self->_pack('S', $count));
    return;
}

# Points the section headers of the parts that moved to them. A file may have none.
sub _update_sections {
    my ($self, $segment) = @_;
    my ($layout, $count) = @$self{qw(layout section_count)};
    return if $count == 0 || $self->{sections_at} == 0;
    my %parts = map { defined $_->{section} ? ($_->{section} => $_) : () } @{ $segment->{parts} };
    my $size = $layout->{section_size};
    my $table = $self->_get($self->{sections_at}, $count * $size);
    my @headers = map { [ $self->_unpack($layout->{section}, substr($table, $_ * $size, $size)) ] } 0 .. $count - 1;
    my $names_header = $headers[ $self->{names_index} ] or return;
    my $names = $self->_get(@$names_header[ 4, 5 ]);
    for my $i (0 .. $count - 1) {
        my $end = index($names, "\0", $headers[$i][0]);
        next if $end < 0;
        my $part = $parts{ substr($names, $headers[$i][0], $end - $headers[$i][0]) } or next;
        @{ $headers[$i] }[ 3, 4, 5 ] = ($part->{vaddr}, $part->{offset}, length $part->{bytes});
        $self->_put($self->{sections_at} + $i * $size, $self->_pack($layout->{section}, @{ $headers[$i] }));
    }
    return;
}

1;
