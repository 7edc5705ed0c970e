# Makes scripts run from the store: their interpreters, and where Python and Perl look for modules.
#
# Python scripts get an interpreter of their own package, a
# virtual environment (pyvenv.cfg, PEP 405) whose only content is a list of the closure's module directories; Perl and
# Ruby scripts get them in their load path by a line after the first. Neither leaks into the programs that a script
# starts.
package Scripts;

use strict;
use warnings;
use Unpack;
use Programs;

# Shell scripts for more than the shell: `exec tclsh "$0"`, `tail -n +9 "$0"`.
my $READS_ITSELF = qr/\b(?:exec|eval|tail|head|sed|dd|awk|cat)\b[^\n]*\$\{?0\b/;

# %$options: triplet; interpreters: packages with those interpreters that no package has to depend on.
sub new {
    my ($class, $tree, $closure, $options) = @_;
    return bless({ tree => $tree, closure => $closure, %$options, found => {}, programs => Programs->new($tree, $closure) }, $class);
}

sub relocate_all {
    my ($self) = @_;
    for my $path (@{ $self->{tree}{scripts} }) {
        my $file = "$self->{tree}{out}/$path";
        my $text = read_text($file);
        my $new = $self->_own_paths($self->_relocated($text));
        write_text($file, $new) if $new ne $text;
    }
    return;
}

sub _relocated {
    my ($self, $text) = @_;
    my ($line, $rest) = $text =~ /\A#![ \t]*([^\n]*)(.*)\z/s or return $text;
    my ($program, $arguments) = $line =~ /\A(\S+)[ \t]*(.*?)\s*\z/ or return $text;
    if ($program =~ m{/env\z}) {
        $arguments =~ s/\A-S\s+//;
        ($program, $arguments) = $arguments =~ /\A([^\s=-][^\s=]*)\s*(.*)\z/ or return $text;
    }
    my ($name) = $program =~ m{([^/]+)\z} or return $text;
    return $text if $program =~ m{\A/nix/};
    my $interpreter = $self->_interpreter($name, $program) // return $text;
    return "#!$interpreter" . ($arguments eq '' ? '' : " $arguments") . $self->_second_line($name, $rest) . $rest;
}

# What the interpreter has to know before the script begins: where Perl's modules are, and the programs that the script
# mentions. A shell script that other interpreters read, too, or that reads itself, stays as it is.
sub _second_line {
    my ($self, $name, $rest) = @_;
    my $path = join(':', $self->{programs}->directories_for($rest));
    return $self->_perl_line($path) if $name eq 'perl';
    return $self->_ruby_line($path) if $name =~ /\Aruby[\d.]*\z/;
    return '' if $path eq '' || $name !~ /\A(?:sh|dash|bash|ksh|mksh|zsh)\z/ || $rest =~ $READS_ITSELF;
    return "\nexport PATH=\"\${PATH:+\$PATH:}$path\"";
}

# Paths of this package's own programs, libraries and data in a script's text become store paths, and so do data of the
# packages that it depends on (Debian often keeps those apart). Configuration and state keep their places.
sub _own_paths {
    my ($self, $text) = @_;
    return $text if length($text) > 1 << 20 || index($text, '/usr/') < 0;
    $text =~ s{(sys\.path\.(?:append|insert)\((?:\d+,[ \t]*)?["'])(/usr/[\w./+-]+)(?=["'])}{$1 . $self->_module_dir($2)}ge;
    $text =~ s{(?<![\w./\}:+~-])(/usr/(?:bin|sbin|lib|libexec|share|games)/[\w.+\@%/-]*[\w+])}{$self->_own_path($1)}ge;
    return $text;
}

sub _own_path {
    my ($self, $path) = @_;
    return $self->{own_paths}{$path} //= do {
        my $flat = Unpack::flatten($path);
        if (lstat("$self->{tree}{out}/$flat") && !$self->{tree}{setuid}{$flat}) { "$self->{tree}{out}/$flat" }
        elsif ($flat =~ m{\A(?:share|lib)/[^/]+/.}) { $self->{closure}->find($flat) // $path }
        else { $path }
    };
}

# A directory of modules that a script names, in this package or the first one that has it.
sub _module_dir {
    my ($self, $path) = @_;
    return ($self->module_dirs(Unpack::flatten($path)))[0] // $path;
}

# The interpreter in this package or the closure, or undef.
sub _interpreter {
    my ($self, $name, $program) = @_;
    if (!exists $self->{found}{$name}) {
        my $found = $self->_find('bin/' . $self->_plain_program($name)) // $self->_find('bin/' . $name)
          // $self->_find(Unpack::flatten($program));
        $found = $self->_python($found) if defined $found && $name =~ /\Apython3?(?:\.\d+)?\z/;
        $self->{found}{$name} = $found;
    }
    return $self->{found}{$name};
}

# Debian's bin/perl is a wrapper here; scripts bring their own @INC and need the program itself. Debian's sh is dash.
sub _plain_program {
    my ($self, $name) = @_;
    return { perl => '.perl-plain', sh => 'dash' }->{$name} // $name;
}

sub _find {
    my ($self, $path) = @_;
    return "$self->{tree}{out}/$path" if -e "$self->{tree}{out}/$path";
    return $self->{closure}->find($path) // (map { "$_/$path" } grep { -e "$_/$path" } @{ $self->{interpreters} })[0];
}

# This package and its closure: the existing directories of the given relative paths, own ones first.
sub module_dirs {
    my ($self, @paths) = @_;
    my $out = $self->{tree}{out};
    return ((grep { -d } map { "$out/$_" } @paths), $self->{closure}->directories(@paths), $self->_fallback_dirs(@paths));
}

# Directories of the interpreters that are not in the closure, such as perl-base's own modules.
sub _fallback_dirs {
    my ($self, @paths) = @_;
    my %known = map { $_ => 1 } @{ $self->{closure}->all };
    return map { my $package = $_; grep { -d } map { "$package/$_" } @paths } grep { !$known{$_} } @{ $self->{interpreters} };
}

# An environment around the interpreter that knows the closure's modules; the interpreter itself when there are none.
sub _python {
    my ($self, $interpreter) = @_;
    my ($base) = $interpreter =~ m{\A(.*)/bin/[^/]+\z};
    return $interpreter if $base eq $self->{tree}{out};
    my ($version) = map { m{/(python3\.\d+)\z} } glob("$base/lib/python3.*");
    return $interpreter unless defined $version;
    my @dirs = grep { index($_, "$base/") != 0 }
      $self->module_dirs('lib/python3/dist-packages', "lib/$version/dist-packages", "lib/$version", "lib/$version/lib-dynload");
    my $path = join(':', $self->{programs}->directories_for_files(qr{\.py\z|\A(?:bin|sbin|games)/}));
    return $interpreter unless @dirs || $path ne '';
    my $typelibs = join(':', $self->module_dirs("lib/$self->{triplet}/girepository-1.0", 'lib/girepository-1.0'));
    my $env = "$self->{tree}{out}/lib/firn-python";
    make_dirs("$env/bin", "$env/lib/$version/site-packages");
    symlink($interpreter, "$env/bin/python3");
    write_text("$env/pyvenv.cfg", "home = $base/bin\ninclude-system-site-packages = false\n");
    write_text("$env/lib/$version/site-packages/firn.pth",
        'import site; [site.addsitedir(d) for d in (' . join(' ', map { "'$_'," } @dirs) . ")]\n"
          . _environment_line('PATH', $path)
          . _environment_line('GI_TYPELIB_PATH', $typelibs));
    return "$env/bin/python3";
}

# Python for: $path goes behind what the variable has.
sub _environment_line {
    my ($name, $path) = @_;
    return '' if $path eq '';
    return "import os; os.environ['$name'] = ':'.join(filter(None, [os.environ.get('$name'), '$path']))\n";
}

sub _perl_line {
    my ($self, $path) = @_;
    my @dirs = @{ $self->{perl_dirs} //= [ perl_dirs($self->{triplet}, sub { $self->module_dirs(@_) }) ] };
    my $line = @dirs ? "unshift \@INC, qw(@dirs); " : '';
    $line .= "\$ENV{PATH} .= (length \$ENV{PATH} ? ':' : '') . '$path'; " if $path ne '';
    return $line eq '' ? '' : "\nBEGIN { $line}";
}

# Ruby finds the modules of its own package; those of the others, and the descriptions of their gems, are told.
sub _ruby_line {
    my ($self, $path) = @_;
    my $known = $self->{ruby} //= do {
        my @dirs = map { ($_, glob("$_/[0-9]*")) } $self->module_dirs('lib/ruby/vendor_ruby', "lib/$self->{triplet}/ruby/vendor_ruby");
        my @gems = map { glob("$_/*") } $self->module_dirs('share/rubygems-integration');
        { load => [ @dirs, map { glob("$_/gems/*/lib") } @gems ], gems => [ grep { -d "$_/specifications" } @gems ] };
    };
    my $line = @{ $known->{load} } ? "\$:.push(*%w[@{ $known->{load} }]); " : '';
    $line .= "Gem.paths = { 'GEM_PATH' => [*Gem.path, *%w[@{ $known->{gems} }]].join(':') } if defined?(Gem); " if @{ $known->{gems} };
    $line .= "ENV['PATH'] = [ENV['PATH'], '$path'].compact.join(':'); " if $path ne '';
    return $line eq '' ? '' : "\n$line";
}

# Where Debian's packages have Perl modules. $search maps relative paths to existing directories.
sub perl_dirs {
    my ($triplet, $search) = @_;
    return map { glob("$_/5.*"), $_ =~ /perl5\z|perl-base\z/ ? $_ : () }
      $search->("lib/$triplet/perl5", 'share/perl5', "lib/$triplet/perl-base", "lib/$triplet/perl", 'share/perl');
}

sub make_dirs {
    for my $dir (@_) {
        my $path = '';
        for my $part (split(m{/}, $dir)) {
            next if $part eq '';
            $path .= "/$part";
            mkdir($path) unless -d $path;
        }
    }
    return;
}

sub read_text {
    my ($file) = @_;
    open(my $in, '<:raw', $file) or die "cannot read '$file': $!\n";
    local $/ = undef;
    return scalar(<$in>) // '';
}

# Keeps the file's mode.
sub write_text {
    my ($file, $text) = @_;
    open(my $to, '>:raw', $file) or die "cannot write '$file': $!\n";
    print {$to} $text;
    close($to) or die "cannot write '$file': $!\n";
    return;
}

1;
