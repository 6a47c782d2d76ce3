#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The code docs/probes.md measures loss against position on: the files of Python's standard library as Debian packages it, shuffled
# with a fixed seed and joined. Package versions are printed, for they decide the bytes.
# usage: code_text.sh OUT.txt        Needs apt-get, dpkg-deb, python3. Installs nothing; downloads are kept as those of the corpus.
set -euo pipefail
if [ $# -ne 1 ]; then sed -n '5s/^# //p' "$0" >&2; exit 2; fi
out=$(realpath -m "$1")
work=$(realpath -m "${PATHLOOM_CORPUS_CACHE:-$HOME/.cache/pathloom/corpus}")
mkdir -p "$work/download"
files=$(mktemp -d)
trap 'rm -rf "$files"' EXIT
for package in libpython3.11-minimal libpython3.11-stdlib; do
  ls "$work/download/$package"_*.deb >/dev/null 2>&1 ||
    (cd "$work/download" && apt-get -o APT::Sandbox::User="$(id -un)" download -qq "$package")
  archive=$(ls "$work/download/$package"_*.deb | tail -1)
  basename "$archive" >&2
  dpkg-deb -x "$archive" "$files"
done
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
