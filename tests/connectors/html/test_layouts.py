"""Articles in layouts without names or with hashed ones, in four scripts: what is around them goes, they stay whole."""

import tomllib
from itertools import product
from pathlib import Path

import pytest

from connectors import html

TEXTS = tomllib.loads(Path(__file__).with_name("pages.toml").read_text(encoding="utf-8"))
# What stands around the prose in each layout: `{above}`, the paragraphs, `{below}`, and links beside it
LAYOUTS = {
    "nothing": "<h1>{title}</h1>{above}{prose}{below}{links}",
    "parts of HTML": "<header>{links}</header><main><article><h1>{title}</h1>{above}{prose}{below}</article></main>",
    "hashed": "<div class='css-1x2y3'>{links}</div><div class='css-9k8j7'><div class='css-4f5g6'><h1 class='sc-aXb'>"
    "{title}</h1>{above}{prose}{below}</div></div><div class='css-1x2y3'>{links}</div>",
    "table": "<table><tr><td width=150>{links}</td><td><h1>{title}</h1>{above}{prose}{below}</td></tr></table>",
    "pieces": "<div><h1>{title}</h1>{above}{wrapped}{below}</div><div>{links}</div>",
    "deep": "<div><div><div>{links}</div></div><div><section><div><h1>{title}</h1></div><div>{above}</div>"
    "<div>{prose}</div><div>{below}</div></section></div></div>",
}
KINDS = ("tags", "date", "author", "newsletter", "cookies", "paywall", "comment", "share", "related", "crumbs", "box")


def page(layout: str, language: str, kind: str) -> str:
    own = TEXTS[language]
    links = "".join(f"<li><a href='/{n}'>{each}</a></li>" for n, each in enumerate(own["crumbs"]))
    extra = _extra(own, kind)
    above = extra if kind in ("date", "crumbs") else ""
    body = LAYOUTS[layout].format(
        title=own["title"],
        links=f"<ul>{links}</ul>",
        above=above,
        below="" if above else extra,
        prose="".join(f"<p>{each}</p>" for each in own["prose"]),
        wrapped="".join(f"<div><div><p>{each}</p></div></div>" for each in own["prose"]),
    )
    direction = " dir='rtl'" if language == "ar" else ""
    return f"<html lang='{language}'{direction}><head><title>{own['title']}</title></head><body>{body}</body></html>"


def _extra(own: dict[str, str | list[str]], kind: str) -> str:
    if kind == "box":  # in words that no list knows
        first, second, _ = own["related"]
        return f"<div><div><p><b>{first}</b></p></div><div><p><a href='/to'>{second}</a></p></div></div>"
    text = own[kind]
    if isinstance(text, str):
        return f"<div>{text}</div>" if kind in ("cookies", "share", "tags") else f"<p>{text}</p>"
    return f"<ul>{''.join(f'<li><a href=/to/{n}>{each}</a></li>' for n, each in enumerate(text))}</ul>"


@pytest.mark.parametrize(("layout", "kind"), list(product(LAYOUTS, KINDS)))
def test_prose_stays_and_what_is_around_it_goes(layout: str, kind: str) -> None:
    for language, own in TEXTS.items():
        content = html.main_content(html.parse(page(layout, language, kind)))
        assert content is not None
        said = " ".join(content.text_content().split())
        assert [each for each in own["prose"] if each not in said] == [], language
        extra = own["related"][:2] if kind == "box" else own[kind]
        around = [extra] if isinstance(extra, str) else extra
        assert [each for each in around if each in said] == [], language
