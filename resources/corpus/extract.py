# SPDX-License-Identifier: GPL-3.0-or-later
"""Plain text out of the file formats that the corpus packages use. Pure functions: bytes or markup in, text out."""

import gzip
import html
import re
import struct
import zlib


def decode(data):
    """UTF-8 text, or Latin-1 when the bytes are not UTF-8."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def read_text(path):
    """The text of a plain or gzipped file."""
    opener = gzip.open if str(path).endswith((".gz", ".dz")) else open
    with opener(path, "rb") as file:
        return decode(file.read())


def tidy(text):
    """One newline style, no trailing blanks, at most one empty line in a row, no control characters."""
    text = text.replace("\r", "").replace("\u00a0", " ").replace("\ufeff", "")
    text = re.sub(r"[\x00-\x08\x0b-\x1f\x7f]", "", text)
    text = re.sub(r"[ \t]+\n", "\n", text)
    return re.sub(r"\n{3,}", "\n\n", text).strip()


# ---- HTML (LibreOffice help, Sphinx, DocBook, Mallard pages) ----

BLOCK_TAG = re.compile(
    r"</?(p|div|h[1-6]|li|ul|ol|dl|dt|dd|tr|table|pre|br|section|article|blockquote|title|note|item|steps|page|info"
    r"|tbody|thead)\b[^>]*>", re.I)
NO_TEXT = re.compile(r"<(script|style|nav|aside|header|footer|noscript|button|form|svg|info)\b.*?</\1>", re.S | re.I)
ANY_TAG = re.compile(r"<[^>]+>")


def html_body(page):
    """The part of a page that holds its text, without navigation."""
    help_page = re.search(r'id="DisplayArea"[^>]*>(.*?)(<div id="DonationFrame|<footer|</body>)', page, re.S)
    if help_page:
        return help_page.group(1)
    sphinx = re.search(r'<(?:div|main)[^>]*(?:class="body"|role="main")[^>]*>(.*)', page, re.S)
    if sphinx:
        return re.split(r'<div class="(?:sphinxsidebar|clearer|related)"', sphinx.group(1))[0]
    body = re.search(r"<body[^>]*>(.*)</body>", page, re.S | re.I)
    return body.group(1) if body else page


def html_text(page):
    """Text of an HTML or Mallard page; <pre> keeps its lines."""
    body = NO_TEXT.sub(" ", html_body(page))
    body = re.sub(r'<div class="nav(header|footer)".*?</div>|<a class="headerlink".*?</a>|<!--.*?-->', " ", body, flags=re.S)
    kept = []

    def keep(match):
        kept.append(ANY_TAG.sub("", match.group(1)))
        return f"\x01{len(kept) - 1}\x02"

    body = re.sub(r"<pre[^>]*>(.*?)</pre>", keep, body, flags=re.S)
    body = BLOCK_TAG.sub("\n", re.sub(r"\s+", " ", body))
    body = ANY_TAG.sub("", body)
    body = re.sub(r"\x01(\d+)\x02", lambda m: "\n" + kept[int(m.group(1))] + "\n", body)
    body = html.unescape(body)
    body = re.sub(r"\n ", "\n", body)
    return tidy(re.sub(r"\n\s*\n+", "\n\n", body))


# ---- roff (manual pages) ----

ROFF_CHARACTERS = (
    ("\\-", "-"), ("\\(em", "—"), ("\\(en", "–"), ("\\(bu", "•"), ("\\(aq", "'"), ("\\(dq", '"'), ("\\(co", "©"),
    ("\\(lq", "“"), ("\\(rq", "”"), ("\\(ti", "~"), ("\\(ha", "^"), ("\\(oq", "‘"), ("\\(cq", "’"), ("\\e", "\\"),
    ("\\ ", " "), ("\\~", " "), ("\\&", ""), ("\\/", ""), ("\\,", ""), ("\\:", ""), ("\\|", ""), ("\\^", ""),
    ("\\0", " "), ("\\%", ""), ("\\c", ""), ("\\'", "'"), ("\\`", "`"), ("\\.", "."))
ROFF_SETUP = re.compile(r"^[.'](de|ds|nr|if|ie|el|ig|ft|ad|na|hy|nh|so|tr|mso|do|ta|ne|in|ll|UE|ME|\.|\}|\\})")
ROFF_BREAK = re.compile(r"^[.'](PP|LP|P|sp|br|TP|TQ|RS|RE|EX|EE|nf|fi|Pp|El|Bl|Ed|Bd|IP|HP|YS|OP|PD)\b")


def roff_line(line):
    """One source line of a manual page as text; None when it prints nothing."""
    if line.startswith(('.\\"', "'\\\"", '\\"', ".\\#")) or ROFF_SETUP.match(line):
        return None
    if line.startswith(".TH"):
        return re.sub(r"^\.TH\s+", "", line).split('"')[0].strip()
    if ROFF_BREAK.match(line):
        label = re.sub(r"^[.']\w+\s*", "", line).strip('" ')
        return "" if not label or re.match(r"^[\d.+a-z-]*$", label) else "\n" + label
    heading = re.match(r"^[.'](SH|SS|Sh|Ss)\s*(.*)$", line)
    if heading:
        return "\n" + heading.group(2).strip('" ') + "\n"
    macro = re.match(r"^[.']([A-Za-z]{1,3})\s+(.*)$", line)
    if macro:
        words = [quoted or bare for quoted, bare in re.findall(r'"([^"]*)"|(\S+)', macro.group(2))]
        return ("" if macro.group(1) in ("BR", "RB", "IR", "RI", "BI", "IB") else " ").join(words)
    return None if line.startswith((".", "'")) else line


def roff_text(source):
    """Text of a manual page in man(7) or mdoc(7); empty for a page that only includes another one."""
    if source.startswith(".so "):
        return ""
    lines = [line for line in map(roff_line, source.split("\n")) if line is not None]
    text = "\n".join(lines)
    text = re.sub(r"\\f(\[[^\]]*\]|\(..|.)|\\s[+-]?\d", "", text)
    for escape, character in ROFF_CHARACTERS:
        text = text.replace(escape, character)
    text = re.sub(r"\\\[u([0-9A-F]{4,5})\]", lambda m: chr(int(m.group(1), 16)), text)
    text = re.sub(r"\\\[[^\]]*\]|\\\(..|\\[hvwm]'[^']*'|\\[*n](\[[^\]]*\]|\(..|.)", "", text)
    return tidy("\n".join(line.strip() for line in text.split("\n")))


# ---- SWORD modules (zText and zCom): an index of 12-byte rows into zlib blocks ----

def sword_blocks(folder):
    """Yields (testament, number, text) of each compressed block, one a book or chapter."""
    for testament in ("ot", "nt"):
        index_file = next((f for unit in "bcv" if (f := folder / f"{testament}.{unit}zs").exists()), None)
        if index_file is None:
            continue
        index, data = index_file.read_bytes(), index_file.with_suffix(index_file.suffix[:-1] + "z").read_bytes()
        for number, (offset, length, _) in enumerate(struct.iter_unpack("<III", index[: len(index) // 12 * 12])):
            if length:
                block = zlib.decompress(data[offset:offset + length]).decode("utf-8", "replace")
                block = re.sub(r"<(p|br|div|lb|l|lg|title|chapter|verse)\b[^>]*>", "\n", block)
                block = html.unescape(ANY_TAG.sub(" ", block))
                yield testament, number, tidy(re.sub(r"[ \t]{2,}", " ", block))


# ---- dictd dictionaries: a gzipped text and an index of base-64 offsets ----

BASE64 = {c: i for i, c in enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")}


def dictd_entries(dictionary, index):
    """Yields (headword, text) of each entry once, in the order of the index."""
    def number(digits):
        value = 0
        for digit in digits:
            value = value * 64 + BASE64[digit]
        return value

    with gzip.open(dictionary) as file:
        raw = file.read()
    seen = set()
    for line in index.read_text(encoding="utf-8", errors="replace").splitlines():
        fields = line.split("\t")
        if len(fields) < 3 or fields[0].startswith(("00-", "00database")):
            continue
        offset, length = number(fields[1]), number(fields[2])
        if offset not in seen:
            seen.add(offset)
            yield fields[0], tidy(re.sub(r"[{}]", "", raw[offset:offset + length].decode("utf-8", "replace")))


# ---- source code ----

def code_text(source):
    """Code without its leading licence comment; empty for generated files with very long lines."""
    if re.match(r"\s*/\*", source):
        source = re.sub(r"\A\s*/\*(?:(?!\*/).)*?(?:copyright|licen[sc]e|SPDX).*?\*/\s*", "", source, count=1,
                        flags=re.S | re.I)
    lines = source.split("\n")
    start = 0
    while start < len(lines) and (not lines[start].strip() or lines[start].lstrip().startswith(("//", ";", "#"))):
        start += 1
    if re.search("copyright|licen[sc]e", "\n".join(lines[:start]), re.I):
        source = "\n".join(lines[start:])
    if len(source) > 300_000 or len(source) / (source.count("\n") + 1) > 200:
        return ""
    return tidy(source.replace("\t", "    "))


def metamath_sections(database):
    """A Metamath database cut at its section headings, in order. The compressed proof steps (capital letters that only a
    proof checker can read) are left out; the names of the theorems that a proof uses stay."""
    database = re.sub(r"(\$=\s+\([^)]*\))[A-Z\s?]+\$\.", r"\1 $.", database)
    for section in re.split(r"\n(?=\$\(\n(?:#\*#\*|=-=-|-\.-\.))", database):
        yield tidy(section)
