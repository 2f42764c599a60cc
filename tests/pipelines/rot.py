"""One bit of one file below data/ is another one: what `verify` and the next command make of it."""

import logging
import random
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cache, partial
from io import StringIO
from pathlib import Path
from typing import Any

from connectors.web.store import SiteFile, Store, StoredResponse, Visit, is_corrupt
from pipelines import annotate, catalog, curate, dedupe, normalise, storage, suppression
from pipelines.catalog import status
from pipelines.catalog.verify import verify
from pipelines.errors import WorkFailed, WrongInput
from pipelines.evaluate import cards, parts
from pipelines.forget import erase
from pipelines.models import head
from pipelines.publish.export import export
from pipelines.recipe import Recipe
from pipelines.storage import complete, logs, shard_cache
from pipelines.storage.integrity import sha256_of
from schemas.manifest import Manifest, digest
from schemas.seal import write_lines

# By folder: who reads it, and what of it.
READ_BY: dict[str, dict[str, tuple[str, ...]]] = {
    "1_pages": {"normalise": ("pages",)},
    "2_records": {"annotate": ("records",), "dedupe": ("records",), "curate": ("records", "pairs")},
    "3_signals": {"dedupe": ("signals",), "curate": ("signals",)},
    "4_clusters": {"curate": ("clusters", "edges")},
    "5_curated": {"export": ("train", "pairs")},
    "6_models": {"serve": ("",)},
    "7_evaluations": {},
}
# Makes, from a data folder with a damaged file, what others would read: a hash, or "" where nothing was made.
Use = Callable[[Path], str]


@dataclass(frozen=True)
class Kind:
    """Files of one kind, and what is done with them next. `use` None: nothing is made of them."""

    name: str
    files: tuple[Path, ...]
    use: Use | None = None


def copy_of(data: Path, folder: Path, *copied: Path) -> Path:
    """A data folder that shares the bytes of `data`, but for the files `copied`, which may be changed."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(data, folder, symlinks=True, copy_function=lambda old, new: Path(new).hardlink_to(old))
    for path in copied:
        own = folder / path
        content = own.read_bytes()
        own.unlink()
        own.write_bytes(content)
    return folder


def flip(path: Path, draw: random.Random) -> str:
    """Flip one bit; returns which."""
    content = bytearray(path.read_bytes())
    bit = draw.randrange(8 * len(content))
    content[bit // 8] ^= 1 << bit % 8
    path.write_bytes(bytes(content))
    return f"{path.name} bit {bit}"


def try_flips(kind: Kind, data: Path, folder: Path, flips: int, seed: int) -> tuple[Counter[str], list[str]]:
    """How `flips` flipped bits ended, and a line for each that ended badly.

    found: `verify` names the file · refused: the next command ends with one line · told: it goes on, and names the file
    same: it made the same as without the flip · asked again: the web client lost it, and keeps nothing false
    silent: it made something else, and said nothing · traceback: another error than one for users
    """
    draw = random.Random(f"{kind.name} {seed}")
    counts, bad = Counter[str](), []
    wanted = cache(lambda: kind.use(copy_of(data, folder.with_name("whole"), *kind.files)) if kind.use else "")
    for _ in range(flips):
        path = draw.choice(kind.files)
        damaged = copy_of(data, folder, *kind.files, *shared_databases(data))
        what = flip(damaged / path, draw)
        outcomes = [_found(damaged, path), _used(kind.use, damaged, wanted, path.name) if kind.use else "unused"]
        counts.update(outcomes)
        bad += [f"{kind.name}: {what}: {one}" for one in outcomes if one in ("missed", "silent") or ":" in one]
    return counts, bad


def shared_databases(data: Path) -> list[Path]:
    """Databases change when they are opened, so each copy has its own."""
    return [path.relative_to(data) for path in data.rglob("*.sqlite")]


def _found(data: Path, path: Path) -> str:
    try:
        told = [fault.path for fault in verify(data).faults]
    except Exception as error:  # what must not happen, counted
        return f"traceback: verify: {type(error).__name__}: {error}"
    return "found" if any(str(path.name) in one for one in told) else "missed"


class _Warnings(logging.Handler):
    """Keeps what is said to the user."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())


def _used(use: Use, data: Path, wanted: Callable[[], str], name: str) -> str:
    log, told = logging.getLogger("gristmill"), _Warnings()
    log.addHandler(told)
    try:
        made = use(data)
    except (WorkFailed, WrongInput) as error:
        return "refused" if "\n" not in str(error) else f"traceback: {error}"
    except Exception as error:
        return f"traceback: {type(error).__name__}: {error}"
    finally:
        log.removeHandler(told)
    if made == wanted():
        return "same"
    if use is _web and set(made.splitlines()) <= set(wanted().splitlines()):
        return "asked again"
    return "told" if any(name in line for line in told.said) else "silent"


def kinds(recipe: Recipe, data: Path) -> list[Kind]:
    """Every kind of file below `data`, with what reads it next."""
    source = recipe.source_names()[0]
    stages = {
        "normalise": partial(_stage, normalise.run, "2_records", recipe, source),
        "annotate": partial(_stage, annotate.run, "3_signals", recipe, source),
        "dedupe": partial(_stage, dedupe.run, "4_clusters", recipe),
        "curate": partial(_stage, curate.run, "5_curated", recipe),
        "export": partial(_export, recipe.name),
        "serve": _serve,
        "status": _status,
    }
    found = []
    for made, readers in READ_BY.items():
        files = [path.relative_to(data) for path in sorted((data / made).rglob("*")) if path.is_file()]
        files = [path for path in files if "latest" not in path.parts and ".sqlite" not in path.name]
        hidden = [path for path in files if any(part.startswith(".") for part in path.parts)]
        manifests = tuple(path for path in files if path.name == "manifest.json")
        shards = tuple(path for path in files if path not in (*manifests, *hidden))
        found += [Kind(f"{made} shards", shards)]
        found += [Kind(f"{made} → {name}", _of(shards, parts), stages[name]) for name, parts in readers.items()]
        found += [Kind(f"{made} manifest → {name}", manifests, stages[name]) for name in (*readers, "status")]
        found += [Kind(f"{made} unfinished → resume", tuple(hidden), _unfinished)] if hidden else []
    lines = {"runs.jsonl": "status", "decisions.jsonl": "curate", "forgotten.jsonl": "curate"}
    found += [Kind(f"{name} → {reader}", (Path(name),), stages[reader]) for name, reader in lines.items()]
    found += [Kind("exports.jsonl → forget", (Path("exports.jsonl"),), _exports)]
    found += [Kind("web.sqlite → web client", (Path("1_pages/web.sqlite"),), _web)]
    return found


def _of(files: Sequence[Path], parts: Sequence[str]) -> tuple[Path, ...]:
    return tuple(path for path in files if path.name.startswith(tuple(parts)))


def furnish(data: Path) -> None:
    """Add what a run on local files does not leave: the web client's memory, decisions, tombstones, an export."""
    with closing(Store(data / "1_pages" / "web.sqlite")) as store:
        crawl, _ = store.begin("site", 1.0)
        for number in range(40):
            url = f"https://site.example/{number}"
            headers, body = {"content-type": "text/html"}, f"<p>page {number}</p>".encode() * 20
            response = StoredResponse(url, 200, headers, body, "1", "allow", "", 2.0, 3.0)
            store.save(crawl, Visit(url, "site.example", 2.0), response)
        store.save_site_file("https://site.example/robots.txt", SiteFile(200, b"User-agent: *\nAllow: /", "", 2.0))
        store.set_next_at("site.example", 5.0)
    rows = [{"record_id": f"forum:{n}#{100 + n}", "decision": "accept", "note": "good"} for n in range(1, 5)]
    storage.write_text(data / "decisions.jsonl", write_lines(rows))
    tombstones = suppression.load(data)
    suppression.add(data, tombstones, [tombstones.new_author(f"Nobody {n}", "") for n in range(3)])
    (snapshot,) = (data / "5_curated").glob("*/latest")
    for number in range(3):
        place = {"recipe": snapshot.parent.name, "version": "v1", "out": f"out{number}", "what": "sft", "when": "2026"}
        logs.append(data / logs.EXPORTS, place)
    draw, models = random.Random(1), data / "6_models" / snapshot.parent.name
    _furnish_model(models, "finetune", draw)
    _furnish_model(models.with_name(f"{models.name}.dpo"), "prefer", draw)
    for folder in (models / ".v2.0123" / ".checkpoints" / "checkpoint-4", models.parent / ".base" / "smollm2"):
        folder.mkdir(parents=True)
        (folder / "model.safetensors").write_bytes(draw.randbytes(4_000))
        complete.write(folder, step=4)
    texts = {name: draw.randbytes(2_000).hex() for name in (head.FILE, head.CARD)}
    head.write(models.parent / head.FOLDER / "quality", "quality", texts, ["forum:1#101"])
    about: dict[str, Any] = {"name": models.name, "version": 1, "params": {}, "inputs": {}}
    with storage.building(data / "7_evaluations" / models.name / "v1", stage="evaluate", **about) as made:
        parts.publish(made, [{"test": "loss", "model": "tuned", "record_id": "forum:1#101", "nats": 2.5, "tokens": 9}])
        made.text(cards.RESULTS, '{"model": "tuned"}')


def _furnish_model(models: Path, stage: str, draw: random.Random) -> None:
    """A model whose bytes say nothing, as here nobody computes; so it is with a checkpoint and the packaged one."""
    models.mkdir(parents=True)
    about: dict[str, Any] = {"name": models.name, "version": 1, "params": {}, "inputs": {}}
    with storage.becoming_latest(models / "v1"), storage.building(models / "v1", stage=stage, **about) as made:
        made.text("config.json", "{}")
        for name in ("model.safetensors", "adapter/adapter_model.safetensors"):
            (made.local_folder / name).parent.mkdir(exist_ok=True)
            (made.local_folder / name).write_bytes(draw.randbytes(4_000))
            made.adopt(name)


def _serve(data: Path) -> str:
    folder = storage.latest(next((data / "6_models").glob("[!.]*")))
    manifest = storage.read_manifest(folder)
    with shard_cache.local_copy_of(folder, manifest) as near:
        return digest([sha256_of(path) for path in sorted(near.rglob("*")) if path.is_file()])


def _unfinished(data: Path) -> str:
    places = ("6_models/*/.*/.checkpoints/*", "6_models/.base/*", f"6_models/{head.FOLDER}/*")
    folders = sorted(path for place in places for path in data.glob(place))
    return repr([complete.read(folder) for folder in folders])


def _stage(run: Callable[..., Manifest], folder: str, recipe: Recipe, *rest: Any) -> str:
    """Make a stage's folder anew; returns a hash of all that is in it. The last of `rest` is the data folder."""
    *what, data = rest
    shutil.rmtree(data / folder)
    run(recipe, *what, data=data)
    files = (path for path in sorted((data / folder).rglob("*")) if path.is_file() and "latest" not in path.parts)
    return digest([[path.relative_to(data), sha256_of(path)] for path in files])


def _export(recipe: str, data: Path) -> str:
    out = StringIO()
    for kind in ("messages", "dpo"):
        export(recipe, data, kind, out)
    return out.getvalue()


def _status(data: Path) -> str:
    return repr([status.funnel(data), catalog.connect(data).sql("FROM runs").fetchall()])


def _exports(data: Path) -> str:
    return repr(erase.exports_of(data, [(folder, made) for folder, made in storage.manifests(data, "5_curated")]))


def _web(data: Path) -> str:
    """What the web client would take from its memory instead of asking: other answers are silent rot, fewer are not."""
    path = data / "1_pages" / "web.sqlite"
    try:
        with closing(Store(path)) as store:
            crawl, begun = store.begin("site", 9.0)
            urls = [f"https://site.example/{number}" for number in range(40)]
            known = [store.response(url) for url in urls] + [store.visit(crawl, url) for url in urls]
            known.append(store.site_file("https://site.example/robots.txt"))
            times = [f"begun {begun}"] * (crawl == 1) + [f"next {store.next_at('site.example')}"]
            return "\n".join([repr(one) for one in known if one] + [one for one in times if one != "next 0.0"])
    except sqlite3.Error as error:
        if not is_corrupt(error):
            raise
        raise WorkFailed("not a database") from error
