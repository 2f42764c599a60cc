"""What is cut in a dump becomes a reject of its connector; an older text never stands for it."""

from pathlib import Path
from typing import Any

import pytest

from connectors.confluence import Confluence
from connectors.mediawiki import MediaWiki
from connectors.reading import xml_bounds, xml_dump
from connectors.stackexchange import StackExchange
from schemas.document import Reject
from tests.connectors.recorded import OFFLINE

LONG = "ab " * 1_000


def told(source: Any) -> list[tuple[str, str]]:
    return [(item.key, getattr(item, "reason", "")) for item in source.fetch(OFFLINE, None)]


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml_bounds, "LONGEST", 1_000)
    monkeypatch.setattr(xml_dump, "_PROLOG", 100)
    monkeypatch.setattr(xml_dump, "_BLOCK", 100)


def test_a_post(tmp_path: Path) -> None:
    rows = [f'<row Id="{n}" PostTypeId="1" Title="T" Body="{LONG if n == 2 else n}"/>' for n in (1, 2, 3)]
    (tmp_path / "Posts.xml").write_text(f"<posts>{''.join(rows)}</posts>")
    found = told(StackExchange(name="s", path=tmp_path, site="s.example"))
    assert found == [("Posts.xml:2", "too_large"), ("q1", ""), ("q3", "")]


def test_a_revision(tmp_path: Path) -> None:
    def page(number: int, *texts: str) -> str:
        form = "<revision><timestamp>%d</timestamp><text>%s</text></revision>"
        revisions = [form % (at, text) for at, text in enumerate(texts)]
        return f"<page><title>P</title><ns>0</ns><id>{number}</id>{''.join(revisions)}</page>"

    body = page(1, "old", "new") + page(2, "old", LONG) + page(3, LONG, "new")
    (tmp_path / "w.xml").write_text(f"<mediawiki>{body}</mediawiki>")
    assert told(MediaWiki(name="s", dump=tmp_path / "w.xml")) == [("1", ""), ("2", "too_large"), ("3", "")]


def test_a_body(tmp_path: Path) -> None:
    def page(number: int, text: str) -> str:
        return (
            f"<object class='Page'><id>{number}</id><property name='title'>T</property></object>"
            f"<object class='BodyContent'>"
            f"<property name='content' class='Page'><id>{number}</id></property>"
            f"<property name='body'>{text}</property></object>"
        )

    (tmp_path / "entities.xml").write_text(f"<h>{page(1, 'one')}{page(2, LONG)}{page(3, 'three')}</h>")
    found = list(Confluence(name="s", url="https://w.example", path=tmp_path).fetch(OFFLINE, None))
    assert sorted((item.key, isinstance(item, Reject)) for item in found) == [("1", False), ("2", True), ("3", False)]
