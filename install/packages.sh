#!/usr/bin/env bash
# Install what the locks pin, with their hashes, for one Python:
#   install/packages.sh PYTHON             all that users need
#   install/packages.sh PYTHON dev         what developers need besides
#   install/packages.sh PYTHON ENV.yaml    what one environment of Snakemake's jobs holds, except torch
#   TORCH_INDEX=<address>                  take torch from this index, as it gives it
set -euo pipefail
python=$(realpath -s "$(command -v "$1")") what=${2:-all}
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { echo "$*" >&2; }
pip() { "$python" -m pip --disable-pip-version-check "$1" --quiet --no-deps "${@:2}"; }
# Nothing is resolved: a lock names everything. Bytecode is written for what is imported, when it is.
locked() { pip install --require-hashes --no-compile --no-build-isolation --use-pep517 "$@"; }

# Whether something is true of the torch that is installed.
torch_says() { "$python" -c "import sys, importlib.metadata as m; sys.exit(not ($1))"; }

# pip takes torch's CPU build where it is offered; were it to compare hashes, it would prefer the index's ordinary build,
# whose hash is known before the download. So what it chooses is downloaded first and compared then.
install_torch() {
  local wanted
  wanted=$(sed -n 's/^\(torch==[^ ]*\).*/\1/p' install/torch.lock)
  if torch_says "'$wanted' == 'torch==' + m.version('torch').partition('+')[0]" 2> /dev/null; then
    return
  fi
  if [ -n "${TORCH_INDEX:-}" ]; then
    pip install --no-compile --index-url "$TORCH_INDEX" "$wanted"
  else
    wheels=$(mktemp -d)
    trap 'rm -rf "$wheels"' EXIT
    pip download --dest "$wheels" "$wanted"
    locked --no-index --find-links "$wheels" --requirement install/torch.lock
  fi
}

locked --requirement install/build.lock
case $what in
  all)
    say "torch: the largest of all packages"
    install_torch
    if torch_says 'any(line.startswith("nvidia") for line in m.requires("torch") or ())'; then
      say "this is torch's build with CUDA: what it needs is 3 GB more"
      locked --requirement install/cuda.lock
    fi
    say "all other packages: $(grep -c == requirements.lock)"
    locked --requirement requirements.lock
    ;;
  dev) locked --requirement requirements-dev.lock ;;
  *)
    names=$(sed -n 's/^ *- \(.*\)==.*/\1/p' "$what")
    awk -v names="$names" 'BEGIN { split(names, list); for (i in list) wanted[list[i]] }
      /^-/ || /^#/ { print; next } /^[a-z0-9]/ { split($1, pin, "=="); on = pin[1] in wanted } on' requirements.lock \
      | locked --requirement /dev/stdin
    ;;
esac
