"""Tokens and cookies of sites that ask for a sign-in, from the environment: never from a recipe, never in what is kept.

`GRISTMILL_SIGN_IN` has one header a line, after the origin it is meant for; an origin may have several:

    https://forum.example Cookie: session=5f2c…
    https://wiki.example Authorization: Bearer 8c1d…

`GITHUB_TOKEN` is sent to GitHub's API, which is public, and lets a client with a token ask more often.
A header goes to its own origin only: whoever follows a redirect elsewhere goes there without it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import re2

from connectors.base import SIGN_IN, SIGN_IN_HELPS, WebError
from connectors.web.url import normalise_url, origin
from pipelines.messages import Message

GITHUB_TOKEN = "GITHUB_TOKEN"
_GITHUB = "https://api.github.com"
_LINE = re2.compile(r"^(https?://\S+)\s+([A-Za-z0-9!#$%&'*+.^_`|~-]+):\s*([\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)$")
# The client's own: another value would break a request or lie about who asks
_OURS = frozenset(
    ("host", "connection", "content-length", "transfer-encoding", "accept-encoding", "user-agent", "if-none-match")
)
Headers = dict[str, str]


@dataclass(frozen=True, slots=True)
class SignIn:
    """Headers by origin. What is read with one of `private` is not public; with one of `public` it is."""

    private: dict[str, Headers] = field(default_factory=dict, repr=False)
    public: dict[str, Headers] = field(default_factory=dict, repr=False)

    def headers(self, url: str) -> Headers:
        """What a request for `url` says about who asks; {} for most origins."""
        place = origin(url)
        return self.private.get(place) or self.public.get(place, {})

    def covers(self, url: str) -> bool:
        """Whether what is at `url` is read behind a sign-in, so that not everybody may see it."""
        return origin(url) in self.private

    def refused(self, url: str) -> str:
        """What helps where the site answered that whoever asks may not see what is at `url`: 401 or 403."""
        place = origin(url)
        if place in self.private:
            return f"it does not accept the header for {place} in {SIGN_IN}, which may have expired"
        return f"it does not accept {GITHUB_TOKEN}" if place in self.public else SIGN_IN_HELPS


def read_sign_in(environment: Mapping[str, str]) -> SignIn:
    """What the environment holds. Raises ValueError with the variable and the line, and nothing of the secret."""
    private: dict[str, Headers] = {}
    for number, line in enumerate(environment.get(SIGN_IN, "").splitlines(), 1):
        if line.strip():
            place, name, value = _read(line.strip(), number)
            private.setdefault(place, {})[name] = value
    token = environment.get(GITHUB_TOKEN, "").strip()
    stated = bool(token) and all("\x20" < letter < "\x7f" for letter in token)
    return SignIn(private, {_GITHUB: {"Authorization": f"Bearer {token}"}} if stated else {})


def _read(line: str, number: int) -> tuple[str, str, str]:
    found = _LINE.match(line)
    if not found:
        raise ValueError(
            Message(
                "{sign_in}, line {number}: write `https://host Header: value`, with one header a line",
                sign_in=SIGN_IN,
                number=number,
            )
        )
    try:
        place = origin(normalise_url(found[1]))
    except WebError as error:
        raise ValueError(
            Message(
                "{sign_in}, line {number}: {reason} before the header",
                sign_in=SIGN_IN,
                number=number,
                reason=error.reason,
            )
        ) from error
    if found[2].lower() in _OURS:
        raise ValueError(
            Message(
                "{sign_in}, line {number}: {found} is set by the client; name Cookie, Authorization or such",
                sign_in=SIGN_IN,
                number=number,
                found=found[2],
            )
        )
    return place, found[2], found[3]
