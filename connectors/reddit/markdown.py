"""Reddit's Markdown as everybody's: code in fences, entities as characters, pictures as a mark."""

import re2
from markdown_it import MarkdownIt
from markdown_it.token import Token

# blocks only; who writes a tag on Reddit sees it as written
_BLOCKS = MarkdownIt("commonmark", {"html": False})
_BLOCKS.core.ruler.disable(["inline", "text_join"])
_CODE = ("fence", "code_block")
_UNSEEN = re2.compile(r"&#x200[bB];|\x{200b}")
_BLANK_LINES = re2.compile(r"\n(?:[ \t]*\n){2,}")
_SPOILER = re2.compile(r">!([^\n]+?)!<")
_HOSTED = r"https?://(?:preview|i)\.redd\.it/[^\s)\]]+"
_PICTURE = re2.compile(rf"!\[[^\]\n]*\]\([^)\n]*\)|\[[^\]\n]*\]\({_HOSTED}\)|{_HOSTED}")
_TICKS = re2.compile("`{3,}")


def markdown(body: str) -> str:
    """The API escapes &, < and > once, in code too; `body` is text as dumps and listings give it."""
    text = unescaped(body.replace("\r\n", "\n").replace("\r", "\n"))
    lines = text.split("\n")
    parts, at = list[str](), 0
    for token in _BLOCKS.parse(text):
        if token.level == 0 and token.type in _CODE and token.map:
            parts += ["\n".join(lines[at : token.map[0]]), _fenced(token)]
            at = token.map[1]
    parts.append("\n".join(lines[at:]))
    said = (part if place % 2 else _prose(part).strip("\n") for place, part in enumerate(parts))
    return "\n\n".join(part for part in said if part.strip()).rstrip()


def unescaped(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _prose(text: str) -> str:
    text = _SPOILER.sub(r"\1", _UNSEEN.sub("", text).replace("&nbsp;", " "))
    return _BLANK_LINES.sub("\n\n", _PICTURE.sub("[image]", text))


def _fenced(code: Token) -> str:
    """Code that is indented, or whose fence was never closed, gets one of its own."""
    longest = max((len(ticks) for ticks in _TICKS.findall(code.content)), default=2)
    fence = "`" * (longest + 1)
    content = code.content if code.content.endswith("\n") else f"{code.content}\n"
    return f"{fence}{code.info.strip()}\n{content}{fence}"
