"""`gristmill forget`: erase an address, an author or a record everywhere under data/, so that it never comes back.

    1  add tombstones to the suppression list          from now on no stage fetches, makes or publishes it
    2  models, snapshots, clusters, signals, records   erase their rows, against the flow of data
    3  the web cache, then the pages                   last, because the pages show what has to go

When a run is killed, the same command finishes the work: as long as a page is there, everything made of it can be
found. The next run builds the folders again whose inputs have changed. All others stay up to date.
"""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from pipelines import catalog, storage, suppression
from pipelines.catalog import explain
from pipelines.curate import votes
from pipelines.forget import erase, plan
from pipelines.forget.erase import ErasureTargets
from pipelines.messages import CARDS, Message, tr
from pipelines.storage import filesystem, integrity, settling, shard_cache
from pipelines.storage.layout import OF_MODELS
from pipelines.suppression import BadRequest, Tombstone, Tombstones

CACHED = Message("cached answers")
CACHE = Message("the folder gristmill below the user's cache folder (~/.cache)")
WEB_STORE, SAID = Path("1_pages") / "web.sqlite", {"decisions": "decisions.jsonl", "votes": votes.FILE}


@dataclass(frozen=True)
class Request:
    """What to forget: exactly one of `url`, `author` and `record`.

    `source` limits an author to one source. `reason` is stored as it is, so it must not name anybody.
    """

    url: str = ""
    author: str = ""
    record: str = ""
    source: str = ""
    reason: str = ""


@dataclass
class Report:
    """What `forget` did, or would do.

    `erased` counts rows by kind. `models` were trained on them. `near_duplicates` are similar records that stay.
    `local_sources` read files of this machine that still hold them. `unread` pages cannot be parsed, so nobody knows
    whose words are in them. `named_in` are records of others that name the author. `elsewhere` tells where other
    machines may hold copies of shards from an object store. `exports` are where the snapshots were exported to.
    """

    erased: dict[str, int] = field(default_factory=dict)
    snapshots: list[str] = field(default_factory=list)
    models: list[str] = field(default_factory=list)
    near_duplicates: list[str] = field(default_factory=list)
    local_sources: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    named_in: list[str] = field(default_factory=list)
    exports: list[str] = field(default_factory=list)
    elsewhere: str = ""


@dataclass(frozen=True)
class Prepared:
    """A request, and all that was found of it. Nothing is changed yet."""

    request: Request
    data: Path
    current: Tombstones
    new: tuple[Tombstone, ...]
    targets: ErasureTargets
    impact: plan.Impact
    report: Report

    @property
    def is_of_nothing(self) -> bool:
        """Whether nothing here is concerned, and the list does not have it yet: as with a name that is misspelt."""
        known = {tombstone.identity for tombstone in self.current.tombstones}
        return not self.report.erased and any(tombstone.identity not in known for tombstone in self.new)


def forget(request: Request, data: Path) -> Report:
    """Erase what the request asks for, and add it to the suppression list. The caller holds the lock of `data`.

    Raises: BadRequest, UnreadableSource, Damaged.
    """
    return carry_out(prepare(request, data))


def prepare(request: Request, data: Path) -> Prepared:
    """Find what the request asks for. The caller holds the lock of `data`.

    Raises: BadRequest, UnreadableSource; Damaged where a file that has to be searched is not what was written.
    """
    check(request, data)
    request = replace(request, record=_as_stored(request.record, data))
    settling.settle(data)
    settling.remove_unfinished(data)
    _check_files(data)
    current = suppression.load(data)
    new = _new_tombstones(request, current, data)
    impact = plan.Impact()
    plan.find_impact(data, current.with_new(new), current.with_new(new), impact)
    if not (request.url or request.source):  # a mirror of a site has the same words under another address
        copies = _copy_tombstones(data, impact.vanished | ({request.record} - {""}), current.with_new(new))
        new += copies
        if any(tombstone.kind == "part" for tombstone in copies):
            plan.find_impact(data, current.with_new(new), current.only(copies), impact)
    ids = frozenset(impact.vanished | impact.changed)
    targets = ErasureTargets(current.with_new(new), frozenset(impact.removed), ids)
    targets = replace(targets, ids=ids | erase.votes_of(data, targets))
    folders, more_ids = erase.find_affected(data, targets)
    targets = replace(targets, ids=targets.ids | more_ids)
    report = Report(
        erased=_count(data, targets, impact),
        models=sorted({*erase.models_trained_on(data, folders), *_models_known(current, new)}),
        near_duplicates=erase.near_duplicates(data, targets),
        local_sources=plan.local_sources(data, impact.affected),
        unread=sorted(impact.unread),
        exports=erase.exports_of(data, folders),
        elsewhere=""
        if filesystem.is_local(data)
        else Message("{cache} of other machines that have worked with {data}", cache=CACHE, data=data),
    )
    return Prepared(request, data, current, tuple(new), targets, impact, report)


def carry_out(found: Prepared) -> Report:
    """Erase what was found, and add it to the suppression list."""
    request, data, report = found.request, found.data, found.report
    dated = [_dated(tombstone, request, report.models) for tombstone in found.new]
    suppression.add(data, found.current, dated)
    _erase(data, found.targets, found.impact, report)
    report.named_in = plan.records_naming(data, request.author) if request.author else []
    return report


def check(request: Request, data: Path) -> None:
    """Raises: BadRequest where the request is not clear, or its record unknown."""
    named = [value for value in (request.url, request.author, request.record) if value.strip()]
    if len(named) != 1:
        raise BadRequest("say one of --url, --author and --record")
    if request.url and "." not in suppression.host(request.url) and ":" not in suppression.host(request.url):
        raise BadRequest("--url {url}: not an address; say https://site.example/what/goes", url=request.url)
    if suppression.normalise_name(named[0]) in suppression.normalise_name(request.reason):
        raise BadRequest("--reason is kept in the clear: say why without saying whom or what")
    if request.source and not request.author:
        raise BadRequest("--source goes with --author")
    if request.record and not suppression.load(data).has_record(request.record):
        _check_known(request.record, data)


def _as_stored(record_id: str, data: Path) -> str:
    """A record may be named as it is published: with a hash for an address or a key in its id."""
    if not record_id:
        return ""
    with catalog.connect(data) as con:
        return explain.as_stored(con, record_id)


def _check_known(record_id: str, data: Path) -> None:
    record_id = _as_stored(record_id, data)
    if any(vote.pair_id == record_id for vote in votes.history(data)):
        return
    with catalog.connect(data) as con:
        known = con.execute("SELECT record_id FROM records UNION SELECT record_id FROM verdicts").fetchall()
        if (record_id,) not in known:
            raise BadRequest("--record: {error}", error=explain.nearest(con, record_id))


def _check_files(data: Path) -> None:
    """Compare all that is searched with its hash. What is not searched is not found, and what is rewritten gets a hash
    that is right again, so a damaged file comes first. Raises: Damaged."""
    for folder, manifest in storage.manifests(data):
        texts = (erase.SAMPLES, *CARDS)
        of_model = manifest.stage in OF_MODELS
        integrity.check(
            (folder / shard.path, shard) for shard in manifest.shards if not of_model or shard.path in texts
        )


def _models_known(current: Tombstones, new: list[Tombstone]) -> set[str]:
    """Models that an earlier request of the same has found, and that are still there or not: the list remembers."""
    wanted = {tombstone.identity for tombstone in new}
    return {model for known in current.tombstones if known.identity in wanted for model in known.models}


def _count(data: Path, targets: ErasureTargets, impact: plan.Impact) -> dict[str, int]:
    """How many rows `_erase` would erase, by kind."""
    rows = Counter[str]()
    for folder, manifest in storage.manifests(data):
        rows.update(erase.count_rows(folder, manifest, targets) if manifest.stage != "collect" else {})
    rows.update({kind: erase.count_said(data / file, targets) for kind, file in SAID.items()})
    rows[CACHED] = erase.count_cached(
        filesystem.local_folder(data) / WEB_STORE, lambda url: _may_be_cached_of(url, targets, impact.hosts)
    )
    rows["pages"] = len(impact.affected)
    return {kind: count for kind, count in sorted(rows.items()) if count}


def _new_tombstones(request: Request, current: Tombstones, data: Path) -> list[Tombstone]:
    if request.url:
        return [current.new_url(request.url)]
    if request.author:
        return [current.new_author(request.author, request.source)]
    return plan.record_tombstones(data, {request.record}, current)


def _copy_tombstones(data: Path, vanished: set[str], tombstones: Tombstones) -> list[Tombstone]:
    """Tombstones for the texts of vanished records, and for all other records with the same text."""
    hashes_by_record = plan.pair_hashes(data)
    hashes = {pair_hash for record_id, pair_hash in hashes_by_record if record_id in vanished}
    copies = {name for name, pair_hash in hashes_by_record if pair_hash in hashes or tombstones.has_text(pair_hash)}
    texts = [Tombstone("text", tombstones.hash("text", pair_hash)) for pair_hash in sorted(hashes)]
    return texts + plan.record_tombstones(data, copies - vanished, tombstones)


def _dated(tombstone: Tombstone, request: Request, models: list[str]) -> Tombstone:
    today = datetime.now(UTC).date().isoformat()
    return replace(tombstone, reason=request.reason, when=today, models=tuple(models))


def _erase(data: Path, targets: ErasureTargets, impact: plan.Impact, report: Report) -> None:
    """Erase against the flow of data (see the docstring of this module), and fill in the report."""
    shard_cache.remove_copies(shard for _, manifest in storage.manifests(data) for shard in manifest.shards)
    erased = Counter[str]()
    for folder, manifest in reversed(list(storage.manifests(data))):
        if manifest.stage != "collect":
            rows = erase.erase_rows(folder, manifest, targets)
            erased.update(rows)
            report.snapshots += [f"{manifest.name} {folder.name}"] if rows and manifest.stage == "curate" else []
    erased.update({kind: erase.erase_said(data / file, targets) for kind, file in SAID.items()})
    erased[CACHED] += erase.erase_cached(
        filesystem.local_folder(data) / WEB_STORE, lambda url: _may_be_cached_of(url, targets, impact.hosts)
    )
    for folder, manifest in list(plan.all_batches(data)):
        erased["pages"] += erase.erase_pages(folder, manifest, targets, impact)
    report.erased = {kind: rows for kind, rows in sorted(erased.items()) if rows}


def _may_be_cached_of(url: str, targets: ErasureTargets, hosts: set[str]) -> bool:
    """Whether a cached answer may belong to an affected page.

    Nobody knows which answers a page was made of, so all answers of its host go. That costs a fresh crawl.
    """
    return targets.tombstones.has_url(url) or suppression.host(url) in hosts


def report_lines(report: Report, *, dry_run: bool = False) -> list[str]:
    """The report as lines of text in the reader's language; of a `dry_run`, what would be done."""
    rows = ", ".join(f"{rows:,} {tr(kind)}" for kind, rows in report.erased.items())
    if dry_run:
        rows = rows or tr("nothing, as nothing of it is here")
        lines = [tr("would go: {rows}; nothing was changed", rows=rows)]
    else:
        rows = rows or tr("nothing was there")
        lines = [tr("erased: {rows}; it will not be fetched, made or published again", rows=rows)]
    if report.snapshots:
        names = ", ".join(report.snapshots)
        lines.append(tr("snapshots rewritten: {names}; the next run publishes a new one", names=names))
    for says, named in _LISTED.items():
        lines += [tr(says, name=name) for name in getattr(report, named)]
    lines += [tr("{places} may still hold it: remove it there", places=report.elsewhere)] if report.elsewhere else []
    return lines


_LISTED = {  # what is said of each → the list in the report
    Message("trained on what was erased: {name}; train again, and remove it"): "models",
    Message("exported before, and out of reach: {name}; remove it there"): "exports",
    Message("says nearly the same, and stays: {name}"): "near_duplicates",
    Message("{name} could not be read; forget its address if it is of it"): "unread",
    Message("names the author, and stays: {name}"): "named_in",
    Message("{name} reads files of this machine: they still hold it"): "local_sources",
}
