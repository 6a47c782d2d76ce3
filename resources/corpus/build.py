# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds the corpus from unpacked packages: documents of a handy size, wrong languages and near duplicates dropped,
a fixed split, a byte budget a domain. The same packages give the same bytes.

usage: build.py packages large|sample            list the packages needed, one a line
       build.py build large|sample WORK OUT      WORK/unpacked/<package> -> OUT
"""

import collections
import hashlib
import json
import re
import subprocess
import sys
import zlib
from pathlib import Path

from sources import PACKAGES, Sources, chosen, npm_folder

# Document sizes in bytes: shorter neighbours are joined, longer ones cut at paragraph borders.
SIZES = {"large": (2000, 30000), "sample": (1200, 6000)}

STOP_WORDS = {
    "en": "the of and to in is that for it as with be on are this by or you".split(),
    "de": "der die und das ist den nicht mit von ein eine für werden wird auf des im".split(),
    "fr": "le la les des est et un une pour dans que du par sur en vous qui".split(),
    "es": "el la los las de que y un una para en se del es con por".split(),
    "it": "il la di che e un una per in del della le i non si con è".split(),
    "pl": "i w na jest do z się nie to że lub dla jako przez plik".split(),
}
SCRIPTS = {"ru": ("\u0400", "\u04ff", 0.5), "ja": ("\u3040", "\u30ff", 0.15), "zh": ("\u4e00", "\u9fff", 0.4)}


def is_language(text, language):
    """Whether a text is mostly in its domain's language: pages left untranslated are English."""
    if language is None:
        return True
    head = text[:20000]
    if language in SCRIPTS:
        low, high, share = SCRIPTS[language]
        return sum(low <= c <= high for c in head) > share * max(1, sum(c.isalpha() for c in head))
    words = re.findall(r"[^\W\d_]+", head.lower())
    if len(words) < 30:
        return False
    counts = collections.Counter(words)
    own, english = (sum(counts[word] for word in STOP_WORDS[l]) for l in (language, "en"))
    return own >= 0.04 * len(words) and (language == "en" or own > english)


def size(text):
    return len(text.encode())


def cut(text, longest):
    """Pieces of at most `longest` bytes, of about equal size, cut at paragraph borders, at lines, or (rarely) anywhere."""
    total = size(text)
    if total <= longest:
        return [text]
    pieces_left = -(-total // int(0.8 * longest))
    atoms = []
    for paragraph in text.split("\n\n"):
        lines = [paragraph + "\n\n"] if size(paragraph) < longest // 4 else [line + "\n" for line in paragraph.split("\n")]
        for line in lines:
            step = longest // 16
            atoms += [line[i:i + step] for i in range(0, len(line), step)] if size(line) > longest // 4 else [line]
    pieces, current, length, rest = [], "", 0, sum(map(size, atoms))
    for atom in atoms:
        if pieces_left > 1 and length + size(atom) / 2 > rest / pieces_left:
            pieces.append(current)
            rest, pieces_left = rest - length, pieces_left - 1
            current, length = "", 0
        current += atom
        length += size(atom)
    return [piece.strip("\n") for piece in [*pieces, current] if piece.strip()]


def documents(generators, shortest, longest):
    """Joins short neighbours of one folder up to `shortest` bytes and cuts what is longer than `longest`."""
    waiting, folder, first = [], None, None

    def joined():
        return "\n\n".join(waiting)

    for generator in generators:
        for text, source in generator:
            here = source.rsplit("/", 1)[0] if "/" in source else source.split(":")[0]
            if waiting and (here != folder or size(joined()) >= shortest):
                if size(joined()) >= shortest // 3:
                    yield joined(), first
                waiting = []
            if size(text) >= shortest:
                pieces = cut(text, longest)
                for number, piece in enumerate(pieces):
                    yield piece, source if len(pieces) == 1 else f"{source}#{number + 1}"
                continue
            if not waiting:
                folder, first = here, source
            waiting.append(text)
        if waiting and size(joined()) >= shortest // 3:
            yield joined(), first
        waiting = []


def shingles(text, language):
    """Sampled hashes of 9-word (Chinese, Japanese: 24-character) windows; an eighth of them is kept."""
    units, width = (re.sub(r"\s", "", text), 24) if language in ("ja", "zh") else (text.split(), 9)
    joint = "" if language in ("ja", "zh") else " "
    windows = (joint.join(units[i:i + width]) for i in range(max(1, len(units) - width + 1)))
    return {code for code in (zlib.crc32(window.encode()) for window in windows) if code % 8 == 0}


def split_of(text):
    """92 % train, 4 % valid, 4 % test by the text's own hash: it never changes when other documents come or go."""
    bucket = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") % 100
    return "train" if bucket < 92 else "valid" if bucket < 96 else "test"


def select(domain, kind, generators, seen_texts):
    """The documents of one domain within its budget, and what was dropped on the way."""
    dropped = collections.Counter()
    found = [(text.strip(), source) for text, source in documents(generators, *SIZES[kind])]
    found.sort(key=lambda d: hashlib.sha256(d[1].encode() + b"\0" + d[0].encode()).digest())  # a fixed shuffle
    seen_shingles, kept, total = set(), [], 0
    for text, source in found:
        if total + size(text) > domain.budget[kind] or size(text) < SIZES[kind][0] // 3:
            continue
        if not is_language(text, domain.language):
            dropped["language"] += 1
            continue
        digest = hashlib.sha256(re.sub(r"\s+", " ", text).encode()).digest()
        marks = shingles(text, domain.language)
        if digest in seen_texts or (len(marks) >= 8 and len(marks & seen_shingles) > 0.3 * len(marks)):
            dropped["duplicate"] += 1
            continue
        seen_texts.add(digest)
        seen_shingles |= marks
        total += size(text)
        kept.append({"text": text, "domain": domain.name, "source": source, "split": split_of(text)})
    kept.sort(key=lambda record: record["source"])
    return kept, dropped


def version(work, package):
    if "@" in package:
        return package.split("@")[1]
    archive = next(Path(work, "download").glob(f"{package}_*.deb"))
    return subprocess.run(["dpkg-deb", "-f", archive, "Version"], check=True, capture_output=True, text=True).stdout.strip()


def sources_page(rows, work, kind):
    """SOURCES.md: what was taken from where, under which licence."""
    origin = "Debian 12 packages" + (" and npm packages" if kind == "large" else "")
    lines = [f"# Sources of the {kind} corpus", "",
             f"Made by `resources/corpus/build_corpus.sh` from {origin}.",
             'Each record is `{"text", "domain", "source", "split"}`; `source` is `package:path`, with `#n` for the n-th piece.',
             "The texts stay under the licences below; they were only cut, joined and freed of markup and of licence comments.",
             "Authors and the full licences: `/usr/share/doc/<package>/copyright` of each Debian package.", "",
             "| domain | documents | train / valid / test | bytes |", "|---|---|---|---|"]
    for domain, packages, records in rows:
        parts = collections.Counter(record["split"] for record in records)
        lines.append(f"| {domain.name} | {len(records)} | {parts['train']} / {parts['valid']} / {parts['test']} | "
                     f"{sum(size(r['text']) for r in records)} |")
    lines += ["", "| domain | package | version | documents | what was taken | licence |", "|---|---|---|---|---|---|"]
    for domain, packages, records in rows:
        for package in packages:
            number = sum(r["source"].startswith(npm_folder(package) + ":") for r in records)
            licence, taken = PACKAGES[package]
            if number:
                lines.append(f"| {domain.name} | {package} | {version(work, package)} | {number} | {taken} | {licence} |")
    return "\n".join(lines) + "\n"


def write_jsonl(file, records):
    for record in records:
        file.write(json.dumps(record, ensure_ascii=False) + "\n")


def build(kind, work, out):
    seen, rows = set(), []
    for domain, packages in chosen(kind):
        generators = domain.generators(Sources(Path(work) / "unpacked", packages))
        records, dropped = select(domain, kind, generators, seen)
        rows.append((domain, packages, records))
        print(f"{domain.name:12} {len(records):6} documents {sum(size(r['text']) for r in records) / 1e6:7.2f} MB"
              f"   dropped: {dropped['language']} other language, {dropped['duplicate']} duplicate", flush=True)
    target = Path(out)
    (target / "corpus" if kind == "large" else target).mkdir(parents=True, exist_ok=True)
    if kind == "large":
        for domain, _, records in rows:
            with open(target / "corpus" / f"{domain.name}.jsonl", "w", encoding="utf-8") as file:
                write_jsonl(file, records)
    else:
        with open(target / "sample.jsonl", "w", encoding="utf-8") as file:
            for _, _, records in rows:
                write_jsonl(file, records)
    (target / "SOURCES.md").write_text(sources_page(rows, work, kind), encoding="utf-8")
    every = [record for _, _, records in rows for record in records]
    print(f"total {len(every)} documents, {sum(size(r['text']) for r in every) / 1e6:.1f} MB, {len(rows)} domains", flush=True)


def main():
    if len(sys.argv) == 3 and sys.argv[1] == "packages":
        print("\n".join(sorted({package for _, packages in chosen(sys.argv[2]) for package in packages})))
    elif len(sys.argv) == 5 and sys.argv[1] == "build":
        build(*sys.argv[2:5])
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
