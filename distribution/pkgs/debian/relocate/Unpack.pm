# Unpacks .debs into the output: usr/ is flattened away, modes are normalised, and what needs a second look is noted.
#
# Files that the store cannot hold (devices) and modes that it does not keep (setuid, setgid, sticky, owners other
# than root) are recorded, so that a module can make them again.
package Unpack;

use strict;
use warnings;
use Deb;

# Returns a new, empty record of an output directory. Paths in it are relative to the output.
#   elf, scripts, text: lists of paths; links: path => target as Debian wrote it, seen from `origins`
#   special: lines "MODE USER GROUP PATH" or "device TYPE PATH"; setuid: paths of such programs
sub new {
    my ($class, $out) = @_;
    return bless({ out => $out, elf => [], scripts => [], text => [], links => {}, origins => {}, special => [], setuid => {}, dirs => {} }, $class);
}

# Debian's path -> path in the output. "usr/bin/x", "./usr/bin/x" and "bin/x" are the same since the merge of /usr.
sub flatten {
    my ($path) = @_;
    $path =~ s{\A(?:\.?/)+}{};
    $path =~ s{\A\.\z}{};
    $path =~ s{\Ausr(?:/|\z)}{};
    $path =~ s{/+\z}{};
    return $path;
}

sub unpack_files {
    my ($self, $deb) = @_;
    my ($in, $member) = Deb::open_tar($deb, 'data.tar');
    Deb::each_entry($in, sub { $self->_entry(@_) });
    Deb::close_tar($in, $member, $deb);
    return;
}

# Unpacks the control files except large indexes that nothing here reads.
sub unpack_control {
    my ($self, $deb, $directory) = @_;
    my ($in, $member) = Deb::open_tar($deb, 'control.tar');
    $self->_make_dir($directory);
    Deb::each_entry($in, sub {
        my ($entry, $reader) = @_;
        my $name = flatten($entry->{name});
        return if $entry->{type} ne '0' || $name =~ /\A(?:md5sums|symbols|shlibs|templates)\z/;
        $self->_write_file("$directory/$name", 0644, $reader);
    });
    Deb::close_tar($in, $member, $deb);
    return;
}

sub _entry {
    my ($self, $entry, $reader) = @_;
    my $path = flatten($entry->{name});
    return if $path eq '';
    my $type = $entry->{type};
    $self->_note_special($entry, $path);
    if ($type eq '5') {
        # A directory that another package has as a link to a directory stays one.
        $self->_make_dir($path);
        return;
    }
    $self->_make_parent($path);
    if ($type eq '0') {
        my $head = $self->_write_file($path, $entry->{mode} & 0111 ? 0755 : 0644, $reader);
        $self->_classify($path, $head, $entry->{mode} & 0111);
    } elsif ($type eq '1') {
        $self->_link($path, flatten($entry->{target}));
    } elsif ($type eq '2') {
        return if $self->_exists($path);
        $self->{links}{$path} = $entry->{target};
        $self->{origins}{$path} = $entry->{name} =~ s{\A\.?/}{}r;
        symlink($entry->{target}, "$self->{out}/$path") or die "cannot make the link '$path': $!\n";
    } else {
        push @{ $self->{special} }, "device $type $path";
    }
    return;
}

# Remembers files by what later passes have to do with them.
sub _classify {
    my ($self, $path, $head, $executable) = @_;
    if (substr($head, 0, 4) eq "\x7fELF") {
        push @{ $self->{elf} }, $path unless $path =~ m{\Alib/debug/};
    } elsif ($executable && substr($head, 0, 2) eq '#!') {
        push @{ $self->{scripts} }, $path;
    }
    push @{ $self->{text} }, $path if substr($head, 0, 4) ne "\x7fELF";
    return;
}

sub _note_special {
    my ($self, $entry, $path) = @_;
    my ($mode, $user, $group) = @$entry{qw(mode user group)};
    return if $entry->{type} eq '2';
    return if !($mode & 07000) && ($user eq 'root' || $user eq '') && ($group eq 'root' || $group eq '');
    $self->{setuid}{$path} = 1 if $mode & 06000 && $entry->{type} eq '0';
    push @{ $self->{special} }, sprintf('%04o %s %s %s', $mode, $user, $group, $path);
    return;
}

sub _exists { my ($self, $path) = @_; return lstat("$self->{out}/$path") ? 1 : 0 }

sub _make_dir {
    my ($self, $path) = @_;
    return if $path eq '' || $self->{dirs}{$path};
    $self->_make_parent($path);
    if (!mkdir("$self->{out}/$path", 0755) && !-d "$self->{out}/$path") {
        # A link to a directory that another package of the group, or a later entry, owns.
        die "cannot make the directory '$path': $!\n" unless delete $self->{links}{$path};
        unlink("$self->{out}/$path");
        mkdir("$self->{out}/$path", 0755) or die "cannot make the directory '$path': $!\n";
    }
    $self->{dirs}{$path} = 1;
    return;
}

sub _make_parent {
    my ($self, $path) = @_;
    $self->_make_dir($1) if $path =~ m{\A(.*)/};
    return;
}

# Writes a regular file; returns its first bytes.
sub _write_file {
    my ($self, $path, $mode, $reader) = @_;
    my $file = "$self->{out}/$path";
    unlink($file) if $self->_exists($path);
    delete $self->{links}{$path};
    open(my $to, '>:raw', $file) or die "cannot write '$path': $!\n";
    my $head;
    while ((my $bytes = $reader->(1 << 17)) ne '') {
        $head //= substr($bytes, 0, 64);
        defined(syswrite($to, $bytes)) or die "cannot write '$path': $!\n";
    }
    close($to) or die "cannot write '$path': $!\n";
    chmod($mode, $file);
    return $head // '';
}

sub _link {
    my ($self, $path, $target) = @_;
    return if $path eq $target || $self->_exists($path);
    if (my $origin = $self->{links}{$target}) {
        symlink($origin, "$self->{out}/$path") or die "cannot make the link '$path': $!\n";
        $self->{links}{$path} = $origin;
        $self->{origins}{$path} = $self->{origins}{$target};
        return;
    }
    link("$self->{out}/$target", "$self->{out}/$path") or die "cannot link '$path' to '$target': $!\n";
    return;
}

1;
