"""What was measured goes onto cards that are published already: a model's, or a snapshot's."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pipelines import storage
from pipelines.messages import CARDS, spoken
from pipelines.storage import FolderBuilder, integrity
from schemas.manifest import Manifest

RESULTS = "results.json"


def as_json(numbers: Mapping[str, Any]) -> str:
    """What RESULTS holds."""
    return json.dumps(numbers, indent=1, ensure_ascii=False) + "\n"


def results(folder: Path) -> dict[str, Any]:
    """The numbers that a folder of evaluations holds. Raises: Damaged."""
    manifest = storage.read_manifest(folder)
    shards = manifest.shards if manifest else ()
    integrity.check((folder / shard.path, shard) for shard in shards if shard.path == RESULTS)
    found: dict[str, Any] = json.loads((folder / RESULTS).read_text())
    return found


def rewrite(
    folder: Path,
    manifest: Manifest,
    edit: Callable[[str], str],
    add: Callable[[FolderBuilder, str], None] = lambda *_: None,
) -> None:
    """Edit the cards of a folder, each in its language; `add` puts beside a card, by its name, what it shows.

    They are rewritten only where that changes them. The fingerprint stays: what they are about is as it was.
    """
    changed = {}
    for name, language in CARDS.items():
        if (folder / name).exists():  # an earlier release wrote no card in Chinese
            card = (folder / name).read_text()
            with spoken(language):
                new = edit(card)
            changed.update({} if new == card else {name: new})
    if changed:
        with storage.rewriting(folder, manifest) as builder:
            builder.fingerprint = manifest.fingerprint
            for name, card in changed.items():
                builder.text(name, card)
                add(builder, name)
