"""Real documentation sites: no line of code is lost, and nothing of the frame is kept."""

from pathlib import Path

import pytest
import re2

from connectors import html
from connectors.website import Website
from schemas.document import Article
from schemas.page import Page

FENCE = re2.compile(r"(?m)^[ >]*(?:- )*`{3,}\S*$")


def articles(shared_data: Path, site: str, most: int) -> list[tuple[Page, Article]]:
    saved = Website(name="site", folder=shared_data / "tutorials" / site, base_url="https://docs.example/")
    pages = [item for item in saved.fetch(None, None) if isinstance(item, Page)][:most]  # type: ignore[arg-type]
    found = [(page, document) for page in pages for document in saved.parse(page)]
    return [(page, document) for page, document in found if isinstance(document, Article)]


def text_of(article: Article) -> str:
    return "\n".join(section.markdown for section in article.sections)


@pytest.mark.parametrize(("site", "most"), [("python-docs", 30), ("git-docs", 15), ("debian-faq-en", 17)])
def test_every_line_of_code_is_kept(shared_data: Path, site: str, most: int) -> None:
    lines = 0
    for page, article in articles(shared_data, site, most):
        kept = {line.lstrip("> ").rstrip() for line in text_of(article).split("\n")}
        whole = html.parse(html.decode(page.body))
        for block in whole.iter("pre"):
            wanted = [line.lstrip("> ").rstrip() for line in block.text_content().split("\n") if line.strip("> ")]
            lines += len(wanted)
            assert set(wanted) <= kept, f"{page.key}: {[line for line in wanted if line not in kept][:3]}"
    assert lines > 100


@pytest.mark.parametrize("site", ["python-docs", "git-docs", "debian-faq-en", "debian-faq-zh-cn"])
def test_nothing_of_the_frame_is_kept(shared_data: Path, site: str) -> None:
    for page, article in articles(shared_data, site, 10):
        text = text_of(article)
        assert not any(sign in text for sign in ("¶", "\ue000", "Next topic", "Previous topic", "Report a Bug")), (
            page.key
        )
        assert len(FENCE.findall(text)) % 2 == 0, page.key
        assert article.title
