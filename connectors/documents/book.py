"""EPUB: the files of its spine, put together to chapters by its table of contents. https://www.w3.org/TR/epub-33/"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from posixpath import dirname, join, normpath
from typing import Any
from urllib.parse import unquote
from zipfile import ZipFile

import re2
from lxml import etree
from lxml.html import HtmlElement

from connectors.documents import archive
from connectors.documents.material import Material, licence_in
from connectors.html import Unreadable, decode, parse
from connectors.reading.stored_json import load
from connectors.reading.times import parse_time
from schemas.document import Reject

CHAPTER = "application/epub+zip; part=chapter"
_OPF, _DC = "{http://www.idpf.org/2007/opf}", "{http://purl.org/dc/elements/1.1/}"
_NCX, _HTML = "{http://www.daisy.org/z3986/2005/ncx/}", "{http://www.w3.org/1999/xhtml}"
_TYPE = "{http://www.idpf.org/2007/ops}type"
LONGEST = 4 << 20  # characters of one chapter; a page of ours holds 10 million, and their tags
_WITH_TAGS = (".xhtml", ".html", ".htm")
_XHTML = ("application/xhtml+xml", "text/html", "application/x-dtbook+xml", "text/x-oeb1-document")
# What stands around a book's text: https://www.w3.org/TR/epub-ssv-11/
_FRAMES = frozenset(
    ("cover", "titlepage", "halftitlepage", "toc", "loi", "lot", "landmarks", "page-list", "copyright-page", "index")
)
_FRAME_TITLE = re2.compile(
    r"(?i)^(?:cover|(?:half ?)?title ?page|copyright(?: page| notice)?|colophon|imprint|dedication"
    r"|(?:table of )?contents|toc|about the (?:authors?|publishers?)|author biography|publisher|edition"
    r"|acknowledge?ments?|praise for .*|also by .*"
    r"|impressum|titelseite|inhalt(?:sverzeichnis)?|widmung|sommaire|table des matières|índice"
    r"|封面|扉页|版权(?:页|信息|声明)?|目录|目錄|版權(?:頁|聲明)?|献词|致谢|奥付|目次)$"
)
# Paragraphs that only lead from one file of a book to another
_WAY_ON = re2.compile(
    r"(?i)^(?:(?:previous|next|parent) (?:topic|chapter|section|page)\s?[:：]|[上下]一[章节页]\s?[:：])"
    r".{0,120}$"
)
_DRM = "META-INF/encryption.xml"
_FONTS = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")  # which only scramble fonts


@dataclass(frozen=True, slots=True)
class Chapter:
    """`name` is the first of its files in the archive; `about` are the fields of `Material` that the book fills."""

    name: str
    title: str
    markup: tuple[str, ...]
    about: dict[str, Any]

    def dumped(self) -> bytes:
        told = {"title": self.title, "markup": self.markup, **self.about}
        return json.dumps(told, ensure_ascii=False, sort_keys=True).encode("utf-8", "replace")


def chapters(body: bytes) -> Iterator[Chapter | Reject]:
    """The chapters, and a Reject for each file of the spine that cannot be read, by its name in the archive.

    Raises Unreadable: broken_book, password_protected (what shops lock too), no_text, and those of `archive`.
    """
    with archive.opened(body) as opened:
        _check_open(opened)
        place = _package_path(opened)
        package = _xml(archive.named(opened, place))
        if package is None:
            raise Unreadable("broken_book", "no package document")
        manifest = {item.get("id"): item for item in package.iter(f"{_OPF}item")}
        files, unread = _spine(package, manifest, dirname(place))
        yield from unread
        titles = _contents(opened, package, manifest, dirname(place))
        about, found = _about(package), False
        for chapter in _grouped(opened, files, titles, about):
            found = found or isinstance(chapter, Chapter)
            yield chapter
    if not found:
        raise Unreadable("no_text", "no chapter in its spine")


def _check_open(opened: ZipFile) -> None:
    root = _xml(archive.named(opened, _DRM))
    ways = root.xpath("//*[local-name()='EncryptionMethod']/@Algorithm") if root is not None else []
    if any(way not in _FONTS for way in ways):
        raise Unreadable("password_protected", "locked by its seller")


def _xml(body: bytes) -> Any:
    """The root of a part, None where it cannot be read. Entities are not read: they may be bombs."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, recover=True, huge_tree=False)
    try:
        return etree.fromstring(body, parser) if body.strip() else None
    except (etree.XMLSyntaxError, ValueError):
        return None


def _package_path(opened: ZipFile) -> str:
    root = _xml(archive.named(opened, "META-INF/container.xml"))
    stated = root.xpath("//*[local-name()='rootfile']/@full-path") if root is not None else []
    others = sorted(name for name in opened.namelist() if name.endswith(".opf"))
    return unquote(next(iter([*stated, *others]), ""))


def _spine(package: Any, manifest: dict[Any, Any], folder: str) -> tuple[list[str], list[Reject]]:
    """The book's files in the order of reading, without navigation; and what is there besides text, or is not there."""
    named = [reference.get("idref") or "" for reference in package.iter(f"{_OPF}itemref")]
    unread = [
        Reject(name, "missing_file", "the spine names what the manifest does not")
        for name in named
        if name not in manifest
    ]
    listed = [manifest[name] for name in named if name in manifest]
    kept = [item for item in listed if "nav" not in (item.get("properties") or "").split()]
    frames = {_path(folder, ref.get("href")) for ref in package.iter(f"{_OPF}reference") if _is_frame(ref.get("type"))}
    kinds = {_path(folder, item.get("href")): item.get("media-type") or "" for item in kept}
    texts = [path for path, kind in kinds.items() if kind in _XHTML or path.lower().endswith(_WITH_TAGS)]
    unread += [Reject(path, "unsupported_format", kinds[path]) for path in kinds if path not in texts]
    return [path for path in texts if path not in frames], unread


def _is_frame(kind: str | None) -> bool:
    words = set((kind or "").lower().replace("title-page", "titlepage").split())
    return bool(words & _FRAMES)


def _path(folder: str, href: str | None) -> str:
    return normpath(join(folder, unquote((href or "").partition("#")[0])))


def _contents(opened: ZipFile, package: Any, manifest: dict[Any, Any], folder: str) -> dict[str, tuple[str, ...]]:
    """The titles that lead to each file, outermost first, by the newer table of contents, else by the older."""
    items = list(manifest.values())
    nav = next((item for item in items if "nav" in (item.get("properties") or "").split()), None)
    spine = package.find(f"{_OPF}spine")
    ncx = manifest.get(spine.get("toc")) if spine is not None else None
    ncx = (
        ncx
        if ncx is not None
        else next((item for item in items if item.get("media-type", "").endswith("ncx+xml")), None)
    )
    titles: dict[str, tuple[str, ...]] = {}
    for item, read in ((nav, _nav_entries), (ncx, _ncx_entries)):
        place = _path(folder, item.get("href")) if item is not None else ""
        root = _xml(archive.named(opened, place)) if place else None
        for names, href in read(root) if root is not None and not titles else ():
            titles.setdefault(_path(dirname(place), href), names)
    return titles


def _nav_entries(root: Any) -> Iterator[tuple[tuple[str, ...], str]]:
    called = {"toc", "doc-toc"}
    navs = [nav for nav in root.iter(f"{_HTML}nav") if called & set(f"{nav.get(_TYPE)} {nav.get('role')}".split())]
    for item in (item for nav in navs for item in nav.iter(f"{_HTML}li")):
        above = [*reversed(list(item.iterancestors(f"{_HTML}li"))), item]
        names = (_words(each.find(f"{_HTML}a"), each.find(f"{_HTML}span")) for each in above)
        link = item.find(f"{_HTML}a")
        if link is not None:
            yield tuple(filter(None, names)), link.get("href", "")


def _ncx_entries(root: Any) -> Iterator[tuple[tuple[str, ...], str]]:
    for point in root.iter(f"{_NCX}navPoint"):
        above = list(point.iterancestors(f"{_NCX}navPoint"))
        names = tuple(_words(each.find(f"{_NCX}navLabel")) for each in [*reversed(above), point])
        content = point.find(f"{_NCX}content")
        if content is not None:
            yield tuple(filter(None, names)), content.get("src", "")


def _words(*elements: Any) -> str:
    found = next((element for element in elements if element is not None), None)
    return "" if found is None else " ".join("".join(found.itertext()).split())


def _grouped(
    opened: ZipFile, files: list[str], titles: dict[str, tuple[str, ...]], about: dict[str, Any]
) -> Iterator[Chapter | Reject]:
    """A file that the table of contents does not name goes on with the one before it, or, after LONGEST, its title."""
    chapter: Chapter | None = None
    for path in files:
        text = _text(opened, path)
        if isinstance(text, Reject):
            yield text
        if isinstance(text, Reject) or not text.strip():
            continue
        names = titles.get(path, ())
        is_long = chapter is not None and sum(map(len, chapter.markup)) + len(text) > LONGEST
        if chapter is not None and (names or not titles or is_long):
            yield chapter
        if chapter is None or names or not titles:
            above = {"context": [about["book"], *names[:-1]]} if about["book"] else {"context": list(names[:-1])}
            chapter = Chapter(path, names[-1] if names else "", (text,), {**about, **above})
        else:
            chapter = replace(
                chapter, **({"name": path, "markup": (text,)} if is_long else {"markup": (*chapter.markup, text)})
            )
    if chapter is not None:
        yield chapter


def _text(opened: ZipFile, path: str) -> str | Reject:
    if path not in opened.NameToInfo:
        return Reject(path, "missing_file", "the spine names it")
    try:
        return decode(archive.named(opened, path))
    except Unreadable as error:
        return Reject(path, error.reason, error.detail)


def _about(package: Any) -> dict[str, Any]:
    def said(name: str) -> list[str]:
        return [
            " ".join((each.text or "").split()) for each in package.iter(f"{_DC}{name}") if (each.text or "").strip()
        ]

    modified = package.xpath("//*[local-name()='meta'][@property='dcterms:modified']/text()")
    links = package.xpath(
        "//*[local-name()='link'][@rel='cc:license' or @rel='license' or @rel='dcterms:license']/@href"
    )
    terms = package.xpath("//*[local-name()='meta'][@property='dcterms:license' or @property='dcterms:rights']/text()")
    return {
        "book": next(iter(said("title")), ""),
        "author": ", ".join(said("creator"))[:200],
        "created": next(iter(said("date")), ""),
        "edited": next(iter(modified), ""),
        "licence": licence_in(" ".join([*links, *terms, *said("rights")])),
        "tags": said("subject"),
        "language": next(iter(said("language")), ""),
    }


def read_chapter(body: bytes) -> Material:
    """Raises Unreadable: malformed_json, front_matter for covers, title pages and lists of contents."""
    told = load(body)
    if not isinstance(told, dict) or not isinstance(told.get("markup"), list):
        raise Unreadable("malformed_json")
    if _FRAME_TITLE.match(str(told.get("title") or "")):
        raise Unreadable("front_matter", "what stands around a book's text")
    bodies = [_body(parse(text)) for text in told["markup"] if isinstance(text, str) and text.strip()]
    markup = "\n".join(etree.tostring(each, encoding="unicode", method="html") for each in bodies if each is not None)
    if not markup:
        raise Unreadable("front_matter", "a cover, a title page or a table of contents")
    return Material(
        markup=markup,
        title=str(told.get("title") or ""),
        author=str(told.get("author") or ""),
        created_at=parse_time(told.get("created")),
        edited_at=parse_time(told.get("edited")),
        licence=str(told.get("licence") or ""),
        tags=_listed(told.get("tags")),
        context=_listed(told.get("context")),
        language=str(told.get("language") or ""),
    )


def _listed(value: Any) -> tuple[str, ...]:
    return tuple(each for each in value if isinstance(each, str) and each) if isinstance(value, list) else ()


def _body(root: HtmlElement) -> HtmlElement | None:
    """A file's body as a `div`, without page numbers of the printed book and lists of contents; None for a frame."""
    body = root.find("body")
    body = root if body is None else body
    sections = [each for each in body if isinstance(each.tag, str) and each.tag in ("section", "div", "nav")]
    frames = [each for each in (body, *sections) if _is_frame(each.get("epub:type"))]
    if body in frames or (frames and len(frames) == len(list(body))):
        return None
    for part in body.xpath('.//nav | .//*[contains(@*[name()="epub:type"], "pagebreak") or @role="doc-pagebreak"]'):
        part.drop_tree()
    for part in body.xpath(".//p[.//a] | .//div[.//a][not(.//p)]"):
        if part is not body and _WAY_ON.match(" ".join(part.text_content().split())):
            part.drop_tree()
    body.tag = "div"
    body.attrib.clear()
    return body
