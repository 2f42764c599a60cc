"""What is run on a disk that fails: every stage and every other command that writes, each on a small place to work in.

A place is a folder with `small.toml`, `data` and `out`. Each job begins with the place that another one has left.
"""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from pipelines import storage, suppression
from schemas.verdict import PUBLISHED_PAIR
from tests.pipelines.forget.test_forget import ADA, written
from tests.pipelines.milling import recipe_file

Words = tuple[str, ...]
Prepare = Callable[[Path], object]
DATA = ("--data", "data")
DECISIONS = [
    {"record_id": "forum:q1#a11", "decision": "reject", "note": "not so"},
    {"record_id": "forum:q1#a12", "decision": "accept"},
    {"record_id": "forum:q2#a21", "decision": "reject"},
    {"record_id": "forum:q2#a21", "decision": "undo"},
    {"record_id": "forum:q4#a41", "decision": "edit", "output": "Take it apart, clean it well and try it once more."},
]


@dataclass(frozen=True)
class Job:
    """`words` are run in a place where the job `after` has been and `prepare` was called.

    `timed`: what it writes holds a time, so that fingerprints are compared and not bytes.
    `throws_away`: it is asked to remove first what stands.
    """

    words: Words
    after: str = ""
    prepare: Prepare = field(default=lambda place: None)
    timed: bool = False
    throws_away: bool = False


def begin(place: Path) -> None:
    """A forum of four threads on the disk, and a recipe for it."""
    place.mkdir(parents=True)
    written(place / "forum")
    recipe_file(place, forum=Path("forum"))
    (place / "out").mkdir()


def _change(place: Path) -> None:
    written(place / "forum", '<row Id="5" PostTypeId="1" Title="And?" Body="&lt;p&gt;Anything else?&lt;/p&gt;" />')


def _decide(place: Path) -> None:
    (place / "data" / "decisions.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in DECISIONS))


def _own_table(place: Path) -> None:
    """Decisions in a person's CSV, whose columns are too few for what is decided next."""
    (place / "data" / "mine.csv").write_bytes(b"record_id,decision\r\nforum:q2#a21,reject")
    recipe = place / "small.toml"
    recipe.write_text(f'decisions = "data/mine.csv"\n{recipe.read_text()}')


def _model(place: Path) -> None:
    """A tiny model to train, beside the recipe."""
    from tests.pipelines.conftest import CHAT, make_model

    make_model(place / "model", CHAT)
    how = 'model = "model"\nbatch_tokens = 512\ngradient_accumulation = 1\nmax_steps = 3\neval_records = 1\n'
    with (place / "small.toml").open("a") as recipe:
        recipe.write(f"\n[finetune]\n{how}max_length = 512\n")


def _preference(place: Path) -> None:
    """Pairs in the snapshot, of which the forum gives none, and what is to be learnt of them."""
    from tests.pipelines.prefer.pairing import pair

    folder = storage.latest(place / "data" / "5_curated" / "small")
    manifest = storage.read_manifest(folder)
    assert manifest
    made = pa.Table.from_pylist([*map(pair, range(6)), pair(9, "validation")], schema=PUBLISHED_PAIR)
    with storage.rewriting(folder, manifest) as builder:
        builder.table("pairs-00000-of-00001.parquet", made, PUBLISHED_PAIR)
    with (place / "small.toml").open("a") as recipe:
        recipe.write('\n[preference]\nmethod = "reward"\nmax_steps = 3\n')


def _three_sites(place: Path) -> None:
    """Sites to leave out, milled, and a tiny model: all beside each other."""
    from pipelines.flows.stages import OF_DATA
    from pipelines.recipe import load
    from tests.pipelines.ablate.conftest import three_sites
    from tests.pipelines.conftest import CHAT, make_model
    from tests.pipelines.milling import go

    make_model(place / "model", CHAT)
    go(load(three_sites(place, "model")), place / "data", OF_DATA)


def _ready_pairs(place: Path) -> None:
    """Pairs of which the better one has code."""
    words = ["take", "it", "apart", "and", "clean", "it", "well", "and", "try", "it", "once", "more", "then"]
    texts = [" ".join(words[number % 7 :] * (2 + number % 5)) for number in range(120)]
    rows = [{"prompt": "How?", "chosen": f"```\n{text}\n```\n", "rejected": f"It is {text}"} for text in texts]
    (place / "pairs.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))


def _salt(place: Path) -> None:
    """The salt of a suppression list is random, but for a list that is there."""
    suppression.add(place / "data", suppression.Tombstones("salt"), [])


def crawl(url: str) -> "Job":
    """A crawl of the site at `url`."""

    def name_it(place: Path) -> None:
        (place / "small.toml").write_text(
            f'name = "small"\n[web]\ndelay = 0.02\nallow_private = ["127.0.0.1"]\n'
            f'[[sources]]\nconnector = "website"\nname = "site"\nstart = "{url}"\nlicence = "CC0-1.0"\n'
        )

    return Job(_stage("collect"), "", name_it, timed=True)


def _stage(name: str, *more: str) -> Words:
    return "stage", name, "small.toml", "--workers", "1", *DATA, *more


def _forget(*what: str) -> Words:
    return "forget", *what, "--yes", *DATA


def _decided(*more: str) -> Words:
    return "decide", "forum:q1#a11", "forum:q1#a12", "--reject", "--who", "Ada", "--note", "not so", *more, *DATA


ABLATION = ("--steps", "2", "--tokens", "240", "--seeds", "1", "--records", "8", "--test", "kitchen.example")
STAGES = ("collect", "normalise", "annotate", "dedupe", "curate")
JOBS = {
    **{stage: Job(_stage(stage), after) for stage, after in zip(STAGES, ("", *STAGES), strict=False)},
    "collect changed": Job(_stage("collect"), "collect", _change),
    "curate decided": Job(_stage("curate"), "curate", _decide),
    "curate again": Job(_stage("curate", "--again"), "curate decided", throws_away=True),
    "decide": Job(_decided(), "curate decided", timed=True),
    "decide csv": Job(_decided("--recipe", "small.toml"), "curate", _own_table, timed=True),
    "export": Job(("export", "small", "out/small.jsonl", *DATA), "curate"),
    "export for": Job(("export", "small", "out/for", "--for", "llamafactory", *DATA), "curate"),
    "forget url": Job(_forget("--url", "https://forum.example/questions/3"), "curate decided", _salt),
    "forget author": Job(_forget("--author", ADA), "forget url"),
    "finetune": Job(_stage("finetune"), "curate", _model),
    "prefer": Job(_stage("prefer"), "finetune", _preference),
    "evaluate": Job(("evaluate", "small.toml", "--records", "4", *DATA), "finetune"),
    "gguf": Job(("gguf", "small", "out/small.gguf", *DATA), "finetune"),
    "learn": Job(("learn", "quality", "--from", "pairs.jsonl", *DATA), "curate", _ready_pairs),
    "ablate": Job(("ablate", "small.toml", *ABLATION, *DATA), "", _three_sites),
    "seal": Job(("verify", "--seal", *DATA), "forget url", _decide),
}


def copy_of(place: Path, folder: Path) -> Path:
    """A place that shares its files with another one, but for those that are changed where they are."""
    shutil.rmtree(folder, ignore_errors=True)

    def copy(old: str, new: str) -> None:
        in_place = Path(old).suffix in (".jsonl", ".toml", ".lock", ".part") or ".sqlite" in old
        shutil.copy2(old, new) if in_place else Path(new).hardlink_to(old)

    shutil.copytree(place, folder, symlinks=True, copy_function=copy)
    return folder
