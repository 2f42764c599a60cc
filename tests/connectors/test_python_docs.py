"""Topics and READMEs as articles."""

from email.message import Message

import pytest

from connectors.python_docs import PythonDocs
from connectors.python_docs.licence import licence
from connectors.python_docs.readme import sections
from connectors.python_docs.topic import topic_sections
from schemas.document import Article, Reject
from tests.connectors.recorded import OFFLINE

TOPIC = """\
The "fold" statement
********************

Folding is *not* hard, see "a[0]" and "'x'" [1].  A line that
goes on:

   fold_stmt ::= "fold" expression

   fold(x)

fold.flat(sheet[, times])

   Fold a sheet flat.

   Changed in version 3.2: Faster.

   >>> fold.flat("a")
   'a'

Details
=======

* one
  goes on

* two:

     code = 1

+---------+--------+
| Name    | Means  |
|=========|========|
| "a"     | the    |
|         | first  |
+---------+--------+

-[ Footnotes ]-

[1] Never mind.
"""


def test_a_topic() -> None:
    title, (lead, flat, details) = topic_sections(TOPIC)
    assert title == "The fold statement"
    assert lead.markdown == (
        "Folding is *not* hard, see `a[0]` and `'x'`.  A line that goes on:\n\n"
        '```\nfold_stmt ::= "fold" expression\n\nfold(x)\n```'
    )
    assert flat.path == ("fold.flat(sheet[, times])",)
    assert flat.markdown == (
        "Fold a sheet flat.\n\nChanged in version 3.2: Faster.\n\n```python\n>>> fold.flat(\"a\")\n'a'\n```"
    )
    assert details.path == ("Details",)
    assert details.markdown == (
        "- one goes on\n- two:\n\n  ```python\n  code = 1\n  ```\n\n"
        "| Name | Means |\n| --- | --- |\n| `a` | the first |"
    )


TERMS = """Folder's commands
*****************

f(old)

   Fold the sheet.

unfold sheet

   Open the sheet, which must be
   folded.

The sheet

   sheet = 1
"""


def test_a_term_without_brackets_is_a_definition_where_sentences_explain_it() -> None:
    _, (fold, unfold) = topic_sections(TERMS)
    assert (fold.path, fold.markdown) == (("f(old)",), "Fold the sheet.")
    assert unfold.path == ("unfold sheet",)
    assert unfold.markdown == "Open the sheet, which must be folded.\n\nThe sheet\n\n```python\nsheet = 1\n```"


QUOTED = """Grinding
********

g(rind) [([sack:]grain | bran) [, when]]

   With a *grain*, grind it.  From here on
   for each sack:

      > mill.py(3)
      (Gdb) grind

run [args ...]
again [args ...]

   Grind it all again.

Set these:

   "__mill__"
      The name of the mill,
      with its place.

They are kinds of:

   +------+-------+
   | Kind | Means |
   |======|=======|
   | "r"  | Rye   |
   +------+-------+

He said:

   While the wheel turns,
   while it turns, I grind.

and this is his page:

   with a wheel
   from the river

of code:

   with wheel() as w:
       w.turn()
"""


def test_text_that_is_indented_is_no_code_whatever_words_begin_its_lines() -> None:
    _, (grind, run) = topic_sections(QUOTED)
    assert grind.path == ("g(rind) [([sack:]grain | bran) [, when]]",)
    assert grind.markdown == (
        "With a *grain*, grind it.  From here on for each sack:\n\n```\n> mill.py(3)\n(Gdb) grind\n```"
    )
    assert run.path == ("run [args ...], again [args ...]",)
    assert run.markdown.split("\n\n") == [
        "Grind it all again.",
        "Set these:",
        "`__mill__`",
        "The name of the mill, with its place.",
        "They are kinds of:",
        "| Kind | Means |\n| --- | --- |\n| `r` | Rye |",
        "He said:",
        "While the wheel turns, while it turns, I grind.",
        "and this is his page:",
        "```\nwith a wheel\nfrom the river\n```",
        "of code:",
        "```python\nwith wheel() as w:\n    w.turn()\n```",
    ]


@pytest.mark.parametrize(
    ("code", "language"),
    [
        ("breakpoint()", "python"),
        ("a[1:2] = b", "python"),
        (">>> for sack", "python"),
        ("yield from <expr>", ""),
        ("False  None  class\nimport  for   with", ""),
        ("x", ""),
        ('"a" and "b"', ""),
        ('return_stmt ::= "return"', ""),
    ],
)
def test_a_block_is_python_only_where_python_parses_it(code: str, language: str) -> None:
    indented = "\n".join(f"   {line}" for line in code.split("\n"))
    _, (section,) = topic_sections(f"A topic\n*******\n\nThis:\n\n{indented}\n")
    assert section.markdown == f"This:\n\n```{language}\n{code}\n```"


README = {
    "text/markdown": "# Tool\n\n[![badge](https://x.example/b.svg)](https://x.example)\n\n<!-- hidden -->\n"
    "It *works* with `x`.\n\n## Table of contents\n\n- [Use](#use)\n\n"
    "## Use\n\n```python\nimport tool\n```\n",
    "text/x-rst": "Tool\n====\n\n.. image:: https://x.example/b.svg\n\n:Author: A. Person\n\n"
    "It *works* with ``x``.\n\n.. raw:: html\n\n   <b>no</b>\n\n"
    "Use\n---\n\n.. code-block:: python\n\n   import tool\n",
}


@pytest.mark.parametrize("media_type", README)
def test_a_readme(media_type: str) -> None:
    title, (lead, use) = sections(README[media_type], media_type, "tool", "https://tool.example/")
    assert (title, lead.path, use.path) == ("Tool", (), ("Use",))
    assert lead.markdown == "It *works* with `x`."
    assert use.markdown == "```python\nimport tool\n```"


def test_a_readme_reads_no_other_file() -> None:
    _, found = sections("A\n=\n\n.. include:: /etc/hostname\n\nText.", "text/x-rst", "a", "")
    assert [section.markdown for section in found] == ["Text."]


@pytest.mark.parametrize(
    ("fields", "spdx"),
    [
        ({"License-Expression": "mit or apache-2.0"}, "MIT OR Apache-2.0"),
        ({"License": "Apache License 2.0"}, "Apache-2.0"),
        ({"License": "The text of a licence " * 50, "Classifier": "License :: OSI Approved :: MIT License"}, "MIT"),
        ({"Classifier": "License :: OSI Approved :: BSD License"}, ""),
        ({}, ""),
    ],
)
def test_licences_from_metadata(fields: dict[str, str], spdx: str) -> None:
    metadata = Message()
    for name, value in fields.items():
        metadata[name] = value
    assert licence(metadata) == spdx


def test_settings_choose_what_is_read() -> None:
    source = PythonDocs(name="py", topics=False, packages=("Pytest", "not-there"))
    items = list(source.fetch(OFFLINE, None))
    assert [(item.key, getattr(item, "reason", "")) for item in items] == [
        ("package/not-there", "not_installed"),
        ("package/pytest", ""),
    ]


def test_every_topic_of_this_python_is_an_article() -> None:
    source = PythonDocs(name="py", packages=())
    for page in source.fetch(OFFLINE, None):
        assert not isinstance(page, Reject)
        (found,) = source.parse(page)
        assert isinstance(found, Article)
        assert found.licence == "PSF-2.0"
        kept = sum(letters(section.markdown + "".join(section.path[-1:])) for section in found.sections)
        assert kept > 0.85 * letters(page.body.decode().split("-[ Foot")[0]) - 300


def letters(text: str) -> int:
    return sum(char.isalnum() for char in text)
