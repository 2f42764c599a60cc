"""What an ablation has found, for whoever shows it: text and picture in the reader's language."""

from pathlib import Path

from pipelines import storage
from pipelines.ablate import report
from pipelines.evaluate import cards
from pipelines.messages import beside, card_name
from pipelines.storage.layout import ABLATION


def shown(recipe: str, snapshot: str, data: Path) -> tuple[str, Path | None]:
    """The Markdown about a snapshot's version, and the picture where there is one; "" where nothing was ablated.

    Raises: Damaged.
    """
    folder = storage.folder(data, "evaluate", recipe) / f"{ABLATION}{snapshot}"
    if storage.read_manifest(folder) is None:
        return "", None
    picture = storage.folder(data, "curate", recipe) / snapshot / beside(card_name(), report.PICTURE)
    return report.told(cards.results(folder)), picture if picture.exists() else None
