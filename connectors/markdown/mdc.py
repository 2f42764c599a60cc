"""Components that Nuxt Content writes into Markdown (MDC) as containers and words that other readers know.

`::warning` … `::` is an aside, any other block component shows what it holds. Its properties (`{to="/a"}`, or lines
between `---`) and the names of its slots are no text.
"""

import re2

_OPENS = r"(?m)^([ \t]*):{2,}([a-z][\w-]*)((?:\{[^}\n]*\}|\[[^\]\n]*\])*)[ \t]*$"
_CLOSES = r"(?m)^([ \t]*):{2,}[ \t]*$"
_OPENED, _CLOSED = re2.compile(_OPENS), re2.compile(_CLOSES)
_TWO = re2.compile(r"(?m)^[ \t]*::[a-z][^:\n]*$")  # with three colons they are of other generators
_SETTINGS = re2.compile(_OPENS + r"\n[ \t]*---[ \t]*\n(?:[ \t]*[^\n]*\n){0,20}?[ \t]*---[ \t]*$")
_SLOT = re2.compile(r"(?m)^[ \t]*#[a-z][\w-]*[ \t]*$")
_PROPERTIES = re2.compile(r"\{ *(?:(?:[.#][\w-]+|[\w:-]+(?:=(?:\"[^\"\n]*\"|'[^'\n]*'|[\w-]+))) *)+\}")
_INLINE = re2.compile(r"(^|[\s(]):[a-z][\w-]*\{[^}\n]*\}")
_ASIDES = ("note", "tip", "warning", "caution", "important", "info", "callout", "alert")


def read(text: str) -> str:
    """Markdown whose code is hidden, with `:::` containers for components; other texts as they are."""
    if not (_TWO.search(text) and _CLOSED.search(text)):
        return text
    text = _OPENED.sub(_opened, _SETTINGS.sub(r"\1::\2\3", text))
    text = _SLOT.sub("", _CLOSED.sub(r"\1:::", text))
    return str(_PROPERTIES.sub("", _INLINE.sub(r"\1", text)))


def _opened(found: "re2._Match") -> str:
    """`raw` is a container without a title."""
    return f"{found[1]}:::{found[2] if found[2] in _ASIDES else 'raw'}"
