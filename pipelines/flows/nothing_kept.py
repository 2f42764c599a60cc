"""Sources of which nothing is kept. Who names a source seldom wants nothing of it, so cause and cure are said."""

import logging
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipelines import storage
from pipelines.messages import Message, tr
from pipelines.recipe import Recipe
from pipelines.storage import pages
from schemas.manifest import Manifest, by_reason

log = logging.getLogger("gristmill")

# rule of a policy or reason of collect → what to do about it
CURES = {
    "licence_unknown": Message("state `licence` in the recipe, if you know it"),
    "duplicate": Message("it says only what other sources say too"),
    "decision": Message("people rejected every one"),
    "robots": Message("its robots.txt asks machines to stay away"),
    "opt_out": Message("it asks not to be used for this"),
}
NOTHING = Message("")


@dataclass(frozen=True)
class NothingKept:
    """`says` is one line: how far the source got, the commonest reason, and the cure."""

    source: str
    says: Message


def find(recipe: Recipe, data: Path) -> Iterator[NothingKept]:
    """The sources of the recipe that were collected and of which nothing came through, by what stands in `data`.

    A stage that has not seen the newest result of the stage before it is left out: it may keep something next time.
    """
    curated = storage.read_manifest(storage.latest(storage.folder(data, "curate", recipe.name)))
    for source in recipe.source_names():
        batches = [manifest for _, manifest in pages.batches(data, source)]
        normalised = storage.read_manifest(storage.folder(data, "normalise", source))
        says = _not_collected(batches) or _no_records(source, normalised)
        if not says and normalised and curated and _has_seen(curated, source, normalised):
            says = _all_dropped(recipe, source, curated.counts)
        if says:
            yield NothingKept(source, says)


def warn(recipe: Recipe, data: Path) -> None:
    """Log a warning for each source of which nothing is kept."""
    for found in find(recipe, data):
        log.warning(tr("warning: {source}: {says}", source=found.source, says=found.says))


def _has_seen(curated: Manifest, source: str, normalised: Manifest) -> bool:
    return curated.inputs.get(f"normalise/{source}") == normalised.fingerprint


def _not_collected(batches: list[Manifest]) -> Message:
    counts: Counter[str] = Counter()
    for manifest in batches:
        counts.update(manifest.counts)
    if counts["pages"] or not batches:
        return NOTHING
    cure = Message("`gristmill check` asks its addresses")
    why = _commonest(by_reason(counts, "rejected"), Message("{number:,} failed with {reason}: {cure}"), cure)
    return Message("no page was collected; {why}", why=why)


def _no_records(source: str, normalised: Manifest | None) -> Message:
    counts = normalised.counts if normalised else {}
    if not counts.get("pages") or counts.get("records") or counts.get("pairs"):
        return NOTHING
    cure = Message("""`gristmill sql "FROM rejects WHERE source = '{source}'"` lists them""", source=source)
    why = _commonest(by_reason(counts, "rejected"), Message("{number:,} were rejected as {reason}: {cure}"), cure)
    return Message("0 records of {pages:,} pages; {why}", pages=counts["pages"], why=why)


def _all_dropped(recipe: Recipe, source: str, counts: Mapping[str, int]) -> Message:
    records = counts.get(f"source_records:{source}", 0)
    if not records or counts.get(f"source_kept:{source}"):
        return NOTHING
    command = f"gristmill try {recipe.policy} --recipe {recipe.name}"
    cure = Message("`{command}` shows what each rule removes", command=command)
    why = _commonest(by_reason(counts, f"source_broken:{source}"), Message("{number:,} broke {reason}: {cure}"), cure)
    return Message("0 of {records:,} records kept; {why}", records=records, why=why)


def _commonest(reasons: Mapping[str, int], says: Message, cure: Message) -> Message:
    """The commonest reason with its number and its cure; of several as common, one whose cure is known."""
    if not reasons:
        return cure
    reason = min(reasons, key=lambda name: (-reasons[name], name not in CURES, name))
    return Message(says.template, number=reasons[reason], reason=reason, cure=CURES.get(reason, cure))
