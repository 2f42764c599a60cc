"""The polite client: the only code that asks anything of anyone's server.

`get` walks down these files, and back up with an answer:

    client.py       a URL and its redirects: visited in this crawl? in the cache and fresh? else ask
    permission.py   robots.txt of the site, one day old at most        robots.py    reads it
    courier.py      turns, rests, retries                              turns.py     one request per host
    wire.py         one request, one answer, on the clock              decode.py    never past a limit
    guard.py        which addresses may be dialled
    optout.py       does the answer forbid its use?                    freshness.py how long does it hold?
    store.py        SQLite: answers, crawls, dead letters, rests       url.py       one spelling per URL

Reasons of `WebError`: `bad_url`, `bad_redirect`, `redirect_loop`, `too_many_redirects`, `robots`,
`robots_unreachable`, `opt_out`, `refused_address`, `no_such_host`, `bad_certificate`, `connection_failed`,
`timeout`, `broken_answer`, `bad_encoding`, `too_large`, `http_<status>`, `host_paused`, `host_budget`, `forgotten`.
"""

from connectors.web.client import PoliteWeb, open_web
from connectors.web.limits import LIMITS, Limits
from connectors.web.url import normalise_url

__all__ = ["LIMITS", "Limits", "PoliteWeb", "normalise_url", "open_web"]
