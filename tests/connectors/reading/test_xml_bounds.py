"""Elements, tags and texts without end cost themselves only."""

import io
from typing import Any

import pytest

from connectors.reading import xml_bounds, xml_dump
from connectors.reading.xml_dump import BrokenDump, elements_of, is_cut

MOST = 400


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml_bounds, "LONGEST", MOST)
    monkeypatch.setattr(xml_dump, "LONGEST", 4 * MOST)
    monkeypatch.setattr(xml_dump, "_PROLOG", 50)
    monkeypatch.setattr(xml_dump, "_BLOCK", 50)


def given(body: str) -> list[tuple[str, bool, str]]:
    """The ids of the elements, whether they are cut, and what is in them."""
    found = []
    for element in elements_of(io.BytesIO(body.encode()), "dump", "row"):
        found.append((element.get("Id", ""), is_cut(element), "".join(element.itertext())))
    return found


LONG = "a> " * MOST
HARM: dict[str, tuple[str, str]] = {
    "attribute": (f'<row Id="2" b="{LONG}"/>', "2"),
    "attribute in other quotes": (f"""<row Id='2' b='{LONG}"/>'></row>""", "2"),
    "many attributes": ("<row Id='2' " + " ".join(f"a{n}='/>'" for n in range(MOST)) + ">x</row>", "2"),
    "attribute within": (f"<row Id='2'><x b='{LONG}'/></row>", "2"),
    "text": (f"<row Id='2'>{LONG}</row>", "2"),
    "text about a comment": (f"<row Id='2'>{LONG[: MOST // 2]}<!-- < -->{LONG[:MOST]}</row>", "2"),
    "section": (f"<row Id='2'><![CDATA[{LONG}<row>]]></row>", "2"),
    "sections": (f"<row Id='2'>{'<![CDATA[<row>]]]]><![CDATA[>]]>' * MOST}</row>", "2"),
    "elements": (f"<row Id='2'>{'<x/>' * 4 * MOST}</row>", "2"),
    "reference": (f"<row Id='2'>{'&amp;' * MOST}</row>", "2"),
    "texts": ("<row Id='2'>" + f"<x>{LONG[: MOST // 2]}</x>" * 40 + "</row>", "2"),
    "comment": (f"<!-- <row Id='2'> ' {LONG * 9} -->", ""),
    "instruction": (f"<?x <row Id='2'> ' {LONG * 9} ?>", ""),
    "other elements": ("<x/>" * 40 * MOST, ""),
    "other attribute": (f"<x b='{LONG}'/>", ""),
    "other texts": (f"<x>{LONG}<y/>{LONG}</x>", ""),
}


@pytest.mark.parametrize("size", [1, 7, 50, MOST // 2])
@pytest.mark.parametrize("name", HARM)
def test_neighbours_of_harm_are_whole(monkeypatch: pytest.MonkeyPatch, name: str, size: int) -> None:
    monkeypatch.setattr(xml_dump, "_BLOCK", size)
    harm, key = HARM[name]
    found = given(f"<rows><row Id='1'>one</row>{harm}<row Id='3'>th&amp;ee<![CDATA[<]]></row></rows>")
    others = [row for row in found if row[0] != key or not key]
    assert others == [("1", False, "one"), ("3", False, "th&ee<")]
    assert [(row[0], row[1]) for row in found if row not in others] == ([(key, True)] if key else [])


@pytest.mark.parametrize("size", [1, 13, 1 << 18])
def test_what_is_short_is_given_as_it_is(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr(xml_dump, "_BLOCK", size)
    body = """<?xml version="1.0"?><!DOCTYPE r [<!ELEMENT r ANY>]><!-- <a --><r a='">'><row Id="&lt;'/>"/>
    <row Id='1'>a<!-- b -->c<?d e?>f<![CDATA[g]]]]><![CDATA[>h]]><i j="k"/>l</row></r>"""
    assert given(body) == [("<'/>", False, ""), ("1", False, "acfg]]>hl")]


@pytest.mark.parametrize("size", [1, 50])
@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("<rows><row Id='1'/><!-- ", "truncated"),
        ("<rows><row Id='1'/><![CDATA[", "truncated"),
        ("<rows><row Id='1'/><row ", "truncated"),
        (f"<rows><row Id='1'/><row a='{LONG}", "truncated"),
        (f"<rows><row Id='1'/><row a='{LONG}<row Id='2'/></rows>" + " " * MOST, "malformed_xml"),
        ("<rows><row Id='1'/><! x></rows>" + " " * MOST, "malformed_xml"),
    ],
)
def test_what_is_not_whole_is_told(monkeypatch: pytest.MonkeyPatch, body: str, reason: str, size: int) -> None:
    found = list[Any]()
    monkeypatch.setattr(xml_dump, "_BLOCK", size)
    with pytest.raises(BrokenDump) as told:
        for element in elements_of(io.BytesIO(body.encode()), "dump", "row"):
            found.append(element.get("Id"))
    assert (told.value.reason, found[0]) == (reason, "1")


def test_a_page_keeps_its_head_however_many_revisions_it_has() -> None:
    revisions = "<revision><text>x</text></revision><y/>" * MOST
    found = list[Any]()
    for element in elements_of(
        io.BytesIO(f"<w><page><id>7</id>{revisions}</page></w>".encode()), "d", "page", "revision"
    ):
        if element.tag == "page":
            found.append((is_cut(element), [child.tag for child in element]))
    assert found == [(False, ["id", "revision", "y"])]


def test_the_tree_stays_small() -> None:
    most = 0
    body = f"<rows><x>{'<y>z</y>' * 20_000}</x><row/></rows>".encode()
    source = io.BytesIO(body)
    for element in elements_of(source, "dump", "row"):
        most = max(most, sum(1 for _ in element.getroottree().iter()))
    assert most < MOST
