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
from collections.abc import Iterator, Mapping, Sequence
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
Message = dict[str, Any]
THINK, END_THINK = "<think>", "</think>"


class PromptError(ValueError):
    """The model's chat template does not accept a conversation."""


@dataclass(frozen=True, slots=True)
class Example:
    """The token ids of one record. The answer, with its end token, begins at the index `answer_start`."""

    ids: list[int]
    answer_start: int


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


def align_special_tokens(model: Any, tokenizer: Any) -> None:
    """Make model, tokenizer and generation settings agree on the tokens that begin, end and pad a text."""
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    ends = model.generation_config.eos_token_id
    ends = [ends] if isinstance(ends, int) else list(ends or [])
    model.generation_config.eos_token_id = sorted({tokenizer.eos_token_id, *ends})
    for config in (model.config, model.generation_config):
        config.pad_token_id, config.bos_token_id = tokenizer.pad_token_id, tokenizer.bos_token_id
    model.config.eos_token_id = tokenizer.eos_token_id


def prompt_messages(row: Mapping[str, Any], tokenizer: Any) -> list[Message]:
    """The messages that lead to the answer of a published row.

    The row has instruction, input, history, system and tools. Where the template does not know tools, they are part of
    the system message.
    """
    template = tokenizer.chat_template
    system = [row["system"], "" if "tools" in template else row["tools"]]
    text = "\n\n".join(part for part in system if part)
    messages: list[Message] = [{"role": "system", "content": text}] if text else []
    messages += [_message(turn, template) for turn in row["history"] or ()]
    if messages and messages[-1]["role"] == "tool":
        return messages  # which hold the instruction
    last = {"role": "user", "content": row["instruction"]}
    if row["input"] and tokenizer.chat_template == TEMPLATE:
        return [*messages, last | {"input": row["input"]}]
    if row["input"]:
        last["content"] += "\n\n" + row["input"]
    return [*messages, last]


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


def encode(row: Mapping[str, Any], tokenizer: Any) -> Example:
    """A published row as tokens. Only its last answer is trained on; earlier ones are context.

    Raises: PromptError when the template does not accept the row's history.
    """
    messages = prompt_messages(row, tokenizer)
    prompt = encode_prompt(messages, tokenizer, row["tools"])
    if row["tool_calls"] and "tool_calls" in tokenizer.chat_template:
        return Example([*prompt, *_encode_calls(row, messages, tokenizer)], len(prompt))
    texts = [row["output"].strip(), "" if row["output"] == row["tool_calls"] else row["tool_calls"]]
    answer = encode_text("\n".join(text for text in texts if text), tokenizer)
    thought = _encode_reasoning(row, messages, tokenizer)
    return Example([*prompt, *thought, *answer, *_end_of_answer(messages, tokenizer)], len(prompt))


def _encode_reasoning(row: Mapping[str, Any], messages: Sequence[Message], tokenizer: Any) -> list[int]:
    """The marks are the template's tokens. One that the prompt ends with already is not written again."""
    if not row["reasoning"] or THINK not in tokenizer.chat_template:
        return []
    prompt = _render(_with_placeholders(messages, []), tokenizer, add_generation_prompt=True)
    start = "" if prompt.rstrip().endswith(THINK) else f"{THINK}\n"
    pieces = [(start, False), (row["reasoning"].strip(), True), (f"\n{END_THINK}\n\n", False)]
    return [token for text, is_content in pieces for token in _encode(text, is_content, tokenizer)]


def _encode_calls(row: Mapping[str, Any], messages: Sequence[Message], tokenizer: Any) -> list[int]:
    """An answer that calls tools, as the template writes it, up to the token that ends it.

    Raises: PromptError when the template does not write an answer behind its own prompt.
    """
    content = "" if row["output"] == row["tool_calls"] else row["output"]
    turn = {"role": "assistant", "content": content, "reasoning": row["reasoning"], "tool_calls": row["tool_calls"]}
    answer, texts = _message(turn, tokenizer.chat_template), list[str]()
    tools = _tools(row["tools"], tokenizer, texts)
    asked = _with_placeholders(messages, texts)
    prompt = _render(asked, tokenizer, add_generation_prompt=True, **tools)
    whole = _render([*asked, *_with_placeholders([answer], texts)], tokenizer, add_generation_prompt=False, **tools)
    if not whole.startswith(prompt):
        raise PromptError("the model's chat template does not write a call of a tool behind its own prompt")
    ids = [token for piece in _split(whole[len(prompt) :], texts) for token in _encode(*piece, tokenizer)]
    end = tokenizer.eos_token_id
    return [*ids[: ids.index(end)], end] if end in ids else [*ids, end]


def encode_prompt(messages: Sequence[Message], tokenizer: Any, tools: str = "") -> list[int]:
    """Token ids of a conversation up to where the answer begins. `tools` is the JSON list of the tools on offer.

    Raises: PromptError when the template does not accept the conversation.
    """
    texts: list[str] = []
    offered = _tools(tools, tokenizer, texts)
    rendered = _render(_with_placeholders(messages, texts), tokenizer, add_generation_prompt=True, **offered)
    return [token for text, is_content in _split(rendered, texts) for token in _encode(text, is_content, tokenizer)]


def _tools(tools: str, tokenizer: Any, texts: list[str]) -> dict[str, Any]:
    return {"tools": _in_json(json.loads(tools), texts)} if tools and "tools" in tokenizer.chat_template else {}


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
                texts.append(message[key].strip())
        replaced.append(placeholders)
    return replaced


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


def _encode(piece: str, is_content: bool, tokenizer: Any) -> list[int]:
    if is_content:
        return encode_text(piece, tokenizer)
    return list(tokenizer(piece, add_special_tokens=False)["input_ids"]) if piece else []


def _end_of_answer(messages: Sequence[Message], tokenizer: Any) -> list[int]:
    """Token ids of what the template writes after an answer, up to the token that ends it."""
    answered = [*_with_placeholders(messages, []), {"role": "assistant", "content": "\ue002"}]
    rendered = _render(answered, tokenizer, add_generation_prompt=False)
    after = _encode(rendered.rpartition("\ue002")[2], False, tokenizer)
    end = tokenizer.eos_token_id
    return [*after[: after.index(end)], end] if end in after else [*after, end]
