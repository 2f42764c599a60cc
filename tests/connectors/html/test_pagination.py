"""The next page of boards, threads and listings: how sites announce it, and what only looks like it."""

import pytest

from connectors import html
from connectors.html.next_addresses import ELSEWHERE, FURTHER, NEVER, PERHAPS, relation
from connectors.html.pagination import next_page, unreachable_next

SITE = "https://forum.example"
NUMBERS = '<a href="{0}1">1</a> <b>{1}</b> <a href="{0}{2}">{2}</a> <a href="{0}9">9</a>'


def found(markup: str, path: str = "/board") -> str:
    root = html.parse(f"<html><body><p>Talk about ovens.</p>{markup}</body></html>")
    return next_page(root, SITE + path).removeprefix(SITE)


WORDS = (
    "Next|Next Page »|Older posts|Weiter ›|Nächste Seite|Suivant|Page suivante|Siguiente|Entradas antiguas|Successiva"
    "|Pagina successiva »|Próxima|Página seguinte|Volgende|Nästa|Neste|Næste|Seuraava|Następna|Další|Далее|След."
    "|Следующая →|Наступна|Sonraki|Επόμενη|Következő|Următoarea|Tiếp|Trang sau"
    "|Berikutnya|ถัดไป|अगला|הבא|التالي|بعدی|下一页|下一頁 >|后一页"
    "|次へ|次のページ|다음|다음 페이지|›|»|→|>|&gt;&gt;|▶|Next 20 results|Next (2/9)|More"
)


@pytest.mark.parametrize("word", WORDS.split("|"))
def test_words_and_arrows_of_many_languages(word: str) -> None:
    assert found(f'<a href="/board?page=2">{word}</a>') == "/board?page=2"


@pytest.mark.parametrize(
    ("path", "to"),
    [
        ("/categories/ovens", "/categories/ovens/p2"),
        ("/categories/ovens/p8", "/categories/ovens/p9"),
        ("/ovens.html", "/ovens-2.html"),
        ("/ovens-2.html", "/ovens-3.html"),
        ("/t7-ovens", "/t7p15-ovens"),
        ("/forum/Themen", "/forum/Themen/Seite/2"),
        ("/forum/Themen/Seite/2", "/forum/Themen/Seite/3"),
        ("/ovens/page-2", "/ovens/page-3"),
        ("/ovens/page/2/", "/ovens/page/3/"),
        ("/ovens?page=2", "/ovens?page=3"),
        ("/ovens", "/ovens?page=1"),
        ("/ovens/", "/ovens/index2.html"),
        ("/search?q=oven", "/search?q=oven&offset=20"),
        ("/search?q=oven&offset=20", "/search?q=oven&offset=40"),
        ("/viewtopic.php?t=7", "/viewtopic.php?t=7&start=15"),
        ("/ovens", "/ovens?after=t3_x1y"),
        ("/ovens?after=t3_x1y", "/ovens?after=t3_q9z"),
        ("/forum-12-1.html", "/forum-12-2.html"),
    ],
)
@pytest.mark.parametrize(
    "link",
    [
        '<a rel="next" href="{}">›</a>',
        '<head><link rel="next" href="{}"></head>',
        '<li class="pagination-next"><a href="{}"><i class="icon"></i></a></li>',
        '<a class="PagerLinkNext" href="{}"></a>',
        '<a aria-label="Next page" href="{}"><svg></svg></a>',
        '<a href="{}"><img src="/i/x.gif" alt="Next"></a>',
        '<a href="{}"><img src="/i/arrow_right.gif"></a>',
        '<a title="Next Page - Results 11 to 20 of 22" href="{}">&gt;</a>',
        '<a href="{}">Older posts</a>',
        '<a class="next" href="{}">Edasi</a>',
        '<button class="next" data-url="{}">Next</button>',
    ],
)
def test_every_way_to_write_an_address_and_a_link(path: str, to: str, link: str) -> None:
    """A class alone is believed of an address that surely goes on; a word or arrow also where a number leads there."""
    certain = relation(SITE + path, SITE + to) == FURTHER
    wanted = to if certain or "Edasi" not in link else ""
    assert found(link.format(to) + f'<a href="{to}">3</a>', path) == wanted


@pytest.mark.parametrize(
    ("path", "markup", "to"),
    [
        ("/ovens", '<b>1</b> <a href="/ovens?o=20">2</a> <a href="/ovens?o=40">3</a>', "/ovens?o=20"),
        ("/ovens?o=20", '<a href="/ovens">1</a> <b>2</b> <a href="/ovens?o=40">3</a>', "/ovens?o=40"),
        ("/ovens?page=2", NUMBERS.format("/ovens?page=", 2, 3), "/ovens?page=3"),
        ("/", '<a href="/all/page2">2</a><a href="/all/page3">3</a><a href="/all/page2">Next</a>', "/all/page2"),
        ("/forum-2.html", '<a href="/forum-3.html">3</a><a href="/forum-3.html">下一页</a>', "/forum-3.html"),
        ("/ovens?page=2", '<a href="/ovens?page=3">›</a><a href="/ovens?page=9">»</a>', "/ovens?page=3"),
        ("/", '<a class="older-link" href="/search?updated-max=2016">Older Posts</a>', "/search?updated-max=2016"),
        ("/?paged=2", '<a href="/?paged=1">Newer posts →</a><a href="/?paged=3">← Older posts</a>', "/?paged=3"),
        ("/ovens", '<a rel="next" href="javascript:;" data-href="/ovens?page=2">2</a>', "/ovens?page=2"),
    ],
)  # fmt: skip
def test_numbers_of_pages(path: str, markup: str, to: str) -> None:
    assert found(markup, path) == to


@pytest.mark.parametrize(
    ("path", "markup"),
    [
        ("/ovens", '<a class="next" href="/ovens">Next</a>'),
        ("/ovens", '<a class="next" href="https://other.example/ovens?page=2">Next</a>'),
        ("/ovens?page=3", '<a class="next" href="/ovens?page=1">Next</a>'),
        ("/ovens/page/3", '<a class="next" href="/ovens/">Next page</a>'),
        ("/ovens?page=3", '<a class="next" href="/ovens">Next page</a>'),
        ("/ovens?page=3", '<a href="/ovens?page=2">‹</a><a href="/ovens?page=1">«</a>'),
        ("/ovens?page=2", '<a href="/ovens?page=9">»</a>'),
        ("/viewtopic.php?t=7", '<a href="/viewtopic.php?t=8">Next topic</a>'),
        ("/viewtopic.php?t=7", '<a href="/viewtopic.php?t=8" title="Next topic">»</a>'),
        ("/viewtopic.php?t=7", '<a class="next" href="/viewtopic.php?t=8">›</a>'),
        ("/topic/7", '<a rel="next" href="/topic/8">Next</a>'),
        ("/threads/dough.7/", '<a rel="next" href="/threads/bread.8/">Next</a>'),
        ("/threads/dough.7/", '<a class="next" href="/threads/dough.7/?page=2">Next unread</a>'),
        ("/2016/01/dough/", '<div class="nav-next"><a rel="next" href="/2016/02/bread/">How bread rises →</a></div>'),
        ("/guide/dough", '<link rel="next" href="/guide/bread"><a rel="next" href="/guide/bread">Next</a>'),
        ("/ch/7.html", '<a href="/ch/8.html">下一篇</a><a href="/ch/8.html">下一章</a>'),
        ("/ovens", '<div class="carousel"><a class="next" href="/ovens?page=2">›</a></div>'),
        ("/ovens", '<table class="calendar"><tr><td><a href="/ovens?month=2">»</a></td></tr></table>'),
        ("/ovens", '<a href="#" class="next">Next</a><a href="javascript:go(2)">Next page</a>'),
        ("/ovens", '<li class="disabled"><a href="/ovens?page=2">Next</a></li>'),
        ("/ovens", '<button class="next" disabled data-url="/ovens?page=2">Next</button>'),
        ("/ovens", '<a href="/ovens?sort=2">▼</a><a href="/ovens?per_page=50">50</a>'),
        ("/ovens", '<a href="/ovens?page=2">2 answers</a><a href="/dough/2">2</a>'),
        ("/viewtopic.php?t=7", '<a href="/viewtopic.php?p=123#p123">2</a>'),
        ("/?p=1450", '<a rel="next" href="/?p=1489">Bread</a><a href="/?p=1489">»</a>'),
        ("/", '<a href="/?page_id=2">More</a><a href="/news/2">More</a>'),
    ],
)  # fmt: skip
def test_what_only_looks_like_a_next_page(path: str, markup: str) -> None:
    assert found(markup, path) == ""


@pytest.mark.parametrize(
    ("markup", "said"),
    [
        ('<a href="#">Next page</a>', "Next page"),
        ('<a href="javascript:go(2)" aria-label="Next page">›</a>', "›"),
        ('<button>Load more comments</button>', "Load more comments"),
        ('<a href="javascript:;">加载更多</a>', "加载更多"),
        ('<button disabled>Load more</button>', ""),
        ('<div class="slider"><a href="#">Next page</a></div>', ""),
        ('<a href="#" class="next">Next</a>', ""),
        ('<a href="/board?page=2">Load more</a>', ""),
    ],
)  # fmt: skip
def test_a_next_page_that_only_a_script_would_fetch_is_told(markup: str, said: str) -> None:
    assert unreachable_next(html.parse(f"<body><p>Ovens.</p>{markup}</body>"), f"{SITE}/board") == said


@pytest.mark.parametrize(
    ("url", "to", "wanted"),
    [
        ("/a", "/a?page=2", FURTHER),
        ("/a?page=2", "/a?page=4", ELSEWHERE),
        ("/a?page=2", "/a?page=1", NEVER),
        ("/a?page=2", "/a?page=2&sort=1", PERHAPS),
        ("/a?id=7", "/a?id=8", PERHAPS),
        ("/a?tag=x", "/a?tag=y", ELSEWHERE),
        ("/a/7", "/a/8", PERHAPS),
        ("/a/page/10", "/a/page/11", FURTHER),
        ("/a/index.php", "/a/?page=2", FURTHER),
        ("/a", "/b", ELSEWHERE),
        ("/", "/b/page/2", PERHAPS),
    ],
)
def test_how_addresses_lie_to_each_other(url: str, to: str, wanted: int) -> None:
    assert relation(SITE + url, SITE + to) == wanted
