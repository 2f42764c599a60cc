"""The model card: in both languages, whatever the maker's is, and each sentence of it in its own."""

import re
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt
from matplotlib import font_manager

from pipelines import storage
from pipelines.finetune import card, gain, loss_curve
from pipelines.messages import CARDS, spoken
from pipelines.models import base

HAN = re.compile("[\u3400-\u9fff]")
ENGLISH = re.compile("[A-Za-z]{2}")
LOSSES = {"loss": 2.0, "by_task": {"education": 2.0}}
TRAINED_ON = [
    {"licence": "CC-BY-4.0", "language": "en"},
    {"licence": "", "language": "zh"},
    {"licence": "CC-BY-4.0", "language": None},
]
SAMPLE = {"record_id": "a:1#1", "instruction": "Why?", "input": "", "before": "So.", "after": "Thus."}


LEARNT = {"learnt_tokens": 90, "learnt_tokens:source:forum": 90, "learnt_tokens:task:education": 90}
WHOLE = {"trained": 40, "cut": 0, "history_cut": 0, "answer_tokens": 120}
WHOLE |= {"answer_tokens:source:forum": 120, "answer_tokens:task:education": 120} | LEARNT
LEFT_OUT = {f"left_out:{reason}": 2 for reason in card._LEFT_OUT}
COUNTS = WHOLE | LEFT_OUT | {"cut": 3, "history_cut": 4}


def fall(mean: float, low: float | None = None) -> dict[str, Any]:
    return {"mean": mean, "low": low, "high": None if low is None else mean + 0.1, "pages": 20 if low else 2}


def samples() -> list[dict[str, Any]]:
    asked = (("en", 0), ("zh", 1), ("zh", 2), ("", 0))
    return [SAMPLE | {"language": language, "earlier_messages": number} for language, number in asked]


def numbers(**changed: Any) -> dict[str, Any]:
    """What is written in metrics.json, of a run that has learnt something."""
    measured = {"records": 3, "before": LOSSES, "after": LOSSES, "gain": fall(0.3, 0.2)}
    spoken = {"records": 9, "before": 0.6, "after": 0.5, "frequencies": 2.9}
    return {
        "base_model": base.PACKAGED_NAME,
        "settings": {"method": "lora", "lora_rank": 8, "learning_rate": 1e-3, "seed": 17, "max_length": 512}
        | {"learn": "last", "patience": 0},
        "snapshot": {"recipe": "tiny", "version": "v3", "fingerprint": "f00"},
        "examples": COUNTS,
        "steps": 7,
        "planned_steps": 7,
        "epochs": 1.5,
        "held_out_loss": [[1, 2.2]],
        "held_out": measured,
        "languages": {"en": spoken, "zh": spoken | {"before": 4.5, "after": 4.4}},
        "samples": samples(),
        "train_loss": [[1, 3.0], [2, 2.5]],
    } | changed


MEASURED = numbers()["held_out"]
NOTHING = {"records": 0, "before": None, "after": None, "gain": None}
FULL = numbers()["settings"] | {"method": "full"}
RUNS: dict[str, dict[str, Any]] = {
    "learnt": {},
    "worse": {"held_out": MEASURED | {"gain": fall(-0.3, -0.4)}},
    "unclear": {"held_out": MEASURED | {"gain": fall(0.3)}, "planned_steps": 90, "base_model": "mine"},
    "nothing": {"held_out": NOTHING, "training_rows": MEASURED | {"gain": fall(0.0, -0.05)}, "samples": []},
    "full": {"settings": FULL | {"learn": "all"}, "examples": WHOLE},
    "patient": {"settings": FULL | {"patience": 3}, "planned_steps": 90},
}


def written(folder: Path, told: dict[str, Any]) -> dict[str, bytes]:
    """The bytes of each file of a model's folder that `card.write` makes."""
    about: dict[str, Any] = {"stage": "finetune", "name": "tiny", "version": 1, "params": {}, "inputs": {}}
    with storage.building(folder, **about) as building:
        card.write(told, TRAINED_ON, building)
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != storage.MANIFEST}


def prose(text: str) -> list[str]:
    """The lines of a card that people read as sentences or headings: no front matter, no code, nobody's own words."""
    body = text.partition("\n---\n")[2]
    body = re.sub(r"<table>.*?</table>", "", body, flags=re.DOTALL)
    body = re.sub(r"```.*?```", "", body, flags=re.DOTALL)
    return [line for line in body.splitlines() if ENGLISH.search(line)]


@pytest.mark.parametrize("run", RUNS)
def test_both_cards_are_the_same_in_whatever_language_they_are_made(
    run: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = {}
    for language in ("en", "zh_CN"):
        monkeypatch.setenv("LANGUAGE", language)
        made[language] = written(tmp_path / language, numbers(**RUNS[run]))
    assert made["en"] == made["zh_CN"]
    assert set(made["en"]) == {"metrics.json", "loss.png", "loss.zh-CN.png", *CARDS}


@pytest.mark.parametrize("fonts", ["all", "Latin only"])
def test_a_curve_is_in_chinese_where_a_font_has_its_letters_and_the_card_says_where_none_has(
    fonts: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if fonts == "Latin only":
        known = [font for font in font_manager.fontManager.ttflist if font.name.startswith(("DejaVu", "Last Resort"))]
        monkeypatch.setattr(font_manager.fontManager, "ttflist", known)
    loss_curve._family.cache_clear()
    with spoken("zh"):
        has_letters = loss_curve.has_letters()
    if fonts == "all" and not has_letters:
        pytest.skip("no font with Han characters here")
    made = written(tmp_path / "v1", numbers())
    loss_curve._family.cache_clear()
    assert (made["loss.png"] == made["loss.zh-CN.png"]) is not has_letters
    assert ("没有含汉字的字体" in made["README.zh-CN.md"].decode()) is not has_letters
    assert "no font" not in made["README.md"].decode()


@pytest.mark.parametrize("run", RUNS)
def test_no_sentence_of_either_card_is_in_the_other_language(run: str, tmp_path: Path) -> None:
    """Names of tasks and licences are the same in both."""
    made = written(tmp_path / "v1", numbers(**RUNS[run]))
    english, chinese = (made[name].decode() for name in CARDS)
    assert not HAN.search(english)
    assert english.partition("\n---\n")[0] == chinese.partition("\n---\n")[0]
    assert [line for line in prose(chinese) if not HAN.search(line)] == [
        line for line in prose(english) if line.startswith(("| education |", "| forum |"))
    ]
    assert not set(re.findall(r"<th>.*", chinese)) & set(re.findall(r"<th>.*", english))
    assert not re.findall(r"[a-z]{2,} [a-z]{2,} [a-z]{2,}", "\n".join(prose(chinese)))
    assert chinese.count("\n## ") == english.count("\n## ") == 4


def test_the_cards_say_what_happened(tmp_path: Path) -> None:
    cards = {run: written(tmp_path / run, numbers(**told))["README.zh-CN.md"].decode() for run, told in RUNS.items()}
    assert "> 模型学到了东西：在 3 条留出的记录上" in cards["learnt"] and "警告" not in cards["learnt"]
    assert [gain.outcome(RUNS[run]["held_out"]["gain"]) for run in ("worse", "unclear")] == ["worse", "unclear"]
    assert "<strong>警告</strong>：训练使模型变差了" in MarkdownIt().render(cards["worse"])
    assert "计划 90 步，到 finetune.max_seconds 时止，完成 7 步" in cards["unclear"]
    assert "> **警告**：什么也没有学到" in cards["nothing"] and "留出的问题都太长" in cards["nothing"]
    assert "全量微调" in cards["full"] and "LoRA" in cards["learnt"]
    assert "### `zh`：2 个问题\n\n> 基座模型不会 zh" in cards["learnt"] and "### 没有语言" in cards["learnt"]
    assert "- 未知：1 条\n- CC-BY-4.0：2 条" in cards["learnt"]
    assert "计划 90 步中的 7 步，此时留出损失最低" in cards["patient"] and "max_seconds" not in cards["patient"]
    assert "样例包含其中的 75.0 %" in cards["learnt"] and "| forum | 120 | 75.0 % |" in cards["learnt"]
    assert "聊天模板不接受它们" in cards["learnt"] and "舍去" not in cards["full"]
    assert "3 个回答在段落处截断，连同问题共 512 个词元" in cards["learnt"] and "截断" not in cards["full"]
    assert "4 段对话缺少最早的几轮" in cards["learnt"] and "每段对话的所有回答" in cards["full"]


def test_every_reason_to_leave_a_row_out_is_said() -> None:
    from typing import get_args

    from pipelines.finetune.fitting import Reason

    assert set(card._LEFT_OUT) == set(get_args(Reason))
