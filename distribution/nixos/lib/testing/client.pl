# Runs a test script written in Perl. Everything that it does to machines is asked of the driver, by JSON-RPC over
# descriptor 3 (towards the driver) and 4 (from it); see src/nixos/test-driver/rpc-peer.ts for the form of the messages.
#
#   client.pl SCRIPT                    runs what the driver asks for
#   client.pl --check SCRIPT NAMES...   only looks at the script's syntax and names; NAMES are those of machines

use strict;
use warnings;
use JSON::PP ();
use MIME::Base64 ();

package Peer;

my $json = JSON::PP->new->utf8->canonical->allow_nonref->convert_blessed;
my ($output, $input);
my $lastId = 0;
my @patterns;
my @jobs;

sub open {
    CORE::open($output, '>&=', 3) or die "no connection to the driver: $!\n";
    CORE::open($input, '<&=', 4) or die "no connection to the driver: $!\n";
    $output->autoflush(1);
}

sub sendMessage {
    my ($message) = @_;
    print $output $json->encode({ jsonrpc => '2.0', %$message }), "\n";
}

# The next message, or nothing once the driver has ended. Questions about patterns are answered at once.
sub receive {
    while (defined(my $line = <$input>)) {
        my $message = $json->decode($line);
        return $message unless ($message->{method} // '') eq 'match';
        my ($pattern, $text) = ($patterns[$message->{params}{id}], $message->{params}{text});
        sendMessage({ id => $message->{id}, result => $text =~ $pattern ? JSON::PP::true : JSON::PP::false });
    }
    return;
}

sub request {
    my ($method, $params) = @_;
    my $id = ++$lastId;
    sendMessage({ id => $id, method => $method, params => $params // {} });
    my $message;
    while (1) {
        $message = receive() // exit 1;
        last if !defined $message->{method} && $message->{id} eq $id;
        # What the driver wants run waits until there is nothing to wait for.
        push @jobs, $message;
    }
    die "$message->{error}{message}\n" if $message->{error};
    return decode($message->{result});
}

# The next thing that the driver wants run.
sub nextJob { return @jobs ? shift @jobs : receive() }

# A regular expression as the driver gets it: it asks back for every text.
sub pattern {
    my ($pattern) = @_;
    push @patterns, ref $pattern eq 'Regexp' ? $pattern : qr/$pattern/;
    return { '$match' => { id => $#patterns, source => "$pattern" } };
}

# Outputs of commands are bytes; as text when they are UTF-8.
sub decode {
    my ($value) = @_;
    if (ref $value eq 'HASH') {
        if (exists $value->{'$bytes'}) {
            my $bytes = MIME::Base64::decode_base64($value->{'$bytes'});
            utf8::decode($bytes);
            return $bytes;
        }
        return { map { $_ => decode($value->{$_}) } keys %$value };
    }
    return [ map { decode($_) } @$value ] if ref $value eq 'ARRAY';
    return ref $value eq 'JSON::PP::Boolean' ? ($value ? 1 : 0) : $value;
}

package Machine;

# Those whose answer is a list, not a reference to one.
my %lists = map { $_ => 1 } qw(execute systemctl startJob stopJob getWindowNames getScreenTextVariants);

# Commands run as they are, without the shell's strict mode.
my %lenient = map { $_ => 1 } qw(execute succeed mustSucceed fail mustFail waitUntilSucceeds waitUntilFails);

sub new { my ($class, $description) = @_; return bless {%$description}, $class }
sub name { $_[0]{name} }
sub stateDir { $_[0]{state_dir} }
sub booted { $_[0]->isUp }

sub nest {
    my ($self, $message, $code) = @_;
    return TestScript::nested($message, $code, $self->{name});
}

sub addMethod {
    my ($camelName, $name, $parameters) = @_;
    my @isPattern = map { /^\// ? 1 : 0 } @$parameters;
    my $method = sub {
        my ($self, @arguments) = @_;
        my %named = @arguments && ref $arguments[-1] eq 'HASH' ? %{ pop @arguments } : ();
        $named{strict} = JSON::PP::false if $lenient{$camelName};
        # Numbers and texts are the same here; the driver takes either.
        my @given = map { $isPattern[$_] ? Peer::pattern($arguments[$_]) : $arguments[$_] } 0 .. $#arguments;
        my $result = Peer::request('call',
            { machine => $self->{name}, method => $name, args => \@given, kwargs => \%named });
        return $lists{$camelName} ? @$result : $result;
    };
    no strict 'refs';
    *{"Machine::$_"} = $method for grep { !defined &{"Machine::$_"} } ($camelName, $name);
}

package Log;

sub log { my ($self, $message) = @_; Peer::request('log', { message => "$message" }) }
sub nest { my ($self, $message, $code) = @_; return TestScript::nested($message, $code) }

package TestScript;

our %vms;
our $log = bless {}, 'Log';
our $file;

sub nested {
    my ($title, $code, $machine, $isSubtest) = @_;
    my $wantsList = wantarray;
    Peer::request('begin', { title => $title, machine => $machine });
    my @result = eval { $wantsList ? $code->() : scalar $code->() };
    my $error = $@;
    Peer::request('end', {
        failed => $error ne '' ? JSON::PP::true : JSON::PP::false,
        subtest => $isSubtest ? JSON::PP::true : JSON::PP::false,
    });
    die $error if $error ne '';
    return $wantsList ? @result : $result[0];
}

sub startAll { Peer::request('start_all'); return }
sub joinAll { Peer::request('join_all'); return }
sub subtest { my ($name, $code) = @_; return nested("subtest: $name", $code, undef, 1) }
sub testScript { runScript($file); return }
sub runTests { testScript() }

sub createMachine {
    my ($description) = @_;
    return Machine->new(Peer::request('create_machine',
        { name => $description->{name}, start_command => $description->{startCommand} }));
}

# Repeats an action once a second until it gives true; it is told whether this is the last time.
sub retry {
    my ($code, $seconds) = @_;
    $seconds //= 900;
    for (1 .. $seconds) {
        return if $code->(0);
        sleep 1;
    }
    die "action timed out after $seconds seconds\n" unless $code->(1);
}

# An empty disk image of SIZE MiB in the current directory.
sub createDisk {
    my ($name, $size) = @_;
    CORE::open(my $image, '>', $name) or die "cannot make the disk '$name': $!\n";
    truncate($image, $size * 1024 * 1024) or die "cannot make the disk '$name': $!\n";
    close $image;
    return $name;
}

# The machines' variables, as a piece of Perl before a script.
sub declarations {
    return join '', map { "my \$$_ = \$TestScript::vms{'$_'}; " } @_;
}

sub readScript {
    my ($name) = @_;
    CORE::open(my $stream, '<:encoding(UTF-8)', $name) or die "cannot read the test script: $!\n";
    local $/;
    return scalar <$stream>;
}

sub runCode {
    my ($code, $name, @machines) = @_;
    # A machine that a line does not name is no fault of it.
    my $text = 'use strict; use utf8; no warnings; ' . declarations(@machines) . "\n#line 1 \"$name\"\n$code\n";
    my @result = eval $text;
    die $@ if $@;
    return @result;
}

sub runScript { runCode(readScript($_[0]), 'testScript', keys %vms); return }

package main;

# A line that somebody typed: its value as text, empty for none.
sub evaluate {
    my ($code) = @_;
    my @result = TestScript::runCode($code, 'typed', keys %TestScript::vms);
    my @shown = grep { defined } @result;
    return join ', ', map { ref $_ ? $json->pretty(0)->allow_blessed->encode($_) : "$_" } @shown;
}

# What went wrong, with the line of the script where Perl knows it.
sub describeError {
    my ($error) = @_;
    $error =~ s/ at testScript line (\d+)\.?\s*$/\nline $1 of the test script/;
    chomp $error;
    return $error;
}

# Errors of the driver end in a newline, so that Perl adds no place to them; the innermost line of the script does it.
$SIG{__DIE__} = sub {
    my ($error) = @_;
    return if ref $error || $error =~ /line \d+ of the test script/ || $error =~ / at \S+ line \d+/;
    for (my $depth = 0; my @frame = caller $depth; $depth++) {
        next unless $frame[1] eq 'testScript';
        chomp $error;
        die "$error\nline $frame[2] of the test script\n";
    }
};

if (@ARGV && $ARGV[0] eq '--check') {
    my (undef, $file, @machines) = @ARGV;
    my $code = TestScript::readScript($file);
    my $text = "package TestScript; use strict; use utf8; no warnings; return 1; sub { "
        . TestScript::declarations(@machines) . "\n#line 1 \"testScript\"\n$code\n};";
    eval $text or do {
        my $python = "set `testScriptLanguage` when the script is not in Perl, or import make-test-python.nix";
        print STDERR "error: the test script is not valid Perl: $@       $python\n";
        exit 1;
    };
    exit 0;
}

binmode STDOUT, ':encoding(UTF-8)';
STDOUT->autoflush(1);
Peer::open();
$TestScript::file = $ARGV[0];
my $description = Peer::request('describe');
Machine::addMethod(@$_{qw(camelName name parameters)}) for @{ $description->{methods} };
$TestScript::vms{ $_->{variable} } = Machine->new($_) for @{ $description->{machines} };

while (defined(my $job = Peer::nextJob())) {
    my $result = eval {
        $job->{method} eq 'run' ? do { TestScript::runScript($job->{params}{file}); undef } : evaluate($job->{params}{code});
    };
    if (my $error = $@) {
        Peer::sendMessage({ id => $job->{id}, error => { code => -32000, message => describeError($error) } });
    }
    else {
        Peer::sendMessage({ id => $job->{id}, result => $result });
    }
}
