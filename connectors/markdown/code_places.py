"""Where code stands in a Markdown file that is not read yet."""

from bisect import bisect_right
from collections.abc import Callable

import re2

from connectors.markdown.fences import CODE, FENCE, directive_of, fence_end


def substitute(
    pattern: "re2._Regexp[str]", text: str, write: Callable[["re2._Match"], str], in_code: bool = False
) -> str:
    """`text` with what `write` makes of each match, those within code left alone unless `in_code`."""
    if not pattern.search(text):
        return text
    if in_code:
        return str(pattern.sub(write, text))
    places = _fences(text)
    starts = [start for start, _ in places]

    def outside(found: "re2._Match") -> str:
        at = bisect_right(starts, found.start()) - 1
        is_code = at >= 0 and found.start() < places[at][1]
        line = text[text.rfind("\n", 0, found.start() + 1) + 1 : found.start()]
        return str(found[0]) if is_code or line.count("`") % 2 else write(found)

    return str(pattern.sub(outside, text))


def _fences(text: str) -> list[tuple[int, int]]:
    """Start and end of each body of a fenced block that is code."""
    lines = text.split("\n")
    offsets = [0]
    for line in lines:
        offsets.append(offsets[-1] + len(line) + 1)
    places, index, closings = list[tuple[int, int]](), 0, set[int]()
    while index < len(lines):
        opened = FENCE.match(lines[index]) if index not in closings else None
        name, _ = directive_of(opened[3]) if opened else ("", "")
        end = fence_end(lines, index) if opened else index
        if opened and (not name or name in CODE):
            places.append((offsets[index] + len(lines[index]), offsets[min(end, len(lines))]))
        elif opened:  # a directive holds text, and maybe code
            closings.add(end)
            end = index
        index = end + 1
    return places
