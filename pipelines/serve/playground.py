"""The page to try a model on, in the language that its reader's browser asks for."""

import html
import re
from pathlib import Path

from starlette.requests import Request

from pipelines import messages
from pipelines.messages import tr

PAGE = Path(__file__).with_name("playground.html")
PLACE = re.compile(r"\[\[([^\]]+)\]\]")  # a message in the page
HTML_LANGUAGES = {"en": "en", "zh": "zh-CN"}


def language_of(request: Request) -> str:
    """A key of messages.LANGUAGES: that of the switch, else the first that the browser asks for, else the server's."""
    asked = [request.query_params.get("language", ""), *request.headers.get("accept-language", "").split(",")]
    tags = (tag.strip().lower() for tag in asked)
    return next((key for tag in tags for key in messages.LANGUAGES if tag.startswith(key)), messages.language())


def page(language: str, nonce: str) -> str:
    """The page in HTML; `nonce` is that of its policy."""
    with messages.spoken(language):
        said = PLACE.sub(lambda found: html.escape(tr(found[1])), PAGE.read_text())
    other, name = next((key, name) for key, name in messages.LANGUAGES.items() if key != language)
    values = {"NONCE": nonce, "LANGUAGE": HTML_LANGUAGES[language], "OTHER": other, "NAME": name}
    return re.sub("|".join(values), lambda found: values[found[0]], said)
