"""The whole life of one record: page → document → record → signals → cluster → verdict."""

import json
import re
from pathlib import Path
from typing import Any

import duckdb
from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from pipelines import catalog, storage
from pipelines.curate import bounds
from pipelines.curate.policy import BUILT_IN, Policy
from pipelines.errors import WrongInput, printable
from pipelines.messages import Message, tr
from pipelines.signals import SIGNALS
from pipelines.signals.privacy import redact_id

GAP, FRAME = 2, 4  # characters between columns, and of a panel's frame
SHOWN = 1_200  # characters of a text on the screen; `--json` has all of it
HIDDEN_SIGNALS = (
    "record_id",
    "pair_hash",
    "output_hash",
    "instruction_hash",
    "pair_context",
    "pair_minhash",
    "pair_embedding",
    "pair_numbers",
)  # signals that mean nothing to a reader

TEXTS = ("system", "tools", "history", "instruction", "input", "reasoning", "output", "tool_calls")

_PAGE = """
SELECT page_id, url, status, media_type, licence, fetched_at, robots, octet_length(body) AS bytes, sha256, batch
FROM pages WHERE page_id = $page_id
"""
_DOCUMENT = """
SELECT kind, title, url, licence, author, created_at, edited_at, instruction_edited_at, tags, score, accepted,
       thanked, source_kind,
       (SELECT count(*) FROM records r WHERE r.page_id = records.page_id) AS records_of_page
FROM records WHERE record_id = $record_id
"""
_CLUSTER = "SELECT * EXCLUDE (record_id) FROM clusters WHERE record_id = $record_id ORDER BY recipe"
_DUPLICATES = """
SELECT recipe, CASE WHEN record_id = $record_id THEN duplicate_id ELSE record_id END AS duplicate, method, similarity
FROM edges WHERE $record_id IN (record_id, duplicate_id)
ORDER BY ALL
"""
_VERDICT = "SELECT * EXCLUDE (record_id) FROM verdicts WHERE record_id = $record_id ORDER BY recipe"
_CONTAMINATED = "SELECT * EXCLUDE (record_id) FROM contaminated WHERE record_id = $record_id ORDER BY ALL"
_NEAREST = (
    "SELECT record_id FROM records ORDER BY jaro_winkler_similarity(record_id, $record_id) DESC, record_id LIMIT 3"
)


class UnknownRecord(WrongInput):
    """No such record; the message names the nearest."""


def as_stored(con: duckdb.DuckDBPyConnection, record_id: str) -> str:
    """The id of a record that is published with a hash for an e-mail address or a key in its id."""
    if not re.search(r"<(?:EMAIL|KEY)_[0-9a-f]{8}>", record_id):
        return record_id
    names = con.execute("SELECT record_id FROM records WHERE regexp_matches(record_id, '[@＠=]|%40')").fetchall()
    return next((name for (name,) in names if redact_id(name) == record_id), record_id)


def explain(record_id: str, data: Path) -> dict[str, Any]:
    """Everything known of a record, by stage. Raises UnknownRecord."""
    with catalog.connect(data) as con:
        record_id = as_stored(con, record_id)
        asked = {"record_id": record_id}
        record = _rows(con, "SELECT * FROM records WHERE record_id = $record_id", asked)
        if not record:
            raise UnknownRecord(nearest(con, record_id))
        page = _rows(con, _PAGE, {"page_id": record[0]["page_id"]})
        signals = _rows(con, "SELECT * FROM signals WHERE record_id = $record_id", asked)
        verdicts = _rows(con, _VERDICT, asked)
        return {
            "record_id": record_id,
            "page": page[0] if page else {},
            "document": _rows(con, _DOCUMENT, asked)[0],
            "record": {name: record[0][name] for name in TEXTS},
            "signals": {name: value for name, value in (signals or [{}])[0].items() if name not in HIDDEN_SIGNALS},
            "clusters": _rows(con, _CLUSTER, asked),
            "duplicates": _rows(con, _DUPLICATES, asked),
            "contaminated": _rows(con, _CONTAMINATED, asked),
            "verdicts": [_with_why(verdict, data) for verdict in verdicts],
        }


def _rows(con: duckdb.DuckDBPyConnection, query: str, values: dict[str, Any]) -> list[dict[str, Any]]:
    result: list[dict[str, Any]] = con.execute(query, values).to_arrow_table().to_pylist()
    return result


def nearest(con: duckdb.DuckDBPyConnection, record_id: str) -> Message:
    """The message that there is no such record, with the three whose ids are most alike."""
    near = [repr(row["record_id"]) for row in _rows(con, _NEAREST, {"record_id": record_id})]
    if not near:
        return Message("no record {record!r}; there are no records yet; run a recipe first", record=record_id)
    return Message("no record {record!r}; did you mean {near}?", record=record_id, near=", ".join(near))


def _with_why(verdict: dict[str, Any], data: Path) -> dict[str, Any]:
    """The verdict with the reason for each rule, as the snapshot's policy has it, and what was measured."""
    reasons = whys(data, verdict["recipe"])
    reasons["duplicate"] = Message("{record} was kept instead", record=verdict["duplicate_of"])
    explained = {
        kind: [
            {"rule": reason["rule"], "measured": json.loads(reason["value"]), "why": reasons.get(reason["rule"], "")}
            for reason in verdict[kind]
        ]
        for kind in ("reasons", "overruled")
    }
    return verdict | explained


def whys(data: Path, recipe: str) -> dict[str, str]:
    """The reason for each rule by its name, as the policy of the recipe's latest snapshot has it."""
    known = policy(data, recipe)
    return BUILT_IN | {rule.name: rule.why for rule in (known.rules if known else ())}


def rules_with_a_line(data: Path, recipe: str) -> list[str]:
    """The rules of that policy that compare a measure with a number, by name."""
    known = policy(data, recipe)
    return sorted(rule.name for rule in (known.rules if known else ()) if bounds.find(rule.drop_if))


def policy(data: Path, recipe: str) -> Policy | None:
    """The policy that the recipe's latest snapshot was made by; None where there is none."""
    manifest = storage.read_manifest(storage.latest(storage.folder(data, "curate", recipe)))
    return Policy.model_validate(manifest.params["policy"]) if manifest else None


def definitions() -> dict[str, str]:
    """What defines each signal, a paper, a tool or a reasoning, by the signal's name; each is a message."""
    return {signal.name: signal.source for signal in SIGNALS}


def show(life: dict[str, Any], console: Console) -> None:
    """One screen for `explain`'s answer."""
    parts = [
        _panel(tr("page"), _grid(life["page"])),
        _panel(tr("document"), _grid(life["document"])),
        _panel(tr("record"), _record(life["record"])),
        _panel(tr("signals"), _columns(life["signals"], console.width)),
        _panel(tr("cluster"), Group(*(_grid(one) for one in (*life["clusters"], *life["duplicates"])))),
        *(_panel(tr("found in it: {benchmark} {item}", **one), _grid(one)) for one in life["contaminated"]),
        *(_panel(tr("verdict of {recipe}", recipe=one["recipe"]), _verdict(one)) for one in life["verdicts"]),
    ]
    console.print(_text(life["record_id"], "bold"), *parts, sep="\n")


def _panel(title: str, content: Any) -> Panel:
    return Panel(content, title=_text(title), title_align="left", padding=(0, 1))


def _grid(values: dict[str, Any]) -> Table:
    grid = _empty_grid()
    for name, value in values.items():
        if value not in (None, "", []):
            grid.add_row(_text(name, "dim"), _text(_plain(value)))
    return grid


def _empty_grid(across: int = 1) -> Table:
    """Room for `across` pairs in a row: names are never cut, values go on on the next line."""
    grid = Table.grid(padding=(0, GAP))
    for _ in range(across):
        grid.add_column(no_wrap=True)
        grid.add_column(overflow="fold")
    return grid


def _columns(values: dict[str, Any], width: int) -> Table:
    """Names and values side by side, as many pairs in a row as `width` characters hold without a cut."""
    cells = [(name, _plain(value)) for name, value in values.items() if value is not None]
    longest = max((len(name) + len(value) + 2 * GAP for name, value in cells), default=width)
    across = max(1, min(3, (width - FRAME) // longest))
    grid = _empty_grid(across)
    for at in range(0, len(cells), across):
        row = cells[at : at + across]
        grid.add_row(*(text for name, value in row for text in (_text(name, "dim"), _text(value))))
    return grid


def _record(record: dict[str, Any]) -> Table:
    texts = record | {"history": "\n".join(_turn(turn) for turn in record["history"] or [])}
    return _grid({name: _cut(texts[name] or "") for name in TEXTS})


def _turn(turn: dict[str, str]) -> str:
    if not turn.get("role"):  # as releases had it that knew only questions and answers
        return f"user:\n{turn['instruction']}\nassistant:\n{turn['output']}"
    said = [turn[name] for name in ("reasoning", "content", "tool_calls") if turn[name]]
    return "\n".join([f"{turn['role']}:", *said])


def _verdict(verdict: dict[str, Any]) -> Group:
    fate = tr("kept, in {split}", split=verdict["split"]) if verdict["kept"] else tr("dropped")
    lines = [Text(fate, style="green" if verdict["kept"] else "red")]
    if verdict["decision"]:
        lines.append(_text(tr("decided by a person: {decision}", decision=verdict["decision"])))
    if verdict.get("target"):
        lines.append(
            _text(
                tr(
                    "nearest target: {target}, cosine {cosine}",
                    target=verdict["target"],
                    cosine=_plain(verdict["target_cosine"]),
                )
            )
        )
    for reason in (*verdict["reasons"], *verdict["overruled"]):
        measured = ", ".join(f"{name} = {_plain(value)}" for name, value in reason["measured"].items())
        lines.append(_text(reason["rule"], "bold") + _text(f"  {measured}\n    {tr(reason['why'])}"))
    return Group(*lines)


def _text(text: str, style: str = "") -> Text:
    """A text as it is, neither styled nor obeyed."""
    return Text(printable(text), style)


def _cut(text: str) -> str:
    if len(text) <= SHOWN:
        return text
    return tr("{text} … ({number} more characters)", text=text[:SHOWN], number=len(text) - SHOWN)


def _plain(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.3g}"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
