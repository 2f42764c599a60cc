"""The Markdown of records as HTML that is safe to show: what strangers wrote runs nothing and fetches nothing.

HTML in the text is shown as text. Images are links. Links lead to http and https only. Code is coloured by Pygments.
"""

from collections.abc import MutableMapping, Sequence
from html import escape
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

STYLES = {"light": "default", "dark": "github-dark"}
LONGEST_COLOURED = 20_000  # characters: lexers are slow on what is longer
_FRAME = "overflow-wrap:anywhere;line-height:1.5"
_CELL = "padding:.3rem .8rem;border-bottom:1px solid rgba(128,128,128,.25);vertical-align:top"
_CODE = "padding:.6rem .8rem;border-radius:.5rem;overflow-x:auto;background:rgba(128,128,128,.12)"


def to_html(text: str, theme: str = "light") -> str:
    """The text of a record as HTML, for a light or dark page."""
    renderer = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    renderer.validateLink = _leads_to_a_page  # type: ignore[method-assign]
    renderer.add_render_rule("image", _image)
    renderer.add_render_rule("fence", _code)
    renderer.add_render_rule("code_block", _code)
    renderer.add_render_rule("th_open", _cell)
    renderer.add_render_rule("td_open", _cell)
    return f'<div style="{_FRAME}">{renderer.render(text, {"theme": theme})}</div>'


def _leads_to_a_page(url: str) -> bool:
    return url.lower().startswith(("http://", "https://"))


def _image(_: RendererHTML, tokens: Sequence[Token], at: int, *__: Any) -> str:
    image = tokens[at]
    url, shown = str(image.attrGet("src") or ""), escape(image.content or "…")
    return f'<a href="{escape(url)}" rel="noreferrer noopener">🖼 {shown}</a>' if url else f"🖼 {shown}"


def _cell(_: RendererHTML, tokens: Sequence[Token], at: int, *__: Any) -> str:
    cell = tokens[at]
    alignment = cell.attrGet("style")  # as the line below the heads says
    return f'<{cell.tag} style="{f"{alignment};" if alignment else ""}{_CELL}">'


def _code(_: RendererHTML, tokens: Sequence[Token], at: int, __: Any, env: MutableMapping[str, Any]) -> str:
    token = tokens[at]
    language = token.info.split()[0] if token.info.split() else ""
    return f'<pre style="{_CODE}"><code>{_coloured(token.content, language, env["theme"])}</code></pre>'


def _coloured(code: str, language: str, theme: str) -> str:
    if not language or len(code) > LONGEST_COLOURED:
        return escape(code)
    try:
        lexer = get_lexer_by_name(language, stripnl=False)
    except ClassNotFound:
        return escape(code)
    coloured: str = highlight(code, lexer, HtmlFormatter(nowrap=True, noclasses=True, style=STYLES[theme]))
    return coloured
