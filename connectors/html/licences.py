"""Which licence a page says it is under, as an SPDX identifier: https://spdx.org/licenses/"""

from typing import Any

import re2
from lxml.html import HtmlElement

from connectors.html.schema_org import values

_CREATIVE_COMMONS = re2.compile(
    r"(?i)creativecommons\.org/(?:licenses/(by(?:-nc)?(?:-sa|-nd)?)/(\d\.\d)|publicdomain/(zero|mark)/(\d\.\d))"
)
_ADDRESSES = (
    ("gnu.org/licenses/fdl-1.3", "GFDL-1.3-or-later"),
    ("gnu.org/copyleft/fdl", "GFDL-1.3-or-later"),
    ("gnu.org/licenses/gpl-2", "GPL-2.0-only"),
    ("gnu.org/licenses/old-licenses/gpl-2", "GPL-2.0-only"),
    ("gnu.org/licenses/gpl-3", "GPL-3.0-only"),
    ("opensource.org/licenses/mit", "MIT"),
    ("opensource.org/license/mit", "MIT"),
    ("apache.org/licenses/license-2.0", "Apache-2.0"),
    ("docs.python.org/license", "PSF-2.0"),
)
_FOOTERS = "//footer//a/@href | " + " | ".join(
    f'//*[contains(@{attribute}, "{word}")]//a/@href'
    for attribute in ("class", "id")
    for word in ("foot", "copyright", "license", "licence")
)


def spdx(address: str) -> str:
    """The SPDX id of a licence's address, "" when unknown."""
    found = _CREATIVE_COMMONS.search(address)
    if found:
        terms, version, dedication, _ = found.groups()
        if terms:
            return f"CC-{terms.upper()}-{version}"
        return "CC0-1.0" if dedication.lower() == "zero" else "CC-PDM-1.0"
    lower = address.lower()
    return next((name for part, name in _ADDRESSES if part in lower), "")


def stated_licence(root: HtmlElement, data: list[dict[str, Any]]) -> str:
    """The licence of the page itself: a rel=license link or JSON-LD, else a Creative Commons link in its footer."""
    stated = [
        element.get("href") or ""
        for element in root.xpath("//*[@rel][@href]")
        if "license" in element.get("rel").lower().split()
    ]
    for address in (*stated, *values(data, "license")):
        if spdx(address):
            return spdx(address)
    if not any("creativecommons.org" in address.lower() for address in root.xpath("//a/@href")):
        return ""
    found = {spdx(address) for address in root.xpath(_FOOTERS) if "creativecommons.org" in address.lower()} - {""}
    return found.pop() if len(found) == 1 else ""
