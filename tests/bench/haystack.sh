#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The document docs/probes.md measures recall on: Debian's anarchism FAQ, the administrator's handbook (English) and GCIDE, without
# markup and without repetition, a little over ten million tokens of the shipped reader. Package versions are printed, for they
# decide the bytes.
# usage: haystack.sh OUT.txt        Needs apt-get, dpkg-deb, python3. Installs nothing; downloads are kept as those of the corpus.
set -euo pipefail
export PYTHONDONTWRITEBYTECODE=1
if [ $# -ne 1 ]; then sed -n '6s/^# //p' "$0" >&2; exit 2; fi
corpus=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../resources/corpus" && pwd)
out=$(realpath -m "$1")
texts=$(mktemp -d)
trap 'rm -rf "$texts"' EXIT
. "$(dirname "${BASH_SOURCE[0]}")/unpack.sh"
unpack "$texts" anarchism debian-handbook dict-gcide
PYTHONPATH="$corpus" python3 - "$texts" "$out" <<'PYTHON'
import sys
from pathlib import Path

from extract import decode, dictd_entries, html_text

root, out = Path(sys.argv[1]), Path(sys.argv[2])
pages = sorted((root / "usr/share/doc/anarchism/html").rglob("*.html"))
pages += sorted((root / "usr/share/doc/debian-handbook/html/en-US").rglob("*.html"))
folder = root / "usr/share/dictd"
texts = [html_text(decode(page.read_bytes())) for page in pages]
texts += [text for _, text in dictd_entries(folder / "gcide.dict.dz", folder / "gcide.index")]
seen, size = set(), 0
with out.open("wb") as file:
    for text in texts:
        if text and text not in seen and size < 27_000_000:
            seen.add(text)
            size += file.write((text + "\n\n").encode())
print(f"{out}: {size} bytes of {len(seen)} texts", file=sys.stderr)
PYTHON
