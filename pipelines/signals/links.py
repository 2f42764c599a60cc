"""Signals of links and missing pictures in an output."""

import pyarrow as pa

from schemas.signal import Signal

_URL = r"(?:https?://|www\.)[^\s<>)\]\"，。；）]+"
_WITHOUT_URLS = f"regexp_replace(output_prose, '{_URL}', '', 'g')"
_WITHOUT_LINKS = rf"regexp_replace(output, '!?\[[^\]\n]*\]\([^)\s]*\)|{_URL}|<{_URL}>', '', 'g')"

SIGNALS = (
    Signal(
        "output_link_share",
        pa.float32(),
        f"1 - length({_WITHOUT_URLS}) / nullif(length(output_prose), 0)",
        "share of the characters of prose that are in URLs; NeMo: ≤ 0.20",
    ),
    Signal(
        "output_link_only",
        pa.bool_(),
        rf"{_WITHOUT_LINKS} <> output AND length(regexp_replace({_WITHOUT_LINKS}, '[\s\pP\pS]', '', 'g')) < 25",
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
