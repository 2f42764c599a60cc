"""Bytes to text, whatever the page says or does not say about its encoding."""

import codecs

import re2
from bs4.dammit import EncodingDetector

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
# Encodings that look like UTF-8 to its rules: zero bytes or escape sequences give them away
_LOOK_LIKE_UTF8 = ("utf_16", "iso2022")
# What browsers read besides, in Python's names. A detector knows more, but no page was ever written in those
_READ_BY_BROWSERS = frozenset(
    (
        *("utf_8", "utf_16_le", "utf_16_be", "gb18030", "big5hkscs", "cp949", "cp932", "euc_jp", "iso2022_jp"),
        *("cp866", "cp874", "koi8_r", "koi8_u", "mac_roman", "mac_cyrillic"),
        *(f"cp{number}" for number in range(1250, 1259)),
        *(f"iso8859_{number}" for number in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16)),
    )
)
_DEFAULT = "cp1252"
# Labels that servers and templates state for pages of any language, and what overrules them
_OFTEN_WRONG = frozenset(("cp1252", "gb18030", "big5hkscs", "cp932", "cp949"))
_UNMISTAKABLE = frozenset(
    (
        *("gb18030", "big5hkscs", "cp932", "euc_jp", "cp949", "cp1251", "koi8_r", "koi8_u", "iso8859_5"),
        *("cp1253", "iso8859_7", "cp1255", "cp1256", "cp874"),
    )
)
_SAMPLE = 65_536  # bytes that a guess is made from
_FAIR = 0.98  # of the bytes above 127, in a page whose encoding is right
_EVIDENCE = 60  # bytes above 127 that it takes to overrule a declaration
_ASCII = bytes(range(128))


def decode(body: bytes, content_type: str = "") -> str:
    """The text of a page, or of any other bytes of unknown encoding.

    `content_type` is the HTTP header, "" where there was none. Bytes that fit no encoding become U+FFFD. Never raises.

    A byte order mark wins; then whatever is valid UTF-8 is UTF-8, for servers that declare Latin-1 by default are many
    and other encodings are hardly ever valid UTF-8; then the header's charset, then the page's, each if the bytes are
    fairly legal in it and no other encoding fits far better; else the guess of Beautiful Soup's detector.
    """
    for mark, encoding in _BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(encoding, "replace")
    return body.decode(_encoding(body, content_type), "replace")


def encoding_of(beginning: bytes) -> str:
    """Python's name for the encoding of a text that begins so."""
    stated = next((encoding for mark, encoding in _BOMS if beginning.startswith(mark)), None)
    return stated or _encoding(beginning, "")


def _encoding(body: bytes, content_type: str) -> str:
    declared = _declared(content_type.encode("ascii", "ignore")) + _declared(body[:4096])
    sample = _sample(body)
    if b"\0" in body or b"\x1b$" in body:
        likeliest = "iso2022_jp" if "iso2022_jp" in declared else _detected(sample)
        if likeliest.startswith(_LOOK_LIKE_UTF8):
            return likeliest
    if _is_utf8(body, sample):
        return "utf-8"
    stated = next((encoding for encoding in declared if _legal(sample, encoding)), None)
    return _unless_another(sample, stated) if stated else _detected(sample)


def _sample(body: bytes) -> bytes:
    """What a guess is made from. Scripts may fill the beginning of a page, so it begins where bytes above 127 do; but
    in UTF-16 and ISO-2022 bytes of ASCII are parts of other characters."""
    start = body if b"\0" in body or b"\x1b" in body else body.lstrip(_ASCII)
    return start[:_SAMPLE]


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


def _is_utf8(body: bytes, sample: bytes) -> bool:
    """Valid, or so nearly that it can be nothing else. A character cut off at the end breaks no text with others."""
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as error:
        torn = error.reason == "unexpected end of data" and not body[: error.start].isascii()
        return torn or _broken(sample, "utf-8") <= (1 - _FAIR) * _foreign(sample)
    return True


def _legal(sample: bytes, encoding: str) -> bool:
    """Whether the bytes are text in `encoding`, or nearly; UTF-8 has been looked at before."""
    return encoding != "utf_8" and _broken(sample, encoding) <= (1 - _FAIR) * _foreign(sample) + 1


def _broken(sample: bytes, encoding: str) -> int:
    return sample.decode(encoding, "replace").count("\ufffd")


def _foreign(sample: bytes) -> int:
    """Bytes above 127."""
    return len(sample.translate(None, _ASCII))


def _unless_another(sample: bytes, stated: str) -> str:
    """The stated encoding, unless the text is plainly in another: nearly all bytes are legal in most of them."""
    if stated not in _OFTEN_WRONG or _foreign(sample) < _EVIDENCE:
        return stated
    likeliest = _detected(sample)
    return likeliest if likeliest in _UNMISTAKABLE else stated


def _detected(sample: bytes) -> str:
    """The encoding that bytes without a declaration are most likely in, by the statistics of languages."""
    if _foreign(sample) == 1:
        return _DEFAULT  # one letter is no evidence
    undeclared = _DECLARED.sub(b"", sample)  # whatever is stated has been tried
    guess = _codec(next(EncodingDetector(undeclared, is_html=True).encodings))
    return guess if guess in _READ_BY_BROWSERS else _DEFAULT
