#!/usr/bin/env bash
# The pictures frames-s.json is trained on, as two films of stills, out of Debian's packages:
#   pictures.sh OUT [FOLDER]
# FOLDER holds the packages' .deb files (default: they are downloaded there with apt-get). Needs ffmpeg and dpkg-deb. Nothing of it is
# shipped: the training reads films, and OUT/photos-wide.mkv, OUT/photos-43.mkv, OUT/tree.avi and OUT/Megamind.avi are the ones it wants.
set -euo pipefail
out=$(mkdir -p "$1" && cd "$1" && pwd)
folder=${2:-$out/packages}
packages="plasma-workspace-wallpapers gnome-backgrounds mate-backgrounds opencv-doc"
mkdir -p "$folder"
for name in $packages; do
  compgen -G "$folder/${name}_*.deb" > /dev/null || (cd "$folder" && apt-get download "$name")
  dpkg-deb -x "$folder/${name}"_*.deb "$out/unpacked"
done
cp "$out/unpacked/usr/share/doc/opencv-doc/examples/data/"{tree,Megamind}.avi "$out"
stills() {  # NAME WIDTH FOLDER...: every picture once, cut to WIDTH x 720, in the order of their names
  local name=$1 width=$2; shift 2
  rm -rf "$out/stills" && mkdir "$out/stills"
  local n=0
  while read -r file; do
    ffmpeg -nostdin -loglevel error -i "$file" -frames:v 1 -vf "scale=$width:720:force_original_aspect_ratio=increase,crop=$width:720" \
      -pix_fmt yuvj420p -q:v 3 "$out/stills/$(printf %04d $n).jpg" && n=$((n + 1))
  done < <(find "$@" -type f \( -name '*.jpg' -o -name '*.png' -o -name '*.webp' \) ! -name 'screenshot*' ! -path '*/examples/data/dnn/*' | LC_ALL=C sort)
  ffmpeg -nostdin -y -loglevel error -framerate 1 -i "$out/stills/%04d.jpg" -c copy "$out/$name.mkv"
  rm -r "$out/stills"
}
share=$out/unpacked/usr/share
stills photos-wide 1280 "$share/wallpapers" "$share/backgrounds"
stills photos-43 960 "$share/doc/opencv-doc/examples/data" "$share/backgrounds"
rm -r "$out/unpacked"
