"""What a site adds within its articles: notices, datelines, lists of other articles, headings with nothing below."""

import re2
from lxml.html import HtmlElement

from connectors.html.density import Weight
from connectors.html.tags import HEADINGS

# Lines in English, Indonesian, German, French, Portuguese and Chinese
_NOTICES = re2.compile(
    r"(?i)^(?:read more|read also|see also|also read|more:|related:|share this|follow us|sign up|subscribe"
    r"|you may also like|click here to|loading|baca juga|lesen sie auch|lire aussi|leia mais"
    r"|扫一扫|分享到|相关阅读|相关新闻|责任编辑|返回搜狐|特别声明|免责声明|声明[:：]|以上内容（|猜你喜欢|举报$)"
    r"|^(?:advert|advertisement|sponsored|iklan|anzeige|werbung|publicidade?|publicité|广告|廣告)$"
    r"|all rights reserved|版权所有|版權所有|icp备|公网安备|未经授权|未经书面授权|转载请注明"
    r"|무단 ?전재|copyright ©|sign up for our|to your inbox|unsubscribe anytime|newsletter subscribers|by signing up"
    r"|\(\s*(?:image|photo|picture|credit)s?\s*:[^()]*\)$"
)
_DATED = re2.compile(
    r"(?i)^(?:first |date |last )?(?:published|posted|updated|modified|edited)\b.*\d"
    r"|^[（(【\[]?(?:责任编辑|责编|编辑|编辑日期|发布时间|发布日期|时间|来源|阅读量?|浏览量?)\s*[:：]|^上一[篇页]|^下一[篇页]|^加载更多"
)
_MORE = re2.compile(
    r"(?i)^(?:more (?:from|on|great|stories|news)|related|recommended|read next|you may|don't miss|most read|latest"
    r"|trending|相关|推荐|延伸阅读|热门|更多)"
)
_NOTICE = 160
_DATE = 80
_STOPS = ".!?。！？…”"
_SENTENCE = 25
# A list of other articles has at least so many items, and at most this share of the content's prose
_FEWEST, _MOST = 3, 0.5


def trim(block: HtmlElement, weights: dict[HtmlElement, Weight]) -> None:
    """Drop lists of links, notices and empty frames within the content."""
    for element in list(block.iter("div", "ul", "ol", "section", "table", "p", "figure", "header", "form")):
        weight = weights.get(element)
        if element is block or weight is None or element.getparent() is None or element.getparent().tag == "li":
            continue
        is_small = weight.prose <= _MOST * weights[block].prose
        if _is_of_links(element, weight) or _is_notice(element, weight) or (is_small and _is_of_teasers(element)):
            element.drop_tree()
    _drop_last_headings(block)


def _is_of_links(element: HtmlElement, weight: Weight) -> bool:
    """Links and little else; but not a paragraph that says something between them."""
    if weight.worth >= 0 or weight.links <= 0.5 * weight.length:
        return False
    is_sentence = weight.length - weight.links >= _SENTENCE and element.text_content().rstrip()[-1:] in _STOPS
    return not (element.tag == "p" and is_sentence)


def _is_notice(element: HtmlElement, weight: Weight) -> bool:
    if weight.length >= _NOTICE:
        return False
    text = " ".join(element.text_content().split())
    return bool(_NOTICES.search(text)) or (weight.length < _DATE and bool(_DATED.search(text)))


def _is_of_teasers(element: HtmlElement) -> bool:
    """A list of other articles: most items link twice to one place, as a picture and a title, or a title and "more"."""
    items = [item for item in element if isinstance(item.tag, str)]
    if len(items) < _FEWEST or len({item.tag for item in items}) > 1 or items[0].tag in ("p", *HEADINGS):
        return False
    twice = 0
    for item in items:
        targets = [href for href in item.xpath(".//a/@href") if not href.startswith(("#", "javascript"))]
        twice += len(set(targets)) < len(targets)
    return twice >= 0.7 * len(items)


def _drop_last_headings(block: HtmlElement) -> None:
    """Headings that nothing follows, and those of lists of other articles with the list."""
    for heading in list(block.iter(*HEADINGS)):
        below = heading.getnext()
        if below is not None and below.tag in ("ul", "ol") and _MORE.search(" ".join(heading.text_content().split())):
            below.drop_tree()
    for heading in reversed(list(block.iter(*HEADINGS))):
        if heading is block or _says_something_after(heading, block):
            break
        heading.drop_tree()


def _says_something_after(element: HtmlElement, block: HtmlElement) -> bool:
    step: HtmlElement | None = element
    while step is not None and step is not block:
        if (step.tail or "").strip() or any(each.text_content().strip() for each in step.itersiblings()):
            return True
        step = step.getparent()
    return False
