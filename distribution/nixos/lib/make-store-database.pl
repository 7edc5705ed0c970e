# Turns the registration of a closure (closureInfo's `registration`: for each path its name, NAR hash, NAR size, deriver,
# number of references, and the references) into SQL for the store's database, schema 10.
use strict;
use warnings;

my $digits = '0123456789abcdfghijklmnpqrsvwxyz';

# "sha256:" in the store's base 32, whose last character holds the lowest bits -> the database's base 16.
sub base16 {
    my ($hash) = @_;
    my ($algorithm, $text) = $hash =~ /^(\w+):(.*)$/ or die "no hash: '$hash'\n";
    return $hash if length($text) != 52;
    my @bytes = (0) x 33;
    my $position = 0;
    for my $character (reverse split(//, $text)) {
        my $value = index($digits, $character) << ($position % 8);
        $bytes[$position >> 3] |= $value & 255;
        $bytes[($position >> 3) + 1] |= $value >> 8;
        $position += 5;
    }
    return "$algorithm:" . join('', map { sprintf('%02x', $_) } @bytes[0 .. 31]);
}

sub line { my $line = <STDIN>; chomp $line if defined $line; return $line }

my (@paths, %id);
while (defined(my $path = line())) {
    my ($hash, $size, $deriver, $count) = (line(), line(), line(), line());
    push @paths, { path => $path, hash => base16($hash), size => $size, deriver => $deriver, references => [ map { line() } 1 .. $count ] };
    $id{$path} = @paths;
}

print <<'SQL';
begin;
create table ValidPaths (id integer primary key autoincrement not null, path text unique not null, hash text not null,
  registrationTime integer not null, deriver text, narSize integer, ultimate integer, sigs text, ca text);
create table Refs (referrer integer not null, reference integer not null, primary key (referrer, reference),
  foreign key (referrer) references ValidPaths(id) on delete cascade,
  foreign key (reference) references ValidPaths(id) on delete restrict);
create index IndexReferrer on Refs(referrer);
create index IndexReference on Refs(reference);
create trigger DeleteSelfRefs before delete on ValidPaths
  begin delete from Refs where referrer = old.id and reference = old.id; end;
create table DerivationOutputs (drv integer not null, id text not null, path text not null, primary key (drv, id),
  foreign key (drv) references ValidPaths(id) on delete cascade);
create index IndexDerivationOutputs on DerivationOutputs(path);
create table SchemaMigrations (migration text primary key not null);
SQL
for my $path (@paths) {
    my $deriver = $path->{deriver} eq '' ? 'null' : "'$path->{deriver}'";
    print "insert into ValidPaths values ($id{$path->{path}}, '$path->{path}', '$path->{hash}', 1, $deriver, $path->{size}, null, null, null);\n";
}
for my $path (@paths) {
    print "insert into Refs values ($id{$path->{path}}, $id{$_});\n" for grep { exists $id{$_} } @{ $path->{references} };
}
print "commit;\n";
