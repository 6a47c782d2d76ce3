#!/usr/bin/env bash
# `./dev bench inner`: the table of `pathloomctl bench inner`, beside PyTorch eager where Debian's python3-torch is installed
# (tests/bench/packages.txt). Keeps JSON in docs/results/. Further options go to pathloomctl.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
mkdir -p docs/results
cores=$(nproc)  # before the next line: nproc believes OMP_NUM_THREADS
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1  # one thread each, whatever BLAS torch finds
peer=()
if /usr/bin/python3 -c 'import torch' 2>/dev/null; then
  /usr/bin/python3 tests/bench/torch_eager.py >docs/results/bench-inner-torch.json
  peer=(--peer docs/results/bench-inner-torch.json)
else
  echo "No python3-torch: the comparison with PyTorch is left out (tests/bench/packages.txt)." >&2
fi
build/release/bin/pathloomctl bench inner --keep docs/results/bench-inner.json --workers "$cores" "${peer[@]}" "$@"
