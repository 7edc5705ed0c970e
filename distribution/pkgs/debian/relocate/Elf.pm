# Reads what relocation needs of an ELF file: its dynamic section, interpreter and .note.dlopen.
#
# Only the program headers are used, since they are what the loader uses. Specification: System V ABI,
# gabi chapters 4 and 5; the note: UAPI group, "ELF dlopen() metadata".
package Elf;

use strict;
use warnings;

use constant {
    PT_LOAD => 1, PT_DYNAMIC => 2, PT_INTERP => 3, PT_NOTE => 4,
    DT_NEEDED => 1, DT_STRTAB => 5, DT_SONAME => 14, DT_RPATH => 15, DT_RUNPATH => 29,
    NT_DLOPEN => 0x407c0c0a,
};

# Reads $file. Returns undef for anything that is not an executable or shared object, else a hash:
# machine ("62-64": e_machine and word size), interpreter, soname (undef when absent), needed, run_path and
# dlopen (lists of strings), dynamic (whether it has a dynamic section).
sub read_file {
    my ($file) = @_;
    open(my $in, '<:raw', $file) or die "cannot open '$file': $!\n";
    read($in, my $ident, 64) >= 52 or return undef;
    return undef if substr($ident, 0, 4) ne "\x7fELF";
    my $elf = { in => $in, wide => ord(substr $ident, 4, 1) == 2, order => ord(substr $ident, 5, 1) == 2 ? '>' : '<' };
    my $order = $elf->{order};
    my ($type, $machine) = unpack("S$order S$order", substr $ident, 16, 4);
    return undef if $type != 2 && $type != 3;
    my ($offset, $size, $count) =
      $elf->{wide}
      ? (unpack("Q$order", substr $ident, 32, 8), unpack("S$order S$order", substr $ident, 54, 4))
      : (unpack("L$order", substr $ident, 28, 4), unpack("S$order S$order", substr $ident, 42, 4));
    my $segments = _segments($elf, $offset, $size, $count);
    my $info = _dynamic($elf, $segments);
    $info->{machine} = $machine . '-' . ($elf->{wide} ? 64 : 32);
    for my $segment (grep { $_->{type} == PT_INTERP } @$segments) {
        ($info->{interpreter}) = unpack('Z*', _bytes($elf, $segment->{offset}, $segment->{size}));
    }
    $info->{dlopen} = [ map { _dlopen_names($elf, $_) } grep { $_->{type} == PT_NOTE } @$segments ];
    return $info;
}

sub _bytes {
    my ($elf, $offset, $size) = @_;
    return '' if $size <= 0 || $size > 1 << 28;
    seek($elf->{in}, $offset, 0);
    read($elf->{in}, my $bytes, $size);
    return $bytes;
}

sub _segments {
    my ($elf, $offset, $size, $count) = @_;
    my $table = _bytes($elf, $offset, $size * $count);
    my $o = $elf->{order};
    my @segments;
    for my $i (0 .. $count - 1) {
        my $row = substr($table, $i * $size, $size);
        my %s;
        if ($elf->{wide}) {
            @s{qw(type flags offset vaddr paddr size)} = unpack("L$o L$o Q$o Q$o Q$o Q$o", $row);
        } else {
            @s{qw(type offset vaddr paddr size)} = unpack("L$o L$o L$o L$o L$o", $row);
        }
        push @segments, \%s;
    }
    return \@segments;
}

sub _dynamic {
    my ($elf, $segments) = @_;
    my $info = { needed => [], run_path => [], dynamic => 0 };
    my ($dynamic) = grep { $_->{type} == PT_DYNAMIC && $_->{size} > 0 } @$segments or return $info;
    my $letter = ($elf->{wide} ? 'Q' : 'L') . $elf->{order};
    my @words = unpack("($letter)*", _bytes($elf, $dynamic->{offset}, $dynamic->{size}));
    my (@entries, $strings_at);
    while (my ($tag, $value) = splice(@words, 0, 2)) {
        last if $tag == 0;
        $strings_at = $value if $tag == DT_STRTAB;
        push @entries, [ $tag, $value ];
    }
    my $offset = defined $strings_at ? _file_offset($segments, $strings_at) : undef;
    return $info unless defined $offset;
    $info->{dynamic} = 1;
    for my $entry (@entries) {
        my ($tag, $value) = @$entry;
        if    ($tag == DT_NEEDED) { push @{ $info->{needed} }, _string($elf, $offset + $value) }
        elsif ($tag == DT_SONAME) { $info->{soname} = _string($elf, $offset + $value) }
        elsif ($tag == DT_RPATH || $tag == DT_RUNPATH) {
            push @{ $info->{run_path} }, grep { $_ ne '' } split(/:/, _string($elf, $offset + $value));
        }
    }
    return $info;
}

# Position in the file of a virtual address, or undef when no segment holds it.
sub _file_offset {
    my ($segments, $address) = @_;
    for my $s (grep { $_->{type} == PT_LOAD } @$segments) {
        return $address - $s->{vaddr} + $s->{offset} if $address >= $s->{vaddr} && $address < $s->{vaddr} + $s->{size};
    }
    return undef;
}

# NUL-terminated string at a file position. Few strings are longer than one read.
sub _string {
    my ($elf, $offset) = @_;
    my $text = '';
    for (my $chunk = 256 ; ; $chunk *= 4) {
        $text = _bytes($elf, $offset, $chunk);
        my $end = index($text, "\0");
        return substr($text, 0, $end) if $end >= 0;
        return $text if length($text) < $chunk;
    }
}

# The library names in a note segment's dlopen notes, the first of each entry's alternatives included with the rest.
sub _dlopen_names {
    my ($elf, $segment) = @_;
    my $notes = _bytes($elf, $segment->{offset}, $segment->{size});
    my $o = $elf->{order};
    my @names;
    while (length($notes) >= 12) {
        my ($name_size, $size, $type) = unpack("L$o L$o L$o", substr($notes, 0, 12, ''));
        substr($notes, 0, ($name_size + 3) & ~3, '');
        my $text = substr($notes, 0, $size);
        substr($notes, 0, ($size + 3) & ~3, '');
        next unless $type == NT_DLOPEN;
        while ($text =~ /"soname"\s*:\s*\[([^\]]*)\]/g) {
            my $list = $1;
            push @names, $list =~ /"([^"]+)"/g;
        }
    }
    return @names;
}

1;
