"""Signals of links and missing pictures in an output."""

import pyarrow as pa

from schemas.signal import Signal

_URL = r"(?:https?://|www\.)[^\s<>)\]\"，。；）]+"
_WITHOUT_URLS = f"regexp_replace(output_prose, '{_URL}', '', 'g')"
_WITHOUT_LINKS = rf"regexp_replace(output, '!?\[[^\]\n]*\]\([^)\s]*\)|{_URL}|<{_URL}>', '', 'g')"

# the patterns cost more than to see that there is nothing for them
_HAS_NO_URL = "NOT contains({text}, '://') AND NOT contains({text}, 'www.')"
_NO_URL = _HAS_NO_URL.format(text="output_prose")
_NO_LINK = f"{_HAS_NO_URL.format(text='output')} AND NOT contains(output, '](')"

SIGNALS = (
    Signal(
        "output_link_share",
        pa.float32(),
        f"CASE WHEN output_prose = '' THEN NULL WHEN {_NO_URL} THEN 0"
        f" ELSE 1 - strlen({_WITHOUT_URLS}) / strlen(output_prose) END",
        "share of the bytes of prose that are in URLs (a Chinese character says as much as three); NeMo: ≤ 0.20",
        2,
    ),
    Signal(
        "output_link_only",
        pa.bool_(),
        f"CASE WHEN {_NO_LINK} THEN false ELSE {_WITHOUT_LINKS} <> output"
        rf" AND length(regexp_replace({_WITHOUT_LINKS}, '[\s\pP\pS]', '', 'g')) < 25 END",
        "a link, and fewer than 25 letters beside it: the answer lies elsewhere",
    ),
    Signal(
        "output_images",
        pa.int32(),
        r"len(regexp_extract_all(output, '\[image\]'))",
        "places in the answer where a picture stood",
    ),
    Signal(
        "pair_images",
        pa.int32(),
        r"len(regexp_extract_all(concat_ws(' ', instruction, input, output), '\[image\]'))",
        "places where a picture stood that a text model cannot see (Self-Instruct rejects such requests)",
    ),
)
