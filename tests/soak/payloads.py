"""A data folder in which every text that a page may show is hostile: scripts, elements and addresses of other hosts."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipelines import curate, dedupe, storage
from pipelines.recipe import Recipe
from pipelines.storage import logs
from schemas.page import PAGE, Page, to_row
from schemas.record import RECORD, REJECT
from tests.pipelines import corpus

MARK = "data-injected"
EVIL = "http://evil.example"
PAYLOADS = (
    f"<script {MARK}>alert(1)</script>", f"<img {MARK} src=x onerror=alert(1)>", f"<svg {MARK} onload=alert(1)></svg>",
    f'"><iframe {MARK} src="{EVIL}/frame"></iframe>', f"'><b {MARK} onmouseover=alert(1)>", f"![]({EVIL}/image.png)",
    f"[a](javascript:alert(1)) ![b][c]\n\n[c]: {EVIL}/c.png", f"&lt;img {MARK} src=x onerror=alert(1)&gt;",
    f"```\n</code></pre><img {MARK} src={EVIL}/code.png>\n```", f"| a | b |\n|---|---|\n| <u {MARK}>x</u> | y |",
    f"$\\href{{javascript:alert(1)}}{{x}}$ :material/home: <style {MARK}>@import '{EVIL}/style.css'</style>",
    f"{{{{constructor.constructor('alert(1)')()}}}} <details {MARK} open ontoggle=alert(1)>", "javascript:alert(1)//",
    f"`![]({EVIL}/out-of-code.png) <b {MARK}>",
)  # fmt: skip
ALL = " ".join(PAYLOADS)
SHORT_IMAGE = "![](//a.b)"  # ten signs, as many as a day
LEAK = (  # a question of a benchmark, long enough to be looked for
    "A baker fills 14 crates with 9 loaves each before sunrise. On the way to the market two crates fall from the cart,"
    " and half of the loaves in them are lost. At noon she sells 73 loaves, and in the evening a school buys the rest."
)
RULES = ("odd", "measured")
POLICY = f"""prefer = "record_id"
[[rules]]
name = "odd"
drop_if = "hash(record_id) % 2 = 0 OR output = '`</code><b {MARK}>'"
why = {json.dumps(ALL)}
[[rules]]
name = "measured"
drop_if = "source <> '`![]({EVIL}/when.png)' AND length(replace(output, '`![]({EVIL}/of.png)<b {MARK}>', '')) < 90"
why = {json.dumps(ALL)}
"""
POLICY_FILE = f"`<b {MARK}>![](x.png).toml"  # what a file's name can hold


def make(data: Path, folder: Path) -> list[str]:
    """Fill `data` as the stages do, with settings from files of `folder`. Gives the ids of the records."""
    recipe = _recipe(folder)
    ids = [f"forum:{number} {_key(payload)}#a1" for number, payload in enumerate(PAYLOADS, 1)]
    records = [_record(name, payload) for name, payload in zip(ids, PAYLOADS, strict=True)]
    again = [one | {"record_id": f"{one['record_id']}b"} for one in records[:4]]
    _collect(data, records)
    corpus.write(data, recipe, records + again)
    _decide(data, ids)
    dedupe.run(recipe, data)
    curate.run(recipe, data)
    _log(data)
    _train(data)
    (data / "policies").mkdir()
    (data / "policies" / POLICY_FILE).write_text(POLICY)
    (data / "recipes").mkdir()
    for number, payload in enumerate(PAYLOADS):
        (data / "recipes" / f"{number}.toml").write_text(f"name = {json.dumps(payload)}\n")
    _serve(data / "recipes")
    return ids


def _serve(recipes: Path) -> None:
    """The recipe among those that can be run from the dashboard: only then forms of runs and trainings are shown."""
    titled = json.dumps(" ".join(ALL.split()))
    source = f'[[sources]]\nconnector = "python_docs"\nname = "forum"\ntitle = {titled}\n'
    (recipes / "mill.toml").write_text(f'name = "mill"\ntitle = {titled}\n{source}[finetune]\nmodel = {titled}\n')


def _recipe(folder: Path) -> Recipe:
    (folder / "hostile.toml").write_text(POLICY)
    items = folder / "benchmark" / f"{_key(PAYLOADS[5])}.jsonl"
    items.parent.mkdir()
    items.write_text("".join(json.dumps({"task_id": payload, "question": LEAK}) + "\n" for payload in PAYLOADS))
    titled = " ".join(ALL.split())
    source = {"connector": "python_docs", "name": "forum", "title": titled}
    settings = {
        "policy": str(folder / "hostile.toml"),
        "annotate": {"embedding": "multilingual"},
        "decontaminate": {"benchmarks": [str(items)]},
    }
    return Recipe.model_validate({"name": "mill", "title": titled, "sources": [source], **settings})


def _key(text: str) -> str:
    """What the key of a page, or the name of a file, may hold of a text."""
    return "".join(sign for sign in text if sign not in ":#/\n")[:100]


def _record(name: str, payload: str) -> dict[str, Any]:
    """A record whose every text that is no key is the payload."""
    made = corpus.record(name, payload, f"{payload} and {name}. {LEAK}")
    texts = [field.name for field in RECORD if pa.types.is_string(field.type)]
    keys = ("record_id", "page_id", "source", "source_kind", "kind", "instruction", "output", "tool_calls", "tools")
    lists = {"tags": [payload], "history": [{"role": "user", "content": payload, "reasoning": "", "tool_calls": ""}]}
    return made | {text: payload for text in texts if text not in keys} | lists


def _collect(data: Path, records: list[dict[str, Any]]) -> None:
    about: dict[str, Any] = {"stage": "collect", "name": "forum", "version": 1, "params": {}, "inputs": {}}
    now = datetime.now(UTC)
    about_page = ("url", "media_type", "licence", "robots", "etag", "last_modified")
    rows = [
        to_row(
            Page(
                "forum",
                one["page_id"].split(":", 1)[1],
                body=b"",
                fetched_at=now,
                **dict.fromkeys(about_page, one["url"]),
            )
        )
        for one in records
    ]
    with storage.building(storage.folder(data, "collect", "forum"), **about) as made:
        made.table("pages-00000.parquet", pa.Table.from_pylist(rows, schema=PAGE), PAGE)
        texts = [name for name in REJECT.names if pa.types.is_string(REJECT.field(name).type)]
        rejects = [dict.fromkeys(texts, payload) | {"source": "forum"} for payload in PAYLOADS]
        made.table("rejects-00000.parquet", pa.Table.from_pylist(rejects, schema=REJECT), REJECT)


def _decide(data: Path, ids: list[str]) -> None:
    """Each record is judged by two people who differ, and noted on by all payloads."""
    said = []
    for at, (name, payload) in enumerate(zip(ids, PAYLOADS, strict=True)):
        other = PAYLOADS[at - 1]
        said += [
            {"record_id": name, "decision": "accept", "who": payload, "when": SHORT_IMAGE, "note": ALL},
            {"record_id": name, "decision": "reject" if at % 2 else "accept", "who": other, "when": payload},
            {"record_id": name, "decision": "note", "who": other, "when": payload, "note": payload},
        ]
    (data / "decisions.jsonl").write_text("".join(json.dumps(one) + "\n" for one in said))


def _train(data: Path) -> None:
    """A model whose card and answers are payloads."""
    snapshot = {"recipe": "mill", "version": "v1", "fingerprint": ALL}
    said = [dict.fromkeys(("record_id", "instruction", "input", "before", "after"), payload) for payload in PAYLOADS]
    counts = {"trained": 1, "answer_tokens": 9, "learnt_tokens": 9}
    numbers = {"base_model": ALL, "snapshot": snapshot, "examples": counts, "steps": 2, "samples": said}
    before, after = ({"loss": loss, "by_task": {payload: loss for payload in PAYLOADS}} for loss in (2.0, 1.0))
    gain = {"mean": 1.0, "low": None, "high": None, "pages": 2}
    numbers |= {"held_out": {"records": 2, "before": before, "after": after, "gain": gain}}
    numbers |= {"train_loss": [[1, 2.0], [2, 1.0]], "held_out_loss": [[2, 1.5]]}
    about: dict[str, Any] = {"stage": "finetune", "name": "mill", "version": 1, "params": {}, "inputs": {}}
    with storage.building(storage.folder(data, "finetune", "mill") / "v1", **about) as made:
        made.text("metrics.json", json.dumps(numbers))
        made.text("README.md", f"---\nname: {json.dumps(ALL)}\n---\n\n" + "\n\n".join(PAYLOADS))


def _log(data: Path) -> None:
    texts = ("run_id", "recipe", "stage", "name", "failed")
    for payload in PAYLOADS:
        now = {"started_at": datetime.now(UTC).isoformat(), "seconds": 1.0, "skipped": False, "peak_mb": 1.0}
        logs.append(data / logs.RUNS, dict.fromkeys(texts, payload) | now)
