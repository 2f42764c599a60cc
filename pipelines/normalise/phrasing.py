"""The question that a section answers, in one of some ways chosen by the record's id: varied, and always the same."""

import tomllib
from hashlib import sha256
from importlib.resources import files

import re2

_TEMPLATES: dict[str, dict[str, list[str]]] = tomllib.loads(files(__package__).joinpath("phrasing.toml").read_text())

_YOUR = re2.compile(r"\b[Yy]our\b")
_SPACE_BESIDE_HAN = re2.compile(r"(\p{Han})([A-Za-z0-9`])")
_SPACE_BEFORE_HAN = re2.compile(r"([A-Za-z0-9`)])(\p{Han})")


def ask(form: str, record_id: str, chinese: bool, **words: str) -> str:
    """One of the ways to ask for `form`, filled with `words`."""
    ways = _TEMPLATES["chinese" if chinese else "english"][form]
    way = ways[int.from_bytes(sha256(record_id.encode()).digest()[:4]) % len(ways)]
    if " I " in way and "task" in words:
        words["task"] = _YOUR.sub("my", words["task"])
    asked = way.format(**words)
    return _SPACE_BEFORE_HAN.sub(r"\1 \2", _SPACE_BESIDE_HAN.sub(r"\1 \2", asked)) if chinese else asked
