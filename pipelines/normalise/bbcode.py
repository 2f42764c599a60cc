"""BBCode that a forum's move to other software left in its posts, as Markdown.

Code is left as it is: what stood between [code] and [/code] lost its `<…>`, its indentation and its quotes on the way.
The signal `output_bbcode_residue` tells of it.
"""

import re2

from pipelines.normalise import clean

_QUOTED = re2.compile(r"(`+[^`\n]+`+)")
_LISTS = re2.compile(r"(?i)[ \t]*\[/?(?:ul|ol|list)(?:=[^\]\n]{0,10})?\]|\[/(?:li|\*)\]")
_LIST_ENDS = re2.compile(r"(?i)\[/(?:li|ul|ol|list)\]")
_ITEM = re2.compile(r"(?i)\s*\[(?:li|\*)\][ \t]*")
_QUOTE = re2.compile(r"(?is)\s*\[quote(?:[= ][^\]\n]{0,80})?\](.*?)\[/quote\]\s*")
_PLAIN = ("u", "s", "size", "color", "font", "center", "left", "right", "align", "spoiler")
_SPANS = [
    (re2.compile(rf"(?is)\[{tag}(?:=[^\]\n]{{0,60}})?\](.*?)\[/{tag}\]"), put)
    for tag, put in (*((tag, r"\1") for tag in _PLAIN), ("b", r"**\1**"), ("i", r"*\1*"), ("img", "[image]"))
] + [
    (re2.compile(r"(?is)\[url\]\s*(.*?)\s*\[/url\]"), r"\1"),
    (re2.compile(r"(?is)\[url=[\"']?([^\]\"'\n]{1,300})[\"']?\](.*?)\[/url\]"), r"[\2](\1)"),
]  # fmt: skip


def plain(markdown: str) -> str:
    """Marks outside of code become Markdown where both ends of them are there."""
    if "[/" not in markdown:
        return markdown
    lists = bool(_LIST_ENDS.search(markdown))
    return "\n".join(text if is_code else _plain(text, lists) for is_code, text in clean.blocks(markdown))


def _plain(text: str, lists: bool) -> str:
    parts = _QUOTED.split(text)
    return "".join(part if number % 2 else _spans(part, lists) for number, part in enumerate(parts))


def _spans(text: str, lists: bool) -> str:
    for pattern, put in _SPANS:
        text = pattern.sub(put, text)
    text = _QUOTE.sub(lambda quote: f"\n\n{_quoted(quote.group(1))}\n\n", text)
    return _LISTS.sub("", _ITEM.sub("\n- ", text)) if lists else text


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.strip().split("\n"))
