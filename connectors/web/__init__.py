"""The polite client: the only code that asks anything of anyone's server.

`get` goes down these files, and back up with a response:

    client.py        a URL and its redirects: visited in this crawl? in the cache and fresh? else ask
    permission.py    robots.txt of the site, one day old at most         robots.py     reads it
    fetcher.py       delays, retries, hosts that are left alone          rate_limiter.py  one request per host
    sign_in.py       tokens and cookies of an origin, for it alone
    transport.py     one request, one response, with timeouts            decode.py     never past a limit
    guard.py         which addresses may be dialled                      proxy.py      through whom
    optout.py        does the response forbid its use?                   freshness.py  how long is it fresh?
    preferences.py   Content-Usage and Content-Signal                    rsl.py        licences for machines
    allowance.py     how much may be asked, and when more
    browser.py       pages whose text comes from scripts, every request of which goes through all of the above
    store.py         SQLite: responses, crawls, dead letters, delays     url.py        one spelling per URL

The transport is a parameter of `open_web`: tests put recorded responses there, and everything above it is as in life.
So is the clock (clock.py), with which a test waits for a day at once.

Reasons of `WebError`: `bad_url`, `bad_redirect`, `redirect_loop`, `too_many_redirects`, `robots`,
`robots_unreachable`, `opt_out`, `terms_unreachable`, `refused_address`, `no_such_host`, `bad_certificate`,
`connection_failed`, `timeout`, `broken_answer`, `bad_encoding`, `too_large`, `http_<status>`, `host_paused`,
`host_budget`, `forgotten`, `no_licence`, `no_browser`, `script_timeout`. Those that `may_pass` are asked for again.
"""

from connectors.web.client import PoliteWeb, open_web
from connectors.web.limits import LIMITS, Limits
from connectors.web.sign_in import SignIn, read_sign_in
from connectors.web.url import normalise_url

__all__ = ["LIMITS", "Limits", "PoliteWeb", "SignIn", "normalise_url", "open_web", "read_sign_in"]
