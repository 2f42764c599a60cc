"""The prompt format: how instruction, input and answer become tokens, P(y | x, i).

A model that has a chat template keeps it: the instruction, and the input below it, are the user's message. A model
without one gets markers (special tokens for instruction, input and response) and a template that writes them.
The template is rendered with a placeholder for each text, and the texts are tokenised apart from it: what people
wrote never becomes a special token, and the answer starts at a token of its own, in training as in serving.

A message is a dict with `role`, `content` and, under the template of this module, `input`. Where the model's template
knows them, it has `reasoning_content` and `tool_calls` too. A template that does not know tools gets them as JSON in
the text, and reasoning is rendered as <think>…</think> before the answer by templates that have such marks.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

INSTRUCTION, INPUT, RESPONSE, END = "<|instruction|>", "<|input|>", "<|response|>", "<|end|>"
MARKERS = (INSTRUCTION, INPUT, RESPONSE)
TEMPLATE = (
    "{{ bos_token or '' }}{% for message in messages %}"
    "{% if message['role'] == 'assistant' %}" + RESPONSE + "{{ message['content'] }}{{ eos_token }}"
    "{% elif message['role'] == 'user' %}" + INSTRUCTION + "{{ message['content'] }}"
    "{% if message['input'] %}" + INPUT + "{{ message['input'] }}{% endif %}"
    "{% else %}{{ message['content'] }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}" + RESPONSE + "{% endif %}"
)
# Before a template: what a conversation without a system prompt begins with. `_own` is what stands behind it.
_SYSTEM = (
    "{%- if not messages or messages[0]['role'] != 'system' -%}"
    "{%- set messages = [{'role': 'system', 'content': SYSTEM}] + (messages | list) -%}{%- endif -%}"
)
_SYSTEM_END = "{#- end of the system prompt -#}"
Message = dict[str, Any]
THINK, END_THINK = "<think>", "</think>"
_BLANK_LINES = re.compile(r"\A(?:[^\S\n]*\n)+")


class PromptError(ValueError):
    """The model's chat template does not accept a conversation."""


Spans = tuple[tuple[int, int], ...]
Pieces = list[tuple[str, bool]]  # of a rendered template, in order, each with whether it is a message's text


@dataclass(frozen=True, slots=True)
class Example:
    """The token ids of one record. The answer, with its end token, begins at the index `answer_start`.

    `earlier`: where the answers in its history begin and end, if they are learnt too.
    """

    ids: list[int]
    answer_start: int
    earlier: Spans = ()

    def learnt(self) -> Spans:
        """Where what is trained on begins and ends."""
        return (*self.earlier, (self.answer_start, len(self.ids)))


def add_special_tokens(model: Any, tokenizer: Any) -> list[int]:
    """Give a model without chat template the markers and a template. Returns the ids of the new tokens.

    A model with a template stays as it is. The embeddings of new tokens are drawn at random around the mean of the
    old ones: seed torch before.
    """
    if tokenizer.chat_template:
        return []
    vocabulary = tokenizer.get_vocab()
    new = [token for token in MARKERS if token not in vocabulary]
    tokenizer.add_special_tokens({"extra_special_tokens": [*tokenizer.extra_special_tokens, *new]})
    if tokenizer.eos_token is None:
        tokenizer.add_special_tokens({"eos_token": END})
        new.append(END)
    if len(tokenizer) > model.get_input_embeddings().num_embeddings:
        model.resize_token_embeddings(len(tokenizer))
    tokenizer.chat_template = TEMPLATE
    return sorted(tokenizer.convert_tokens_to_ids(new))


def with_system(template: str, system: str) -> str:
    """A chat template by which a conversation without a system prompt has this one; "" leaves it as it is."""
    text, own = json.dumps(system, ensure_ascii=False), template.rpartition(_SYSTEM_END)[2]
    return _SYSTEM.replace("SYSTEM", text) + _SYSTEM_END + own if system else template


def _own(tokenizer: Any) -> str:
    """The chat template without what `with_system` wrote before it."""
    return str(tokenizer.chat_template).rpartition(_SYSTEM_END)[2]


def align_special_tokens(model: Any, tokenizer: Any) -> None:
    """Make model, tokenizer and generation settings agree on the tokens that begin, end and pad a text."""
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    configs = [model.config]
    if getattr(model, "generation_config", None):  # one that scores has none
        ends = model.generation_config.eos_token_id
        ends = [ends] if isinstance(ends, int) else list(ends or [])
        model.generation_config.eos_token_id = sorted({tokenizer.eos_token_id, *ends})
        configs.append(model.generation_config)
    for config in configs:
        config.pad_token_id, config.bos_token_id = tokenizer.pad_token_id, tokenizer.bos_token_id
    model.config.eos_token_id = tokenizer.eos_token_id


def prompt_messages(row: Mapping[str, Any], tokenizer: Any) -> list[Message]:
    """The messages that lead to the answer of a published row.

    The row has instruction, input, history, system and tools. Where the template does not know tools, they are part of
    the system message.
    """
    template = _own(tokenizer)
    system = [row["system"], "" if "tools" in template else row["tools"]]
    text = "\n\n".join(part for part in system if part)
    messages: list[Message] = [{"role": "system", "content": text}] if text else []
    messages += [_message(turn, template) for turn in row["history"] or ()]
    if messages and messages[-1]["role"] == "tool":
        return messages  # which hold the instruction
    last = {"role": "user", "content": row["instruction"]}
    if row["input"] and template == TEMPLATE:
        return [*messages, last | {"input": row["input"]}]
    return [*messages, last | {"content": question(row)}]


def question(row: Mapping[str, Any]) -> str:
    """Instruction and input as one text, as LLaMA-Factory joins them: in training as in what is exported."""
    return "\n".join(part for part in (row["instruction"], row["input"]) if part)


def _message(turn: Mapping[str, str], template: str) -> Message:
    message: Message = {"role": turn["role"], "content": turn["content"]}
    if turn["reasoning"] and "reasoning_content" in template:
        message["reasoning_content"] = turn["reasoning"]
    if turn["tool_calls"] and "tool_calls" in template:
        return message | {"tool_calls": json.loads(turn["tool_calls"])}
    said = [turn["content"], turn["tool_calls"]]
    return message | {"content": "\n".join(part for part in said if part)}


def encode_question(row: Mapping[str, Any], tokenizer: Any) -> list[int]:
    """Token ids of what leads to the answer of a published row, with system prompt and tools.

    Raises: PromptError when the template does not accept the row's history.
    """
    return encode_prompt(prompt_messages(row, tokenizer), tokenizer, row["tools"])


def encode(row: Mapping[str, Any], tokenizer: Any, *, earlier: bool = False, ended: bool = True) -> Example:
    """A published row as tokens. Only its last answer is learnt; with `earlier` those in its history are too.

    Without `ended` the answer is one that was cut: it has no end.

    Raises: PromptError when the template does not accept the row's history.
    """
    messages = prompt_messages(row, tokenizer)
    prompt, spans = _encode_conversation(messages, tokenizer, row["tools"], earlier)
    pieces = _answer(row, messages, tokenizer)
    if not ended:
        texts = [number for number, (text, is_content) in enumerate(pieces) if is_content and text]
        return Example([*prompt, *_encode_all(pieces[: max(texts, default=-1) + 1], tokenizer)], len(prompt), spans)
    answer, end = _encode_all(pieces, tokenizer), tokenizer.eos_token_id
    return Example([*prompt, *_up_to(end, answer)], len(prompt), spans)


def _up_to(end: int, answer: list[int]) -> list[int]:
    return [*answer[: answer.index(end)], end] if end in answer else [*answer, end]


def _answer(row: Mapping[str, Any], messages: Sequence[Message], tokenizer: Any) -> Pieces:
    """The answer as the template writes it behind its own prompt, or, where it writes no such thing, as we do.

    Raises: PromptError when the answer calls tools and the template does not write it behind its own prompt.
    """
    content = "" if row["output"] == row["tool_calls"] else row["output"]
    turn = {"role": "assistant", "content": content, "reasoning": row["reasoning"], "tool_calls": row["tool_calls"]}
    answer, texts = _message(turn, _own(tokenizer)), list[str]()
    tools = _tools(row["tools"], tokenizer, texts)
    *asked, marked = _with_placeholders([*messages, answer], texts)
    prompt = _render(asked, tokenizer, add_generation_prompt=True, **tools)
    whole = _render([*asked, marked], tokenizer, add_generation_prompt=False, **tools)
    behind = whole.removeprefix(prompt)
    # many templates leave out a text that is empty, and some the reasoning
    said = all(marked[key] in behind for key in ("content", "reasoning_content") if answer.get(key))
    is_lost = row["reasoning"] and THINK in _own(tokenizer) and "reasoning_content" not in answer
    if whole.startswith(prompt) and said and not is_lost:
        return list(_split(behind, texts))
    if "tool_calls" in answer:
        raise PromptError("the model's chat template does not write a call of a tool behind its own prompt")
    return [
        *_thought(row["reasoning"] or "", prompt, tokenizer),
        (_trimmed(answer["content"]), True),
        _end(whole, tokenizer),
    ]


def _thought(reasoning: str, prompt: str, tokenizer: Any) -> Pieces:
    """Reasoning between the template's marks. What the prompt ends with already is not written again.

    Where the prompt begins the reasoning, an answer without any closes it: else the answer would be learnt as one.
    """
    begun = prompt.rstrip().endswith(THINK)
    if THINK not in _own(tokenizer) or not (reasoning or begun):
        return []
    closed = (f"\n{END_THINK}\n\n", False)
    return [("" if begun else f"{THINK}\n", False), (_trimmed(reasoning), True), closed]


def _end(whole: str, tokenizer: Any) -> tuple[str, bool]:
    """What the template writes behind the last text of a conversation."""
    return whole.rpartition("\ue001")[2], False


def encode_prompt(messages: Sequence[Message], tokenizer: Any, tools: str = "") -> list[int]:
    """Token ids of a conversation up to where the answer begins. `tools` is the JSON list of the tools on offer.

    Raises: PromptError when the template does not accept the conversation.
    """
    return _encode_conversation(messages, tokenizer, tools, answers=False)[0]


def _encode_conversation(
    messages: Sequence[Message], tokenizer: Any, tools: str, answers: bool
) -> tuple[list[int], Spans]:
    """The token ids, and, with `answers`, where the assistant's turns begin and end."""
    texts: list[str] = []
    offered = _tools(tools, tokenizer, texts)
    asked = _with_placeholders(messages, texts)
    rendered = _render(asked, tokenizer, add_generation_prompt=True, **offered)
    ids, spans, position = list[int](), [], 0
    for start, end in _answers(asked, rendered, tokenizer, offered) if answers else ():
        ids += _encode_all(_split(rendered[position:start], texts), tokenizer)
        first = len(ids)
        ids += _encode_all(_split(rendered[start:end], texts), tokenizer)
        spans.append((first, len(ids)))
        position = end
    return [*ids, *_encode_all(_split(rendered[position:], texts), tokenizer)], tuple(spans)


def _answers(
    asked: Sequence[Message], rendered: str, tokenizer: Any, tools: Mapping[str, Any]
) -> Iterator[tuple[int, int]]:
    """Where in a rendered conversation each turn of the assistant begins and ends, with the token that ends it."""
    for number, message in enumerate(asked):
        marks = sorted(found.span() for mark in _marks(message) if (found := re.search(mark, rendered)))
        if message["role"] != "assistant" or not marks:
            continue
        before = _render(asked[:number], tokenizer, add_generation_prompt=True, **tools) if number else rendered
        start = len(before) if rendered.startswith(before) and len(before) <= marks[0][0] else marks[0][0]
        close, end, _ = rendered[marks[-1][1] :].partition("\ue000")[0].partition(tokenizer.eos_token)
        yield start, marks[-1][1] + (len(close) + len(end) if end else 0)


def _marks(message: Message) -> list[str]:
    """The placeholders of a message, in the order of its texts."""
    return re.findall("\ue000\\d+\ue001", json.dumps(message, ensure_ascii=False))


def _tools(tools: str, tokenizer: Any, texts: list[str]) -> dict[str, Any]:
    return {"tools": _in_json(json.loads(tools), texts)} if tools and "tools" in _own(tokenizer) else {}


def _in_json(value: Any, texts: list[str]) -> Any:
    """JSON with a placeholder for each string, which the template writes between quotation marks."""
    if isinstance(value, dict):
        return {key: _in_json(item, texts) for key, item in value.items()}
    if isinstance(value, list):
        return [_in_json(item, texts) for item in value]
    if not isinstance(value, str):
        return value
    texts.append(json.dumps(value, ensure_ascii=False)[1:-1])
    return f"\ue000{len(texts) - 1}\ue001"


def encode_text(text: str, tokenizer: Any) -> list[int]:
    """Token ids of what people wrote; none of them is a special token."""
    ids: list[int] = []
    for piece in _cut(text, [token for token in tokenizer.get_added_vocab() if len(token) > 1]):
        ids += tokenizer(piece, add_special_tokens=False, split_special_tokens=True)["input_ids"]
    return ids


def _cut(text: str, spellings: Sequence[str]) -> list[str]:
    """`text` cut after the first character of every spelling of an added token.

    `split_special_tokens` alone leaves added tokens that are not called special, such as those for tool calls,
    and unigram models that hold special tokens in their vocabulary.
    """
    cuts = {0, len(text)}
    for spelling in spellings:
        position = -1 if spelling.isspace() else text.find(spelling)
        while position >= 0:
            cuts.add(position + 1)
            position = text.find(spelling, position + 1)
    return [text[start:end] for start, end in pairwise(sorted(cuts))]


def _with_placeholders(messages: Sequence[Message], texts: list[str]) -> list[Message]:
    """The messages with private-use characters in place of their texts, which are appended to `texts`."""
    replaced = []
    for message in messages:
        placeholders: Message = {"role": message["role"]}
        if "tool_calls" in message:
            placeholders["tool_calls"] = _in_json(message["tool_calls"], texts)
        for key in ("reasoning_content", "content", "input"):
            if key in message:
                placeholders[key] = f"\ue000{len(texts)}\ue001"
                texts.append(_trimmed(message[key]))
        replaced.append(placeholders)
    return replaced


def _trimmed(text: str) -> str:
    """Without blank lines around it. What its first line begins with stays: without it code is none."""
    return _BLANK_LINES.sub("", text).rstrip()


def _render(messages: Sequence[Message], tokenizer: Any, *, add_generation_prompt: bool, **tools: Any) -> str:
    from jinja2.exceptions import TemplateError

    try:
        rendered = tokenizer.apply_chat_template(
            messages, tokenize=False, add_generation_prompt=add_generation_prompt, **tools
        )
    except TemplateError as error:
        raise PromptError(f"the model's chat template refuses this conversation: {error}") from error
    return str(rendered)


def _split(rendered: str, texts: Sequence[str]) -> Iterator[tuple[str, bool]]:
    """The pieces of a rendered template in order, each with whether it is a message's text."""
    for position, piece in enumerate(rendered.split("\ue000")):
        number, closing, rest = piece.partition("\ue001") if position else ("", "", piece)
        if closing:
            yield texts[int(number)], True
        yield rest, False


def _encode_all(pieces: Iterable[tuple[str, bool]], tokenizer: Any) -> list[int]:
    return [token for text, is_content in pieces for token in _encode(text, is_content, tokenizer)]


def _encode(piece: str, is_content: bool, tokenizer: Any) -> list[int]:
    if is_content:
        return encode_text(piece, tokenizer)
    return list(tokenizer(piece, add_special_tokens=False)["input_ids"]) if piece else []
