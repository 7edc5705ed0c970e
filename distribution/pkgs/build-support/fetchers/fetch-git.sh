# Checks a revision of $url out to $out.
export HOME=$TMPDIR GIT_TERMINAL_PROMPT=0
git init --quiet "$out"
cd "$out"
git remote add origin "$url"
if [ -n "$deepClone" ] || ! git fetch --quiet --depth 1 origin "$rev"; then
  git fetch --quiet --tags origin
  git checkout --quiet "$rev"
else
  git checkout --quiet FETCH_HEAD
fi
if [ -n "$fetchSubmodules" ]; then git submodule --quiet update --init --recursive; fi
if [ -z "$leaveDotGit" ]; then find . -name .git -prune -exec rm -rf {} +; fi
