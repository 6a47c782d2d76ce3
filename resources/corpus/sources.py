# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the text comes from: the packages with their licences, and for each domain the generators that read them."""

import glob
import json
import os
import re
from pathlib import Path

from extract import (code_text, dictd_entries, html_text, metamath_sections, read_text, roff_text, sword_blocks, tidy)

CODE, HELP, MANUAL = "source files", "help pages", "manual pages"
MANUAL_LICENCE = "free, per page (GPL-2+, BSD, Linux man-pages licence)"
HELP_LANGUAGES = "en-us de fr es it ru ja zh-cn pl".split()
MANUAL_LANGUAGES = "de fr es it ru pl".split()

# Debian package (or npm package@version) -> licence and name of the text that is taken from it.
PACKAGES = {
    "anarchism": ("GPL-2", "An Anarchist FAQ"),
    "chinese-poetry@2.0.1": ("MIT", "Tang and Song poems"),
    "debian-handbook": ("CC-BY-SA-3.0 or GPL-2+", "The Debian Administrator's Handbook"),
    "debian-paketmanagement-buch": ("CC-BY-SA-4.0", "a book on package management"),
    "dict-foldoc": ("GFDL-1.1+ without invariant sections", "computing dictionary"),
    "dict-gcide": ("GPL-2+ (GCIDE; Webster 1913 is public domain)", "English dictionary"),
    "dict-jargon": ("public domain", "The Jargon File"),
    "dict-wn": ("WordNet 3.0 licence", "WordNet"),
    "emacs-el": ("GPL-3+", CODE),
    "glibc-source": ("LGPL-2.1+", "C sources and headers"),
    "gnome-user-docs": ("CC-BY-SA-3.0", HELP),
    "golang-1.19-src": ("BSD-3-Clause", CODE),
    **{f"libreoffice-help-{language}": ("MPL-2.0", HELP) for language in HELP_LANGUAGES},
    "linux-doc-6.1": ("GPL-2", "kernel documentation"),
    **{f"manpages{suffix}": (MANUAL_LICENCE, MANUAL) for suffix in ("", "-dev", "-zh", "-ja", "-ja-dev")},
    **{f"manpages-{language}{suffix}": ("GPL-3+ (translation)", MANUAL)
       for language in MANUAL_LANGUAGES for suffix in ("", "-dev")},
    "metamath-databases": ("CC0-1.0 (set.mm)", "theorems of set.mm without compressed proof steps"),
    "openjdk-17-source": ("GPL-2 with Classpath exception", "class library sources"),
    "perl-doc": ("GPL-1+ or Artistic", MANUAL),
    "python-sympy-doc": ("BSD-3-Clause", "documentation"),
    "python3.11-doc": ("PSF-2.0", "documentation"),
    "quran-json@3.1.2": ("CC-BY-4.0", "translations of the Quran"),
    "rust-src": ("MIT or Apache-2.0", "standard library sources"),
    "sword-comm-mhcc": ("public domain", "Matthew Henry's concise commentary"),
    "sword-comm-tdavid": ("public domain (C. H. Spurgeon, 1885)", "The Treasury of David, a commentary on the Psalms"),
    "sword-text-kjv": ("public domain", "King James Bible"),
    "sword-text-sparv": ("public domain", "Reina-Valera Bible of 1909"),
    "sword-text-web": ("public domain", "World English Bible"),
}


def npm_folder(package):
    """Folder name of an unpacked npm package: its name without the version."""
    return package.split("@")[0]


class Sources:
    """Generators of (text, source) over a folder of unpacked packages. Every generator is in a fixed order."""

    def __init__(self, root, packages):
        self.root = Path(root)
        self.packages = {npm_folder(package) for package in packages}  # the others are left out

    def files(self, package, under, pattern, convert, skip=None):
        """Each file of a package whose path matches `pattern`, converted to text."""
        if package not in self.packages:
            return
        base = self.root / package
        wanted, unwanted = re.compile(pattern), re.compile(skip) if skip else None
        paths = (os.path.join(folder, name) for folder, _, names in os.walk(base / under) for name in names)
        for path in sorted(paths):
            inside = path[len(str(base)):]
            if os.path.islink(path) or not wanted.search(inside) or (unwanted and unwanted.search(inside)):
                continue
            text = convert(read_text(path))
            if text:
                yield text, package + ":" + re.sub(r"^/(usr/(share/|src/|lib/)?)?", "", inside)

    def office_help(self, language):
        return self.files(f"libreoffice-help-{language}", "", r"/text/.*\.html$", html_text)

    def manual(self, *packages):
        for package in packages:
            yield from self.files(package, "", r"/man/.*\.gz$|/man/.*\.\d\w*$", roff_text)

    def gnome(self, language):
        return self.files("gnome-user-docs", f"usr/share/help/{language}", r"\.page$", html_text)

    def handbook(self, language):
        return self.files("debian-handbook", f"usr/share/doc/debian-handbook/html/{language}", r"\.html$", html_text,
                          r"/(index|ix01|pr0\d)\.html$")

    def package_book(self):
        return self.files("debian-paketmanagement-buch", "", r"allinone\.html$", html_text)

    def kernel(self):
        return self.files("linux-doc-6.1", "usr/share/doc/linux-doc-6.1/Documentation", r"\.(rst|txt)(\.gz)?$", tidy,
                          r"/translations/|/ABI/|devicetree/bindings")

    def sword(self, package, module):
        if package not in self.packages:
            return
        for testament, number, text in sword_blocks(self.root / package / "usr/share/sword/modules" / module):
            yield text, f"{package}:{testament}/{number}"

    def dictionary(self, package):
        if package not in self.packages:
            return
        for archive in sorted((self.root / package / "usr/share/dictd").glob("*.dict.dz")):
            for word, text in dictd_entries(archive, Path(str(archive).replace(".dict.dz", ".index"))):
                yield text, f"{package}:{word.replace('/', ' ')}"

    def code(self, package, pattern, skip):
        return self.files(package, "", pattern, code_text, skip)

    def metamath(self):
        for path in sorted(glob.glob(str(self.root / "metamath-databases/**/set.mm*"), recursive=True)):
            for number, text in enumerate(metamath_sections(read_text(path))):
                yield text, f"metamath-databases:set.mm/{number}"

    def quran(self, language):
        if "quran-json" not in self.packages:
            return
        with open(self.root / f"quran-json/dist/quran_{language}.json", encoding="utf-8") as file:
            for chapter in json.load(file):
                verses = "\n".join(verse["translation"] for verse in chapter["verses"])
                yield f"{chapter['translation']}\n\n{verses}", f"quran-json:{language}/{chapter['id']}"

    def poems(self):
        for kind in ("poet.tang", "poet.song", "ci.song"):
            for path in sorted(glob.glob(str(self.root / f"chinese-poetry/dist/**/{kind}.*.json"), recursive=True)):
                if "/error/" in path:
                    continue
                with open(path, encoding="utf-8") as file:
                    for poem in json.load(file):
                        if poem.get("paragraphs"):
                            title = poem.get("title") or poem.get("rhythmic", "")
                            text = "\n".join([title, poem.get("author", ""), *poem["paragraphs"]])
                            yield text, f"chinese-poetry:{os.path.basename(path)}"


class Domain:
    """One domain: its language check, its byte budgets, the packages it reads and the generators that read them."""

    def __init__(self, name, language, large, sample, packages, generators):
        self.name, self.language, self.packages, self.generators = name, language, packages.split(), generators
        self.budget = {"large": large, "sample": sample}


MB = 1_000_000
C_SKIP = r"/(testdata|localedata|charmaps|iconvdata)/"
GO_SKIP = r"/(testdata|vendor)/|_test\.go$|/zerrors|/zsys|tables\.go$|/rewrite"
RUST_SKIP = r"/(stdarch|vendor|backtrace/crates)/"
JAVA_WANTED = r"java\.(base|desktop|net\.http|sql|xml|logging)/.*\.java$"
JAVA_SKIP = r"/(sun/nio/cs/ext|sun/util/resources)/"

# Budgets are bytes of text. The sample's are set so that each domain has about the same number of tokens in a joint
# 8192-piece vocabulary (bytes a token differ by a factor of two between scripts); 0 keeps a domain out of the sample.
DOMAINS = [
    Domain("religion", "en", 11 * MB, 1.4 * MB, "sword-text-web sword-comm-tdavid sword-text-kjv sword-comm-mhcc",
           lambda s: [s.sword("sword-comm-tdavid", "comments/zcom/tdavid"), s.sword("sword-text-web", "texts/ztext/engWEB2015eb"),
                      s.sword("sword-text-kjv", "texts/ztext/engKJV2006eb"), s.sword("sword-comm-mhcc", "comments/zcom/mhcc")]),
    Domain("dictionary", None, 11 * MB, 1.1 * MB, "dict-gcide dict-wn dict-foldoc dict-jargon",
           lambda s: [s.dictionary(p) for p in ("dict-gcide", "dict-wn", "dict-foldoc", "dict-jargon")]),
    Domain("kernel", "en", 11 * MB, 1.25 * MB, "linux-doc-6.1",
           lambda s: [s.kernel()]),
    Domain("manual", "en", 8 * MB, 0, "manpages manpages-dev perl-doc",
           lambda s: [s.manual("manpages", "manpages-dev", "perl-doc")]),
    Domain("politics", "en", 10 * MB, 0, "anarchism",
           lambda s: [s.files("anarchism", "", r"/html/sec.*\.html$", html_text)]),
    Domain("science", "en", 11 * MB, 0, "python3.11-doc python-sympy-doc",
           lambda s: [s.files("python3.11-doc", "", r"html/(?!_static|genindex|search).*\.html$", html_text),
                      s.files("python-sympy-doc", "", r"html/.*\.html$", html_text)]),
    Domain("desktop", "en", 8 * MB, 0, "libreoffice-help-en-us gnome-user-docs debian-handbook",
           lambda s: [s.office_help("en-us"), s.gnome("C"), s.handbook("en-US")]),
    Domain("german", "de", 11 * MB, 1.3 * MB,
           "debian-paketmanagement-buch debian-handbook libreoffice-help-de manpages-de manpages-de-dev gnome-user-docs",
           lambda s: [s.package_book(), s.handbook("de-DE"), s.office_help("de"), s.manual("manpages-de", "manpages-de-dev"),
                      s.gnome("de")]),
    Domain("french", "fr", 11 * MB, 1.4 * MB,
           "debian-handbook gnome-user-docs libreoffice-help-fr manpages-fr manpages-fr-dev quran-json@3.1.2",
           lambda s: [s.handbook("fr-FR"), s.gnome("fr"), s.office_help("fr"), s.manual("manpages-fr", "manpages-fr-dev"),
                      s.quran("fr")]),
    Domain("spanish", "es", 11 * MB, 0,
           "sword-text-sparv debian-handbook gnome-user-docs libreoffice-help-es manpages-es manpages-es-dev quran-json@3.1.2",
           lambda s: [s.sword("sword-text-sparv", "texts/ztext/spaRV1909eb"), s.handbook("es-ES"), s.gnome("es"),
                      s.office_help("es"), s.manual("manpages-es", "manpages-es-dev"), s.quran("es")]),
    Domain("italian", "it", 11 * MB, 0, "debian-handbook gnome-user-docs libreoffice-help-it manpages-it manpages-it-dev",
           lambda s: [s.handbook("it-IT"), s.gnome("it"), s.office_help("it"), s.manual("manpages-it", "manpages-it-dev")]),
    Domain("polish", "pl", 9 * MB, 0, "debian-handbook gnome-user-docs libreoffice-help-pl manpages-pl manpages-pl-dev",
           lambda s: [s.handbook("pl-PL"), s.gnome("pl"), s.office_help("pl"), s.manual("manpages-pl", "manpages-pl-dev")]),
    Domain("russian", "ru", 14 * MB, 1.95 * MB,
           "debian-handbook gnome-user-docs libreoffice-help-ru manpages-ru manpages-ru-dev quran-json@3.1.2",
           lambda s: [s.handbook("ru-RU"), s.gnome("ru"), s.office_help("ru"), s.manual("manpages-ru", "manpages-ru-dev"),
                      s.quran("ru")]),
    Domain("japanese", "ja", 14 * MB, 1.7 * MB,
           "debian-handbook gnome-user-docs libreoffice-help-ja manpages-ja manpages-ja-dev",
           lambda s: [s.handbook("ja-JP"), s.gnome("ja"), s.office_help("ja"), s.manual("manpages-ja", "manpages-ja-dev")]),
    Domain("chinese", "zh", 13 * MB, 0, "debian-handbook gnome-user-docs libreoffice-help-zh-cn manpages-zh quran-json@3.1.2",
           lambda s: [s.handbook("zh-CN"), s.gnome("zh_CN"), s.office_help("zh-cn"), s.manual("manpages-zh"), s.quran("zh")]),
    Domain("poetry", "zh", 13 * MB, 0, "chinese-poetry@2.0.1",
           lambda s: [s.poems()]),
    Domain("c", None, 10 * MB, 1.0 * MB, "glibc-source",
           lambda s: [s.code("glibc-source", r"\.[ch]$", C_SKIP)]),
    Domain("go", None, 10 * MB, 0, "golang-1.19-src",
           lambda s: [s.code("golang-1.19-src", r"\.go$", GO_SKIP)]),
    Domain("rust", None, 10 * MB, 0, "rust-src",
           lambda s: [s.code("rust-src", r"/library/.*\.rs$", RUST_SKIP)]),
    Domain("java", None, 11 * MB, 1.35 * MB, "openjdk-17-source",
           lambda s: [s.code("openjdk-17-source", JAVA_WANTED, JAVA_SKIP)]),
    Domain("lisp", None, 10 * MB, 0, "emacs-el",
           lambda s: [s.code("emacs-el", r"\.el(\.gz)?$", r"/(leim|cedet/.*-wy|loaddefs)")]),
    Domain("metamath", None, 11 * MB, 1.05 * MB, "metamath-databases",
           lambda s: [s.metamath()]),
]
# The sample takes as few packages a domain as fill its budget.
SAMPLE_PACKAGES = {
    "religion": "sword-comm-tdavid",
    "dictionary": "dict-gcide",
    "kernel": "linux-doc-6.1",
    "german": "debian-paketmanagement-buch gnome-user-docs",
    "french": "debian-handbook gnome-user-docs libreoffice-help-fr",
    "russian": "debian-handbook gnome-user-docs libreoffice-help-ru",
    "japanese": "debian-handbook gnome-user-docs libreoffice-help-ja",
    "c": "glibc-source",
    "java": "openjdk-17-source",
    "metamath": "metamath-databases",
}


def chosen(kind):
    """[(domain, [package ...])] of the "sample" or the "large" corpus."""
    if kind == "large":
        return [(domain, domain.packages) for domain in DOMAINS]
    return [(domain, SAMPLE_PACKAGES[domain.name].split()) for domain in DOMAINS if domain.budget["sample"]]
