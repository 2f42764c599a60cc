"""Names of an API's fields stand in one line with their types, as several programs write them."""

import pytest

from connectors import html

PROSE = "<p>The request orders a sack of flour, which is ground on the day on which it is sent, and not before.</p>"
MINTLIFY = (
    "<div class='field'><div class='param-head'><div><a href='#k'>\u200b</a></div>"
    "<div data-component-part='field-name'>kind</div><div><div><span>string</span></div><div>default:<span>rye</span>"
    "</div></div></div><div><span>Which grain is ground.</span></div></div>"
)
README = (
    "<div class='Param1'><div class='Param-header'><label class='Param-name1MV'>kind</label>"
    "<div class='Param-type'>string</div><div>default: rye</div></div><div><p>Which grain is ground.</p></div></div>"
)
GITBOOK = (
    "<div class='openapi-schema'><div class='openapi-schema-name'><span class='openapi-schema-propertyname'>kind</span>"
    "<span class='openapi-schema-type'>string</span> <span>default: rye</span></div><p>Which grain is ground.</p></div>"
)
DOCUSAURUS = (
    "<details><summary><span><strong class='openapi-schema__property'>kind</strong>"
    "<span class='openapi-schema__name'>string</span> <span>default: rye</span></span></summary>"
    "<p>Which grain is ground.</p></details>"
)


def text_of(body: str) -> str:
    page = f"<title>Orders</title><body><main><h1>Orders</h1>{PROSE}{body}{PROSE}</main></body>"
    content = html.main_content(html.parse(page))
    assert content is not None
    return html.to_markdown(content)


@pytest.mark.parametrize("field", [MINTLIFY, README, GITBOOK, DOCUSAURUS])
def test_a_field_has_its_name_and_type_above_what_it_is(field: str) -> None:
    assert "**kind** string default: rye\n\nWhich grain is ground." in text_of(field)


def test_each_field_has_a_line_of_its_own() -> None:
    names = "".join(f"<div><b class='field-name'>{name}</b> <i>int</i></div>" for name in ("kind", "size"))
    assert "**kind** int\n\n**size** int" in text_of(f"<div>{names}</div>")


@pytest.mark.parametrize(
    "other",
    [
        "<table><tr><th>Name</th></tr><tr><td class='field-name'>kind</td></tr></table>",
        "<p>It is <span class='param-name'>kind</span> to all who ask for it, and to others.</p>",
        "<div class='field-name'>Your full name.</div>",
    ],
)
def test_what_is_no_name_above_a_field_stays_as_it_is(other: str) -> None:
    assert "**" not in text_of(other)
