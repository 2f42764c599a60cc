"""Parsers of what people write in fenced code: Python, JSON, SQL, shell, YAML and JavaScript. Nothing is ever run.

Each says whether a text is a program, or data, of its language, whatever its version. Python is read by two: the
grammar of tree-sitter knows Python 2 and what is newer than this interpreter, and the interpreter's own parser knows
indentation. What none of them ends reading (nested too deeply) is not found broken.
"""

import ast
import json
import logging
import warnings
from collections.abc import Callable
from functools import cache

import tree_sitter_bash
import tree_sitter_javascript
import tree_sitter_python
import yaml
from tree_sitter import Language, Parser

_GRAMMARS = {"python": tree_sitter_python, "bash": tree_sitter_bash, "javascript": tree_sitter_javascript}
_YAML_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# SQL is not one language; what these accept together holds nearly all of it
_DIALECTS = ("", "mysql", "postgres", "tsql")


def is_python(text: str) -> bool:
    """Python of any version. The grammar does not mind indentation that is lost, the interpreter's parser does."""
    return _fits_grammar("python", text) and not _is_badly_indented(text)


def _is_badly_indented(text: str) -> bool:
    try:
        with warnings.catch_warnings(action="ignore"):  # "\d" in a string
            ast.parse(text)
    except IndentationError:
        return True
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # of another version; a NUL; nested too deeply
        return False
    return False


def is_json(text: str) -> bool:
    """One value, or several, as in JSON Lines."""
    decoder, at = json.JSONDecoder(), 0
    text = text.strip()
    try:
        while at < len(text):
            _, end = decoder.raw_decode(text, at)
            at = end + len(text[end:]) - len(text[end:].lstrip())
    except json.JSONDecodeError:
        return False
    except RecursionError:
        return True
    return True


def is_sql(text: str) -> bool:
    """Statements, or an expression, of any of the common dialects."""
    return any(_is_sql_of(dialect, text) for dialect in _DIALECTS)


def _is_sql_of(dialect: str, text: str) -> bool:
    import sqlglot
    from sqlglot.errors import SqlglotError

    logging.getLogger("sqlglot").setLevel(logging.ERROR)  # it tells of statements that it only reads as words
    try:
        sqlglot.parse(text, dialect=dialect)
    except SqlglotError:
        return False
    except RecursionError:
        return True
    return True


def is_shell(text: str) -> bool:
    return _fits_grammar("bash", text)


def is_javascript(text: str) -> bool:
    return _fits_grammar("javascript", text)


def is_yaml(text: str) -> bool:
    """Documents by their syntax; what their tags mean is not asked."""
    try:
        for _ in yaml.parse(text, Loader=_YAML_LOADER):
            pass
    except yaml.YAMLError:
        return False
    except RecursionError:
        return True
    return True


def _fits_grammar(language: str, text: str) -> bool:
    return not _parser(language).parse(text.encode()).root_node.has_error


@cache
def _parser(language: str) -> Parser:
    return Parser(Language(_GRAMMARS[language].language()))


PARSERS: dict[str, Callable[[str], bool]] = {
    "python": is_python,
    "json": is_json,
    "sql": is_sql,
    "shell": is_shell,
    "yaml": is_yaml,
    "javascript": is_javascript,
}
