"""Bytes to text, whatever the page says or does not say about its encoding."""

import codecs
from itertools import pairwise

import re2

# Labels that pages use, as browsers understand them: https://encoding.spec.whatwg.org/#names-and-labels
_LABELS = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "gb_2312-80": "gb18030",
    "big5": "big5hkscs",
    "big5-hkscs": "big5hkscs",
    "x-x-big5": "big5hkscs",
    "euc-kr": "cp949",
    "ks_c_5601-1987": "cp949",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "x-sjis": "cp932",
    "windows-31j": "cp932",
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "us-ascii": "cp1252",
    "ascii": "cp1252",
    "iso-8859-9": "cp1254",
    "iso-8859-11": "cp874",
    "tis-620": "cp874",
}
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_DECLARED = re2.compile(
    rb"(?i)charset\s*=\s*[\"']?\s*([a-z0-9_:.-]{2,40})|<\?xml[^>]{0,80}encoding=[\"']([a-z0-9_.-]{2,40})"
)
# The codecs of undeclared pages, and the letters that text in them is mostly made of.
_COMMON_HAN = set(
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里"
)
_COMMON_HAN_TRADITIONAL = set(
    "的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年過發後作裡"
)
_COMMON_HANGUL = set("이다는의에을를가은고하한로서도지기사리나인자들대있어시수것해라그정게보")
_CANDIDATES = ("gb18030", "big5hkscs", "cp949", "cp932", "euc_jp", "cp1251", "cp1250", "cp1253", "cp1256", "cp1252")
_LATIN = ("cp1252", "cp1250")
_SAMPLE = 65_536
_FAIR = 0.98
# To overrule a declaration: bytes above 127, and so much more plausible
_EVIDENCE, _MARGIN = 60, 0.3
_MOST_LETTERS = 4_000


def decode(body: bytes, content_type: str = "") -> str:
    """Text of an HTML page. `content_type` is the HTTP header, if there was one. Never raises.

    A byte order mark wins; then whatever is valid UTF-8 is UTF-8, for servers that declare Latin-1 by default
    are many and other encodings are hardly ever valid UTF-8; then the header's, then the page's charset, each
    if the bytes are fairly legal in it and no other makes far better sense of them; else the likeliest of the
    encodings in use.
    """
    for mark, encoding in _BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(encoding, "replace")
    declared = _declared(content_type.encode("ascii", "ignore")) + _declared(body[:4096])
    if b"\x1b$" in body and "iso2022_jp" in declared:
        return body.decode("iso2022_jp", "replace")
    for encoding in ("utf-8", *declared):
        if _legal(body, encoding):
            return body.decode(_unless_another(body, encoding), "replace")
    return body.decode(_likeliest(body), "replace")


def _declared(text: bytes) -> tuple[str, ...]:
    found = (a or b for a, b in _DECLARED.findall(text))
    return tuple(codec for codec in (_codec(label.decode("ascii")) for label in found) if codec)


def _codec(label: str) -> str | None:
    """Python's name for a charset label, None for one that is no text encoding."""
    try:
        info = codecs.lookup(_LABELS.get(label.lower(), label))
    except LookupError:
        return None
    return info.name.replace("-", "_") if info._is_text_encoding else None


def _legal(body: bytes, encoding: str) -> bool:
    """Whether the bytes are text in `encoding`: strictly for UTF-8, but for a torn end; else nearly."""
    if encoding.startswith("utf_8") or encoding == "utf-8":
        try:
            body.decode("utf-8")
        except UnicodeDecodeError as error:
            return error.start >= len(body) - 3
        return True
    sample = body[:_SAMPLE]
    foreign = sum(byte > 127 for byte in sample)
    return sample.decode(encoding, "replace").count("\ufffd") <= (1 - _FAIR) * foreign + 1


def _likeliest(body: bytes) -> str:
    sample = body[:_SAMPLE]
    if sample.count(0) > len(sample) // 4:
        return "utf-16-le" if sample[1::2].count(0) > sample[::2].count(0) else "utf-16-be"
    candidates = _CANDIDATES if _in_runs(sample) else _LATIN
    return max(candidates, key=lambda encoding: _plausibility(sample.decode(encoding, "replace"), encoding))


def _unless_another(body: bytes, stated: str) -> str:
    """The stated encoding, unless the text reads far better in another: nearly all bytes are legal in most of them."""
    sample = body[:_SAMPLE]
    if stated not in _CANDIDATES or sum(byte > 127 for byte in sample) < _EVIDENCE:
        return stated
    likeliest = _likeliest(body)
    better = _plausibility(sample.decode(likeliest, "replace"), likeliest)
    return likeliest if better > _plausibility(sample.decode(stated, "replace"), stated) + _MARGIN else stated


def _in_runs(sample: bytes) -> bool:
    """Whether bytes above 127 mostly stand together, as in scripts other than Latin."""
    together = sum(first > 127 and second > 127 for first, second in pairwise(sample))
    return 3 * together > sum(byte > 127 for byte in sample)


def _plausibility(text: str, encoding: str) -> float:
    """Share of the non-ASCII characters that text of this encoding's language is mostly made of."""
    foreign = [char for char in text if char > "\x7f"][:_MOST_LETTERS]
    if not foreign:
        return 0.0
    return sum(_weight(char, encoding) for char in foreign) / len(foreign)


def _weight(char: str, encoding: str) -> float:
    if char == "\ufffd" or "\ue000" <= char <= "\uf8ff":
        return -4.0
    if encoding == "gb18030":
        return (
            3.0 if char in _COMMON_HAN else 0.3 * ("\u4e00" <= char <= "\u9fff" or char in "，。、；：？！“”《》（）")
        )
    if encoding == "big5hkscs":
        return (
            3.0
            if char in _COMMON_HAN_TRADITIONAL
            else 0.3 * ("\u4e00" <= char <= "\u9fff" or char in "，。、；：？！「」")
        )
    if encoding == "cp949":
        return 3.0 if char in _COMMON_HANGUL else 0.3 * ("\uac00" <= char <= "\ud7a3")
    if encoding in ("cp932", "euc_jp"):
        return (
            1.2 * ("\u3041" <= char <= "\u30ff")
            + 0.3 * ("\u4e00" <= char <= "\u9fff")
            - (0.8 if "\uff61" <= char <= "\uff9f" else 0)
        )
    return _letter_weight(char, encoding)


_ALPHABETS = {"cp1251": ("\u0400", "\u045f"), "cp1253": ("\u0370", "\u03ff"), "cp1256": ("\u0600", "\u06ff")}


def _letter_weight(char: str, encoding: str) -> float:
    if encoding in _ALPHABETS:
        first, last = _ALPHABETS[encoding]
        return (1.0 if char.islower() or not char.isalpha() or encoding == "cp1256" else 0.4) * (first <= char <= last)
    if encoding == "cp1250":
        return 0.75 * (char in "ąćęłńóśźżčďěňřšťůžáéíýúőűăîâșț")
    return 0.7 * (char.islower() or char in "’“”–—…«»© ÄÖÜÉ")
