#!/usr/bin/env bash
# The same run, quiet and disturbed, on the real sample: its digest must not change.
#   tests/acceptance/digest.sh [PRESET [BIN [--set KEY=VALUE]...]]     default: sample-2x2 build/release/bin
# Quiet runs with 1, 2 and 4 workers; one in which two workers die by SIGKILL in the middle of a task; one in which the engine does.
# Prints one digest a line and exits 1 when they differ. CASES="1 killed" runs only those. Takes five trainings; not part of `./dev test`, whose rpc_tests do the
# same on a small run.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
preset=${1:-sample-2x2}
bin=$(cd "${2:-$root/build/release/bin}" && pwd)
shift $(($# > 2 ? 2 : $#))
changes=("$@")
scratch=$(mktemp -d)
engine=0
trap 'kill -9 $engine 2>/dev/null || true; rm -rf "$scratch"' EXIT

ctl() { "$bin/pathloomctl" --json --project "$1" "${@:2}"; }
field() { grep -o "\"$1\": *\"[^\"]*\"" | head -n 1 | sed 's/.*"\([^"]*\)"$/\1/'; }
number() { grep -o "\"$1\": *[0-9.]*" | head -n 1 | sed 's/.*: *//'; }

fresh() {  # NAME: a project with the sample corpus
  cp -r "$scratch/imported" "$scratch/$1"
}

start_engine() {  # PROJECT WORKERS
  mkfifo "$scratch/ready.$$"
  "$bin/pathloom-engine" --project "$1" --local-workers "$2" >"$scratch/ready.$$" 2>>"$scratch/engine.log" &
  engine=$!
  head -n 1 "$scratch/ready.$$" >/dev/null  # it prints one line when it listens
  rm "$scratch/ready.$$"
}

stop_engine() {
  kill -TERM $engine
  wait $engine || true
  engine=0
}

report() {  # PROJECT WHAT
  local shown
  shown=$(ctl "$1" run show 1)
  printf '%s  %s  (faults %s, goodput %s)\n' "$(ctl "$1" run digest 1 | field sha256)" "$2" "$(number faults <<<"$shown")" \
    "$(number goodput <<<"$shown")" | tee -a "$scratch/digests"
}

"$bin/pathloomctl" --project "$scratch/imported" corpus import "$root/resources/sample/sample.jsonl.zst" --name sample --seed 0 >&2

quiet() {  # WORKERS
  fresh "quiet$1"
  ctl "$scratch/quiet$1" run start "$preset" "${changes[@]}" --workers "$1" --wait >/dev/null 2>>"$scratch/ctl.log"
  report "$scratch/quiet$1" "$1 worker(s), quiet"
}

# A worker that has reported losses of a training task dies; then, a module's step later, another one.
killed() {
  local deaths=0 due=1 line
  fresh killed
  start_engine "$scratch/killed" 2
  ctl "$scratch/killed" run start "$preset" "${changes[@]}" >/dev/null
  while read -r line; do
    case $line in
      *'"event":"module_stepped"'*) due=1 ;;
      *'"event":"train_points"'*'"stage":"train"'*)
        if [ $deaths -lt 2 ] && [ $due = 1 ]; then
          kill -KILL "$(pgrep -P $engine -f pathloom-worker | head -n 1)" && deaths=$((deaths + 1)) due=0
        fi ;;
    esac
  done < <(ctl "$scratch/killed" run watch 1)
  stop_engine
  report "$scratch/killed" "2 workers, $deaths killed by SIGKILL in mid-task"
}

# The engine dies once a module has reached its fourth version, and is started again.
engine_killed() {
  local line
  fresh engine
  start_engine "$scratch/engine" 2
  ctl "$scratch/engine" run start "$preset" "${changes[@]}" >/dev/null
  while read -r line; do
    case $line in
      *'"event":"module_stepped"'*'"version":4'*) break ;;
    esac
  done < <(ctl "$scratch/engine" run watch 1 2>/dev/null)
  kill -KILL $engine
  wait $engine 2>/dev/null || true
  start_engine "$scratch/engine" 2
  ctl "$scratch/engine" run watch 1 >/dev/null
  stop_engine
  report "$scratch/engine" "2 workers, the engine killed by SIGKILL once and started again"
}

for case in ${CASES:-1 2 4 killed engine_killed}; do
  case $case in
    [0-9]*) quiet "$case" ;;
    *) "$case" ;;
  esac
done

[ "$(cut -d' ' -f1 "$scratch/digests" | sort -u | wc -l)" = 1 ] && echo "all equal"
