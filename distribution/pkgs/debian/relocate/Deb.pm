# Reads a .deb: an `ar` archive that holds a compressed tar of control files and one of the package's files.
#
# The tar stream is read while it is being decompressed, one header after the other, so that a package is
# unpacked, flattened and inspected in a single pass. GNU tar's and POSIX's extensions for long names are
# understood. Format: deb(5), tar(5).
package Deb;

use strict;
use warnings;

my %DECOMPRESSOR = (
    'xz'  => [ 'xz', '-dc', '--single-stream' ],
    'gz'  => [ 'busybox', 'gunzip', '-c' ],
);

# The members of an `ar` archive: name => [offset, size], both in bytes.
sub members {
    my ($file) = @_;
    open(my $in, '<:raw', $file) or die "cannot open '$file': $!\n";
    read($in, my $magic, 8);
    die "'$file' is not a Debian package: it does not begin with an ar archive's magic\n" if $magic ne "!<arch>\n";
    my %members;
    my $offset = 8;
    while (seek($in, $offset, 0) && read($in, my $header, 60) == 60) {
        my ($name, $size) = (substr($header, 0, 16), substr($header, 48, 10) + 0);
        $name =~ s{/?\s*\z}{};
        $members{$name} = [ $offset + 60, $size ];
        $offset += 60 + $size + ($size & 1);
    }
    return \%members;
}

# Opens the decompressed tar whose member name begins with $stem ("data.tar" or "control.tar").
# Returns a handle and, for close_tar, what was started.
sub open_tar {
    my ($file, $stem) = @_;
    my $members = members($file);
    my ($member) = grep { index($_, $stem) == 0 } keys %$members;
    die "'$file' has no member '$stem'\n" unless defined $member;
    my ($offset, $size) = @{ $members->{$member} };
    my $suffix = substr($member, length($stem) + 1 <= length($member) ? length($stem) + 1 : length($member));
    my $input = _member_input($file, $offset, $size, $suffix eq 'xz');
    return ($input, undef) if $suffix eq '';
    my $command = $DECOMPRESSOR{$suffix}
      or die "'$file' has a member '$member': xz, gz or no compression was expected\n";
    my $pid = open(my $output, '-|') // die "cannot fork: $!\n";
    if ($pid == 0) {
        open(STDIN, '<&', $input) or die "cannot redirect: $!\n";
        exec(@$command) or die "cannot run '$command->[0]': $!\n";
    }
    binmode($output);
    return ($output, $member);
}

# Closes what open_tar returned; a decompressor that failed is an error.
sub close_tar {
    my ($handle, $member, $file) = @_;
    my $complete = close($handle);
    die "'$file' is damaged: its member '$member' does not decompress\n" if defined $member && !$complete;
    return;
}

# A handle positioned at the member. Only xz can be told to ignore what follows, so that other members are copied out.
sub _member_input {
    my ($file, $offset, $size, $may_run_over) = @_;
    open(my $input, '<:raw', $file) or die "cannot open '$file': $!\n";
    sysseek($input, $offset, 0);
    return $input if $may_run_over;
    open(my $copy, '+>', undef) or die "cannot create a temporary file: $!\n";
    binmode($copy);
    while ($size > 0) {
        my $count = sysread($input, my $bytes, $size < 1 << 20 ? $size : 1 << 20);
        die "'$file' is truncated\n" unless $count;
        syswrite($copy, $bytes);
        $size -= $count;
    }
    sysseek($copy, 0, 0);
    return $copy;
}

# Calls $visit->(\%entry, $reader) for each entry of the tar read from $in. %entry has name, type, mode, size,
# target, user, group; $reader->($count) gives up to $count bytes of a regular file's contents, '' at its end.
# What $visit does not read is skipped.
sub each_entry {
    my ($in, $visit) = @_;
    my $buffer = '';
    my $fill = sub {
        my ($want) = @_;
        while (length($buffer) < $want) {
            my $count = sysread($in, $buffer, 1 << 17, length $buffer);
            die "cannot read: $!\n" unless defined $count;
            last if $count == 0;
        }
        return length($buffer) >= $want;
    };
    my %override;
    while ($fill->(512)) {
        my $header = substr($buffer, 0, 512, '');
        next if $header =~ /\A\0+\z/;
        my $entry = _parse_header($header);
        my $left = $entry->{size};
        my $padding = (512 - $left % 512) % 512;
        my $reader = sub {
            my ($count) = @_;
            return '' if $left == 0;
            $fill->(1) or die "the archive is truncated\n" if $buffer eq '';
            $count = $left if $count > $left;
            my $bytes = substr($buffer, 0, $count, '');
            $left -= length $bytes;
            return $bytes;
        };
        if ($entry->{type} =~ /[LKxg]/) {
            my $text = '';
            while ((my $bytes = $reader->(1 << 17)) ne '') { $text .= $bytes }
            _note_extension($entry->{type}, $text, \%override);
        } else {
            @$entry{ keys %override } = values %override;
            %override = ();
            $visit->($entry, $reader);
            1 while $reader->(1 << 17) ne '';
        }
        $fill->($padding) or die "the archive is truncated\n";
        substr($buffer, 0, $padding, '');
    }
    return;
}

sub _parse_header {
    my ($header) = @_;
    my ($name, $mode, undef, undef, $size, undef, undef, $type, $target, $magic, $user, $group, undef, undef, $prefix) =
      unpack('Z100 a8 a8 a8 a12 a12 a8 a1 Z100 a8 Z32 Z32 a8 a8 Z155', $header);
    $name = "$prefix/$name" if $magic eq "ustar\00000" && $prefix ne '';
    return {
        name => $name, type => $type eq "\0" ? '0' : $type, mode => _number($mode) & 07777,
        size => $type =~ /[0LKxg\0S7]/ ? _number($size) : 0, target => $target, user => $user, group => $group,
    };
}

# Octal digits, or big-endian binary when the first bit is set (GNU).
sub _number {
    my ($field) = @_;
    if (ord($field) & 0x80) {
        my $value = ord($field) & 0x7f;
        $value = $value * 256 + ord($_) for split(//, substr($field, 1));
        return $value;
    }
    return $field =~ /([0-7]+)/ ? oct($1) : 0;
}

# Long names: GNU's 'L' and 'K' entries, POSIX's 'x' records ("LENGTH KEY=VALUE\n").
sub _note_extension {
    my ($type, $text, $override) = @_;
    return if $type eq 'g';
    if ($type ne 'x') {
        $text =~ s/\0.*//s;
        $override->{ $type eq 'L' ? 'name' : 'target' } = $text;
        return;
    }
    while ($text =~ s/\A(\d+) //) {
        my $record = substr($text, 0, $1 - length($1) - 1, '');
        my ($key, $value) = $record =~ /\A([^=]+)=(.*)\n\z/s or last;
        $override->{name}   = $value if $key eq 'path';
        $override->{target} = $value if $key eq 'linkpath';
    }
    return;
}

1;
