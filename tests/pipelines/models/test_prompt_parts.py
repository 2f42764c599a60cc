"""The parts of a prompt by themselves, with tokenizers so small that every token can be named."""

import json
from typing import Any

import pytest

from pipelines.models import prompt
from pipelines.models.prompt import Example
from tests.pipelines.turns import message, said


class Letters:
    """A tokenizer of one token a character; `added` are spellings that are one token each, unless text is split."""

    def __init__(self, template: str = prompt.TEMPLATE, added: tuple[str, ...] = ("<E>", "<U>")) -> None:
        self.chat_template, self.added = template, added
        self.eos_token, self.bos_token, self.pad_token = "<E>", None, None
        self.extra_special_tokens = ["<old>"]
        self.eos_token_id, self.bos_token_id, self.pad_token_id = 1, None, None

    def get_added_vocab(self) -> dict[str, int]:
        return {spelling: at for at, spelling in enumerate(self.added, 1)}

    def __call__(
        self, text: str, *, add_special_tokens: bool, split_special_tokens: bool = False
    ) -> dict[str, list[int]]:
        assert not add_special_tokens
        ids = []
        while text:
            special = next((one for one in self.added if text.startswith(one)), "")
            ids.append(self.added.index(special) + 1 if special else ord(text[0]))
            text = text[len(special) or 1 :]
        return {"input_ids": ids}

    def apply_chat_template(
        self, turns: list[dict[str, Any]], *, tokenize: bool, add_generation_prompt: bool, **tools: Any
    ) -> str:
        from jinja2 import Environment

        assert not tokenize
        environment = Environment()
        environment.filters["tojson"] = lambda value: json.dumps(value, ensure_ascii=False)
        return environment.from_string(self.chat_template).render(
            **tools,
            messages=turns,
            add_generation_prompt=add_generation_prompt,
            bos_token=self.bos_token,
            eos_token=self.eos_token,
        )


def spelt(ids: list[int]) -> str:
    return "".join("_EU"[token] if token < 3 else chr(token) for token in ids)


CHAT = (
    "{% for m in messages %}<U>{{ m['role'][0] }}:{{ m['content'] }}<E>\n{% endfor %}"
    "{% if add_generation_prompt %}<U>a:{% endif %}"
)
ROW: dict[str, Any] = {"instruction": "\nAsk ", "input": "with", "output": " \nsay\n", "history": []}
ROW |= dict.fromkeys(("system", "tools", "reasoning", "tool_calls"), "")


def test_a_row_under_a_template_of_its_own() -> None:
    example = prompt.encode(ROW, Letters(CHAT))
    assert spelt(example.ids) == "Uu:Ask \nwithEUa:sayE".replace("EUa", "E\nUa") and example.ids[
        example.answer_start
    ] == ord("s")


def test_earlier_turns_are_context_in_their_order() -> None:
    row = ROW | {"input": "", "history": said("one", "two")}
    example = prompt.encode(row, Letters(CHAT))
    assert spelt(example.ids) == "Uu:oneE\nUa:twoE\nUu:AskE\nUa:sayE"
    assert spelt(example.ids[example.answer_start :]) == "sayE"
    assert prompt.encode(row | {"history": None, "output": "x"}, Letters(CHAT)).ids[-2:] == [ord("x"), 1]


def test_an_input_stands_apart_under_our_template_and_below_under_others() -> None:
    with_input = {"role": "user", "content": "\nAsk ", "input": "with"}
    assert prompt.prompt_messages(ROW, Letters()) == [with_input]
    assert prompt.prompt_messages(ROW, Letters(CHAT)) == [{"role": "user", "content": "\nAsk \nwith"}]
    for tokenizer in (Letters(), Letters(CHAT)):
        assert prompt.prompt_messages(ROW | {"input": ""}, tokenizer) == [{"role": "user", "content": "\nAsk "}]


def test_our_template_marks_each_part_once() -> None:
    tokenizer = Letters(added=("<E>", *prompt.MARKERS))
    turns = said("one", "two")
    example = prompt.encode(ROW | {"history": turns}, tokenizer)
    names = {1: "E", 2: "<i>", 3: "<n>", 4: "<r>"}
    told = "".join(names.get(token, chr(token)) for token in example.ids)
    assert told == "<i>one<r>twoE<i>Ask<n>with<r>sayE"
    tokenizer.bos_token = "B"
    assert chr(prompt.encode(ROW, tokenizer).ids[0]) == "B"
    system = [{"role": "system", "content": "Be."}, {"role": "user", "content": "a"}]
    assert "".join(names.get(token, chr(token)) for token in prompt.encode_prompt(system, tokenizer)) == "BBe.<i>a<r>"


@pytest.mark.parametrize(
    ("after", "tail"),
    [
        ("<E>\n", "E"),  # what follows the end is not learnt
        ("", "E"),  # a template that writes no end gets one
        ("!<E>", "!E"),
        ("!!", "!!E"),
        ("!<E>?<E>", "!E"),
    ],
)
def test_an_answer_ends_once(after: str, tail: str) -> None:
    template = "{% for m in messages %}{{ m['content'] }}" + after + "{% endfor %}"
    example = prompt.encode(ROW | {"input": ""}, Letters(template))
    assert spelt(example.ids[example.answer_start :]) == "say" + tail


@pytest.mark.parametrize(
    ("text", "spellings", "pieces"),
    [
        ("", ["<E>"], []),
        ("abc", ["<E>"], ["abc"]),
        ("a<E>b", ["<E>"], ["a<", "E>b"]),
        ("<E><E>", ["<E>"], ["<", "E><", "E>"]),
        ("aaa", ["aa"], ["a", "a", "a"]),  # also where they overlap
        ("<E><U>", ["<U>", "<E>"], ["<", "E><", "U>"]),
        ("a\n\nb", ["\n\n"], ["a\n\nb"]),  # white space means nothing
        ("x y", [" y"], ["x ", "y"]),
    ],
)
def test_no_spelling_of_a_token_stays_whole(text: str, spellings: list[str], pieces: list[str]) -> None:
    assert prompt._cut(text, spellings) == pieces


def test_text_never_becomes_a_token_unless_that_is_one_letter() -> None:
    tokenizer = Letters(added=("<E>", "x"))
    assert prompt.encode_text("a<E>x", tokenizer) == [ord(one) for one in "a<E>"] + [2]
    assert prompt.encode_text("ab", Letters(added=("<E>", "ab"))) == [ord("a"), ord("b")], "two letters are a spelling"
    assert prompt.encode_text("", tokenizer) == []


def test_texts_that_look_like_a_stand_in_stay_texts() -> None:
    row = ROW | {"instruction": "\ue0000\ue001 \ue002", "input": "", "output": "\ue002\ue0001\ue001"}
    assert spelt(prompt.encode(row, Letters(CHAT)).ids) == "Uu:\ue0000\ue001 \ue002E\nUa:\ue002\ue0001\ue001E"


def test_a_part_that_a_template_repeats_or_leaves_out() -> None:
    twice = "{% for m in messages %}{{ m['content'] }}|{{ m['content'] }}{% endfor %}"
    assert spelt(prompt.encode_prompt([{"role": "user", "content": "a<E>"}], Letters(twice))) == "a<E>|a<E>"
    assert prompt.encode_prompt([{"role": "user", "content": "a"}], Letters("{{ 'x' }}")) == [ord("x")]


def test_a_template_that_refuses_a_conversation_is_told_by_its_own_words() -> None:
    with pytest.raises(prompt.PromptError, match=r"^the model's chat template refuses this conversation: "):
        prompt.encode_prompt([{"role": "user", "content": "a"}], Letters("{{ nobody.knows }}"))


def test_a_token_of_one_letter_cuts_no_text(monkeypatch: pytest.MonkeyPatch) -> None:
    pieces, call = list[str](), Letters.__call__

    def noted(self: Letters, text: str, **words: bool) -> dict[str, list[int]]:
        pieces.append(text)
        return call(self, text, **words)

    monkeypatch.setattr(Letters, "__call__", noted)
    prompt.encode_text("axb<E>", Letters(added=("<E>", "x")))
    assert pieces == ["axb<", "E>"]


def test_an_example_is_its_tokens_and_where_the_answer_begins() -> None:
    assert prompt.encode(
        ROW | {"input": "", "instruction": "a"}, Letters("{% for m in messages %}{{ m['content'] }}{% endfor %}")
    ) == Example([ord("a"), *map(ord, "say"), 1], 1)


@pytest.mark.parametrize(
    ("text", "learnt"),
    [("    x = 1\ny", "    x = 1\ny"), ("\n \n\tx\n\n", "\tx"), (" \n", ""), ("a  \nb", "a  \nb"), ("\n", "")],
)
def test_the_first_line_keeps_its_indentation(text: str, learnt: str) -> None:
    for template in (CHAT, CHAT.replace("<U>a:{% endif %}", "<U>a:<think>{% endif %}")):
        assert shown(ROW | {"output": text}, template)[1].removeprefix("\n</think>\n\n") == f"{learnt}E"


CALLS = '[{"type": "function", "function": {"name": "bake", "arguments": {"what": "a \\"<E>\\" loaf"}}}]'
TOOLS = '[{"type": "function", "function": {"name": "bake"}}]'
TOOL_CHAT = (
    "{% if tools %}<U>t:{{ tools[0].function | tojson }}<E>{% endif %}{% for m in messages %}<U>{{ m.role[0] }}:"
    "{{ m.content }}{% for call in m.tool_calls or [] %}[{{ call.function.name }}"
    " {{ call.function.arguments | tojson }}]{% endfor %}<E>{% endfor %}{% if add_generation_prompt %}<U>a:{% endif %}"
)


def shown(row: dict[str, Any], template: str) -> tuple[str, str]:
    """(prompt, answer) of a row as text."""
    example = prompt.encode(row, Letters(template))
    return spelt(example.ids[: example.answer_start]), spelt(example.ids[example.answer_start :])


def test_a_system_prompt_comes_first_and_earlier_roles_stay() -> None:
    row = ROW | {"input": "", "system": "Be.", "history": [message("system", "Now."), *said("q", "a")]}
    assert shown(row, CHAT)[0] == "Us:Be.E\nUs:Now.E\nUu:qE\nUa:aE\nUu:AskE\nUa:"


def test_tools_and_calls_go_to_the_template_that_knows_them_as_text() -> None:
    turns = [message("user", "Ask"), message("assistant", "", "", CALLS), message("tool", "ok")]
    row = ROW | {"input": "", "tools": TOOLS, "history": turns}
    call = '[bake {"what": "a \\\\"<E>\\\\" loaf"}]'.replace("\\\\", "\\")
    start = 'Ut:{"name": "bake"}EUu:AskE'
    assert shown(row, TOOL_CHAT) == (f"{start}Ua:{call}EUt:okEUa:", "sayE"), "the instruction is not said twice"
    calling = ROW | {"input": "", "tools": TOOLS, "output": CALLS, "tool_calls": CALLS}
    assert shown(calling, TOOL_CHAT) == (f"{start}Ua:", f"{call}E")
    assert shown(calling | {"output": "Wait."}, TOOL_CHAT) == (f"{start}Ua:", f"Wait.{call}E")


def test_a_template_without_tools_has_them_as_json() -> None:
    turns = [message("user", "Ask"), message("assistant", "Wait.", "", CALLS), message("tool", "ok")]
    row = ROW | {"system": "Be.", "tools": TOOLS, "history": turns}
    assert shown(row, CHAT)[0] == f"Us:Be.\n\n{TOOLS}E\nUu:AskE\nUa:Wait.\n{CALLS}E\nUt:okE\nUa:"
    assert shown(ROW | {"output": CALLS, "tool_calls": CALLS}, CHAT)[1] == f"{CALLS}E"
    assert shown(ROW | {"output": "Wait.", "tool_calls": CALLS}, CHAT)[1] == f"Wait.\n{CALLS}E"


def test_a_template_that_cannot_go_on_with_calls_is_an_error() -> None:
    template = TOOL_CHAT.replace("<U>a:{% endif %}", "<U>other:{% endif %}")
    with pytest.raises(prompt.PromptError, match="behind its own prompt"):
        shown(ROW | {"output": CALLS, "tool_calls": CALLS}, template)


def test_reasoning_comes_before_the_answer_where_the_template_has_marks_for_it() -> None:
    row = ROW | {"input": "", "reasoning": "Hm.<E>"}
    assert shown(row, CHAT)[1] == "sayE"
    assert shown(row, CHAT + "{# <think> #}")[1] == "<think>\nHm.<E>\n</think>\n\nsayE"
    assert shown(row, CHAT.replace("<U>a:{% endif %}", "<U>a:<think>\n{% endif %}"))[1] == "Hm.<E>\n</think>\n\nsayE"


KNOWS = (  # as Qwen3 writes it: the last answer has marks even without reasoning
    "{% for m in messages %}<U>{{ m.role[0] }}:{% if m.role == 'assistant' and loop.last %}<think>\n"
    "{{ m.reasoning_content }}\n</think>\n\n{% endif %}{{ m.content }}<E>\n{% endfor %}"
    "{% if add_generation_prompt %}<U>a:{% endif %}"
)


@pytest.mark.parametrize(("reasoning", "between"), [("Hm.", "Hm."), ("", "")])
@pytest.mark.parametrize("begun", ["", "<think>\n"])
def test_a_template_that_writes_reasoning_writes_it_itself(reasoning: str, between: str, begun: str) -> None:
    template = KNOWS.replace("<U>a:{% endif %}", f"<U>a:{begun}{{% endif %}}")
    prompted, learnt = shown(ROW | {"reasoning": reasoning}, template)
    assert prompted.endswith(f"Ua:{begun}")
    assert begun + learnt == f"<think>\n{between}\n</think>\n\nsayE"


def test_an_answer_without_reasoning_is_not_learnt_as_reasoning() -> None:
    for begun in ("<think>\n", "<think>"):
        template = CHAT.replace("<U>a:{% endif %}", f"<U>a:{begun}{{% endif %}}")
        assert shown(ROW, template)[1] == "\n</think>\n\nsayE"


def learnt(row: dict[str, Any], template: str) -> list[str]:
    example = prompt.encode(row, Letters(template), earlier=True)
    assert example.ids == prompt.encode(row, Letters(template)).ids, "what is learnt changes no token"
    return [spelt(example.ids[start:end]) for start, end in example.learnt()]


def test_earlier_answers_are_learnt_with_their_ends_where_that_is_asked() -> None:
    turns = [*said("q", "one<E>"), *said("r", "two")]
    assert learnt(ROW | {"history": turns}, CHAT) == ["one<E>E", "twoE", "sayE"]
    assert learnt(ROW | {"history": None}, CHAT) == ["sayE"]
    assert prompt.encode(ROW | {"history": turns}, Letters(CHAT)).earlier == ()
    calling = [message("user", "q"), message("assistant", "", "", CALLS), message("tool", "ok")]
    (call, *_) = learnt(ROW | {"history": calling, "tools": TOOLS}, TOOL_CHAT)
    assert call.startswith("[bake {") and call.endswith("}]E")
    without_end = CHAT.replace("<E>\n", "")
    assert learnt(ROW | {"history": said("q", "one")}, without_end) == ["one", "sayE"]
    other = CHAT.replace("<U>a:{% endif %}", "<U>x:{% endif %}")  # a prompt that is no beginning of its answer
    assert learnt(ROW | {"history": said("q", "one")}, other) == ["oneE", "sayE"]


@pytest.mark.parametrize(
    ("row", "tail"),
    [
        ({"output": "say"}, "say"),
        ({"output": "say", "reasoning": "Hm."}, "<think>\nHm.\n</think>\n\nsay"),
        ({"output": "", "reasoning": "Hm."}, "<think>\nHm."),
        ({"output": ""}, ""),
    ],
)
def test_an_answer_that_was_cut_has_no_end(row: dict[str, str], tail: str) -> None:
    for template in (CHAT + "{# <think> #}", KNOWS):
        example = prompt.encode(ROW | row, Letters(template), ended=False)
        told = spelt(example.ids[example.answer_start :])
        assert told.removeprefix("" if row.get("reasoning") else "<think>\n\n</think>\n\n") == tail


def test_earlier_reasoning_goes_to_a_template_that_knows_it() -> None:
    template = "{% for m in messages %}{{ m.reasoning_content }}|{{ m.content }}<E>{% endfor %}"
    row = ROW | {"input": "", "history": [message("user", "q"), message("assistant", "a", "Hm.")]}
    assert shown(row, template)[0] == "|qEHm.|aE|AskE"


def test_reasoning_is_written_only_where_the_template_has_its_marks() -> None:
    thinking = CHAT.replace("<U>a:{% endif %}", "<U>a:{{ '' if '<think>' else '' }}{% endif %}")
    reasoned = ROW | {"input": "", "reasoning": "why"}
    for template, row, answer in (
        (CHAT, reasoned, "sayE"),
        (thinking, reasoned, "<think>\nwhy\n</think>\n\nsayE"),
        (thinking, ROW, "sayE"),
    ):
        example = prompt.encode(row, Letters(template))
        assert spelt(example.ids[example.answer_start :]) == answer


def test_a_system_prompt_takes_the_place_of_an_earlier_one() -> None:
    one, two = (prompt.with_system(CHAT, text) for text in ("Be 'brief'.", "Be long."))
    asked = [{"role": "user", "content": "a"}]
    assert spelt(prompt.encode_prompt(asked, Letters(one))) == "Us:Be 'brief'.E\nUu:aE\nUa:"
    assert prompt.with_system(one, "Be long.") == two and prompt.with_system(one, "") == one
