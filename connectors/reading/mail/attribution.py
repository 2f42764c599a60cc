"""The line or lines above a quote that say whose it is: "On 3 June 2024 at 10:12, Ana wrote:", in many languages."""

import re2

from connectors.reading.mail.phrases import any_of, is_wide, phrases

MOST_LINES = 4
_LONGEST = 400
_verbs = phrases("wrote")
_VERB = re2.compile(
    rf"(?i)(?:^|[^\pL]){any_of(v for v in _verbs if not is_wide(v))}(?:[^\pL]|$)"
    rf"|{any_of(v for v in _verbs if is_wide(v))}[^\pL\d]*$"
)
_ENDS_IN_VERB = re2.compile(
    rf"(?i)(?:^|[^\pL]){any_of(_verbs)}[^\pL\d]*$|{any_of(v for v in _verbs if is_wide(v))}[^\pL\d]*$"
)
_opening = [phrase for phrase in phrases("opening") if not is_wide(phrase)]
_wide_opening = [phrase for phrase in phrases("opening") if is_wide(phrase)]
# a word that is also an article or a preposition opens only what a weekday or a number follows soon
_OPENING = re2.compile(
    rf"(?i)^[^\pL\d]*(?:{any_of(_opening)}[\s,.]|{any_of(_wide_opening)}\s?)"
    r"[^\d\n]{0,40}\d"
)
_DATE_FIRST = re2.compile(r"^[^\pL\d]*\pL{0,12}\.?,?[\s(]{0,2}\d{1,4}(?:[./:年년-]|\.?\s\pL)")
_DATE = re2.compile(r"\b(?:19|20)\d\d(?:\D|$)|\b\d{1,4}[./-]\s?\d{1,2}[./-]\s?\d{1,4}|\b\d{1,2}[:.]\d\d\b|\d年|\d년")
_ADDRESS = re2.compile(r"[<(\[][^<>()\[\]\n]{0,200}(?:@| at )[^<>()\[\]\n]{0,200}[>)\]]|\S@\S+\.\S|\bmailto:")
_ADDRESS_LAST = re2.compile(r"(?:@|\bat\s)[^\s@]{1,200}[>)\]]{1,3}\s*[:：]\s*$")
_TIME = re2.compile(r"\d[:.]\d\d\b")
_NOT_NAMES = frozenset(phrases("not_names"))
_WIDE_NOT_NAMES = tuple(word for word in _NOT_NAMES if is_wide(word))
_AFTER_DIGITS = re2.compile(r"[^\d]*$")
_WORD = re2.compile(r"[\pL\pM][\pL\pM'’.-]*")
_CLOSED = (".", "!", "?", ")", "。", "！", "？", ":", "：")
_NAME_WORDS = 5
_WIDE_NAME = 12  # characters


def is_attribution(text: str) -> bool:
    """Whether `text`, the words right above a quote, says no more than who wrote it, and when."""
    text = " ".join(text.replace("\\", " ").split()).strip("*_ ")
    ends = text.endswith((":", "：", ":>", "...", "…"))
    if len(text) > _LONGEST or not text:
        return False
    verb = _VERB.search(text)
    if not verb:
        return bool(_ADDRESS_LAST.search(text)) and (starts_one(text) or _is_name(_before_address(text)))
    if not ends and not _ENDS_IN_VERB.search(text):
        return False
    if _DATE.search(text) or _ADDRESS.search(text):
        return _names_somebody(text, verb.start(), verb.end())
    return ends and _is_name(text[: verb.start() + 1])


def attribution_lines(lines: list[str]) -> int:
    """How many of the last of `lines`, which stand right above a quote, are an attribution."""
    for count in range(1, min(MOST_LINES, len(lines)) + 1):
        last = lines[-count:]
        if not last[0].strip():
            return 0
        text = " ".join(line.strip() for line in last)
        if is_attribution(text) and (starts_one(text) or _begins(lines[:-count], last[0])):
            return count
    return 0


def attribution_at(lines: list[str], number: int) -> int:
    """The end of an attribution that begins at `number` and that only a program writes: with a date first, and an
    address or the time of day. 0 where there is none."""
    if not lines[number].strip() or (number and lines[number - 1].strip() and not _OPENING.match(lines[number])):
        return 0
    for end in range(number + 1, min(number + MOST_LINES, len(lines)) + 1):
        text = " ".join(line.strip() for line in lines[number:end])
        if not lines[end - 1].strip():
            return 0
        if starts_one(text) and is_attribution(text) and (_ADDRESS.search(text) or _TIME.search(text)):
            return end
    return 0


def starts_one(text: str) -> bool:
    """Whether it begins as an attribution does: "On", then a date, or the date itself."""
    return bool(_OPENING.match(text)) or bool(_DATE_FIRST.match(text))


def _begins(above: list[str], line: str) -> bool:
    """Whether a sentence begins in this line."""
    before = above[-1].rstrip() if above else ""
    return not before or before.endswith(_CLOSED)


def _before_address(text: str) -> str:
    found = _ADDRESS.search(text)
    return text[: found.start()] if found else text


def _is_name(text: str) -> bool:
    """A few words, each with a capital or of a script without, none of them a pronoun or an article."""
    words = _WORD.findall(text)
    if not words or words[0].casefold() in _NOT_NAMES or any(word in _NOT_NAMES for word in words):
        return False
    if is_wide(text):
        return len(text.strip()) <= _WIDE_NAME and not text.strip().startswith(_WIDE_NOT_NAMES)
    return len(words) <= _NAME_WORDS and (any(not word[0].islower() for word in words) and not words[-1][0].islower())


def _names_somebody(text: str, start: int, end: int) -> bool:
    """Whether no article or pronoun stands beside the verb: "on 3 June 2024 the log wrote:" names nobody."""
    if is_wide(text):
        return not text[:start].rstrip(" ,，").endswith(_WIDE_NOT_NAMES)
    before = _ADDRESS.sub(" ", text[:start])
    near = _WORD.findall(_AFTER_DIGITS.search(before)[0])[-3:] + _WORD.findall(text[end - 1 :])[:1]
    return not any(word in _NOT_NAMES for word in near or _WORD.findall(before)[1:][-3:])
