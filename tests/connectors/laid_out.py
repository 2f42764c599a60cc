"""One thread in many layouts and languages: what is said stays the same, the markup around it changes."""

import re
import tomllib
from pathlib import Path
from string import Template
from typing import Any, NamedTuple

WHO = ("ann", "ben_77", "Cleo", "ann", "dan.k")
STAMPS = tuple(f"2019-05-{at}:00Z" for at in ("14T09:12", "14T11:30", "15T08:05", "16T17:44", "27T20:01"))
_LINE_ENDS = re.compile(r"\n(?![^<]*</code></pre>)")  # none within code
_BLOCKS, _TAGS = ("<pre", "<ul", "<ol"), re.compile(r"<[^<>]*>")
_NAMES = re.compile(r"""\s(?:class|id)=("[^"]*"|'[^']*')""")


def _read(name: str) -> dict[str, dict[str, Any]]:
    return tomllib.loads(Path(__file__).with_name(name).read_text())


LAYOUTS = _read("layouts.toml")
UNMET = _read("unmet.toml")
AROUND = _read("around.toml")
REMEMBERED = _read("remembered.toml")
RECALLED = _read("recalled.toml")
FURTHER = _read("further.toml")
COMMENTED = _read("commented.toml")
TEXTS: dict[str, list[str]] = COMMENTED.pop("texts")  # type: ignore[assignment]
_CHROME = UNMET.pop("chrome")
_ALL = {**LAYOUTS, **UNMET, **AROUND, **REMEMBERED, **RECALLED, **FURTHER, **COMMENTED}


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
    made = _ALL[layout]
    chrome = _CHROME.get(talk.language, _CHROME["en"])
    text = "".join(f"<p>{each}</p>" for each in TEXTS.get(talk.language, TEXTS["en"]))
    body = Template(made["page"]).substitute(
        chrome, title=talk.title, replies=len(talk.posts) - 1, text=text, **_written(made, talk)
    )
    head = f"<title>{talk.title} | Baking</title>{made.get('head', '')}"
    page = f"<html lang='{talk.language}'><head>{head}</head><body>{body}</body></html>"
    return page if named else _NAMES.sub("", page)


def _written(made: dict[str, Any], talk: Talk) -> dict[str, str]:
    """All posts, and what of them stands elsewhere on the page."""
    posts = [_post(made, talk, number) for number in range(1, len(talk.posts) + 1)]
    again = _post({"post": made["again"]}, talk, 2) if "again" in made and len(posts) > 1 else ""
    if made.get("tree"):
        posts = [Template(posts[0]).substitute(inner=_nested(posts[1:]))]
    if "comment" in made and len(posts) > 3:
        posts[2:4] = [Template(posts[2]).substitute(inner=posts[3])]
    whole = [Template(post).substitute(inner="") for post in posts]
    if "$opening" in made["page"]:
        return {"opening": whole[0], "again": again, "posts": "".join(whole[1:])}
    after = {1: made.get("every", ""), 2: made.get("gone", ""), 3: made.get("every", "")}
    return {"posts": made.get("join", "").join(post + after.get(at, "") for at, post in enumerate(whole, 1))}


def _post(made: dict[str, Any], talk: Talk, number: int) -> str:
    said = talk.posts[number - 1]
    values = {"who": said.who, "when": said.when, "stamp": said.stamp, "title": talk.title, "n": number}
    quoted = Template(made.get("quote", "")).substitute(quoted=talk.posts[0].paragraphs[0])
    form = (
        "opening" if number == 1 and "opening" in made else "comment" if number == 4 and "comment" in made else "post"
    )
    return Template(made[form]).safe_substitute(
        values,
        said="".join(each if each.startswith(_BLOCKS) else f"<p>{each}</p>" for each in said.paragraphs),
        lines="<br>\n<br>\n".join(said.paragraphs),
        plain=_TAGS.sub("", "\n\n".join(said.paragraphs)),
        line=" ".join(said.paragraphs),
        replies=len(talk.posts) - 1,
        quote=quoted if number == 3 else "",
    )


def told_of(layout: str, talk: Talk) -> list[str]:
    """The words of each post, with those that it quotes."""
    words = ["".join(post.paragraphs) for post in talk.posts]
    quoted = talk.posts[0].paragraphs[0] if "quote" in _ALL[layout] else ""
    return [quoted + said if at == 2 else said for at, said in enumerate(words)]


def _nested(posts: list[str]) -> str:
    """The second stands in the first, the others beside it."""
    if len(posts) < 2:
        return "".join(Template(post).substitute(inner="") for post in posts)
    first, second, *others = posts
    inner = Template(first).substitute(inner=Template(second).substitute(inner=""))
    return inner + "".join(Template(other).substitute(inner="") for other in others)


def _talk(language: str, told: dict[str, Any]) -> Talk:
    posts = zip(WHO, told["when"], STAMPS, told["said"], strict=True)
    said = tuple(Said(who, when, stamp, tuple(_LINE_ENDS.split(text))) for who, when, stamp, text in posts)
    return Talk(language, told["title"], said, tuple(told["ago"]))


TALKS = {language: _talk(language, told) for language, told in _read("talks.toml").items()}
RICH = {language: _talk(language, told) for language, told in _read("talks_rich.toml").items()}
