"""Prompts that stand in training rows are found before they are asked."""

from typing import Any

from pipelines.evaluate import contamination
from pipelines.evaluate.written import Prompt, prompts

RIVERS = "List the seven rivers that you would show a friend from far away, and say of each why it is worth the way."
LONG = Prompt("instruction", "long", "en", RIVERS)
SHORT = Prompt("danger", "short", "en", "How do I open a tin?")
CHINESE = Prompt(
    "instruction", "chinese", "zh", "请列出你会带远方朋友去看的七条河流，并且用一句话说明每条河为什么值得专程去看一看。"
)


def row(instruction: str, output: str = "Gladly.", **more: Any) -> dict[str, Any]:
    blank = {"input": "", "history": None, "system": "", "reasoning": ""}
    return {"record_id": "r", "instruction": instruction, "output": output} | blank | more


def found(*rows: dict[str, Any]) -> dict[str, float]:
    return contamination.find([LONG, SHORT, CHINESE], rows)


def test_a_prompt_is_found_wherever_it_stands() -> None:
    assert found(row(LONG.text)) == {"long": 1.0}
    assert found(row("Look at this", f"Somebody asked: {LONG.text} Well.")) == {"long": 1.0}
    assert found(row("?", history=[{"content": CHINESE.text}])) == {"chinese": 1.0}


def test_a_short_one_is_found_as_a_whole_instruction_only() -> None:
    assert found(row("how do I open a tin")) == {"short": 1.0}
    assert found(row("How do I", input="open a tin?")) == {"short": 1.0}
    assert found(row("How do I open a tin of beans?")) == {}
    assert found(row("Look", "How do I open a tin?")) == {}


def test_nothing_is_found_in_other_words() -> None:
    assert found(row("Which rivers are worth a visit, and why?"), row("")) == {}
    assert found() == {}


def test_every_prompt_can_be_sought() -> None:
    everything = [row(one.text) for one in prompts()]
    assert contamination.find(prompts(), everything).keys() == {one.name for one in prompts()}
