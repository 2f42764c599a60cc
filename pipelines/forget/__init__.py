"""`gristmill forget`: erase an address, an author or a record everywhere under data/, so that it never comes back.

    1  enter it in the suppression list, as hashes     from here on no stage fetches, makes or publishes it
    2  models, snapshots, clusters, signals, records   their rows go, in the order against the flow of data
    3  the web cache, then the pages                   last, because what has to go is found in them

Killed at any moment, the same command finishes: as long as a page is there, all that came of it can be found.
Folders whose inputs shrank are made again by the next run; whatever the request does not touch stays up to date.
"""

from collections import Counter
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from pipelines import catalog, storage, suppression
from pipelines.catalog import explain
from pipelines.forget import erase, plan
from pipelines.forget.erase import Gone
from pipelines.storage import filesystem, shard_cache
from pipelines.suppression import BadRequest, Tombstone, Tombstones

CACHE = "the folder gristmill below the user's cache folder (~/.cache)"
WEB_STORE, DECISIONS = Path("1_pages") / "web.sqlite", "decisions.jsonl"


@dataclass(frozen=True)
class Request:
    """One of the three is given. `source` narrows an author to one source; `reason` is kept, and names nobody."""

    url: str = ""
    author: str = ""
    record: str = ""
    source: str = ""
    reason: str = ""


@dataclass
class Report:
    """What was erased, by kind; the models that have learnt from it; near-duplicates of it that stay; pages that could
    not be parsed, so that nobody knows whose words are in them; records of others that name the author; where other
    machines may keep copies of what lay in a store."""

    erased: dict[str, int] = field(default_factory=dict)
    snapshots: list[str] = field(default_factory=list)
    models: list[str] = field(default_factory=list)
    near_duplicates: list[str] = field(default_factory=list)
    local_sources: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    named_in: list[str] = field(default_factory=list)
    elsewhere: str = ""


def forget(request: Request, data: Path) -> Report:
    """Erase and enter in the list. Raises BadRequest, UnreadableSource. The caller holds the lock of `data`."""
    check(request, data)
    storage.recover(data)
    known = suppression.load(data)
    asked = _stones(request, known, data)
    found = plan.Found()
    plan.search(data, known.with_new(asked), known.with_new(asked), found)
    if not (request.url or request.source):  # whoever mirrors a site has another address, but the same words
        copies = _copies(data, found.vanished | ({request.record} - {""}), known.with_new(asked))
        asked += copies
        if any(stone.kind == "part" for stone in copies):
            plan.search(data, known.with_new(asked), known.only(copies), found)
    gone = Gone(known.with_new(asked), frozenset(found.removed), frozenset(found.vanished | found.changed))
    folders, ids = erase.touched(data, gone)
    gone = replace(gone, ids=gone.ids | ids)
    report = Report(
        models=erase.models_of(data, folders),
        near_duplicates=erase.near_duplicates(data, gone),
        local_sources=plan.local_sources(data, found.affected),
        unread=sorted(found.unread),
        elsewhere="" if filesystem.is_local(data) else f"{CACHE} of other machines that have worked with {data}",
    )
    suppression.enter(data, known, [_dated(stone, request, report.models) for stone in asked])
    _erase(data, gone, found, report)
    report.named_in = plan.naming(data, request.author) if request.author else []
    return report


def check(request: Request, data: Path) -> None:
    named = [value for value in (request.url, request.author, request.record) if value.strip()]
    if len(named) != 1:
        raise BadRequest("say one of --url, --author and --record")
    if request.url and "." not in suppression.host(request.url) and ":" not in suppression.host(request.url):
        raise BadRequest(f"--url {request.url}: not an address; say https://site.example/what/goes")
    if suppression.folded_name(named[0]) in suppression.folded_name(request.reason):
        raise BadRequest("--reason is kept in the clear: say why without saying whom or what")
    if request.source and not request.author:
        raise BadRequest("--source goes with --author")
    if request.record and not suppression.load(data).record(request.record):
        _check_known(request.record, data)


def _check_known(record_id: str, data: Path) -> None:
    with catalog.connect(data) as con:
        found = con.execute("SELECT record_id FROM records UNION SELECT record_id FROM verdicts").fetchall()
        if (record_id,) not in found:
            raise BadRequest(f"--record: {explain.nearest(con, record_id)}")


def _stones(request: Request, known: Tombstones, data: Path) -> list[Tombstone]:
    if request.url:
        return [known.new_url(request.url)]
    if request.author:
        return [known.new_author(request.author, request.source)]
    return plan.parts_of(data, {request.record}, known)


def _copies(data: Path, vanished: set[str], tombstones: Tombstones) -> list[Tombstone]:
    """The texts that vanish, and whatever else says the same word for word."""
    texts = plan.texts(data)
    hashes = {pair_hash for record_id, pair_hash in texts if record_id in vanished}
    copies = {record_id for record_id, pair_hash in texts if pair_hash in hashes or tombstones.text(pair_hash)}
    made = [Tombstone("text", tombstones.hash("text", pair_hash)) for pair_hash in sorted(hashes)]
    return made + plan.parts_of(data, copies - vanished, tombstones)


def _dated(stone: Tombstone, request: Request, models: list[str]) -> Tombstone:
    today = datetime.now(UTC).date().isoformat()
    return Tombstone(**asdict(stone) | {"reason": request.reason, "when": today, "models": tuple(models)})


def _erase(data: Path, gone: Gone, found: plan.Found, report: Report) -> None:
    """Against the flow of data; see the head of this file."""
    shard_cache.drop(shard for _, manifest in storage.manifests(data) for shard in manifest.shards)
    erased = Counter[str]()
    for folder, manifest in reversed(list(storage.manifests(data))):
        if manifest.stage != "collect":
            rows = erase.rewrite(folder, manifest, gone)
            erased.update(rows)
            report.snapshots += [f"{manifest.name} {folder.name}"] if rows and manifest.stage == "curate" else []
    erased["decisions"] += erase.decisions(data / DECISIONS, gone)
    erased["cached answers"] += erase.cached(
        filesystem.local_folder(data) / WEB_STORE, lambda url: _is_cached_of(url, gone, found.hosts)
    )
    for folder, manifest in list(plan.batches(data)):
        erased["pages"] += erase.pages(folder, manifest, gone, found)
    report.erased = {kind: rows for kind, rows in sorted(erased.items()) if rows}


def _is_cached_of(url: str, gone: Gone, hosts: set[str]) -> bool:
    """Nobody knows from which answers a page was put together: all of its site's go, which costs a fresh crawl."""
    return gone.tombstones.url(url) or suppression.host(url) in hosts


def told(report: Report) -> list[str]:
    """The report in words."""
    erased = ", ".join(f"{rows:,} {kind}" for kind, rows in report.erased.items()) or "nothing was there"
    lines = [f"erased: {erased}; it will not be fetched, made or published again"]
    if report.snapshots:
        lines.append(f"snapshots rewritten: {', '.join(report.snapshots)}; the next run publishes a new one")
    lines += [f"trained on what was erased: {model}; train again, and remove it" for model in report.models]
    lines += [f"says nearly the same, and stays: {record_id}" for record_id in report.near_duplicates]
    lines += [f"{page_id} could not be read; forget its address if it is of it" for page_id in report.unread]
    lines += [f"names the author, and stays: {record_id}" for record_id in report.named_in]
    lines += [f"{source} reads files of this machine: they still hold it" for source in report.local_sources]
    lines += [f"{report.elsewhere} may still hold it: remove it there"] if report.elsewhere else []
    return lines
