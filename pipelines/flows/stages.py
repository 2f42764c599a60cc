"""The names of the stages, in their order, and of deployments. Imports no stage, so that commands can list them."""

from typing import Literal

Stage = Literal["collect", "normalise", "annotate", "dedupe", "curate", "finetune", "prefer"]
OF_DATA: tuple[Stage, ...] = ("collect", "normalise", "annotate", "dedupe", "curate")
STAGES: tuple[Stage, ...] = (*OF_DATA, "finetune", "prefer")
PER_SOURCE: tuple[Stage, ...] = ("collect", "normalise", "annotate")
PER_SHARD: tuple[Stage, ...] = ("normalise", "annotate")
WITH_WORKERS: tuple[Stage, ...] = ("normalise", "annotate", "dedupe", "curate")

DOES = {  # what each flow does, as its deployments are called
    "mill": "whole road",
    "collect": "pages only",
    "curate": "pages to snapshot",
    "finetune": "snapshot to model",
    "prefer": "preferences",
}


def deployment_name(recipe: str, flow: str) -> str:
    """What a recipe's deployment of a flow is called."""
    return f"{recipe}: {DOES[flow]}"
