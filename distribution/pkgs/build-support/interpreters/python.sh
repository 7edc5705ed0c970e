# A virtual environment (PEP 405) whose only content is a list of module directories.
shopt -s nullglob
program=$(readlink -f "$interpreter/bin/python3")
version=${program##*/}
site=$out/lib/$version/site-packages
mkdir -p "$out/bin" "$site"
for name in python python3 "$version"; do ln -s "$interpreter/bin/$version" "$out/bin/$name"; done
printf 'home = %s\ninclude-system-site-packages = false\n' "$interpreter/bin" >"$out/pyvenv.cfg"
{
  printf 'import site; ['
  printf 'site.addsitedir(d) for d in ('
  for package in "${all[@]}"; do
    [ "$package" != "$interpreter" ] || continue
    for dir in "$package"/lib/python3/dist-packages "$package/lib/$version"/{dist,site}-packages; do
      [ ! -d "$dir" ] || printf "'%s', " "$dir"
    done
  done
  printf ')]\n'
} >"$site/packages.pth"
link_programs
