#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The films docs/video.md and docs/vision.md ask for needles in, as far as one needs more than a few minutes: every film of two
# seconds and more and of 240 pixels and more that these packages of Debian ship, each once. tree.avi and Megamind.avi are left out:
# the shipped frame encoder was trained on their pictures. Package versions are printed, for they decide the bytes.
# usage: films.sh OUT        Needs apt-get, dpkg-deb, ffprobe. Installs nothing; downloads are kept as those of the corpus.
set -euo pipefail
if [ $# -ne 1 ]; then sed -n '6s/^# //p' "$0" >&2; exit 2; fi
out=$(mkdir -p "$1" && realpath "$1")
files=$(mktemp -d)
trap 'rm -rf "$files"' EXIT
. "$(dirname "${BASH_SOURCE[0]}")/unpack.sh"
unpack "$files" opencv-doc fillets-ng-data openboard-common janus-demos gnome-user-docs five-or-more gnome-tetravex gnome-mahjongg lightsoff \
  gnome-devel-docs planetblupi-common python3-imageio pd-extendedview pampi python3-mecavideo tupi-data k3b-data forensics-samples-files \
  renpy-demo python-kivy-examples
whole=0
while read -r file; do
  read -r height seconds < <(ffprobe -v error -select_streams v:0 -show_entries stream=height:format=duration -of default=nw=1:nk=1 "$file" \
    2>/dev/null | tr '\n' ' ') || true
  [[ "${height:-}" =~ ^[0-9]+$ && "${seconds:-}" =~ ^[0-9.]+$ ]] || continue
  [ "$height" -ge 240 ] && [ "${seconds%.*}" -ge 2 ] || continue
  cp "$file" "$out/$(basename "$file")"
  whole=$((whole + ${seconds%.*}))
done < <(cd "$files" && find . -type f -regextype posix-extended -iregex '.*\.(mp4|webm|ogv|avi|mpg|mpeg|mkv|mov)' |
  grep -v -E '/(tree|Megamind|Megamind_bugy)\.avi$|/help/[a-z]{2}(_[A-Z]+)?(@[a-z]+)?/|movie-hello\.(mpeg|avi)$|k3bphotovcd\.mpg$' | LC_ALL=C sort | sed "s|^|$files/|")
echo "$out: $(ls "$out" | wc -l) films, $whole s" >&2
