"""What a heading takes from the titles around it: a circumstance its subject, a page of a manual the manual's name."""

import re2

from pipelines.normalise import headings

# "In the Solar System", below "Occurrence"
_CIRCUMSTANCE = re2.compile(
    r"^(?:In|On|For|With|By|From|Under|Outside|Within|Among|At|During|Without|Through|Via|As|Between|Against|Inside) \S"
)
_NO_CIRCUMSTANCE = re2.compile(
    r"(?i)^(?:in (?:this|short|summary|conclusion|brief|general|detail|depth|practice|theory|action|closing"
    r"|case|addition|fact"
    r"|progress|other words)\b|for (?:example|instance|more|further|your|you|beginners)\b|at (?:a|the|first"
    r"|last)\b|on (?:this|to)\b"
    r"|from (?:the|here|now)\b.*\b(?:editor|author|team)|by (?:the way|example|default)\b|as (?:of|a result"
    r"|well|you|we)\b"
    r"|with (?:that|this)\b|between (?:you|us)\b)|[?？!]$"
)
_OF_MANUAL = re2.compile(r"^(.+?) \((.+?)(?: \((?:version |v)?[\d.]+\))?\)$")  # "Errors (GNU Octave (version 7.3.0))"
_SITE_TITLE = re2.compile(r"(?i)\b(?:documentation|docs|home ?page)$|文档$|官网$")


def with_circumstance(about: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """ "Occurrence" and below it "In the Solar System" are "Occurrence in the Solar System"."""
    above = (about, *names)[-2:-1]
    if not names or not above or not above[0] or not is_circumstance(names[-1]):
        return names
    if headings.is_condition(above[0]) or is_circumstance(above[0]) or above[0].endswith(("?", "？", "!")):
        return names
    return (*names[:-2], f"{above[0]} {names[-1][0].lower()}{names[-1][1:]}")


def is_circumstance(heading: str) -> bool:
    """Whether an English heading from `plain` only says where, how or for whom: "In the Solar System", "With pip"."""
    return bool(_CIRCUMSTANCE.match(heading) and not _NO_CIRCUMSTANCE.search(heading))


def is_of_site(title: str) -> bool:
    """Whether a title names a whole site, as of a page without a heading: "SQLAlchemy 1.4 Documentation"."""
    return bool(_SITE_TITLE.search(title))


def manual_of(title: str, heading: str) -> str:
    """The manual that a title names in brackets behind the page's own heading, else the title."""
    found = _OF_MANUAL.match(title)
    return str(found.group(2)) if found and found.group(1).lower() == heading.lower() else title
