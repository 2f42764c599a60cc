"""Who signed a comment on a talk page, and when: the forms that MediaWiki writes in the larger languages.

https://www.mediawiki.org/wiki/Help:Signatures; the order and words of the date are those of each language's
`defaultDateFormat` in MediaWiki's messages.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import re2

_CLOCK = r"(?P<hour>\d{1,2})[:.h](?P<minute>\d{2})(?:min)?"
_YEAR, _ZONE = r"(?P<year>\d{4})", r"\((?P<zone>\pL+)\)"
_WORD = r"(?P<word>\pL+)\.?"
_DAY = r"(?P<day>\d{1,2})\.?(?:º|er)?"
_FORMS = tuple(
    re2.compile(form)
    for form in (
        # 12:34, 5 January 2020 (UTC); 12:34, 5. Jan. 2020 (CET); 12:34 5 ene 2020 (UTC); 12h34min de 5 de maio de 2020
        rf"{_CLOCK},? (?:de )?{_DAY} (?:de )?{_WORD} (?:de )?{_YEAR} {_ZONE}",
        rf"{_CLOCK}, {_WORD} {_DAY}, {_YEAR} {_ZONE}",  # 12:34, January 5, 2020 (UTC)
        rf"{_DAY} {_WORD} {_YEAR} (?:à |kl\.? |om )?{_CLOCK} {_ZONE}",  # 5 janvier 2020 à 12:34 (CET)
        rf"{_YEAR}\s?[年년]\s?(?P<month>\d{{1,2}})\s?[月월]\s?(?P<day>\d{{1,2}})\s?[日일]\s?\(\pL+\)\s?{_CLOCK}\s?{_ZONE}",
    )
)
# The beginnings of the months' names in English, German, French, Spanish, Italian, Portuguese, Dutch, Polish, Swedish
# and Russian; no beginning means two months
_MONTHS = {
    beginning: number
    for number, beginnings in enumerate(
        (
            *("jan ene gen sty янв", "feb fev fév lut фев", "mar mär mrt mrz maa мар", "apr avr abr kwi апр"),
            *("may mai maj mei mag май мая", "jun juin giu cze июн", "jul juil lug lip июл", "aug aoû ago sie авг"),
            *("sep set wrz сен", "oct oct okt ott out paź окт", "nov lis ноя", "dec déc dez dic gru дек"),
        ),
        start=1,
    )
    for beginning in beginnings.split()
}
_HOURS = {"CET": 1, "CEST": 2, "BST": 1, "EET": 2, "EEST": 3, "MSK": 3, "JST": 9, "KST": 9, "EST": -5, "PST": -8}
_USER = (
    "user|benutzer|benutzerin|utilisateur|utilisatrice|usuario|usuaria|utente|usuário|usuária|gebruiker|wikipedysta"
    "|wikipedystka|användare|участник|участница|用户|用戶|使用者|利用者|사용자"
)
_USER_TALK = (
    "user talk|user_talk|benutzer diskussion|benutzerin diskussion|discussion utilisateur|discussion utilisatrice"
    "|usuario discusión|usuaria discusión|discussioni utente|usuário discussão|usuária discussão|overleg gebruiker"
    "|dyskusja wikipedysty|dyskusja wikipedystki|användardiskussion|обсуждение участника|обсуждение участницы"
    "|用户讨论|用戶討論|使用者討論|利用者‐会話|利用者・トーク|사용자토론"
)
_CONTRIBUTIONS = "contributions|beiträge|spezial|spécial|especial|speciale|special|служебная|特殊|特別|특수"
_UNSIGNED = re2.compile(
    r"(?i)\{\{\s*(?:subst:)?\s*(?:unsigned[ \w]*|unsig|nichtsigniert|unsigniert|non signé|sin firmar|non firmato"
    r"|未签名|未署名)\s*\|([^{}\n]*)\}\}"
)
# What a robot adds to a comment that its author did not sign, or not wholly
_AUTOSIGNED = re2.compile(
    r"(?i)(?:<small>\s*)?<span[^<>]*autosigned[^<>]*>(.*?)</span>(?:\s*</small>)?(?:\s*<!--.*?-->)*"
)
# What may follow the date: the end of markup that the signature stands in
_END = re2.compile(r"^(?:[\s\pZ\p{Cf}]|</?[a-zA-Z][^<>]*>|'{2,5}|\}\}|[\])|.]|<!--[^>]*-->|&nbsp;)*$")
# What leads over to a signature
_LEAD = re2.compile(
    r"(?i)(?:(?:[\s\pZ\p{Cf}]|&[mn]dash;|&nbsp;|—|–|--|-|~|'{2,5}|<[^<>/]*>|\(|\[|\||•|·|→)"
    r"|preceding \[{0,2}[^\]\n]{0,60}unsigned[^\]\n]{0,30}\]{0,2} comment (?:was )?added by"
    r"|(?:the )?preceding unsigned comment (?:was )?added by)+$"
)
_TALK = 3  # signatures; an article that shows one is about signatures
_FAR = 160  # characters: a link further before the date is not part of the signature
_APART = 60  # characters between two links of one signature
_ADDRESS = re2.compile(r"^(?:\d{1,3}\.){3}\d{1,3}$|^[0-9A-Fa-f:]*:[0-9A-Fa-f:]+$")


@dataclass(frozen=True, slots=True)
class Signature:
    """The comment's text on this line is `before`; `author` is "" for an address and where nobody is named."""

    before: str
    author: str
    signed_at: datetime | None


class Signatures:
    """Reads the signatures of one wiki, which has `names` of its own for the pages of its users."""

    def __init__(self, names: tuple[str, ...] = ()) -> None:
        own = "".join(f"|{re2.escape(name.lower())}" for name in names)
        places = rf"(?:{_USER}|{_USER_TALK}{own})\s*:|(?:{_CONTRIBUTIONS})\s*:[^\[\]|/]*/"
        self._link = re2.compile(rf"(?i)\[\[\s*:?(?:[a-z-]*:)?(?:{places})\s*([^\[\]|#/]+)[^\[\]]*\]\]")

    def read(self, line: str) -> Signature | None:
        """The signature at the end of `line`, if there is one."""
        unsigned = _UNSIGNED.search(line)
        if unsigned:
            return _unsigned(line[: unsigned.start()], unsigned[1])
        added = _AUTOSIGNED.search(line)
        return self._autosigned(_AUTOSIGNED.sub("", line), added[1]) if added else self._own(line)

    def _own(self, line: str) -> Signature | None:
        found = _last_date(line)
        if not found or not _END.match(line[found.end() :]):
            return None
        start, author = self._signed(line[: found.start()])
        before = _LEAD.sub("", line[:start])
        if author and before.endswith(author):  # the name as plain text before a link to the talk page
            before = _LEAD.sub("", before.removesuffix(author))
        return Signature(before, author, _in_utc(found))

    def speak(self, text: str) -> bool:
        """Whether `text` is a discussion, wherever it stands: people sign nothing else."""
        if sum(1 for form in _FORMS for _ in form.finditer(text)) < _TALK:
            return False
        return sum(self.read(line) is not None for line in text.split("\n")) >= _TALK

    def _autosigned(self, rest: str, added: str) -> Signature:
        """A comment signed by a robot; what its author wrote of a signature is believed first."""
        own, date = self._own(rest), _last_date(added)
        _, author = self._signed(added[: date.start()] if date else added)
        if own:
            return Signature(own.before, own.author or author, own.signed_at)
        return Signature(_LEAD.sub("", rest), author, _in_utc(date) if date else None)

    def _signed(self, before: str) -> tuple[int, str]:
        """Where the signature begins, and whose it is: the links to a user that stand close before the date."""
        start, author = len(before), ""
        for link in reversed(list(self._link.finditer(before))):
            whose = " ".join(link[1].replace("_", " ").split())
            if start - link.end() > (_APART if author else _FAR) or author not in ("", whose):
                break
            start, author = link.start(), whose
        return start, "" if _ADDRESS.match(author) else author


def _unsigned(before: str, parameters: str) -> Signature:
    """{{unsigned|user|date}} of a comment that others signed, in whichever order."""
    values = [value.split("=", 1)[-1].strip() for value in parameters.split("|")]
    dates = {value: _last_date(value) or _last_date(f"{value} (UTC)") for value in values}
    author = next((value for value in values if value and not dates[value] and not value[:1].isdigit()), "")
    when = next((_in_utc(date) for date in dates.values() if date), None)
    return Signature(_LEAD.sub("", before), "" if _ADDRESS.match(author) else author, when)


def _last_date(text: str) -> Any:
    """The last date in `text`."""
    found = (date for form in _FORMS for date in form.finditer(text))
    return max(found, key=lambda date: date.end(), default=None)


def _in_utc(date: Any) -> datetime | None:
    """The time of a match of one of `_FORMS`; None for a month or a day that is none."""
    groups = date.groupdict()
    word = (groups.get("word") or "").lower()
    month = int(groups["month"]) if groups.get("month") else _MONTHS.get(word[:4]) or _MONTHS.get(word[:3], 0)
    hours = _HOURS.get(groups["zone"].upper(), 0)
    try:
        year, day, hour, minute = (int(groups[name]) for name in ("year", "day", "hour", "minute"))
        return datetime(year, month, day, hour, minute, tzinfo=UTC) - timedelta(hours=hours)
    except (ValueError, OverflowError):
        return None
