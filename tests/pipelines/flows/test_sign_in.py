"""Who comes in to the dashboard, and under which name: by a proxy's header, by the password, by the cookie after it."""

import asyncio
import base64
from dataclasses import replace
from typing import Any

import pytest

from pipelines.errors import WrongInput
from pipelines.flows import local_servers, sign_in
from pipelines.flows.sign_in import Access, SignIn, checked, user_of

WORD = "correct horse battery"
HEADER = "X-Forwarded-User"
PROXY, STRANGER = ("10.1.2.3", 5000), ("192.0.2.7", 5000)
BEYOND = Access(host="0.0.0.0", url="https://mill.example")


@pytest.fixture(autouse=True)
def no_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sign_in, "SLOW", 0.0)


def basic(name: str, word: str) -> tuple[bytes, bytes]:
    return b"authorization", b"Basic " + base64.b64encode(f"{name}:{word}".encode())


def through(
    guard: SignIn,
    *headers: tuple[bytes, bytes],
    client: tuple[str, int] = STRANGER,
    kind: str = "http",
    path: str = "/",
) -> tuple[Any, list[dict[str, Any]]]:
    """The name that the pages get, None where nobody came in, and what was sent back."""
    sent: list[dict[str, Any]] = []
    names: list[str] = []

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        told = [value for name, value in scope["headers"] if name == sign_in.USER]
        names.append(user_of(told[0].decode()) if told else "")
        await send({"type": "http.response.start", "status": 200})

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    guard.app = app
    scope = {"type": kind, "path": path, "headers": list(headers), "client": client}
    asyncio.run(guard(scope, None, send))
    return (names[0] if names else None), sent


def guard(access: Access) -> SignIn:
    return SignIn(None, checked(access))


@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_a_name_is_believed_from_the_proxy_only(kind: str) -> None:
    behind = guard(replace(BEYOND, header=HEADER, proxies=("10.0.0.0/8",)))
    named = (HEADER.lower().encode(), "王芳".encode())
    assert through(behind, named, client=PROXY, kind=kind)[0] == "王芳"
    for headers, client in (([named], STRANGER), ([], PROXY), ([named, named], PROXY), ([(named[0], b" ")], PROXY)):
        user, sent = through(behind, *headers, client=client, kind=kind)
        assert user is None
        assert (sent[0].get("status") or sent[0].get("code")) == (403 if kind == "http" else 1008)


def test_a_dashboard_on_loopback_believes_what_comes_over_loopback() -> None:
    behind = guard(Access(header=HEADER))
    named = (HEADER.lower().encode(), b"Ada")
    assert through(behind, named, client=("127.0.0.1", 5000))[0] == "Ada"
    assert through(behind, named, client=STRANGER)[0] is None


def test_nobody_makes_up_the_header_of_the_pages() -> None:
    made_up = (sign_in.USER, base64.b64encode(b"Eve"))
    assert through(guard(Access()), made_up)[0] == ""
    assert through(guard(replace(BEYOND, password=WORD)), made_up, basic("Ada", WORD))[0] == "Ada"


def test_the_password_opens_and_the_cookie_after_it_too() -> None:
    asking = guard(replace(BEYOND, password=WORD))
    user, sent = through(asking)
    assert user is None and sent[0]["status"] == 401
    assert dict(sent[0]["headers"])[b"www-authenticate"].startswith(b"Basic ")
    user, sent = through(asking, basic("Ada", WORD))
    cookie = dict(sent[0]["headers"])[b"set-cookie"]
    assert user == "Ada" and WORD.encode() not in cookie
    assert all(part in cookie for part in (b"HttpOnly", b"SameSite=Strict", b"Secure"))
    back = (b"cookie", b"_xsrf=1; " + cookie.split(b";")[0])
    assert through(asking, back, kind="websocket")[0] == "Ada"
    other_name = base64.b64encode(b"Eve") + b"." + cookie.split(b";")[0].split(b".")[1]
    assert through(asking, (b"cookie", b"gristmill=" + other_name), kind="websocket")[0] is None
    assert through(guard(replace(BEYOND, password=WORD)), back, kind="websocket")[0] is None


@pytest.mark.parametrize("cookie", [b'"Eve.\xe9"', b'"Eve.\\351"', b"Eve.", b"%.x", b".", b'"' + b"\\" * 9_000])
def test_a_cookie_that_was_made_up_opens_nothing(cookie: bytes) -> None:
    asking = guard(replace(BEYOND, password=WORD))
    assert through(asking, (b"cookie", b"gristmill=" + cookie), kind="websocket")[0] is None


@pytest.mark.parametrize("word", ["", "correct horse", WORD + " ", WORD.upper()])
def test_a_wrong_password_opens_nothing(word: str) -> None:
    user, sent = through(guard(replace(BEYOND, password=WORD)), basic("Ada", word))
    assert user is None and sent[0]["status"] == 401
    assert through(guard(replace(BEYOND, password=WORD)), (b"authorization", b"Basic \xff"))[0] is None


def test_a_wrong_password_takes_its_time_and_none_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr(sign_in, "SLOW", 1.0)
    monkeypatch.setattr(asyncio, "sleep", sleep)
    asking = guard(replace(BEYOND, password=WORD))
    assert through(asking)[0] is None and not waited
    assert through(asking, basic("Ada", "wrong"))[0] is None and waited == [1.0]
    assert through(asking, basic("Ada", WORD))[0] == "Ada" and len(waited) == 1


def test_health_and_the_life_of_the_server_are_open_and_nothing_near_them() -> None:
    asking = guard(replace(BEYOND, password=WORD))
    assert through(asking, path=sign_in.OPEN)[0] == "" and through(asking, kind="lifespan")[0] == ""
    for path in ("/", f"{sign_in.OPEN}/", f"/{sign_in.OPEN}", "/_stcore/health/../stream", "/_STCORE/HEALTH"):
        assert through(asking, path=path)[0] is None


@pytest.mark.parametrize("name", ["A", "Ad", "Ada", "王芳", "x" * 200])
def test_a_name_of_any_length_comes_through_password_and_cookie(name: str) -> None:
    asking = guard(replace(BEYOND, password=WORD))
    user, sent = through(asking, basic(name, WORD))
    cookie = dict(sent[0]["headers"])[b"set-cookie"].split(b";")[0]
    assert user == name and through(asking, (b"cookie", cookie))[0] == name


def test_a_name_is_cut_or_unknown_where_it_is_endless_or_not_printable() -> None:
    asking = guard(replace(BEYOND, password=WORD))
    assert through(asking, basic("x" * 201, WORD))[0] == "x" * 200
    assert through(asking, basic("a\nb", WORD))[0] == through(asking, basic("", WORD))[0] == "?"


@pytest.mark.parametrize(
    ("access", "says"),
    [
        (replace(BEYOND), "0.0.0.0 can be reached from elsewhere: set GRISTMILL_PASSWORD"),
        (replace(BEYOND, password="short"), "must have 16 bytes or more"),
        (Access(password="short"), "must have 16 bytes or more"),
        (replace(BEYOND, header=HEADER), "name the proxy's address with --proxy"),
        (replace(BEYOND, password=WORD, url=""), "say with --url how people reach it"),
        (replace(BEYOND, password=WORD, url="mill.example"), "must begin with http"),
        (replace(BEYOND, password=WORD, url="http://[mill"), "must begin with http"),
        (Access(header=HEADER, proxies=("nginx",)), "--proxy nginx"),
    ],
)
def test_what_would_let_strangers_in_is_refused(access: Access, says: str) -> None:
    with pytest.raises(WrongInput) as refused:
        checked(access)
    assert says in str(refused.value) and "short" not in str(refused.value)


def test_the_public_address_is_answered_and_no_other() -> None:
    asked = local_servers.LocalOnly(None, 8501, "https://mill.example")
    assert "mill.example" in asked.names and "evil.example" not in asked.names
    assert asked._is_own(b"https://mill.example") and not asked._is_own(b"http://mill.example")
    allowed = local_servers.policy(8501, "https://mill.example")
    assert "https://mill.example wss://mill.example" in allowed
