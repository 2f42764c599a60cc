"""Labelled texts to learn from and to measure on, from the development data; which is which is decided by a hash."""

import csv
import json
import re
import tomllib
from collections.abc import Iterator
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from lxml import etree, html


class Labelled(NamedTuple):
    """`key` decides on which side of the split a text is: variants of one text share it."""

    source: str
    key: str
    text: str
    label: str


def held_out(key: str, share: float = 0.25) -> bool:
    return int(sha256(key.encode()).hexdigest()[:8], 16) < share * 2**32


def site(url: str) -> str:
    """What decides on which side a page is: the last two names of its host."""
    host = urlsplit(url).hostname or url.rpartition(":")[2]
    return ".".join(host.split(".")[-2:])


def toxic(data: Path) -> Iterator[Labelled]:
    """Comments, labelled `toxic` or `fine`: COLD (zh), madlibs and Lilac's concepts (en); all Apache-2.0."""
    labelled = data / "labelled"
    for row in _csv(labelled / "offensive-zh" / "dev.csv"):
        yield Labelled("COLD", _key(row["TEXT"]), row["TEXT"], "toxic" if row["label"] == "1" else "fine")
    for name in ("nonfuzzed", "fuzzed"):
        for plain, row in zip(
            _csv(labelled / "toxicity-madlibs" / "toxicity_nonfuzzed_testset.csv"),
            _csv(labelled / "toxicity-madlibs" / f"toxicity_{name}_testset.csv"),
            strict=True,
        ):
            label = "toxic" if row["toxic"] == "True" else "fine"
            yield Labelled("madlibs", _key(plain["comment"]), row["comment"], label)
    for concept in ("toxicity", "profanity"):
        held = json.loads((labelled / "concepts" / concept / "concept.json").read_text())["data"]
        for example in held.values() if isinstance(held, dict) else held:
            yield Labelled(
                f"concepts {concept}", _key(example["text"]), example["text"], "toxic" if example["label"] else "fine"
            )


def written() -> Iterator[Labelled]:
    """Sentences of written.toml."""
    for label, blocks in tomllib.loads((Path(__file__).parent / "written.toml").read_text()).items():
        for block in blocks:
            texts = [frame.format(word) for frame in block["frames"] for word in block["words"]]
            yield from (Labelled("written", text, text, label) for text in texts)


def harmless(data: Path) -> Iterator[Labelled]:
    """Paragraphs of tutorials, exchanges, and a developer board: none of them is toxic. All openly licensed."""
    for name in ("tutorials/swc-shell", "tutorials/djangogirls", "knowledge_bases/owasp-cheatsheets"):
        for path in sorted((data / name).rglob("*.md")):
            for paragraph in re.split(r"\n\s*\n", path.read_text(errors="replace")):
                yield Labelled(name, _key(paragraph), paragraph, "fine")
    for name in ("alpaca_en_demo", "alpaca_zh_demo"):
        for row in json.loads((data / "instructions" / "llamafactory-demo" / "data" / f"{name}.json").read_text()):
            for field in ("instruction", "output"):
                yield Labelled(name, _key(row["instruction"]), row[field], "fine")
    board = data / "forums" / "zh-developer-qa" / "egret_wenda_lines.txt"
    for line in board.read_text(errors="replace").splitlines():
        text = line.rpartition(" +++$+++ ")[2]
        yield Labelled("zh-developer-qa", _key(text), text, "fine")


def harms(half: str) -> Iterator[Labelled]:
    """Sentences of safety_tune.toml or safety_held.toml; the source is the language, the label `harmless` or a kind."""
    kinds = tomllib.loads((Path(__file__).parent / f"safety_{half}.toml").read_text())
    for label, languages in kinds.items():
        yield from (Labelled(language, text, text, label) for language, own in languages.items() for text in own)


def technical(data: Path) -> Iterator[Labelled]:
    """Forum posts whole and documentation by paragraph: none is learnt from, and none should be flagged."""
    for name in ("tutorials/fastapi", "knowledge_bases/pihole"):
        for path in sorted((data / name).rglob("*.md")):
            for paragraph in re.split(r"\n\s*\n", path.read_text(errors="replace")):
                yield Labelled(name, paragraph, paragraph, "harmless")
    for name in ("python-docs", "git-docs", "debian-faq-en", "debian-faq-zh-cn"):
        for path in sorted((data / "tutorials" / name).rglob("*.html")):
            for block in html.fromstring(path.read_bytes()).iter("p", "pre", "li"):
                text = block.text_content()
                yield Labelled(name, text, text, "harmless")
    for path in sorted((data / "forums" / "discourse-urho3d" / "raw").rglob("*.md")):
        text = path.read_text(errors="replace")
        yield Labelled("urho3d", text, text, "harmless")
    for site, file, field in (
        ("quantumcomputing", "Posts", "Body"),
        ("quantumcomputing", "Comments", "Text"),
        ("coffee", "Posts", "Body"),
    ):
        for row in etree.parse(data / "forums" / f"stackexchange-{site}" / f"{file}.xml").iter("row"):
            text = html.fromstring(f"<div>{row.get(field)}</div>").text_content()
            yield Labelled(site, text, text, "harmless")


def everyday(data: Path) -> Iterator[Labelled]:
    """Instructions and answers of Alpaca about anything: all but a handful are harmless."""
    for row in _alpaca(data):
        for field in ("instruction", "output"):
            text = str(row.get(field) or "")
            yield Labelled("alpaca", text, text, "harmless")


def _alpaca(data: Path) -> Iterator[dict[str, Any]]:
    for path in sorted((data / "instructions" / "alpaca-en-zh").rglob("*.json")):
        try:
            yield from json.loads(path.read_text(errors="replace"))
        except json.JSONDecodeError:  # one part is malformed, as it was published
            continue


def _csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def _key(text: str) -> str:
    return re.sub(r"\W+", " ", text.lower()).strip()


def instructions(data: Path) -> Iterator[dict[str, str]]:
    """Instructions labelled by hand with `task` and `domain` (instructions.csv), with their text; all Apache-2.0.

    `seen` is held-out where the labels were written before the rules were tried on them, and the rules then left alone.
    """
    with (Path(__file__).parent / "instructions.csv").open() as file:
        labels = {row["instruction"]: row for row in csv.DictReader(file)}
    for row in _exchanges(data / "instructions"):
        label = labels.get(sha256(f"{row['instruction']}\n{row['input']}".encode()).hexdigest()[:16])
        if label:
            yield {**label, **row}


def _exchanges(folder: Path) -> Iterator[dict[str, str]]:
    for name in ("data/seed_tasks.jsonl", "human_eval/user_oriented_instructions.jsonl"):
        for line in (folder / "self-instruct" / name).read_text().splitlines():
            row = json.loads(line)
            yield {"instruction": row["instruction"], **row["instances"][0]}
    for name in ("alpaca_en_demo", "alpaca_zh_demo"):
        yield from json.loads((folder / "llamafactory-demo" / "data" / f"{name}.json").read_text())


def uses(data: Path) -> Iterator[dict[str, Any]]:
    """Exchanges read for their use (tasks.tsv): `tasks` are those that a reader would accept, the likeliest first.

    `part` is `tune` for those that the rules of `task` were worded on, `report` for the others.
    """
    with Path(__file__).with_name("tasks.tsv").open() as file:
        read = {row["instruction"]: row["tasks"].split("|") for row in csv.DictReader(file, delimiter="\t")}
    for row in chain(_exchanges(data / "instructions"), _alpaca(data)):
        key = sha256(f"{row['instruction']}\n{row.get('input', '')}".encode()).hexdigest()[:16]
        if key in read:
            part = "report" if int(key, 16) % 2 else "tune"
            yield {"tasks": read.pop(key), "part": part, "input": "", "output": "", **row}
