"""What the documents show, taken out of them: code blocks, inline code, tables and commands."""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from tests.rooms import ROOT

READMES = ("README.md", "README.zh-CN.md")
FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^ *```$", re.M | re.S)
COMMAND = re.compile(r"(?:^|[`$] ?)(gristmill [a-z][^`\n]*)", re.M)
PATH = re.compile(r"`((?:schemas|connectors|pipelines|dashboards|tests|data)/[\w./-]*)`")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, and its text without the indentation of the fence."""

    language: str
    text: str


def read(name: str) -> str:
    return (ROOT / name).read_text()


def blocks(text: str, language: str) -> list[str]:
    """The texts of all fenced blocks in a language; "" for those without one."""
    found = [Block(kind, re.sub(rf"^{indent}", "", body, flags=re.M)) for indent, kind, body in FENCE.findall(text)]
    return [block.text for block in found if block.language == language]


def tables(text: str) -> list[list[list[str]]]:
    """Every table as rows of cells, its head and the line below it left out."""
    found = re.findall(r"(?:^\|.*\n)+", text, re.M)
    return [[_cells(row) for row in table.splitlines()[2:]] for table in found]


def _cells(row: str) -> list[str]:
    return [cell.strip() for cell in row.strip("|").split(" | ")]


def words_of(text: str) -> set[str]:
    """The words of a text that hold an underscore."""
    return set(re.findall(r"\b[a-z]+(?:_[a-z0-9]+)+\b", text))


def code_words(text: str) -> set[str]:
    """Names in inline code that hold an underscore: columns, views, rules, connectors, settings."""
    return words_of(" ".join(re.findall(r"`([^`\n]+)`", FENCE.sub("", text))))


def commands(text: str) -> list[list[str]]:
    """Every `gristmill …` of code blocks and inline code, as words; what a shell makes of `&`, `>` and `|` is cut."""
    joined = re.sub(r"\\\n\s*|(?<=--data)\n|(?<=serve)\n", " ", text)
    lines = [re.split(r"\s(?:&|>|\|)(?:\s|$)", line)[0] for line in COMMAND.findall(joined)]
    return [shlex.split(re.sub(r"\s#.*", "", line)) for line in lines]


def tree(text: str) -> list[Path]:
    """The paths in the block that draws the tree: what is indented lies in the folder above it."""
    (drawn,) = [block for block in blocks(text, "") if block.startswith("connectors/")]
    paths: list[Path] = []
    above = Path()
    for line in drawn.splitlines():
        name = Path(line.split()[0])
        above = above if line.startswith(" ") else name
        paths.append(above / name if line.startswith(" ") else name)
    return paths
