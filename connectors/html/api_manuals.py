"""Manuals of programming interfaces, as Doxygen and pdoc write them, as plain HTML."""

import re2
from lxml import etree
from lxml.html import HtmlElement

from connectors.html.inline import write_anew

NAMED = re2.compile(r"memproto|headertitle|\bttc\b|\bpdoc\b|view-source")
# Boxes that are shown when one points at something, the search, and the name of the project; code folded below a button
_DROPPED = etree.XPath(
    ".//div[@class='ttc' or @id='MSearchSelectWindow' or @id='MSearchResultsWindow'"
    " or (@id='top' and .//div[@id='titlearea']) or (@class='header' and div[@class='headertitle'])]"
    " | .//label[contains(@class, 'view-source-button')]"
    " | .//*[contains(@class, 'pdoc-code')][preceding-sibling::input[contains(@class, 'view-source')]]"
)
_SIGNATURES = etree.XPath(".//table[@class='memname']")
_MEMBERS = etree.XPath(".//section[@id]/div[contains(concat(' ', @class, ' '), ' attr ')]")
_BEFORE_SIGN = re2.compile(r"\s+([,)\]])")
_AFTER_BRACKET = re2.compile(r"\s*\(\s*")


def write_api(root: HtmlElement) -> None:
    """Change `root` in place."""
    for part in _DROPPED(root):
        if part.getparent() is not None:
            part.drop_tree()
    for table in _SIGNATURES(root):
        said = _BEFORE_SIGN.sub(r"\1", " ".join(table.text_content().replace("\xa0", " ").split()))
        write_anew(table, "p", "code", _AFTER_BRACKET.sub("(", said))
    for member in _MEMBERS(root):
        around = member.getparent().getparent()
        member.tag = "h3" if around is not None and "classattr" in (around.get("class") or "") else "h2"
