"""What a page shows once its scripts have run, where a recipe asks for it."""

from collections.abc import Callable

from connectors import html
from connectors.base import Response, Web


def media_type(answer: Response) -> str:
    stated = answer.media_type or answer.headers.get("content-type", "")
    return stated.partition(";")[0].strip().lower()


def filled(web: Web, answer: Response, is_unfilled: Callable[[str], bool]) -> Response:
    """`answer`, or the page as a browser shows it where its HTML `is_unfilled`. Raises WebError, as `Web.render`."""
    if answer.status != 200 or answer.opt_out or media_type(answer) not in html.MEDIA_TYPES:
        return answer
    try:
        unfilled = is_unfilled(html.decode(answer.body, answer.headers.get("content-type", "")))
    except html.Unreadable:
        return answer  # `parse` says why it cannot be used
    return web.render(answer.url) if unfilled else answer
