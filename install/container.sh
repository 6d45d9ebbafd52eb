#!/usr/bin/env bash
# Make of a plain Debian 12 a machine on which relamp runs, as root: Containerfile and envs/relamp.def both do this.
# The packages go to /opt/relamp; the sources are those of the clone that is mounted, or that one is in.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export DEBIAN_FRONTEND=noninteractive
apt-get update --quiet
apt-get install --quiet --yes --no-install-recommends \
  ca-certificates git libexpat1 libgomp1 libxext6 libxrender1 python3 python3-venv
rm -rf /var/lib/apt/lists/*
python3 -m venv /opt/relamp
install/packages.sh /opt/relamp/bin/python
install/slim.sh /opt/relamp/bin/python
# Later nobody may write there. What packages bring that is no Python of this version stays as it is.
/opt/relamp/bin/python -m compileall -qq /opt/relamp/lib || echo "some files of packages were not compiled"
