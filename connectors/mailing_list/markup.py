"""What mail programs mark in the HTML of a mail: signatures, and where the mail that is answered begins."""

import re2
from lxml.html import HtmlElement
from lxml.html.builder import P

COPY_BEGINS = "-----Original Message-----"  # as plain text has it
_SIGNATURES = (
    *("gmail_signature", "gmail_signature_prefix", "moz-signature", "protonmail_signature_block"),
    *("Signature", "ms-outlook-mobile-signature", "AppleMailSignature", "ymail_android_signature"),
)
_COPIES = (
    *("divRplyFwdMsg", "OLK_SRC_BODY_SECTION", "OutlookMessageHeader", "yahoo_quoted", "ymail_android_signature_quote"),
    *("mail-editor-reference-message-container", "messageReplySection", "zmail_extra"),
)
_PREFIX = re2.compile(r"^(?:x_|ydp[0-9a-f]+)+")
_LABELS = 3  # in bold, each with a colon, make a mail's headers in any language
_BOLD = ".//*[self::b or self::strong][contains(., ':') or contains(., '：')]"


def without_mail_program(tree: HtmlElement) -> None:
    """Take signatures out of `tree`, and write COPY_BEGINS where a mail is copied."""
    for element in _named(tree, _SIGNATURES):
        if element.getparent() is not None:
            element.drop_tree()
    for element in [*_named(tree, _COPIES), *_under_a_rule(tree)]:
        if element.getparent() is not None:
            element.addprevious(P(COPY_BEGINS))


def _named(tree: HtmlElement, names: tuple[str, ...]) -> list[HtmlElement]:
    """Elements with one of these as their id, name, or a word of their class; programs put a prefix before a copy's."""
    wanted = {name.lower() for name in names}
    found = tree.xpath(".//*[@id or @class or @name]")
    return [element for element in found if wanted & _names(element)]


def _names(element: HtmlElement) -> set[str]:
    words = " ".join(element.get(name) or "" for name in ("id", "class", "name")).lower().split()
    return {_PREFIX.sub("", word) for word in words}


def _under_a_rule(tree: HtmlElement) -> list[HtmlElement]:
    """Outlook's box for the headers of the mail that is answered."""
    boxes = tree.xpath(".//div[contains(translate(@style, ' BDEORT', 'bdeort'), 'border-top:solid')]")
    return [box for box in boxes if len(box.xpath(_BOLD)) >= _LABELS]
