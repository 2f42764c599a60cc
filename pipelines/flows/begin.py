"""`gristmill init`: a first recipe, from what somebody has. It proposes by the look of a place, and asks no site."""

import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

from pydantic import ValidationError

from connectors import CONNECTORS
from pipelines import recipe
from pipelines.errors import WrongInput
from pipelines.flows import recipe_file
from pipelines.recipe import Recipe

# what people have, and which connector reads it where its place does not tell
HAVE = {
    "site": "website",
    "forum": "forum",
    "files": "documents",
    "dump": "stackexchange",
    "help-centre": "zendesk",
    "set": "instructions",
}
# the key of a source that takes an address, and the one that takes a path
AT_ADDRESS = {
    **dict.fromkeys(("website", "forum"), "start"),
    **dict.fromkeys(("discourse", "confluence", "zendesk", "mailing_list"), "url"),
    "mediawiki": "api",
}
AT_PATH = {
    **dict.fromkeys(("website", "forum", "discourse", "markdown", "zendesk"), "folder"),
    **dict.fromkeys(("stackexchange", "instructions", "documents", "mailing_list", "github", "warc"), "path"),
    **dict.fromkeys(("confluence", "reddit", "hacker_news"), "path"),
    "mediawiki": "dump",
}
# of a path, the key that says where it was saved from, for those that must know it
FROM = {
    **dict.fromkeys(("website", "forum"), "base_url"),
    **dict.fromkeys(("discourse", "confluence", "zendesk", "mailing_list"), "url"),
    "stackexchange": "site",
}
# the first that fits an address
_ADDRESSES = (
    (r"^https?://([\w-]+\.)*(stackexchange|stackoverflow|superuser|serverfault|askubuntu)\.com", "stackexchange"),
    (r"^https?://(www\.)?github\.com/[\w.-]+/[\w.-]+", "github"),
    (r"^https?://([\w-]+\.)?reddit\.com/", "reddit"),
    (r"^https?://news\.ycombinator\.com", "hacker_news"),
    (r"/api\.php$|/wiki/|wikipedia\.org", "mediawiki"),
    (r"\.zendesk\.com|/hc(/|$)", "zendesk"),
    (r"\.atlassian\.net|confluence", "confluence"),
    (r"/pipermail|/mailman|/hyperkitty|^https?://lists?\.", "mailing_list"),
    (r"discourse", "discourse"),
    (r"^https?://(forums?|community|bbs|boards?)\.|/(forums?|boards?|bbs)(/|$)", "forum"),
)
# the first that fits the name of a file, in lower case, without what packs it
_NAMES = (
    (r"\.7z$|^posts\.xml", "stackexchange"),
    (r"\.(warc|arc|wet)$", "warc"),
    (r"\.(mbox|eml)$", "mailing_list"),
    (r"^r[sc]_", "reddit"),
    (r"^entities\.xml$|confluence", "confluence"),
    (r"\.xml$", "mediawiki"),
    (r"\.(md|mdx|markdown)$", "markdown"),
    (r"\.(docx|epub|ipynb|pdf|pptx|txt|zip)$", "documents"),
    (r"\.(html?|xhtml)$", "website"),
    (r"\.(json|jsonl|ndjson|csv|tsv|parquet)$", "instructions"),
)
# the first that fits the beginning of a file of JSON
_CONTENTS = (
    (r'"post_stream"', "discourse"),
    (r'"(comments_url|issue_url|html_url)"', "github"),
    (r'"(help_center|section_id|articles)"', "zendesk"),
    (r'"subreddit"', "reddit"),
    (r'"type": ?"(story|comment)"', "hacker_news"),
)
_PACKED = r"\.(gz|bz2|xz|zst)$"
_LOOKED_AT = 500  # names in a folder


@dataclass(frozen=True)
class Answers:
    """What a first recipe is made of. `place` is an address or a path; `address` where a path was saved from."""

    place: str
    connector: str
    name: str
    licence: str = ""
    address: str = ""
    title: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)  # of the source, as text or of the type that they have
    web: Mapping[str, Any] = field(default_factory=dict)  # of the recipe's [web]
    policy: str = ""  # of a new recipe; "" is the default


def is_address(place: str) -> bool:
    return place.startswith(("http://", "https://"))


def path_of(place: str) -> Path:
    """The path that somebody wrote, with `~` as the home folder where there is such a one.

    Raises WrongInput for what no file can be called or nobody can look at; there need not be any.
    """
    path = Path(place.replace("\0", ""))
    with suppress(RuntimeError):
        path = path.expanduser()
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        pass
    except OSError as error:  # a name that is too long, links that lead in a circle, a folder that is closed
        raise WrongInput("{place} cannot be used: {error}", place=place[:200], error=error.strerror) from error
    return path


def propose(place: str, have: str = "") -> str:
    """The connector that reads a place, by its look; by what somebody says it is, a key of HAVE, where that differs."""
    told = _by_address(place) if is_address(place) else _by_path(path_of(place))
    if have == "forum" and told in ("website", "", "instructions"):
        return "forum"
    return told or HAVE.get(have, "website" if is_address(place) else "documents")


def name_of(place: str) -> str:
    """A name for a source, from the host of an address or the name of a file. Raises WrongInput for what is neither."""
    text = _parts(place).hostname or "" if is_address(place) else path_of(place).resolve().name
    text = text.removeprefix("www.").lower() if is_address(place) else text.split(".")[0].lower()
    return re.sub(r"[^a-z0-9_-]+", "-", text).strip("-_") or "mine"


def needs_address(place: str, connector: str) -> bool:
    """Whether this connector must know where the path was saved from."""
    return not is_address(place) and connector in FROM


def states_licence(connector: str) -> bool:
    """Whether what this connector reads says under which licence it is."""
    return bool(vars(_connectors()[connector]).get("states_licence", True))


def write(file: Path, answers: Answers) -> Recipe:
    """Write the recipe, and return it as it is read. Raises: WrongInput where the file is there, RecipeError."""
    return recipe_file.create(file, draft(file, answers))


def draft(file: Path, answers: Answers, name: str = "", heading: str = "") -> str:
    """The text of a new recipe at `file`, called as its source where `name` does not name it otherwise.

    Raises: WrongInput where the connector does not read such a place.
    """
    about = {"name": name or answers.name} | _titled(answers) | ({"policy": answers.policy} if answers.policy else {})
    return recipe_file.new(about, source(answers, file.parent), answers.web, heading)


def add(file: Path, answers: Answers, before: str) -> Recipe:
    """Add a source to the recipe `file`, which says `before`. Raises: WrongInput where it does not, RecipeError."""
    return recipe_file.replace(file, added(file, answers, before), before)


def added(file: Path, answers: Answers, before: str) -> str:
    """The text of the recipe `file`, which says `before`, with one more source. Raises WrongInput."""
    return recipe_file.with_source(file, before, source(answers, file.parent) | _titled(answers), answers.web)


def source(answers: Answers, folder: Path) -> dict[str, Any]:
    """The settings of the source, of a recipe in `folder`; they are of the connector's types where it takes them.

    Raises: WrongInput where the connector does not read such a place.
    """
    given = {"connector": answers.connector, "name": answers.name, **_where(answers, folder), **answers.settings}
    given |= {"licence": answers.licence} if answers.licence else {}
    try:
        made = _connectors()[answers.connector].model_validate(given)
    except ValidationError:
        return given  # `pipelines.recipe.faults` says why
    written = made.model_dump(mode="json", include=set(given))
    return {key: written[key] for key in given}


def faults(answers: Answers, folder: Path) -> dict[str, str]:
    """What is wrong with the settings of the source, by key; "" is the key of what is wrong with all of it."""
    return recipe.faults(source(answers, folder))


def web_keys() -> dict[str, str]:
    """The keys of [web], and what each is."""
    return {name: field.description or "" for name, field in recipe.WebSettings.model_fields.items()}


def _titled(answers: Answers) -> dict[str, str]:
    return {"title": answers.title} if answers.title else {}


def _connectors() -> dict[str, Any]:
    return {each.model_fields["connector"].default: each for each in CONNECTORS}


def _where(answers: Answers, folder: Path) -> dict[str, Any]:
    """The keys that say where a source is."""
    connector, place = answers.connector, answers.place
    if is_address(place):
        return _at_address(connector, place)
    if connector not in AT_PATH:
        return {}
    path = path_of(place).resolve()
    shown = path.relative_to(folder.resolve()) if path.is_relative_to(folder.resolve()) else path
    address = answers.address
    if connector == "stackexchange":
        address = _parts(address).hostname or address
    return {AT_PATH[connector]: str(shown)} | ({FROM[connector]: address} if connector in FROM and address else {})


def _at_address(connector: str, place: str) -> dict[str, Any]:
    parts = _parts(place)
    steps = [step for step in parts.path.split("/") if step]
    special: dict[str, Callable[[], dict[str, Any]]] = {
        "stackexchange": lambda: {"site": parts.hostname or ""},
        "github": lambda: {"repo": "/".join(steps[:2])},
        "reddit": lambda: {"subreddits": [after for step, after in pairwise(steps) if step == "r"]},
        "hacker_news": dict,
        "python_docs": dict,
        "mediawiki": lambda: {"api": place if place.endswith("/api.php") else f"{_origin(place)}/w/api.php"},
        "zendesk": lambda: {"url": _origin(place)},
        "discourse": lambda: {"url": _origin(place)},
    }
    if connector in special:
        return special[connector]()
    if connector not in AT_ADDRESS:
        raise WrongInput("{connector} reads files: name a path instead of {place}", connector=connector, place=place)
    return {AT_ADDRESS[connector]: place}


def _origin(place: str) -> str:
    parts = _parts(place)
    return f"{parts.scheme}://{parts.netloc}"


def _parts(address: str) -> SplitResult:
    try:
        return urlsplit(address)
    except ValueError as error:  # a bracket that is not closed, a letter that no host has
        raise WrongInput("{place} cannot be used: {error}", place=address[:200], error=error) from error


def _by_address(place: str) -> str:
    return _first(_ADDRESSES, [place])


def _by_path(path: Path) -> str:
    """By a file's name and beginning; of a folder by those of most of its files."""
    if (path / "cur").is_dir() and (path / "new").is_dir():
        return "mailing_list"
    files = [path] if path.is_file() else _files(path)
    told = [name for file in files if (name := _by_file(file))]
    special = [name for name in told if name in ("stackexchange", "confluence", "warc")]  # which hold other files too
    return (special or sorted(set(told), key=lambda name: (-told.count(name), name)) or [""])[0]


def _files(folder: Path) -> list[Path]:
    found = (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    return [path for path, _ in zip(found, range(_LOOKED_AT), strict=False)]


def _by_file(file: Path) -> str:
    name = re.sub(_PACKED, "", file.name.lower())
    told = _first(_NAMES, [name])
    if told != "instructions" or not name.endswith(("json", "jsonl")):
        return told
    try:
        with file.open("rb") as opened:
            return _first(_CONTENTS, [opened.read(20_000).decode("utf-8", "replace")]) or told
    except OSError:  # a check says so
        return told


def _first(patterns: Iterable[tuple[str, str]], texts: Iterable[str]) -> str:
    return next((name for pattern, name in patterns for text in texts if re.search(pattern, text)), "")
