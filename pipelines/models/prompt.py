"""The instruction marker: how instruction, input and answer become tokens, P(y | x, i).

A model with a chat template keeps it: the instruction, and the input below it, are the user's turn. A model
without one gets special tokens for instruction, input and response, and a template that writes them.
The template is rendered with a stand-in for each text, and the texts are tokenised apart from it: what people
wrote never becomes a special token, and the answer starts at a token of its own, in training as in serving.
"""

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
Message = dict[str, str]


class PromptError(ValueError):
    """A conversation that the model's chat template does not accept."""


@dataclass(frozen=True, slots=True)
class Example:
    """Tokens of one record; the answer, with its end token, begins at `start`."""

    ids: list[int]
    start: int


def mark(model: Any, tokenizer: Any) -> list[int]:
    """Give a model without chat template the markers and a template; returns the new tokens' ids.

    The new rows of the embeddings are drawn around the mean of the old ones: seed torch before.
    """
    if tokenizer.chat_template:
        return []
    known = tokenizer.get_vocab()
    new = [token for token in MARKERS if token not in known]
    tokenizer.add_special_tokens({"extra_special_tokens": [*tokenizer.extra_special_tokens, *new]})
    if tokenizer.eos_token is None:
        tokenizer.add_special_tokens({"eos_token": END})
        new.append(END)
    if len(tokenizer) > model.get_input_embeddings().num_embeddings:
        model.resize_token_embeddings(len(tokenizer))
    tokenizer.chat_template = TEMPLATE
    return sorted(tokenizer.convert_tokens_to_ids(new))


def settle(model: Any, tokenizer: Any) -> None:
    """Model, tokenizer and generation settings agree on the tokens that end and fill a text."""
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    ends = model.generation_config.eos_token_id
    ends = [ends] if isinstance(ends, int) else list(ends or [])
    model.generation_config.eos_token_id = sorted({tokenizer.eos_token_id, *ends})
    for config in (model.config, model.generation_config):
        config.pad_token_id, config.bos_token_id = tokenizer.pad_token_id, tokenizer.bos_token_id
    model.config.eos_token_id = tokenizer.eos_token_id


def messages(row: Mapping[str, Any], tokenizer: Any) -> list[Message]:
    """The turns that lead to the answer of a published row."""
    turns: list[Message] = []
    for turn in row["history"] or ():
        turns.append({"role": "user", "content": turn["instruction"]})
        turns.append({"role": "assistant", "content": turn["output"]})
    last = {"role": "user", "content": row["instruction"]}
    if row["input"] and tokenizer.chat_template == TEMPLATE:
        return [*turns, last | {"input": row["input"]}]
    if row["input"]:
        last["content"] += "\n\n" + row["input"]
    return [*turns, last]


def encode(row: Mapping[str, Any], tokenizer: Any) -> Example:
    """A published row as tokens. Only the final answer is to be learnt; earlier ones are context."""
    turns = messages(row, tokenizer)
    ids = encode_prompt(turns, tokenizer)
    answer = encode_text(row["output"].strip(), tokenizer)
    return Example([*ids, *answer, *_tail(turns, tokenizer)], len(ids))


def encode_prompt(turns: Sequence[Message], tokenizer: Any) -> list[int]:
    """Tokens up to where the answer begins. Raises PromptError."""
    texts: list[str] = []
    rendered = _render(_stand_ins(turns, texts), tokenizer, add_generation_prompt=True)
    return [token for part in _split(rendered, texts) for token in _encode_part(*part, tokenizer)]


def encode_text(text: str, tokenizer: Any) -> list[int]:
    """Tokens of what people wrote, none of them special."""
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
        place = -1 if spelling.isspace() else text.find(spelling)
        while place >= 0:
            cuts.add(place + 1)
            place = text.find(spelling, place + 1)
    return [text[start:end] for start, end in pairwise(sorted(cuts))]


def _stand_ins(turns: Sequence[Message], texts: list[str]) -> list[Message]:
    """The turns with private-use characters in place of their texts, which go to `texts`."""
    made = []
    for turn in turns:
        stand_in = {"role": turn["role"]}
        for part in ("content", "input"):
            if part in turn:
                stand_in[part] = f"\ue000{len(texts)}\ue001"
                texts.append(turn[part].strip())
        made.append(stand_in)
    return made


def _render(turns: Sequence[Message], tokenizer: Any, *, add_generation_prompt: bool) -> str:
    from jinja2.exceptions import TemplateError

    try:
        rendered = tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=add_generation_prompt)
    except TemplateError as error:
        raise PromptError(f"the model's chat template refuses this conversation: {error}") from error
    return str(rendered)


def _split(rendered: str, texts: Sequence[str]) -> Iterator[tuple[str, bool]]:
    """Parts of a rendered template in order, each with whether it is a text that people wrote."""
    for position, part in enumerate(rendered.split("\ue000")):
        number, mark, rest = part.partition("\ue001") if position else ("", "", part)
        if mark:
            yield texts[int(number)], True
        yield rest, False


def _encode_part(part: str, written: bool, tokenizer: Any) -> list[int]:
    if written:
        return encode_text(part, tokenizer)
    return list(tokenizer(part, add_special_tokens=False)["input_ids"]) if part else []


def _tail(turns: Sequence[Message], tokenizer: Any) -> list[int]:
    """What the template writes after an answer, up to the token that ends it."""
    whole = _render(
        [*_stand_ins(turns, []), {"role": "assistant", "content": "\ue002"}], tokenizer, add_generation_prompt=False
    )
    after = _encode_part(whole.rpartition("\ue002")[2], False, tokenizer)
    end = tokenizer.eos_token_id
    return [*after[: after.index(end)], end] if end in after else [*after, end]
