"""Whatever is said to people can be said in Chinese: no message without a translation, no words outside of messages."""

import ast
import gettext
import re
from pathlib import Path

import pytest
import typer
from babel.messages.catalog import Message

from pipelines.cli import language
from tests import messages
from tests.rooms import sources

HAN = re.compile("[\u3400-\u9fff]")
PLACES = re.compile(r"\{[^{}\s]*\}")
CODE = re.compile(r"`[^`\n]+`")
COLUMNS = {"`alone`", "`most`"}  # of tables in the dataset card, whose heads are translated
SAID = [message for message in messages.translated() if message.id]
# translations that need no Chinese word
WITHOUT_HAN = {
    "{count} of {total}",
    "annotate.embedding: {why}",
    "finetune: {says}",
    "prefer: {says}",
    "--record: {error}",
    "{file}: extends: {error}",
}
# what is said in English to everybody: what rejects keep, what programs read, and the name of the release
IN_ENGLISH = {
    "connectors/mediawiki/expressions.py: ValueError('a bracket that is never closed')",
    "connectors/web/url.py: ValueError('it carries a user name or password')",
    "connectors/web/url.py: ValueError('it names no host')",
    "connectors/web/url.py: ValueError(f'no host can be called {host[:80]!r}')",
    "connectors/web/url.py: ValueError(f'scheme {scheme!r}; only http and https are fetched')",
    "pipelines/cli/commands.py: print(f\"gristmill {version('gristmill')}\")",
    "pipelines/serve/protocol.py: ValueError('a text holds half of a surrogate pair')",
}


def texts(message: Message) -> list[str]:
    """Every form of a translation."""
    return [message.string] if isinstance(message.string, str) else list(message.string)


def english(message: Message) -> list[str]:
    return [message.id] if isinstance(message.id, str) else list(message.id)


def test_the_catalogue_holds_what_is_said_and_nothing_else() -> None:
    """`python -m tests.messages` brings it up to date."""
    wanted = {message.id for message in messages.wanted() if message.id}
    assert {message.id for message in SAID} == wanted
    assert not messages.translated().obsolete
    assert len(wanted) > 400


def test_every_message_has_a_translation() -> None:
    assert not [message.id for message in SAID if message.fuzzy or not all(texts(message))]


def test_a_translation_has_a_chinese_character() -> None:
    without = {english(message)[0] for message in SAID if not all(map(HAN.search, texts(message)))}
    assert {one for one in without if re.search("[A-Za-z]", PLACES.sub("", one))} == WITHOUT_HAN


def test_values_and_commands_are_the_same_in_both() -> None:
    """A value in braces has one place and format in both, and what is to be typed stays as it is."""
    for message in SAID:
        for text in texts(message):
            assert sorted(PLACES.findall(text)) == sorted(PLACES.findall(english(message)[-1])), text
            assert set(CODE.findall(text)) == set(CODE.findall(english(message)[-1])) - COLUMNS, text
            assert bool(text[0] == "\n") == bool(english(message)[0][0] == "\n"), text


def test_the_compiled_catalogue_is_that_of_the_text() -> None:
    with messages.PO.with_suffix(".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    for message in SAID:
        one, *many = english(message)
        assert (compiled.ngettext(one, many[0], 2) if many else compiled.gettext(one)) == texts(message)[-1]


def test_nothing_is_said_outside_of_a_message() -> None:
    assert {said for path in sources() for said in messages.untranslatable(path)} <= IN_ENGLISH


@pytest.mark.parametrize(
    ("call", "found"),
    [
        ("log.info('%s: done', name)", True),
        ("log.info(tr('{name}: done', name=name))", False),
        ("log.debug('%s: done', name)", False),
        ("print(f'{number} records')", True),
        ("print(f'{number}')", False),
        ("raise WrongInput(f'{file}: gone')", True),
        ("raise WrongInput('{file}: gone', file=file)", False),
        ("raise ValueError('gone')", True),
        ("raise ValueError(Message('gone'))", False),
        ("console.print(Panel(Text('so'), title='what'))", True),
        ("table.add_column('kept')", True),
        ("table.add_column(tr('kept'), justify='right')", False),
        ("print('\\n'.join(f'{one} of it' for one in many))", True),
    ],
)
def test_the_rules_can_fail(call: str, found: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "ROOT", tmp_path)
    (tmp_path / "module.py").write_text(call)
    assert bool(messages.untranslatable(tmp_path / "module.py")) is found


def test_typers_words_are_still_typers() -> None:
    """A word that a release of typer says otherwise would stay English, and its translation would be dead."""
    library = Path(typer.__file__).parent
    said = "\n".join(path.read_text() for path in library.rglob("*.py"))
    assert not [word for word in language.WORDS if word not in said]


def test_messages_are_literal() -> None:
    """What is put together at run time is in no catalogue."""
    calls = [node for path in sources() for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    of_tr = [call.args[0] for call in calls if isinstance(call.func, ast.Name) and call.func.id == "tr"]
    assert len(of_tr) > 100
    assert not [ast.unparse(text) for text in of_tr if isinstance(text, ast.JoinedStr | ast.BinOp)]


def raised_in_the_readers_language(path: Path) -> list[int]:
    """The lines of errors that are made of a translation: what is stored of them would be too."""
    raised = [node.exc for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Raise)]
    said = [each for one in raised if one for each in ast.walk(one) if isinstance(each, ast.Call)]
    return [each.lineno for each in said if isinstance(each.func, ast.Name) and each.func.id == "tr"]


def test_an_error_is_raised_in_english() -> None:
    assert not [(path, lines) for path in sources() if (lines := raised_in_the_readers_language(path))]


def test_a_translated_error_is_seen(tmp_path: Path) -> None:
    file = tmp_path / "wrong.py"
    file.write_text('raise WrongInput(tr("no rule {name}", name=name) + cure)\n')
    assert raised_in_the_readers_language(file) == [1]
