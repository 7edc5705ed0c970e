# Launchers of Perl's programs that add the packages' module directories.
shopt -s nullglob
mkdir -p "$out/bin"
directories=
for package in "${all[@]}"; do
  [ "$package" != "$interpreter" ] || continue
  for dir in "$package"/lib/*/perl5/5.* "$package"/share/perl5 "$package"/lib/perl5/site_perl{,/5.*}; do
    [ ! -d "$dir" ] || directories+=:$dir
  done
done
printf '%s\n' "#!$bash/bin/bash" "export PERL5LIB=\"\${PERL5LIB:+\$PERL5LIB:}${directories#:}\"" \
  "exec $interpreter/bin/perl \"\$@\"" >"$out/bin/perl"
chmod +x "$out/bin/perl"
link_programs
for program in "$interpreter"/bin/*; do
  [ -e "$out/bin/${program##*/}" ] || ln -s "$program" "$out/bin/"
done
