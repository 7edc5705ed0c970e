# Builder of derivations that name none: reads the set-up and runs the phases.
if [ -e "${NIX_ATTRS_SH_FILE:-.attrs.sh}" ]; then source "${NIX_ATTRS_SH_FILE:-.attrs.sh}"; fi
source "$stdenv/setup"
genericBuild
