"""What every connector must do. A new connector joins with one line in SOURCES and a little data beside it."""

import dataclasses
import pickle
import random
import re
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from packaging.licenses import canonicalize_license_expression
from pydantic import ValidationError

from connectors import CONNECTORS
from connectors.base import Connector
from connectors.confluence import Confluence
from connectors.discourse import Discourse
from connectors.documents import Documents
from connectors.forum import Forum
from connectors.github import GitHub
from connectors.hacker_news import HackerNews
from connectors.instructions import Instructions
from connectors.mailing_list import MailingList
from connectors.markdown import Markdown
from connectors.mediawiki import MediaWiki
from connectors.python_docs import PythonDocs
from connectors.reddit import Reddit
from connectors.stackexchange import StackExchange
from connectors.warc import Warc
from connectors.website import Website
from connectors.zendesk import Zendesk
from schemas.document import Article, Document, Exchange, Reject, Thread
from schemas.page import Page
from tests.connectors.recorded import OFFLINE, RecordedTransport, fetch
from tests.connectors.stack_api import stack_api
from tests.connectors.wiki import API, wiki

HERE = Path(__file__).parent
SITE = HERE.parents[1] / "data" / "samples" / "site"


@dataclass(frozen=True)
class Source:
    """A connector, settings for a small sample, and the recorded site that the sample is on, if it is on one."""

    connector: type[Any]
    settings: dict[str, Any]
    site: Callable[[], RecordedTransport] | None = None

    def make(self) -> Connector:
        return self.connector(name="sample", **self.settings)  # type: ignore[no-any-return]

    def fetch(self) -> list[Page | Reject]:
        return fetch(self.make(), self.site()) if self.site else list(self.make().fetch(OFFLINE, None))

    def pages(self) -> list[Page]:
        return [item for item in self.fetch() if isinstance(item, Page)]


SOURCES = {
    "stackexchange": Source(StackExchange, {"path": HERE / "stackexchange", "site": "stack.example"}),
    "stackexchange-comments": Source(
        StackExchange, {"path": HERE / "stackexchange", "site": "stack.example", "comments": True}
    ),
    "stackexchange-api": Source(StackExchange, {"site": "stack.example"}, stack_api),
    "discourse": Source(Discourse, {"folder": HERE / "discourse", "url": "https://forum.example"}),
    "markdown": Source(Markdown, {"folder": HERE / "markdown", "base_url": "https://guide.example/"}),
    "documents": Source(
        Documents, {"path": HERE / "documents", "base_url": "https://files.example/", "licence": "CC-BY-4.0"}
    ),
    "mediawiki-dump": Source(MediaWiki, {"dump": HERE / "mediawiki" / "wiki.xml", "licence": "CC-BY-SA-4.0"}),
    "mediawiki-talk": Source(
        MediaWiki, {"dump": HERE / "mediawiki" / "talk.xml", "licence": "CC-BY-SA-4.0", "namespaces": (1,)}
    ),
    "mediawiki-api": Source(MediaWiki, {"api": API}, wiki),
    "python_docs": Source(PythonDocs, {"packages": ("pip", "pytest", "numpy")}),
    "instructions": Source(Instructions, {"path": HERE / "instructions", "licence": "MIT"}),
    "mailing_list": Source(MailingList, {"path": HERE / "mailing_list", "url": "https://lists.example/kettle-users/"}),
    "forum": Source(Forum, {"folder": HERE / "forum", "base_url": "https://forum.example/", "licence": "CC-BY-4.0"}),
    "github": Source(GitHub, {"path": HERE / "github", "licence": "CC-BY-4.0"}),
    "warc": Source(Warc, {"path": HERE / "warc"}),
    "confluence": Source(
        Confluence, {"path": HERE / "confluence", "url": "https://wiki.example", "licence": "CC-BY-4.0"}
    ),
    "zendesk": Source(Zendesk, {"folder": HERE / "zendesk", "url": "https://kettle.example", "licence": "CC-BY-4.0"}),
    "reddit": Source(Reddit, {"path": HERE / "reddit"}),
    "reddit-comments": Source(Reddit, {"path": HERE / "reddit" / "RC_2024-01.jsonl", "comment_threads": True}),
    "hacker_news": Source(HackerNews, {"path": HERE / "hacker_news"}),
    "website": Source(Website, {"folder": SITE, "base_url": "https://site.example/"}),
}


@pytest.fixture(scope="module", params=SOURCES)
def source(request: pytest.FixtureRequest) -> Source:
    return SOURCES[request.param]


@pytest.fixture(scope="module")
def pages(source: Source) -> list[Page]:
    return source.pages()


@pytest.fixture(scope="module")
def documents(source: Source, pages: list[Page]) -> list[Document]:
    found = (item for page in pages for item in source.make().parse(page))
    return [item for item in found if not isinstance(item, Reject)]


def test_every_connector_is_here() -> None:
    assert {source.connector for source in SOURCES.values()} == set(CONNECTORS)


def test_settings_refuse_what_they_do_not_know(source: Source) -> None:
    with pytest.raises(ValidationError, match="wheel"):
        source.connector(name="sample", **source.settings, wheel=1)
    with pytest.raises(ValidationError):
        source.connector(name="Not a name", **source.settings)


def test_settings_name_their_connector_and_say_what_they_mean(source: Source) -> None:
    made = source.make()
    assert made.connector == type(made).model_fields["connector"].default  # type: ignore[attr-defined]
    assert made.kind in ("forum", "tutorial", "knowledge_base", "instructions")
    assert len(type(made).__doc__ or "") > 40
    assert all(path.is_file() for path in made.files())


def test_pages_have_one_key_each_and_their_provenance(pages: list[Page]) -> None:
    assert pages
    assert len({page.key for page in pages}) == len(pages)
    assert all(page.source == "sample" and page.url and page.body and page.media_type for page in pages)


def test_licences_are_spdx_or_unknown(pages: list[Page], documents: list[Document]) -> None:
    stated = {page.licence for page in pages} | {document.licence for document in documents}
    stated |= {post.licence for document in documents if isinstance(document, Thread) for post in document.posts}
    for licence in stated - {""}:
        assert canonicalize_license_expression(licence) == licence


def test_fetching_again_gives_the_same(source: Source) -> None:
    first, second = (source.fetch() for _ in range(2))
    assert first == second


def test_parsing_is_the_same_in_another_process(source: Source, pages: list[Page]) -> None:
    here = [list(source.make().parse(page)) for page in pages]
    assert here == [list(source.make().parse(page)) for page in pages]
    with ProcessPoolExecutor(1) as pool:
        assert list(pool.map(_parsed, [(source.make(), page) for page in pages])) == here


def _parsed(work: tuple[Connector, Page]) -> list[Document | Reject]:
    connector, page = work
    return list(connector.parse(page))


def test_everything_pickles(source: Source, pages: list[Page], documents: list[Document]) -> None:
    whole = (source.make(), pages, documents)
    assert pickle.loads(pickle.dumps(whole)) == whole


def test_documents_are_complete(pages: list[Page], documents: list[Document]) -> None:
    assert documents
    assert len({document.key for document in documents}) == len(documents)
    for document in documents:
        assert document.key and document.url and document.title
        assert all(text.strip() for text in texts(document))
        if isinstance(document, Thread):
            ids = [post.post_id for post in document.posts]
            assert len(set(ids)) == len(ids)
            assert all(post.reply_to in ("", *ids) for post in document.posts)


def test_nothing_is_edited_before_it_is_written(documents: list[Document]) -> None:
    for document in documents:
        told = document.posts if isinstance(document, Thread) else [document] if isinstance(document, Article) else []
        for one in told:
            assert one.edited_at is None or one.created_at is None or one.edited_at >= one.created_at


def test_text_is_markdown_without_tags(documents: list[Document]) -> None:
    for document in documents:
        for text in texts(document):
            prose, open_fence = without_code(text)
            assert not open_fence, f"{document.key}: a code fence stays open"
            assert not TAG.findall(prose), f"{document.key}: {TAG.findall(prose)[:3]}"
            assert not re.search("[\ue000-\uf8ff\x00]", text)


GARBAGE = {
    "empty": b"",
    "blank": b" \n\t ",
    "random": random.Random(7).randbytes(5000),
    "utf16": "<p>text</p>".encode("utf-16"),
    "cut": b'{"question": {"Id": "1", "Body": "<p>',
    "number": b"1e999",
    "list": b'[{"Id": 1}]',
    "wrong types": b'{"question": {"Id": 5}, "answers": {}, "title": [], "post_stream": 3, "wikitext": null}',
    "deep json": b"[" * 100_000,
    "deep html": b"<div>" * 3000 + b"text",
    "deep wikitext": b"{{a|" * 3000 + b"[[" * 3000,
    "deep markdown": b"> " * 3000 + b"text",
    "surrogates": b'{"title": "\\ud800", "wikitext": "\\udfff", "question": {"Id": "1", "Body": "\\ud800"}}',
}


@pytest.mark.parametrize("body", GARBAGE.values(), ids=GARBAGE)
def test_parse_takes_anything(source: Source, pages: list[Page], body: bytes) -> None:
    only_documents(source, dataclasses.replace(pages[0], body=body))
    only_documents(source, dataclasses.replace(pages[-1], body=body, media_type="application/octet-stream"))


def test_parse_takes_pages_cut_or_broken_anywhere(source: Source, pages: list[Page]) -> None:
    chance = random.Random(11)
    for page in chance.sample(pages, min(len(pages), 4)):
        for _ in range(5):
            place = chance.randrange(len(page.body))
            only_documents(source, dataclasses.replace(page, body=page.body[:place]))
            broken = page.body[:place] + chance.randbytes(3) + page.body[place + 3 :]
            only_documents(source, dataclasses.replace(page, body=broken))


def only_documents(source: Source, page: Page) -> None:
    found = list(source.make().parse(page))
    assert found
    assert all(isinstance(item, Thread | Article | Exchange | Reject) for item in found)
    assert all(re.fullmatch("[a-z][a-z0-9_]*", item.reason) for item in found if isinstance(item, Reject))


TAG = re.compile(
    r"</?(?:p|div|span|a|b|i|em|strong|ul|ol|li|table|tr|td|th|pre|code|br|ref|blockquote|h[1-6])\b[^>\n]*>"
)


def texts(document: Document) -> list[str]:
    if isinstance(document, Thread):
        return [post.markdown for post in document.posts]
    if isinstance(document, Article):
        return [*(section.markdown for section in document.sections), *document.steps]
    return [document.instruction, document.output]


def without_code(text: str) -> tuple[str, bool]:
    """The text outside of fences and code spans, and whether a fence is left open."""
    prose: list[str] = []
    fence = ""
    for line in text.split("\n"):
        marks = re.match(r"\s*(?:(?:[-*>]|\d+\.)\s+)*(`{3,}|~{3,})", line)
        if fence:
            fence = "" if marks and marks[1].startswith(fence) and line.strip(" >") == marks[1] else fence
        elif marks:
            fence = marks[1]
        else:
            prose.append(line)
    return re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", "\n".join(prose), flags=re.S), bool(fence)
