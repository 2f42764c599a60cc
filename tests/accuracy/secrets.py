"""Invented secrets in the places where people leave them, and what only looks so, by the forms of secrets.toml."""

import random
import string
import tomllib
from pathlib import Path

LETTERS = string.ascii_letters + string.digits
ALPHABETS = {
    "HEX": "0123456789abcdef",
    "DIGITS": string.digits,
    "UPPER": string.ascii_uppercase + string.digits,
    "WORD": LETTERS,
    "URL": LETTERS + "-_",
    "BASE64": LETTERS + "+/",
    "MARKS": LETTERS + "!#%&*",
}
FORMS = tomllib.loads((Path(__file__).parent / "secrets.toml").read_text())


def fill(form: str, dice: random.Random) -> str:
    """`{HEX:40}` becomes 40 random characters."""
    parts = form.split("{")
    made = parts[0]
    for part in parts[1:]:
        hole, closed, rest = part.partition("}")
        name, _, count = hole.partition(":")
        known = closed and name in ALPHABETS
        made += "".join(dice.choices(ALPHABETS[name], k=int(count))) + rest if known else "{" + part
    return made


def secrets(rounds: int = 4) -> list[tuple[str, str, str]]:
    """Provider or name, text, and the secret in it."""
    dice, made = random.Random(11), []
    for _ in range(rounds):
        for name, form in FORMS["tokens"].items():
            secret = fill(form, dice)
            made.append((name, dice.choice(FORMS["frames"]).replace("<>", secret), secret))
        for name, (frame, form) in FORMS["named"].items():
            secret = fill(form, dice)
            made.append((name, frame.replace("<>", secret), secret))
    return made


def innocent(rounds: int = 6) -> list[tuple[str, str]]:
    """What it is, and a text without a secret."""
    dice = random.Random(12)
    return [
        (name, fill(form, dice)) for _ in range(rounds) for name, forms in FORMS["innocent"].items() for form in forms
    ]
