# SPDX-License-Identifier: GPL-3.0-or-later
# Sourced by the scripts that make documents of Debian's packages.

# unpack FOLDER PACKAGE...: downloads what is not kept yet (with the corpus's downloads), prints each file's name, unpacks all.
unpack() {
  local folder=$1 package archive work
  shift
  work=$(realpath -m "${PATHLOOM_CORPUS_CACHE:-$HOME/.cache/pathloom/corpus}")
  mkdir -p "$work/download"
  for package in "$@"; do
    ls "$work/download/$package"_*.deb >/dev/null 2>&1 ||
      (cd "$work/download" && apt-get -o APT::Sandbox::User="$(id -un)" download -qq "$package")
    archive=$(ls "$work/download/$package"_*.deb | tail -1)
    basename "$archive" >&2
    dpkg-deb -x "$archive" "$folder"
  done
}
