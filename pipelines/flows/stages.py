"""The names of the stages, in their order. Imports no stage, so that the command line can list them at once."""

from typing import Literal

Stage = Literal["collect", "normalise", "annotate", "dedupe", "curate", "finetune", "prefer"]
OF_DATA: tuple[Stage, ...] = ("collect", "normalise", "annotate", "dedupe", "curate")
STAGES: tuple[Stage, ...] = (*OF_DATA, "finetune", "prefer")
PER_SOURCE: tuple[Stage, ...] = ("collect", "normalise", "annotate")
PER_SHARD: tuple[Stage, ...] = ("normalise", "annotate")
WITH_WORKERS: tuple[Stage, ...] = ("normalise", "annotate", "dedupe", "curate")
