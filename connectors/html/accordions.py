"""What a page folds away below a button: an accordion's headings are buttons, and what is below them is hidden."""

from lxml.html import HtmlElement

from connectors.html.tags import HEADINGS

_HOLDS_HEADING = "|".join(f".//{heading}" for heading in HEADINGS)


def unfold(root: HtmlElement) -> None:
    """Buttons that are all of a heading, or hold one, go and leave it; what they unfold is hidden no more."""
    headed = [button for button in root.iter("button") if _is_heading(button)]
    panels = {name: panel for panel in root.xpath(".//*[@id]") if (name := panel.get("id"))} if headed else {}
    for button in headed:
        controls = button.get("aria-controls") or button.get("data-bs-target") or button.get("data-target") or ""
        panel = panels.get(controls.strip().lstrip("#"))
        if panel is not None:
            panel.attrib.pop("hidden", None)
            panel.attrib.pop("style", None)
        button.drop_tag()


def _is_heading(button: HtmlElement) -> bool:
    if button.xpath(_HOLDS_HEADING):
        return True
    around = next(button.iterancestors(*HEADINGS), None)
    return around is not None and _text(around) == _text(button) != ""


def _text(element: HtmlElement) -> str:
    return "".join((element.text_content() or "").split())
