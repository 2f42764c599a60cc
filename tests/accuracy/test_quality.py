"""What the default policy makes of answers that people called good and bad, without their votes.

Surface measures cannot tell a right answer from a wrong one, and these numbers say so. The floors hold what there is.
"""

import json
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from pipelines.annotate import measure
from pipelines.curate import policy
from pipelines.signals import SIGNALS
from schemas.record import RECORD
from schemas.verdict import CONTAMINATION
from tests.accuracy.test_safety import area
from tests.pipelines import corpus

UNASKED = CONTAMINATION.names


def judged(pairs: list[tuple[str, str]]) -> tuple[np.ndarray, np.ndarray]:
    """Quality of each (instruction, output) by the default policy, and whether a rule drops it."""
    rules = policy.load("default")
    rows = [
        corpus.record(f"set:{k}#1", asked, told, source_kind="instructions", kind="exchange", score=None, accepted=None)
        for k, (asked, told) in enumerate(pairs)
    ]
    records = pa.Table.from_pylist(rows, schema=RECORD)
    signals = measure(records, SIGNALS).drop_columns("record_id")
    candidate = pa.table([*records.columns, *signals.columns], names=[*records.column_names, *signals.column_names])
    dropped = " OR ".join(policy.breaks_sql(rule) for rule in rules.rules)
    with duckdb.connect(config={"threads": 1}) as con:
        con.register("measured", candidate)
        # no benchmark is kept out here, so nothing is contaminated
        con.execute(
            f"CREATE VIEW candidate AS SELECT *, {', '.join(f'0::FLOAT AS {n}' for n in UNASKED)} FROM measured"
        )
        found = con.sql(f"SELECT {rules.quality} AS quality, {dropped} AS dropped FROM candidate").fetchnumpy()
    return found["quality"].astype(float), found["dropped"].astype(bool)


@pytest.fixture(scope="module")
def demo(shared_data: Path) -> Path:
    return shared_data / "instructions" / "llamafactory-demo" / "data"


def test_good_answers_and_bad(demo: Path) -> None:
    rows = json.loads((demo / "kto_en_demo.json").read_text())
    good = np.array([row["label"] for row in rows])
    quality, dropped = judged([(row["messages"][0]["content"], row["messages"][-1]["content"]) for row in rows])
    print(f"kto: {good.sum()} good, {(~good).sum()} bad: AUC of quality {area(quality, good):.3f};", end=" ")
    print(f"the policy drops {dropped[good].mean():.3f} of the good and {dropped[~good].mean():.3f} of the bad")
    assert area(quality, good) >= 0.5
    assert dropped[good].mean() <= dropped[~good].mean() + 0.02
    assert dropped[good].mean() <= 0.1


@pytest.mark.parametrize("language", ["en", "zh"])
def test_chosen_answers_and_rejected(language: str, demo: Path) -> None:
    rows = json.loads((demo / f"dpo_{language}_demo.json").read_text())
    asked = [row["conversations"][-1]["value"] for row in rows]
    chosen, _ = judged([(q, row["chosen"]["value"]) for q, row in zip(asked, rows, strict=True)])
    rejected, _ = judged([(q, row["rejected"]["value"]) for q, row in zip(asked, rows, strict=True)])
    wins = (chosen > rejected).mean() + (chosen == rejected).mean() / 2
    print(f"dpo {language}: quality prefers the chosen answer in {wins:.3f} of {len(rows)} pairs")
    assert wins >= 0.5
