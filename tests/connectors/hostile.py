"""Text and bytes that mean harm, made from a seed: what is known to hang, crash or bloat parsers.

`texts` holds markup of every kind that a page may hold; `bodies` whole pages that are not what they say; `graft` puts
a text where somebody's words were in a page of any connector.
"""

import dataclasses
import json
import random
from collections.abc import Iterator
from typing import Any

from schemas.page import Page

# In the manner of the lists of naughty strings that testers keep: each has broken some program somewhere.
NAUGHTY = (
    "undefined", "null", "NaN", "-0", "1e999", "0x7fffffff", "999999999999999999999999", "TRUE", "\\", "\\\\", "''",
    '"', "'; DROP TABLE records; --", "<script>alert(1)</script>", "<img src=x onerror=alert(1)>",
    "javascript:alert(1)", "../../../etc/passwd", "CON", "file:///dev/zero", "%s%n%x", "{0}", "{{7*7}}", "${7*7}",
    "$(reboot)", "`reboot`", "=1+1", "@SUM(1)", "<|im_start|>system", "[INST]", "</s>", "\ufeff",
    "\u200b\u200d\u2060", "\u202eabc\u202c", "\u2066\u2067", "e" + "\u0301" * 500, "👩‍👩‍👧‍👦🏳️‍🌈", "ﷺ" * 9, "İı", "ẞß",
    "表ポあ𠜎𠱓", "\U000e0041\U000e0042\U000e007f", "\x00\x01\x7f\x9b31m", "\ud800", "\udfff\ud800", "\r\n\r\n",
    "\u2028\u2029\x0b\x0c\x85", "社會科學院語學研究所", "нет", "مرحبا", "1;2,3\t4|5", "http://a b/<>",
    "[a](javascript:b)", "![](x){", "| | |\n|-|", "~~~", "---\n---", "&#x1F4A9;&#0;&#xD800;&bogus;",
    "<!DOCTYPE x [<!ENTITY a 'b'>]>",
)  # fmt: skip

# what archives say that a page was at
NO_ADDRESSES = (
    "", "http://", "http://[", "http://[::1", "http://x]y/", "https://\u2100.com/", "http://a.b:99999/", "http://a b/",
    "HTTP://[X", "http://a..b/", "http://.", "urn:x", "http://a.b/%zz", "//[", "http://" + "a" * 3_000,
)  # fmt: skip

_REPEATED = {
    "divs": "<div>", "spans": "<span>", "quotes": "<blockquote>", "lists": "<ul><li>", "definitions": "<dl><dd>",
    "tables": "<table><tr><td>", "bold": "<b><i>", "fonts": "<font><a>", "headings": "<h1>",
    "sections": "<h2>x</h2><p>y</p>", "unclosed paragraphs": "<p>a ", "line ends": "<br>", "rules": "<hr>",
    "images": "<img src=x>", "links": "<a href=x>a</a>", "open tags": "<a ", "ends": "</", "less than": "<",
    "comments": "<!--", "cdata": "<![CDATA[", "declarations": "<!", "pis": "<?", "pre": "<pre>", "code": "<code>\n",
    "selects": "<select><option>", "forms": "<form><input>", "frames": "<iframe>", "formulas": "<math><mi>",
    "raised": "<sup>2</sup>", "rows": "<tr><td>a</td></tr>", "cells": "<td colspan=9999 rowspan=9999>a",
    "entities": "&amp;", "bare entities": "&nbsp", "numbered entities": "&#x110000;", "scripts": "<script>",
    "styles": "<style>", "items": '<div itemscope itemtype="http://schema.org/Question"><p itemprop=text>a',
    "json-ld": '<script type="application/ld+json">[',
    "posts": '<div class="post"><a class="author">ann</a><time datetime="2020-01-01">x</time><p>text of it</p></div>',
    "posts in posts": '<div class="message"><span class="author">ann</span><div class="body">text',
    "quote marks": "> ", "brackets": "[", "link starts": "![](", "stars": "*a **b ", "underscores": "_a __b ",
    "ticks": "`", "fences": "```\n", "list items": "- ", "numbers": "1. ", "backslashes": "\\", "hashes": "# ",
    "pipes": "|a", "rules of dashes": "- - -\n", "footnotes": "[^1]: a\n", "references": "[a]: b\n",
    "inline html": "<b>*a*", "indents": "    a\n", "admonitions": "::: a\n", "directives": ".. a::\n",
    "templates": "{{a|", "arguments": "{{{a|", "wiki links": "[[a|", "wiki tables": "{|\n|-\n| ",
    "apostrophes": "'''''a", "wiki headings": "== a ==\n", "wiki refs": "<ref name=a>", "nowiki": "<nowiki>",
    "wiki lists": "*#:;", "magic": "__TOC__", "dollars": "$a$ ", "frac": "\\frac{", "begin": "\\begin{a}",
    "spaces": " ", "tabs": "\t", "new lines": "\n", "letters": "a", "wide letters": "字", "digits": "9", "equals": "=",
    "dots": ".", "at": "a@a.", "urls": "http://a.b/", "brackets of prose": "(a ", "full stops": "a. ",
    "questions": "How do I? ", "said": "ann wrote:\n", "dashes": "-- \n", "zero width": "\u200b", "marks": "\u0301",
    "capitals": "İ", "right to left": "\u202e", "data": "data:image/png;base64,AAAA",
    "naughty": " ".join(NAUGHTY[:-2]), "bbcode": "[quote][b]", "tags": "\U000e0041",
    "links to nowhere": "[a](https://[b) [a](//[) <https://c]d/> [a](https://\u2100.com/) https://[shortcode]/ ",
}  # fmt: skip

_LABELS = (
    *("utf-16", "utf-7", "punycode", "idna", "unicode_escape", "raw_unicode_escape", "iso-2022-jp", "hz", "gb18030"),
    *("base64", "rot13", "nonsense"),
)


def texts(length: int) -> dict[str, str]:
    """By name, texts of about `length` characters."""
    found = {name: piece * (length // len(piece)) for name, piece in _REPEATED.items()}
    found["attributes"] = "<p " + " ".join(f"a{number}=b" for number in range(length // 8)) + ">text"
    found["long attribute"] = f'<a href="{"x" * length}">text</a>'
    found["open attribute"] = f'<p>text<a href="{"x" * length}'
    found["long name"] = f"<{'a' * length}>text"
    found["closed nest"] = "<div>" * (length // 11) + "text" + "</div>" * (length // 11)
    found["nest at the limit"] = ("<div>" * 250 + "text" + "</div>" * 250) * max(1, length // 2754)
    found["deep json-ld"] = f'<script type="application/ld+json">{"[" * length}</script><p>text</p>'
    found["long entity"] = "&" + "a" * length
    found["soup"] = soup(length)
    return found


def soup(length: int, seed: int = 7) -> str:
    """Any piece after any other."""
    chance = random.Random(seed)
    pieces = [*_REPEATED.values(), *NAUGHTY]
    made: list[str] = []
    size = 0
    while size < length:
        made.append(chance.choice(pieces) * chance.choice((1, 1, 2, 40)))
        size += len(made[-1])
    return "".join(made)[:length]


def bodies(length: int) -> dict[str, bytes]:
    """By name, whole pages of about `length` bytes: encodings that lie, JSON, messages and XML that mean harm."""
    chance = random.Random(11)
    found = {f"says {label}": _page(label) + b"<p>A page of text.</p>" * (length // 21) for label in _LABELS}
    found |= {f"letters as {label}": _page(label) + b"a" * length for label in ("punycode", "utf-7", "hz")}
    found["nothing"] = b""
    found["noise"] = chance.randbytes(length)
    found["zeros"] = bytes(length)
    found["odd utf-16"] = b"\xff\xfe" + chance.randbytes(length | 1)
    found["cut characters"] = b"\xe5\xad" * (length // 2)
    found["escapes"] = b"\x1b$B" * (length // 3)
    found["lists"] = b"[" * length
    found["objects"] = b'{"a":' * (length // 5)
    found["long number"] = b'{"title": ' + b"9" * length + b"}"
    found["not numbers"] = b'[{"Id": NaN, "score": -Infinity, "html": 1e999}]'
    found["half characters"] = b'{"title": "' + b"\\ud800" * (length // 6) + b'"}'
    found["keys"] = b"{" + b",".join(b'"a%d":0' % number for number in range(length // 9)) + b"}"
    found["wrong kinds"] = json.dumps([{"url": [], "html": {}}, 5, None, {"url": "x", "html": 7}]).encode()
    part = b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n"
    found["multiparts"] = b"".join(part % (number, number) for number in range(length // len(part)))
    found["parts"] = b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\na\n" * (length // 7)
    found["headers"] = b"".join(b"X-%d: a\n" % number for number in range(length // 10)) + b"\ntext"
    found["folded header"] = b"Subject: a" + b"\n b" * (length // 3) + b"\n\ntext"
    found["recipients"] = b"To: " + b'"a" <a@b.c>, ' * (length // 13) + b"\n\ntext"
    found["encoded words"] = b"Subject: " + b"=?utf-8?q?a?= " * (length // 14) + b"\n\ntext"
    found["laughs"] = _laughs(length)
    found["outside"] = b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///dev/zero">]><a>&b;</a>'
    return found


def pages(page: Page, length: int) -> Iterator[tuple[str, Page]]:
    """Everything here in the place of `page` or in the midst of it, each under its name."""
    for name, text in texts(length).items():
        yield f"{name}, whole", graft(page, text, whole=True)
        yield f"{name}, inside", graft(page, text, whole=False)
    for name, body in bodies(length).items():
        yield name, dataclasses.replace(page, body=body)
    for url in NO_ADDRESSES:
        yield f"at {url}", dataclasses.replace(page, url=url)
    yield "links to nowhere, at home", graft(page, f"{page.url} [a](https://[b) [c](https://d]e/) ", whole=False)


def graft(page: Page, text: str, *, whole: bool) -> Page:
    """The page with `text` for the longest of its texts, or, unless `whole`, in the middle of that."""
    try:
        value = json.loads(page.body)
    except ValueError:
        said = text if whole else _inside(page.body.decode("utf-8", "replace"), text)
        return dataclasses.replace(page, body=said.encode("utf-8", "surrogatepass"))
    longest = max(_leaves(value), key=len, default="")
    grafted = _replaced(value, longest, text if whole else _inside(longest, text))
    return dataclasses.replace(page, body=json.dumps(grafted).encode())


def _page(label: str) -> bytes:
    return f'<meta charset="{label}"><title>T</title>'.encode()


def _laughs(length: int) -> bytes:
    entities = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10 if n else "ha"}">' for n in range(12))
    return f"<!DOCTYPE html [{entities}]><p>{'&a11;' * (length // 5)}</p>".encode()


def _inside(around: str, text: str) -> str:
    """After a tag or a line near the middle, so that the text is where people write."""
    half = len(around) // 2
    at = max(around.rfind(">", 0, half), around.rfind("\n", 0, half)) + 1 or half
    return around[:at] + text + around[at:]


def _leaves(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [leaf for each in inner for leaf in _leaves(each)]


def _replaced(value: Any, old: str, new: str) -> Any:
    if isinstance(value, dict):
        return {key: _replaced(each, old, new) for key, each in value.items()}
    if isinstance(value, list):
        return [_replaced(each, old, new) for each in value]
    return new if value == old else value
