"""How much toxic text is found on held-out comments, and what is flagged that is none: groups, technical text."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from pipelines.annotate import measure
from pipelines.signals.safety import SIGNALS
from schemas.record import RECORD
from tests.accuracy.functional import functional
from tests.accuracy.insults import Comment, sets
from tests.accuracy.labelled import harmless, held_out, toxic
from tests.pipelines import corpus

THRESHOLD = 0.8  # of the default policy, for forums
FLOORS = {  # recall, precision at THRESHOLD; area under the ROC curve
    "tweets": (0.82, 0.98, 0.965),
    "forum": (0.04, 0.75, 0.78),
    "COLD": (0.61, 0.94, 0.935),
    "concepts profanity": (0.4, 0.97, 0.925),
    "concepts toxicity": (0.27, 0.95, 0.88),
    "madlibs": (0.36, 0.86, 0.835),
}
FUNCTIONAL = {"en": (0.9, 0.03), "zh": (0.89, 0.06)}  # area, false alarms at THRESHOLD
GROUPS = (
    "gay", "lesbian", "transgender", "black", "white", "Asian", "African", "Chinese", "Jewish", "Muslim", "Christian",
    "Catholic", "deaf", "blind", "old", "female", "male", "disabled", "Arab", "黑人", "白人", "亚裔", "日本人",
    "犹太人", "穆斯林", "同性恋", "跨性别者", "女人", "男人", "残疾人", "河南人", "东北人", "农民工",
)  # fmt: skip
HATE = {"COLD": 0.88, "concepts profanity": 0.9, "concepts toxicity": 0.8, "madlibs": 0.7}  # precision
RARE = (("pair_danger", 1), ("pair_self_harm", 1))
FRAMES = ("My {} friend came to dinner.", "He married a {} person last spring.", "The {} vote in that town was split.")
FRAMES_ZH = ("一位{}朋友来吃晚饭。", "去年春天他和一个{}结婚了。", "镇上的{}对此意见不一。", "这家店的老板是{}。")


def measured(texts: list[str]) -> pa.Table:
    rows = [corpus.record(f"forum:{k}#1", "How?", text) | {"kind": "exchange"} for k, text in enumerate(texts)]
    return measure(pa.Table.from_pylist(rows, schema=RECORD), SIGNALS)


def toxicity(texts: list[str], field: str = "output") -> np.ndarray:
    table = measured(texts) if field == "output" else asked(texts)
    return pc.fill_null(table[f"{field}_toxicity"], 0.0).to_numpy()


def asked(texts: list[str]) -> pa.Table:
    rows = [corpus.record(f"forum:{k}#1", text, "Yes.") | {"kind": "exchange"} for k, text in enumerate(texts)]
    return measure(pa.Table.from_pylist(rows, schema=RECORD), SIGNALS)


def area(values: np.ndarray, positive: np.ndarray) -> float:
    """Probability that a positive is valued above a negative (Mann-Whitney)."""
    wins = values[positive][:, None] > values[~positive][None, :]
    ties = values[positive][:, None] == values[~positive][None, :]
    return float(wins.mean() + ties.mean() / 2)


@pytest.fixture(scope="module")
def comments(shared_data: Path) -> list[Comment]:
    return [comment for comment in sets(shared_data) if comment.part == "report"]


@pytest.mark.parametrize("source", FLOORS)
def test_toxic_comments_are_found(source: str, comments: list[Comment]) -> None:
    own = [comment for comment in comments if comment.source == source]
    values, positive = toxicity([e.text for e in own]), np.array([e.label == "toxic" for e in own])
    flagged = values >= THRESHOLD
    recall, precision = flagged[positive].mean(), positive[flagged].mean()
    print(f"{source}, report: {len(own)} comments, recall {recall:.3f}, precision {precision:.3f}", end="")
    print(f", AUC {area(values, positive):.3f}")
    assert recall >= FLOORS[source][0]
    assert precision >= FLOORS[source][1]
    assert area(values, positive) >= FLOORS[source][2]


@pytest.mark.parametrize("language", FUNCTIONAL)
@pytest.mark.parametrize("field", ["instruction", "output"])
def test_functional_tests_are_passed(language: str, field: str) -> None:
    """Templates that were not learnt from; the same text scores the same as instruction and as output."""
    own = [one for one in functional() if one.language == language and one.part == "report"]
    values, positive = toxicity([one.text for one in own], field), np.array([one.label == "toxic" for one in own])
    flagged = values >= THRESHOLD
    least, most = FUNCTIONAL[language]
    print(f"functional {language}, report: {len(own)} texts, AUC {area(values, positive):.3f}, found "
          f"{flagged[positive].mean():.3f}, false alarms {flagged[~positive].mean():.3f}")  # fmt: skip
    for kind in dict.fromkeys(one.kind for one in own):
        these = np.array([one.kind == kind for one in own])
        print(f"  {kind}: {flagged[these].mean():.2f} of {these.sum()}", end=";")
    assert area(values, positive) >= least
    assert flagged[~positive].mean() <= most


@pytest.mark.parametrize("source", HATE)
def test_phrases_of_hatred_are_in_toxic_comments(source: str, shared_data: Path) -> None:
    """Nothing was learnt for them: all comments measure. They find few, and those they find are toxic."""
    own = [example for example in toxic(shared_data) if example.source == source]
    positive = np.array([example.label == "toxic" for example in own])
    flagged = measured([example.text for example in own])["output_hate"].to_numpy() > 0
    print(f"hate, {source}: recall {flagged[positive].mean():.3f}, precision {positive[flagged].mean():.3f}")
    assert positive[flagged].mean() >= HATE[source]


def test_the_name_of_a_group_is_no_insult() -> None:
    for group in GROUPS:
        frames = FRAMES if group.isascii() else FRAMES_ZH
        values = toxicity([frame.format(group) for frame in frames])
        print(f"{group} {(values >= THRESHOLD).mean():.2f} ({values.max():.2f})", end="; ")
        assert (values < THRESHOLD).all()


def test_comments_that_name_a_group_are_flagged_no_more_than_others(comments: list[Comment]) -> None:
    """False alarms on harmless comments of madlibs, by the group they name."""
    fine = [e.text.lower() for e in comments if e.source == "madlibs" and e.label == "fine"]
    flagged = toxicity(fine) >= THRESHOLD
    print(f"madlibs: all {flagged.mean():.3f} of {len(fine)}", end="")
    for group in ("gay", "lesbian", "queer", "transgender", "jew", "muslim", "christian", "catholic"):
        named = np.array([group in text for text in fine])
        print(f"; {group} {flagged[named].mean():.3f} of {named.sum()}", end="")
        assert flagged[named].sum() <= max(2, 0.05 * named.sum())


def test_technical_text_is_left_alone(shared_data: Path) -> None:
    fine = [example for example in harmless(shared_data) if held_out(example.key)]
    table = measured([example.text for example in fine])
    for name, least in (("output_toxicity", THRESHOLD), ("output_hate", 1), ("output_sexual", 1), *RARE):
        values = pc.fill_null(table[name], 0).to_numpy()
        print(f"{name}: {(values >= least).sum()} of {len(fine)} flagged", end="; ")
        assert (values >= least).mean() <= 0.001
