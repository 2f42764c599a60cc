"""Robots files of every kind, good and broken, by number: the labelled ones mutated, and some that a grammar makes."""

import random
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

MOST = 500 * 1024  # bytes that are read of one
AGENTS = (*("*", "gristmill", "GPTBot", "Bot/2.0 (x)", "Ärger", "* ", "*x", ""), "two words", "Foo\tBar", "b" * 300)
KEYS = (
    *("User-agent", "Disallow", "Allow", "Crawl-delay", "Sitemap", "Request-rate", "Content-Usage", "Content-Signal"),
    *("License", "dissallow", "USERAGENT", "Host", "Noindex", "", "\ufeffUser-agent", "Clean-param"),
)
VALUES = (
    *("/", "", "/a", "/*.php$", "/%zz", "/%41%c3", "/你好", "/a#b", "/" + "*a" * 50, "$", "*", "1/5s", "0/0", "9" * 30),
    *("nan", "inf", "-1", "1e9", "train-ai=n", "/x ai-train=no", "train-ai", "=n", "/", "https://x.example/l.xml"),
    *("http://[", "https://x.example/\udc80".encode("utf-8", "surrogateescape").decode("latin-1"), "\x1b[2J", "\x85"),
)
ENDS = ("\n", "\r\n", "\r", "\n\n", "\n \n", " # why\n", "", "\x0b\n", "\u2028")
BYTES = (
    *(b"\0", b"\xff", b"\xa0", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\xfe\xff", b"\r", b"\n", b":", b"#", b"%", b"*"),
    *(b"\x80" * 40, b"%%%", b"User-agent: *\n", b"Disallow: /\n", b"\xc3\xa6\xa1"),
)
ENCODINGS = ("utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-8-sig", "utf-32", "latin-1", "gb18030", "utf-7")


def files(folder: Path, seed: int, most: int) -> Iterator[bytes]:
    """`most` files, in turn: one of `folder` with damage, one by grammar, one in another encoding, one with damage."""
    chance = random.Random(seed)
    labelled = [path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()]
    kinds: tuple[Callable[[], bytes], ...] = (
        lambda: _damaged(chance, chance.choice(labelled)),
        lambda: _written(chance).encode("utf-8", "surrogatepass"),
        lambda: _written(chance).encode(chance.choice(ENCODINGS), "replace"),
        lambda: _damaged(chance, _written(chance).encode()),
    )
    for number in range(most):
        yield kinds[number % len(kinds)]()[:MOST]


def long_ones() -> Iterator[tuple[str, bytes]]:
    """Files as long as they are read, each of one thing repeated: what is not linear shows here."""
    numbers = count()
    for name, line in {
        "agents": b"User-agent: bot%d\n", "rules": b"Disallow: /a%d\n", "delays": b"Crawl-delay: %d\n", "ends": b"\n",
        "preferences": b"Content-Usage: /%d train-ai=n\n", "licences": b"License: https://x.example/%d\n",
        "groups": b"User-agent: b%d\nDisallow: /\n", "trainers": b"User-agent: GPTBot\nDisallow: /%d\n",
    }.items():  # fmt: skip
        lines = [line % next(numbers) if b"%d" in line else line for _ in range(MOST // len(line))]
        yield name, (b"User-agent: *\n" + b"".join(lines))[:MOST]
    half = b"".join(b"User-agent: b%d\n" % number for number in range(12_000))
    for name, line in {"agents and rules": b"Disallow: /a\n", "agents and delays": b"Crawl-delay: 3\n"}.items():
        yield name, (half + line * 30_000)[:MOST]
    for name, piece in {"stars": b"*", "bytes": b"\xfc", "escapes": b"%41", "percents": b"%", "pieces": b"*a"}.items():
        yield name, (b"User-agent: *\nDisallow: /" + piece * MOST)[:MOST]


def _written(chance: random.Random) -> str:
    lines = []
    for _ in range(chance.randint(0, 60)):
        key = chance.choice(KEYS)
        value = chance.choice(AGENTS if "gent" in key.lower() else VALUES)
        lines.append(f"{key}{chance.choice((':', ': ', ' : ', ' ', '::', '='))}{value}{chance.choice(ENDS)}")
    return "".join(lines)


def _damaged(chance: random.Random, body: bytes) -> bytes:
    """With pieces taken out, put in, doubled and turned round."""
    for _ in range(chance.randint(1, 8)):
        at, size = chance.randint(0, len(body)), chance.choice((1, 2, 3, 20, 200))
        piece = body[at : at + size]
        change = chance.choice((b"", chance.choice(BYTES), piece * 3, piece[::-1], chance.randbytes(size)))
        body = body[:at] + change + body[at + chance.choice((0, size)) :]
    return body
