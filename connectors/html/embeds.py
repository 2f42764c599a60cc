"""What a page shows of other places: previews of links become their address, and what cannot be read becomes a hole."""

from urllib.parse import urlsplit

import re2
from lxml import etree
from lxml.html import HtmlElement

from schemas.hole import hole

# Frames and elements that say nothing to a reader, by their address ...
_SILENT_ADDRESS = re2.compile(
    r"(?i)googletagmanager|doubleclick|googlesyndication|google-analytics|adservice|/ads?/|//ads?\.|amazon-adsystem"
    r"|facebook\.com/plugins|facebook\.com/v|platform\.twitter\.com/widgets/(?:follow|tweet_button|hub)"
    r"|apis\.google\.com|recaptcha|hcaptcha|disqus|addthis|sharethis|share|like\.php|follow_button|subscribe|newsletter"
    r"|mailchimp|hubspot|onetrust|cookiebot|trustarc|tracking|pixel|beacon|ghbtns\.com|storage\.html|about:blank"
    r"|buttons\.github\.io|widget|banner|login|sso|comments|taboola|outbrain|livere|cnzz|baidu\.com/(?:cpro|hm)"
)
# ... or their own name
_SILENT_NAME = re2.compile(
    r"(?:^|-)(?:icons?|button|btn|copy|ad|ads|analytics|pixel|tracking|share|social|toggle|nav|menu|search|spinner"
    r"|loader|loading|progress|divider|spacer|separator|img|image|picture|lightbox|tooltip|popover|popup|modal|dialog"
    r"|toast|cookies?|consent|banner|header|footer|sidebar|subscribe|newsletter|emoji|avatar|badge|rating|vote|login"
    r"|auth|time|ago|switcher|picker|theme|sw|sentinel|observer|portal|outlet|root|app|skip|scroll|backtop|fragment"
    r"|comments?|disqus|details|menus?|anchor|link|logo|feedback|survey|breadcrumbs?|pagination|toc|carousel|player-ui"
    r"|container|wrapper|layout|slot|stack|grid|row|column|list|view|page|content|dropdown|select|input|form|field)"
    r"(?:-|$)"
)
# Previews that a site draws for a link, and where in one its address stands
_PREVIEWS = (
    (".//aside[contains(concat(' ', @class, ' '), ' onebox ')]", "(.//header|.//article|.)//a/@href"),
    (".//*[contains(@class, 'unfurl')][@data-url]", "./@data-url"),
    (".//*[contains(concat(' ', @class, ' '), ' wp-embedded-content ')][self::blockquote]", ".//a/@href"),
    (".//*[contains(concat(' ', @class, ' '), ' embedly-card ')]", "./@href | .//a/@href"),
    (".//*[contains(concat(' ', @class, ' '), ' kg-bookmark-card ')]", ".//a/@href"),
    (".//*[contains(concat(' ', @class, ' '), ' ipsEmbedded ') and @data-embedid]", ".//a/@href"),
    (".//*[contains(concat(' ', @class, ' '), ' link-preview ') or contains(@class, 'linkpreview')]", ".//a/@href"),
    (".//*[contains(@class, 'lazyYT') or contains(@class, 'lazy-video-container')]", ".//a/@href"),
)
_NAMED = re2.compile(r"onebox|unfurl|wp-embedded|embedly|kg-bookmark|ipsEmbedded|link-?preview|lazy")
_CUSTOM = etree.XPath(".//*[contains(name(), '-')]")
_FRAMES = ("iframe", "object", "embed", "video", "audio")
_INLINE = ("p", "span", "em", "strong", "b", "i", "a", "li", "td")


def write_embeds(root: HtmlElement, named: str) -> None:
    """Change `root` in place. `named` are its `tags.names`."""
    for path, address_path in _PREVIEWS if _NAMED.search(named) else ():
        for preview in root.xpath(path):
            address = next((each for each in preview.xpath(address_path) if each.startswith("http")), "")
            if preview.getparent() is not None and address:
                _replace(preview, address)
    for frame in list(root.iter(*_FRAMES)):
        if frame.getparent() is not None and not _is_silent(frame):
            _replace(frame, hole("embed", _named(frame)))
    for element in _CUSTOM(root):
        if _is_unknown(element):
            _replace(element, hole("embed", str(element.tag)))


def _address(frame: HtmlElement) -> str:
    sources = frame.xpath("./@src | ./@data-src | ./@data-lazy-src | ./@data | .//source/@src")
    return next((source.strip() for source in sources if source.strip()), "")


def _named(frame: HtmlElement) -> str:
    try:
        host = urlsplit(_address(frame)).netloc
    except ValueError:
        host = ""
    return host.removeprefix("www.") or str(frame.tag)


def _is_silent(frame: HtmlElement) -> bool:
    address, style = _address(frame), (frame.get("style") or "").replace(" ", "").lower()
    hidden = frame.get("hidden") is not None or "display:none" in style or "visibility:hidden" in style
    tiny = any((frame.get(name) or "").removesuffix("px") in ("0", "1") for name in ("width", "height"))
    within = any(parent.tag in ("head", "noscript", *_FRAMES) for parent in frame.iterancestors())
    return not address or hidden or tiny or within or bool(_SILENT_ADDRESS.search(address))


def _is_unknown(element: HtmlElement) -> bool:
    """A custom element, whose name has a hyphen, that a script fills and that is given something to show."""
    name = element.tag if isinstance(element.tag, str) else ""
    if "-" not in name or name.startswith(("mjx-", "font-")) or element.getparent() is None:
        return False
    empty = not len(element) and not (element.text or "").strip()
    hidden = element.get("hidden") is not None or element.get("aria-hidden") == "true"
    told = any(value for key, value in element.items() if key not in ("class", "style", "id", "slot", "role"))
    return empty and told and not hidden and not _SILENT_NAME.search(name)


def _replace(element: HtmlElement, text: str) -> None:
    """`text` in place of `element`: within a line of text as such, else as a paragraph."""
    tail, parent = element.tail, element.getparent()
    inline = parent.tag in _INLINE
    element.clear()
    element.tag, element.text, element.tail = ("span" if inline else "p"), text, tail
