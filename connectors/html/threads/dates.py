"""When a post was written, from what forums show: in any order of day and month, in any language.

Times without a zone are taken as UTC. What is relative to now ("yesterday", "3 days ago", "3 天前") says nothing
that would still hold tomorrow, and is unknown.
"""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import chain, pairwise
from typing import Any
from unicodedata import combining, normalize

import re2
from dateparser import DateDataParser
from dateparser.data.languages_info import language_order
from dateparser.languages.loader import LocaleDataLoader

LONGEST = 80
_YEARS = range(1990, 2100)
_EPOCH = re2.compile(r"^(\d{9,10})(\d{3})?$")
_CLOCK = re2.compile(
    r"(?i)(?:^|[^\d:])(上午|下午|오전|오후)?\s*(\d{1,2})[:时時h.](\d{2})(?:[:分](\d{2}))?(?:\.\d+)?\s*([ap])?\.?(?:m\b)?"
)
# As some write what others write as 9:00 a.m.
_HOUR = re2.compile(r"(?i)(?:^|[\s,])(\d{1,2})\s?([ap])\.?m\b")
_NOON = re2.compile(r"(?i)\bnoon\b")
_ZONE = re2.compile(r"(?:\d\s*(Z)|:\d{2}(?:\.\d+)?\s*([+-]\d{2}:?\d{2})|UTC\s*([+-]\d{2}:?\d{2}))(?:\D|$)")
_YEAR_FIRST = re2.compile(r"(?:^|\D)(\d{4})\s?[-/.年년]\s?(\d{1,2})\s?[-/.月월]\s?(\d{1,2})(?:\D|$)")
_YEAR_LAST = re2.compile(r"(?:^|\D)(\d{1,2})[-/.]\s?(\d{1,2})[-/.]\s?(\d{4}|\d{2})(?:\D|$)")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NAMED = re2.compile(
    r"(?i)(?:(\d{1,2})(?:st|nd|rd|th)?\.?[\s-]+(?:of )?)?\b(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)"
    r"[a-z]{0,6}\.?[\s-]+(?:(\d{1,2})(?:st|nd|rd|th)?,?\s+)?'?(\d{4}|\d{2}(?:\s|,|$))"
)
# Words around a date that are not part of it, before the many languages of dateparser are asked
_LABEL = re2.compile(r"^[^\d]{0,40}?(?:[:»«]|发表于|發表於|posted|on)\s*")
# A day, a word and a year, as dates with the month in words have: only these are worth asking for, which is slow
_IN_WORDS = re2.compile(
    r"(?:^|\D)\d{1,2}(?:\D.{0,3})?[ .-]\pL{3,}.{0,6}\b(?:19|20)\d\d\b|\pL{3,}\.? \d{1,2}\D.{0,4}\b(?:19|20)\d\d\b"
)
# As dateparser's data call them
_FULL_MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_WORD = re2.compile(r"\pL[\pL\pM]*")
_SETTINGS = {
    "PARSERS": ["absolute-time"],
    "REQUIRE_PARTS": ["day", "month", "year"],
    "RELATIVE_BASE": datetime(2000, 1, 1),
    "TIMEZONE": "UTC",
    "RETURN_AS_TIMEZONE_AWARE": False,
}


# Times against now, or without the year, in lower case; \S stands for letters of any script, which re2 pays dearly for
_AGO = re2.compile(
    r"(?:\d|\ban?|\bfew|\bone) ?(?:sec(?:ond)?|min(?:ute)?|hour|hr|day|week|wk|month|mo|year|yr)s?\b.*\bago\b"
    r"|\bvor (?:\d+|eine?[mr]?) \S+|\bil y a (?:\d+|une?) \S+|\bhace (?:\d+|un[ao]?) \S+|há (?:\d+|uma?) \S+"
    r"|(?:^|[:：,،·•|—–-] ?)(?:(?:منذ|قبل)(?: \d+)? \S+|לפני(?: \d+)? \S+|(?:\d+|یک) \S+ (?:پیش|قبل))$"
    r"|(?:\d+|un[ao]?) \S+ (?:fa|назад|geleden|temu|sedan|siden|sitten|önce|тому|yang lalu)$"
)
_AGO_WIDE = re2.compile(
    r"\d+ ?(?:秒钟?|分|分[钟鐘]|个?小[时時]|時間|[天日周週月年]|星期|[个個ヶか]月) ?[之]?前"
    r"|\d+ ?(?:초|분|시간|일|주|개월|달|년) ?전"
)
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)\.?"
)
_LATELY = re2.compile(
    r"(?:^|[:：] ?|\b(?:on|at|asked|posted|answered|replied|edited) |(?:于|於|在) ?)"
    r"(?:\d+ ?(?:s|min|h|hrs?|d|w|wk|mo|mth|y|yr)|yesterday|today|gestern|heute|hier|ayer|hoy|вчера|сегодня"
    rf"|昨天|今天|前天|刚刚|剛剛|just now|{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?|\d{{1,2}}\.? {_MONTH}"
    r"|\d{1,2}月\d{1,2}[日号]|\d{1,2}-\d{1,2} \d{1,2}:\d{2}|\d{1,2}:\d{2})(?: ago)?"
    r"(?:(?:,| at| um| à| a las| в)? ?\d{1,2}:\d{2}(?::\d{2})?(?: ?[ap]\.?m\.?)?)?$"
)
_LONGEST_RELATIVE = 50


@lru_cache(4096)
def is_relative(text: str) -> bool:
    """Whether a short text says when something was, but only against now or without the year: "3 days ago", "昨天"."""
    text = text.strip(" \t\n\xa0,.;|•·»«()-–").lower()
    if not 2 <= len(text) <= _LONGEST_RELATIVE:
        return False
    return bool(_AGO.search(text) or _LATELY.search(text) or (not text.isascii() and _AGO_WIDE.search(text)))


def read_times(texts: list[str], language: str = "") -> list[datetime | None]:
    """The times of a thread's posts."""
    order = reads_month_first(texts, language)
    return [read_time(text, order, language) for text in texts]


def reads_month_first(texts: list[str], language: str = "") -> bool:
    """Whether 5/6 is in May or June is asked of the times of all posts together: the order that reads more of them,
    then the one in which time runs forward, then the custom of the language."""
    american = any(re2.search(r"(?i)\d\s*[ap]\.?m", text) for text in texts) or language.lower() == "en-us"
    times = {order: [read_time(text, order, language) for text in texts] for order in (True, False)}
    return max(times, key=lambda order: (*_worth(times[order]), order == american))


def _worth(times: list[datetime | None]) -> tuple[int, int]:
    """How many there are, and how often they run forward."""
    known = [time for time in times if time]
    return len(known), sum(earlier <= later for earlier, later in pairwise(known))


@lru_cache(4096)
def read_time(text: str, month_first: bool = True, language: str = "") -> datetime | None:
    """The first time in `text`, UTC; None where there is none or only part of one."""
    text = " ".join(text.split())[:LONGEST]
    epoch = _EPOCH.match(text)
    if epoch:
        return datetime.fromtimestamp(int(epoch[1]), UTC)
    if not any(char.isdigit() for char in text):
        return None
    stated = _year_first(text) or _named(text) or _year_last(text, month_first)
    return _at(*stated) if stated else _in_words(text, language)


def states_time(text: str) -> bool:
    """Whether there is a time in `text`, in whichever order its numbers stand."""
    return bool(read_time(text) or (_YEAR_LAST.search(text) and read_time(text, month_first=False)))


def _day(year: int, month: int, day: int) -> datetime | None:
    year += 0 if year > 99 else 2000 if year < 70 else 1900
    try:
        return datetime(year, month, day, tzinfo=UTC) if year in _YEARS else None
    except ValueError:
        return None


def _year_first(text: str) -> tuple[datetime, str] | None:
    """The day, and the text without it; so do the next two."""
    found = _YEAR_FIRST.search(text)
    day = _day(int(found[1]), int(found[2]), int(found[3])) if found else None
    return (day, _without(text, found)) if found and day else None


def _year_last(text: str, month_first: bool) -> tuple[datetime, str] | None:
    found = _YEAR_LAST.search(text)
    if not found:
        return None
    one, two, year = int(found[1]), int(found[2]), int(found[3])
    month, day = (one, two) if month_first and "." not in found[0][:6] else (two, one)
    stated = _day(year, month, day)
    return (stated, _without(text, found)) if stated else None


def _named(text: str) -> tuple[datetime, str] | None:
    found = _NAMED.search(text)
    if not found or not (found[1] or found[3]):
        return None
    day = _day(int(found[4].strip(" ,")), _MONTHS.index(found[2].lower()) + 1, int(found[3] or found[1]))
    return (day, _without(text, found)) if day else None


def _without(text: str, date: Any) -> str:
    """What is left of a text beside its date: 14.05. is no time of day."""
    groups = [at for at in range(1, len(date.groups()) + 1) if date[at] is not None]
    return f"{text[: min(map(date.start, groups))]} {text[max(map(date.end, groups)) :]}"


def _at(day: datetime, text: str) -> datetime:
    """`day` at the time of day in `text`, what else stands there, if there is one."""
    found = _CLOCK.search(text) or _CLOCK.search(_HOUR.sub(r" \1:00 \2m", _NOON.sub("12 pm", text)))
    if not found:
        return day
    hour, minute, second = int(found[2]), int(found[3]), int(found[4] or 0)
    afternoon = (found[5] or "").lower() == "p" or found[1] in ("下午", "오후")
    morning = (found[5] or "").lower() == "a" or found[1] in ("上午", "오전")
    hour += 12 if afternoon and hour < 12 else -12 if morning and hour == 12 else 0
    if hour > 23 or minute > 59 or second > 59:
        return day
    return day.replace(hour=hour, minute=minute, second=second) - _offset(text)


def _offset(text: str) -> timedelta:
    found = _ZONE.search(text)
    digits = ((found[2] or found[3] or "") if found else "").replace(":", "")
    if not digits:
        return timedelta()
    length = timedelta(hours=int(digits[1:3]), minutes=int(digits[3:5]))
    return length if digits[0] == "+" else -length


def _in_words(text: str, language: str) -> datetime | None:
    """Months named in other languages, by dateparser; the page's own language is asked before all others."""
    bare = _LABEL.sub("", text).strip(" .,;|•·»«")
    if not _IN_WORDS.search(bare) or len(bare.split()) > 9:
        return None
    own = language.partition("-")[0].lower()
    for each in sorted(languages_naming(bare), key=lambda name: (name != own, language_order.index(name))):
        found = _parser(each).get_date_data(bare)
        if found.date_obj and found.period in ("day", "time"):
            return found.date_obj.replace(tzinfo=UTC, microsecond=0) if found.date_obj.year in _YEARS else None
    return None


def languages_naming(text: str) -> frozenset[str]:
    """The languages in which a word of `text` is part of the name of a month: each of all 205 costs a millisecond."""
    named = _names_of_months()
    return frozenset().union(*(named.get(word, ()) for word in _words(text)))


@lru_cache(1)
def _names_of_months() -> dict[str, set[str]]:
    """The languages that have each word of two letters or more in the name of a month; one letter where it is all."""
    named: defaultdict[str, set[str]] = defaultdict(set)
    for language, locale in LocaleDataLoader().get_locale_map(languages=language_order).items():
        for name in chain.from_iterable(locale.info.get(month, ()) for month in _FULL_MONTHS):
            words = _words(name)
            for word in [word for word in words if len(word) > 1] or words:
                named[word].add(language)
    return dict(named)


def _words(text: str) -> list[str]:
    """In lower case and without accents, as dateparser compares them."""
    bare = "".join(char for char in normalize("NFKD", text) if not combining(char))
    return [str(word) for word in _WORD.findall(bare.lower())]


@lru_cache(256)
def _parser(language: str) -> DateDataParser:
    return DateDataParser(languages=[language], settings=_SETTINGS)
