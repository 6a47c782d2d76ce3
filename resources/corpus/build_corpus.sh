#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Builds the large multi-domain corpus (or, with --sample, the one kept in resources/sample) from Debian's packages.
# usage: build_corpus.sh OUT            OUT/corpus/<domain>.jsonl, OUT/SOURCES.md; import the folder OUT/corpus
#        build_corpus.sh --sample OUT   OUT/sample.jsonl.zst, OUT/SOURCES.md
# Needs apt-get, dpkg-deb, python3, tar, xz, zstd, and npm for the large one. Installs nothing. Downloads are kept in
# ${PATHLOOM_CORPUS_CACHE:-~/.cache/pathloom/corpus} and used again.
set -euo pipefail
export PYTHONDONTWRITEBYTECODE=1

here=$(cd "$(dirname "$0")" && pwd)
kind=large
if [ "${1:-}" = --sample ]; then kind=sample; shift; fi
if [ $# -ne 1 ]; then sed -n '3,5s/^# //p' "$0" >&2; exit 2; fi
out=$(realpath -m "$1")
work=$(realpath -m "${PATHLOOM_CORPUS_CACHE:-$HOME/.cache/pathloom/corpus}")
mkdir -p "$out" "$work/download" "$work/unpacked"

for tool in apt-get dpkg-deb python3 tar xz zstd; do
    command -v $tool >/dev/null || { echo "build_corpus.sh: $tool is missing; install it and try again" >&2; exit 1; }
done
packages=$(python3 "$here/build.py" packages $kind)
if grep -q @ <<<"$packages" && ! command -v npm >/dev/null; then
    echo "build_corpus.sh: npm is missing; install it (apt-get install npm) and try again" >&2; exit 1
fi

# A package is unpacked into a temporary folder that is renamed when whole, so an interrupted call can be repeated.
fetch_debian() {
    ls "$work/download/$1"_*.deb >/dev/null 2>&1 ||
        (cd "$work/download" && apt-get -o APT::Sandbox::User="$(id -un)" download -qq "$1")
    dpkg-deb -x "$work/download/$1"_*.deb "$2"
    local archive
    for archive in "$2"/usr/src/glibc/glibc-*.tar.xz; do
        if [ -f "$archive" ]; then tar xf "$archive" -C "$2" && rm "$archive"; fi
    done
    find "$2" -name src.zip -type f -execdir python3 -m zipfile -e {} src \; -delete
}
fetch_npm() {
    local archive="${1/@/-}.tgz"
    [ -f "$work/download/$archive" ] || (cd "$work/download" && npm pack --silent "$1" >/dev/null)
    tar xzf "$work/download/$archive" -C "$2" --strip-components=1
}
for package in $packages; do
    target="$work/unpacked/${package%@*}"
    [ -d "$target" ] && continue
    echo "unpacking $package"
    rm -rf "$target.part" && mkdir "$target.part"
    case $package in
        *@*) fetch_npm "$package" "$target.part" ;;
        *) fetch_debian "$package" "$target.part" ;;
    esac
    mv "$target.part" "$target"
done

python3 "$here/build.py" build $kind "$work" "$out"
if [ $kind = sample ]; then
    zstd -q -f --ultra -22 --long=27 --rm "$out/sample.jsonl" -o "$out/sample.jsonl.zst"
    ls -l "$out/sample.jsonl.zst"
fi
