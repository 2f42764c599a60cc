"""One thread in many layouts and languages: what is said stays the same, the markup around it changes."""

import re
import tomllib
from pathlib import Path
from string import Template
from typing import Any, NamedTuple

WHO = ("ann", "ben_77", "Cleo", "ann", "dan.k")
STAMPS = tuple(f"2019-05-{at}:00Z" for at in ("14T09:12", "14T11:30", "15T08:05", "16T17:44", "27T20:01"))
_NAMES = re.compile(r"""\s(?:class|id)=("[^"]*"|'[^']*')""")


def _read(name: str) -> dict[str, dict[str, Any]]:
    return tomllib.loads(Path(__file__).with_name(name).read_text())


LAYOUTS = _read("layouts.toml")
UNMET = _read("unmet.toml")
_CHROME = UNMET.pop("chrome")


class Said(NamedTuple):
    who: str
    when: str
    stamp: str
    paragraphs: tuple[str, ...]


class Talk(NamedTuple):
    """A thread; `relative`: its posts as they are dated where the page counts from now."""

    language: str
    title: str
    posts: tuple[Said, ...]
    relative: tuple[str, ...]

    def first(self, posts: int) -> "Talk":
        """The thread before others answered."""
        return self._replace(posts=self.posts[:posts], relative=self.relative[:posts])

    def aged(self) -> "Talk":
        posts = zip(self.posts, self.relative, strict=True)
        return self._replace(posts=tuple(post._replace(when=when) for post, when in posts))


def page_of(layout: str, talk: Talk, named: bool = True) -> str:
    """The page; without classes and ids where it is not `named`."""
    made = LAYOUTS[layout] if layout in LAYOUTS else UNMET[layout]
    posts = [_post(made, talk, number) for number in range(1, len(talk.posts) + 1)]
    if made.get("tree"):
        posts = [Template(posts[0]).substitute(inner=_nested(posts[1:]))]
    chrome = _CHROME.get(talk.language, _CHROME["en"])
    body = Template(made["page"]).substitute(
        chrome, title=talk.title, replies=len(talk.posts) - 1, posts="".join(posts)
    )
    page = f"<html lang='{talk.language}'><head><title>{talk.title} | Baking</title></head><body>{body}</body></html>"
    return page if named else _NAMES.sub("", page)


def _post(made: dict[str, Any], talk: Talk, number: int) -> str:
    said = talk.posts[number - 1]
    text = "".join(f"<p>{paragraph}</p>" for paragraph in said.paragraphs)
    lines = "<br>\n<br>\n".join(said.paragraphs)
    counts = {"n": number, "replies": len(talk.posts) - 1}
    values = {"who": said.who, "when": said.when, "stamp": said.stamp, "said": text, "title": talk.title}
    return Template(made["opening" if number == 1 and "opening" in made else "post"]).safe_substitute(
        values, lines=lines, **counts
    )


def _nested(posts: list[str]) -> str:
    """The second stands in the first, the others beside it."""
    if len(posts) < 2:
        return "".join(Template(post).substitute(inner="") for post in posts)
    first, second, *others = posts
    inner = Template(first).substitute(inner=Template(second).substitute(inner=""))
    return inner + "".join(Template(other).substitute(inner="") for other in others)


def _talk(language: str, told: dict[str, Any]) -> Talk:
    posts = zip(WHO, told["when"], STAMPS, told["said"], strict=True)
    said = tuple(Said(who, when, stamp, tuple(text.split("\n"))) for who, when, stamp, text in posts)
    return Talk(language, told["title"], said, tuple(told["ago"]))


TALKS = {language: _talk(language, told) for language, told in _read("talks.toml").items()}
