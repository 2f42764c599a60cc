"""BBCode that a forum's move to other software left in its posts, as Markdown.

Code is left as it is: between [code] and [/code] the move has lost `<…>`, indentation and quotes already. The signal
`output_bbcode_residue` measures what is left.
"""

import re2

_LISTS = re2.compile(r"(?i)[ \t]*\[/?(?:ul|ol|list)(?:=[^\]\n]{0,10})?\]|\[/(?:li|\*)\]")
_LIST_ENDS = re2.compile(r"(?i)\[/(?:li|ul|ol|list)\]")
_ITEM = re2.compile(r"(?i)\s*\[(?:li|\*)\][ \t]*")
_QUOTE = re2.compile(r"(?is)\s*\[quote(?:[= ][^\]\n]{0,80})?\](.*?)\[/quote\]\s*")
_IGNORED_TAGS = ("u", "s", "size", "color", "font", "center", "left", "right", "align", "spoiler")
_SIMPLE_TAGS = (*((tag, r"\1") for tag in _IGNORED_TAGS), ("b", r"**\1**"), ("i", r"*\1*"), ("img", "[image]"))
_TAGS = [
    *(
        (re2.compile(rf"(?is)\[{tag}(?:=[^\]\n]{{0,60}})?\](.*?)\[/{tag}\]"), replacement)
        for tag, replacement in _SIMPLE_TAGS
    ),
    (re2.compile(r"(?is)\[url\]\s*(.*?)\s*\[/url\]"), r"\1"),
    (re2.compile(r"(?is)\[url=[\"']?([^\]\"'\n]{1,300})[\"']?\](.*?)\[/url\]"), r"[\2](\1)"),
]


def to_markdown(text: str) -> str:
    """Prose (see `markdown.on_prose`) with its BBCode tags replaced, where both opening and closing tag are there."""
    return _replace_tags(text, bool(_LIST_ENDS.search(text))) if "[/" in text else text


def _replace_tags(text: str, lists: bool) -> str:
    for pattern, replacement in _TAGS:
        text = pattern.sub(replacement, text)
    text = _QUOTE.sub(lambda quote: f"\n\n{_as_quote(quote.group(1))}\n\n", text)
    return _LISTS.sub("", _ITEM.sub("\n- ", text)) if lists else text


def _as_quote(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.strip().split("\n"))
