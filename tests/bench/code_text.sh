#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The code docs/probes.md measures loss against position on: the files of Python's standard library as Debian packages it, shuffled
# with a fixed seed and joined. Package versions are printed, for they decide the bytes.
# usage: code_text.sh OUT.txt        Needs apt-get, dpkg-deb, python3. Installs nothing; downloads are kept as those of the corpus.
set -euo pipefail
if [ $# -ne 1 ]; then sed -n '5s/^# //p' "$0" >&2; exit 2; fi
out=$(realpath -m "$1")
files=$(mktemp -d)
trap 'rm -rf "$files"' EXIT
. "$(dirname "${BASH_SOURCE[0]}")/unpack.sh"
unpack "$files" libpython3.11-minimal libpython3.11-stdlib
python3 - "$files" "$out" <<'PYTHON'
import random, sys
from pathlib import Path

texts = []
for path in sorted(Path(sys.argv[1]).rglob("*.py")):
    try:
        texts.append(path.read_bytes().decode("utf-8"))
    except UnicodeDecodeError:
        pass
random.Random(1).shuffle(texts)
out = Path(sys.argv[2])
out.write_bytes("\n\n".join(texts).encode())
print(f"{out}: {out.stat().st_size} bytes of {len(texts)} files", file=sys.stderr)
PYTHON
