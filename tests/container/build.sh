#!/usr/bin/env bash
# Build the container from a plain Debian made by debootstrap, without any registry of images; run the first jobs of quick
# in a step of the build, and compare the files that they made with those of the same jobs outside.
# Needs Debian or Ubuntu, root, and 6 GB of disk. The Python outside is that of .venv, or of VENV.
#   RELAMP_LAB   the folder of the root file system and logs (default: relamp-container in the folder for temporary files)
#   KEEP=1       keep the images relamp and relamp-debian, and the folder
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
lab=${RELAMP_LAB:-${TMPDIR:-/tmp}/relamp-container}
python=$root/${VENV:-.venv}/bin/python
case ${VENV:-} in /*) python=$VENV/bin/python ;; esac

fail() { echo "tests/container/build.sh: $1" >&2; exit 1; }
[ "$(id -u)" = 0 ] || fail "must be root: debootstrap makes a root file system"
command -v apt-get > /dev/null || fail "there is no apt-get here; it knows Debian and Ubuntu only"
[ -x "$python" ] || fail "$python is not there; make install first"
mkdir -p "$lab"
podman() { command podman --root "$lab/storage" --runroot "$lab/run" --storage-driver vfs "$@"; }
finish() {
  if [ -z "${KEEP:-}" ]; then
    podman rmi --all --force > "$lab/rmi.log" 2>&1 || echo "images are left in $lab/storage" >&2
    rm -rf "$lab"
  fi
}
trap finish EXIT

missing=""
for program in podman debootstrap; do
  command -v "$program" > /dev/null || missing="$missing $program"
done
if [ -n "$missing" ]; then
  # shellcheck disable=SC2086  # a list of words
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing; } \
    > "$lab/apt.log" 2>&1 || { tail -n 5 "$lab/apt.log" >&2; fail "apt-get could not install$missing"; }
fi

echo "a plain Debian 12 ..."
if ! podman image exists relamp-debian; then
  debootstrap --variant=minbase bookworm "$lab/debian" > "$lab/debootstrap.log" 2>&1 \
    || { tail -n 5 "$lab/debootstrap.log" >&2; fail "debootstrap failed"; }
  tar --create --directory "$lab/debian" . | podman import --quiet - relamp-debian > /dev/null
  rm -rf "$lab/debian"
fi

# pip's settings on this machine hold in the build as well, and what they name: certificates, folders of wheels.
options=()
while IFS= read -r option; do options+=("$option"); done < <("$python" "$root/tests/container/settings_of_pip.py")

# A copy, so that nobody writes there meanwhile.
sources=$lab/sources
rm -rf "$sources"
mkdir "$sources"
tar --create --directory "$root" --exclude-from=<(sed 's|^/|./|; s|^\*\*/||' "$root/.containerignore") . \
  | tar --extract --directory "$sources"

echo "the container, with the first jobs of quick ..."
podman build --isolation=chroot --network=host --target tried --build-arg BASE=localhost/relamp-debian "${options[@]}" \
  --tag relamp "$sources" > "$lab/build.log" 2>&1 || { tail -n 30 "$lab/build.log" >&2; fail "the build failed"; }

echo "the same jobs outside ..."
PATH=$(dirname "$python"):$PATH bash "$sources/tests/container/first_jobs.sh" > "$lab/outside.log" 2>&1 \
  || { tail -n 30 "$lab/outside.log" >&2; fail "the jobs outside failed"; }

sums() { grep -E '^[0-9a-f]{64}  results/' "$1"; }
sums "$lab/outside.log"
if ! diff <(sums "$lab/build.log") <(sums "$lab/outside.log"); then
  fail "the container (<) and this machine (>) made other bits"
fi
echo "the same bits inside and outside: $(sums "$lab/outside.log" | wc -l) files"
