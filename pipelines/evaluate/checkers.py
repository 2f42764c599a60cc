"""Whether an answer is as a prompt asks: checks that a program decides, in the manner of IFEval (Zhou et al. 2023).

Words are those of signals: runs of letters and digits, and each Chinese character. All is checked strictly, on the
whole answer; where a prompt names a text, case and punctuation count.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from pipelines.signals.language import detect
from pipelines.signals.prose import mask_code
from pipelines.signals.text import count_words

Check = Mapping[str, Any]
_SENTENCE = re.compile(r"[.!?]+(?=\s|$)|[。！？]+")
_BULLET, _NUMBERED = re.compile(r"(?m)^\s*[-*•]\s+\S"), re.compile(r"(?m)^\s*\d+\s*[.)、．]\s*\S")
_TITLE = re.compile(r"<<[^<>\n]+>>|《《[^《》\n]+》》")
_FENCE = re.compile(r"(?s)```[^\n]*\n.*?\S.*?\n\s*```")
_FENCED_JSON = re.compile(r"(?s)\A```(?:json)?\s*\n(.*?)\n\s*```\Z")
QUOTES = ('""', "“”", "「」", "『』")


def failed(checks: Sequence[Check], answer: str) -> list[str]:
    """The kinds of the checks that an answer does not pass; an empty answer passes none."""
    text = answer.strip()
    return [check["kind"] for check in checks if not (text and CHECKERS[check["kind"]](text, check))]


def _is_within(count: int, check: Check) -> bool:
    exactly = check.get("exactly")
    if exactly is not None:
        return bool(count == exactly)
    return bool(check.get("at_least", 0) <= count <= check.get("at_most", count))


def _word_count(text: str) -> int:
    count: int = count_words(pa.array([text]))[0].as_py()
    return count


def _prose(text: str) -> str:
    prose: str = mask_code(pa.array([text])).prose[0].as_py()
    return prose


def _contains(text: str, check: Check) -> bool:
    def has(wanted: Sequence[str]) -> bool:
        return all(text.lower().count(one.lower()) >= check.get("times", 1) for one in wanted)

    return has(check["of"]) or ("or" in check and has(check["or"]))


def _has_order(text: str, check: Check) -> bool:
    """Each of them stands once, as a word of its own, in this order; numbers of a list are not looked at."""
    words = re.findall(r"\w+", re.sub(r"(?m)^\s*\d+\s*[.)、．]\s*", "", text))
    found = [word for word in words if word in check["of"]]
    return bool(found == list(check["of"]))


def _is_json(text: str, check: Check) -> bool:
    fenced = _FENCED_JSON.match(text)
    try:
        value = json.loads(fenced[1] if fenced else text)
    except ValueError:
        return False
    return isinstance(value, dict) and set(value) == set(check["keys"])


def _has_case(text: str, check: Check) -> bool:
    return text.islower() if check["is"] == "lower" else text.isupper()


def _paragraphs(text: str) -> int:
    return len([part for part in re.split(r"\n\s*\n", text) if part.strip()])


CHECKERS: dict[str, Callable[[str, Check], bool]] = {
    "words": lambda text, check: _is_within(_word_count(text), check),
    "prose_words": lambda text, check: _is_within(_word_count(_prose(text)), check),
    "sentences": lambda text, check: _is_within(len(_SENTENCE.findall(text)), check),
    "paragraphs": lambda text, check: _is_within(_paragraphs(text), check),
    "lines": lambda text, check: _is_within(len([line for line in text.splitlines() if line.strip()]), check),
    "bullets": lambda text, check: _is_within(len(_BULLET.findall(text)), check),
    "numbered": lambda text, check: _is_within(len(_NUMBERED.findall(text)), check),
    "language": lambda text, check: detect(text)[0] == check["is"],
    "contains": _contains,
    "without": lambda text, check: not any(one.lower() in text.lower() for one in check["of"]),
    "order": _has_order,
    "starts": lambda text, check: text.startswith(check["with"]),
    "ends": lambda text, check: text.endswith((check["with"], check.get("or", check["with"]))),
    "one_of": lambda text, check: text in check["of"],
    "json": _is_json,
    "case": _has_case,
    "quoted": lambda text, _: len(text) > 2 and text[0] + text[-1] in QUOTES,
    "title": lambda text, _: bool(_TITLE.match(text)),
    "code": lambda text, _: len(_FENCE.findall(text)) == 1,
}
