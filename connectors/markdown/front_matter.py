"""What a Markdown file says of itself above its text: YAML between `---`, TOML between `+++`."""

import tomllib
from datetime import datetime
from typing import Any

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

from connectors.html import spdx
from connectors.markdown.folder import readable
from connectors.reading import plain_yaml
from connectors.reading.times import parse_time

_LONGEST = 1 << 16
_LICENCE_KEYS = ("license", "licence", "spdx")
_TITLE_KEYS = ("title", "question")  # the latter where each question of an FAQ is a file
_EDIT_KEYS = ("lastmod", "last_modified_at", "updated", "last_updated")  # of Hugo, Jekyll, Zola and Hexo, others


def split(text: str) -> tuple[dict[str, Any], str]:
    """The front matter, {} where there is none or it cannot be read, and the text below it."""
    text = text.removeprefix("\ufeff").lstrip("\n")
    mark = text[:3]
    if mark not in ("---", "+++") or text.partition("\n")[0].strip() != mark:
        return {}, text
    head, end, rest = text[3:].partition(f"\n{mark}")
    if not end or rest.partition("\n")[0].strip():
        return {}, text
    found = _read(head, mark) if len(head) <= _LONGEST else None
    return (readable(found) if isinstance(found, dict) else {}), rest.partition("\n")[2]


def _read(head: str, mark: str) -> Any:
    if mark != "+++":
        return plain_yaml.load(head)
    try:
        return tomllib.loads(head)
    except (ValueError, RecursionError):
        return None


def licence(about: dict[str, Any]) -> str:
    """The SPDX expression that the file names by id or address, else ""."""
    stated = next((str(about[key]).strip() for key in _LICENCE_KEYS if about.get(key)), "")
    try:
        return spdx(stated) or (canonicalize_license_expression(stated) if stated else "")
    except InvalidLicenseExpression:
        return ""


def title(about: dict[str, Any]) -> str:
    """What the file is called, or what it answers, else ""."""
    return next((stated for key in _TITLE_KEYS if (stated := str(about.get(key) or "").strip())), "")


def language(about: dict[str, Any]) -> str:
    """The tag of the language that the file declares, else ""."""
    stated = (about.get(key) for key in ("lang", "language", "locale"))
    return next((tag for tag in stated if isinstance(tag, str)), "").strip()


def created_at(about: dict[str, Any]) -> datetime | None:
    """When the file says that it was written, in UTC."""
    return parse_time(about.get("date"))


def edited_at(about: dict[str, Any]) -> datetime | None:
    """By the file's own words; Docusaurus has them in a table `last_update`."""
    update = about.get("last_update")
    stated = [*(about.get(key) for key in _EDIT_KEYS), update.get("date") if isinstance(update, dict) else None]
    return next((time for time in map(parse_time, stated) if time), None)


def words(about: dict[str, Any], key: str) -> tuple[str, ...]:
    """A list of words, or one."""
    stated = about.get(key)
    found = stated if isinstance(stated, list) else [stated] if isinstance(stated, str) else []
    return tuple(word for word in (str(word).strip() for word in found) if word)
