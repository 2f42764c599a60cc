"""Pages whose text comes only when a browser runs their scripts."""

import re2
from lxml.html import HtmlElement

_FEW = 600  # characters on a page that is a frame around what scripts would put there: a menu, a footer
_NOTE = 250  # characters of a page that says nothing but that it wants scripts
_NAME = r"(?:java ?script|\bJS\b)"
_WISH = (
    r"(?:enabl|turn(?:ed)? o|switch(?:ed)? o|allow|requir|needs?\b|without|disabled|support"
    r"|habilit|aktiv|activ|ativ|attiv|включ|启用|開啟|开启|啟用|打开|允许|关闭|有効|無効|활성화|필요)"
)
_ASKS = re2.compile(f"(?i){_WISH}[^.。]{{0,60}}{_NAME}|{_NAME}[^.。]{{0,60}}{_WISH}")
_UNSEEN = "self::script or self::style or self::noscript or self::template or self::head"
_TEXT = f".//text()[not(ancestor::*[{_UNSEEN}])]"
# an element that scripts fill: named, and with nothing in it, or with a picture that turns
_TO_FILL = (
    ".//*[(@id or contains(name(), '-')) and (self::div or self::main or self::section or contains(name(), '-'))]"
)
# what is named so stays empty on pages that say what they have to say: notes, advertisements, windows that open later
_ASIDE = re2.compile(
    r"(?i)(?:^|[-_])(?:foot(?:er|notes?)?|header|notes?|comments?|disqus|ads?|modals?|dialogs?|toasts?|overlays?|tooltips?"
    r"|cookies?|consent|banners?|popups?|menu|nav(?:bar)?|search|sidebar|alerts?|portals?|share|captcha)(?:[-_\d]|$)"
)
_DRAWN = ".//img | .//input | .//iframe | .//video | .//hr | .//svg | .//canvas"


def wants_scripts(root: HtmlElement, text: str, shortest: int) -> bool:
    """Whether a page's text is missing for want of scripts. `text` is what was read of it; it says nothing where it is
    shorter than `shortest` characters."""
    asked = len(text) <= _NOTE and bool(_ASKS.search(text))
    if len(text) >= shortest and not asked:
        return False
    shown = " ".join(" ".join(root.xpath(_TEXT)).split())
    if len(shown) > _FEW or not root.xpath(".//script[@src or @type='module' or string-length() > 80]"):
        return False
    noted = " ".join(" ".join(root.xpath(".//noscript//text()")).split())
    return asked or bool(_ASKS.search(f"{noted} {shown}")) or any(map(_is_empty, root.xpath(_TO_FILL)))


def _is_empty(element: HtmlElement) -> bool:
    if _ASIDE.search(str(element.get("id") or element.tag)):
        return False
    return not element.text_content().strip() and not element.xpath(_DRAWN)
