#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The recall rows of docs/probes.md: needles, no needle, distractors and many needles of the shipped reader (or of the folder READER)
# in a document of more than ten million tokens (haystack.sh makes it), seeds 1, 2 and 3, one thread. JSON files in OUT; what is
# there is not measured again. Needs a release build. usage: recall.sh DOCUMENT OUT [READER]
set -euo pipefail
if [ $# -lt 2 ]; then sed -n '5s/.*usage: /usage: /p' "$0" >&2; exit 2; fi
document=$1 out=$2 reader=${3:-shipped}
program="$(dirname "${BASH_SOURCE[0]}")/../../build/release/bin/pathloom-probe"
mkdir -p "$out"
row() {  # NAME VERB OPTION...
  local name=$1 verb=$2; shift 2
  [ -f "$out/$name.json" ] || "$program" probe "$verb" --model "$reader" --doc "$document" --memory "$out/memories" --threads 1 \
    --out "$out/$name.json" "$@" >/dev/null
  printf '%-16s ' "$name"
  python3 - "$out/$name.json" <<'PYTHON'
import collections, json, sys
got = json.load(open(sys.argv[1]))
cells = collections.defaultdict(list)
for cell in got["cells"]:
    cells[cell["length"]].append(cell["found"])
print(" ".join(f"{n}:{sum(found)}/{len(found)}" for n, found in sorted(cells.items())),
      f"first token {got['summary']['seconds_first_token_max']:.2f} s, {got['summary']['peak_rss_mb']:.0f} MB")
PYTHON
}
for seed in 1 2 3; do
  row "needle-$seed" needle --depths 11 --seed "$seed" --lengths 1000,4000,16000,64000,256000,1000000
  row "none-$seed" needle --depths 11 --seed "$seed" --lengths 1000,4000,16000,64000,256000,1000000 --no-needle
  row "distractors-$seed" needle --depths 11 --seed "$seed" --lengths 1000000 --distractors 5
done
row many-128k multineedle --needles 100 --seed 1 --lengths 131072
row many-1M multineedle --needles 100 --seed 1 --lengths 1000000
for seed in 1 2 3; do row "far-$seed" needle --depths 11 --seed "$seed" --lengths 2000000,5000000,10000000; done
