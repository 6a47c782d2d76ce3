#!/usr/bin/env bash
# House rules a script can see. Exits 1 and says which when one is broken.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/.."
bad=0
rule() {  # TITLE LINES
  [ -z "$2" ] && return
  printf '%s\n%s\n\n' "$1" "$2"
  bad=1
}
rule "Proto fields that clash with Qt's keywords:" "$(grep -nE '\b(slots|signals|emit)\b *=' engine/proto/pathloom/v1/*.proto)"
rule "Sleeping as synchronisation:" "$(git grep -nE 'sleep_for|QThread::(m|u)?sleep|QTest::qSleep|usleep\(' -- app engine widgets plugins tests ':!tests/lint.sh')"
rule "torch headers where they may not be:" "$(git grep -lE '#include <(torch|ATen)/' -- app widgets plugins engine/core engine/store engine/cluster engine/server engine/proto)"
rule "QCustomPlot outside widgets/plot:" "$(git grep -l 'include.*qcustomplot' -- app engine widgets ':!widgets/plot')"
rule "Qt Multimedia outside widgets/media:" "$(git grep -nE '#include <(Q(Media|Audio|Video)[A-Z]|QtMultimedia)' -- app engine widgets ':!widgets/media')"
rule "libav, Tesseract, PocketSphinx or flite outside engine/media:" "$(git grep -lE '#include <(libav|libsw|tesseract|leptonica|pocketsphinx|flite)' -- app widgets plugins engine ':!engine/media')"
rule "Words that promise later work:" "$(git grep -nIE '\b(TODO|FIXME|XXX|HACK)\b' -- app engine widgets plugins)"
rule "Files over 600 lines:" "$(git ls-files '*.cpp' '*.h' | xargs wc -l | awk '$2 != "total" && $1 > 600')"
up() {  # FLOOR FORBIDDEN... : includes only point down
  local floor=$1; shift
  local pattern; pattern=$(IFS='|'; echo "$*")
  rule "$floor includes a floor above it:" "$(git grep -nE "#include \"($pattern)/" -- "$floor")"
}
up engine/core engine/store engine/corpus engine/model engine/routing engine/cluster engine/training engine/probe engine/server engine/worker engine/cli widgets app
up engine plugins
up plugins engine/store engine/model engine/routing engine/cluster engine/training engine/probe engine/server engine/worker engine/cli widgets app
up engine/store engine/corpus engine/model engine/routing engine/cluster engine/training engine/probe engine/server engine/worker engine/cli widgets app
up engine/corpus engine/media engine/model engine/routing engine/cluster engine/training engine/probe engine/server engine/worker engine/cli widgets app
up engine/media engine/store engine/model engine/routing engine/cluster engine/training engine/probe engine/server engine/worker engine/cli widgets app
up engine/model engine/media engine/vision engine/routing engine/cluster engine/training engine/probe engine/server engine/worker engine/cli widgets app
up engine/cluster engine/training engine/probe engine/server engine/worker engine/cli widgets app
up engine/vision engine/routing engine/cluster engine/training engine/probe engine/server engine/worker engine/cli widgets app
up engine/training engine/probe engine/server engine/worker engine/cli widgets app
up engine/probe engine/cluster engine/server engine/worker engine/cli widgets app
up widgets engine/probe engine/store engine/corpus engine/model engine/routing engine/cluster engine/training engine/server engine/worker app
exit $bad
