#!/usr/bin/env bash
# Remove from a Python's packages what no job reads, a fifth of their size: install/slim.sh PYTHON
set -euo pipefail
cd "$("$1" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')"
# torch's own tests, and what C++ is compiled with; its manager of shared memory stays.
rm -rf torch/test torch/include
find torch/bin -type f ! -name torch_shm_manager -delete
# The tests of other packages. GraKeL's hold data sets.
for package in llvmlite matplotlib mpl_toolkits networkx numba numpy pandas pulp scipy sklearn sympy; do
  find "$package" -type d -name tests -prune -exec rm -rf {} +
done
# A solver for other systems than this one.
rm -rf pulp/solverdir/cbc/win pulp/solverdir/cbc/osx
