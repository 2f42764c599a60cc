"""Posts of which a page shows only the beginning: "… (more)". A script would fetch the rest."""

import re2
from lxml.html import HtmlElement

from connectors.html.tree import text_before
from schemas.hole import hole

# Link words in lower case, without brackets, arrows and dots
_MORE = re2.compile(
    r"^(?:(?:read|see|show|view|load|click (?:here )?(?:to|for))? ?"
    r"(?:more|all|rest|full (?:post|text|answer|comment|review))|continue(?: reading)?|expand"
    r"|mehr(?: (?:lesen|anzeigen))?|weiterlesen|(?:lire|voir) (?:la suite|plus)|afficher (?:plus|la suite)"
    r"|(?:leer|ver|mostrar|ler|leia|mostra|leggi) (?:más|mais|tutto|di più|altro)"
    r"|(?:читать|показать) (?:далее|дальше|полностью|ещё|еще)|続きを読む|もっと見る|더 ?보기|展开"
    r"|(?:点击)?(?:展开|顯示|显示|阅读|閱讀|查看|浏览)?(?:全文|全部|更多|余下全文|剩余内容|全部内容))$"
)
_SIGNS = " \t\n\xa0()[]（）【】.…>»›→▼↓+"
_LONGEST = 30
_CUT = ("...", "…", ". . .")


def mark_cuts(body: HtmlElement) -> None:
    """Leave a hole where the text of a post breaks off, in place of the link that shows the rest."""
    for link in list(body.iter("a", "span", "button", "label")):
        words = " ".join(link.text_content().split()) if link.getparent() is not None else ""
        if not 0 < len(words) <= _LONGEST or not _MORE.match(words.lower().strip(_SIGNS)):
            continue
        if text_before(link, body).rstrip().endswith(_CUT) or words.lstrip("([（").startswith(_CUT):
            link.tail = f" {hole('rest')}{link.tail or ''}"
            link.drop_tree()
