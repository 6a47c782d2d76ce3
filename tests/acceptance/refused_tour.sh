#!/usr/bin/env bash
# A tour whose settings the run form refuses ends at once and says why.   tests/acceptance/refused_tour.sh BIN
set -euo pipefail
bin=$1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export XDG_DATA_HOME=$scratch/data XDG_CONFIG_HOME=$scratch/config XDG_RUNTIME_DIR=$scratch QT_QPA_PLATFORM=offscreen
chmod 700 "$scratch"
if "$bin/pathloom" --project "$scratch/sample" --workers 0 --tour "$scratch/out" --tour-presets sample-2x2 \
  --tour-set training.tua=2 --tour-timeout 300 2>"$scratch/said"; then
  echo "a wrong setting was accepted" >&2; exit 1
fi
cat "$scratch/said"
grep -q "the run form refuses the settings: .*tua" "$scratch/said"
