"""A GLiNER model in ONNX: how many spans of a kind that is named in words (`person`, `postal address`) a text holds.

GLiNER (Zaratiana et al. 2023) reads the kind before the text, and gives each span of words a score for it. What stands
here is what its package (Apache-2.0) does: the package itself wants an older transformers. Han characters are words of
their own, since a sentence of Chinese is one word to it.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.models.readers import by_onnx
from pipelines.models.readers.reader import Part, Reader
from pipelines.recipe import ClassifierSettings, RecipeError

CONFIG = "gliner_config.json"
LEAST = 0.5  # of a span's probability, as the package has it
_WORD = re.compile(r"[\u3400-\u9fff]|[^\W\u3400-\u9fff]+(?:[-_][^\W\u3400-\u9fff]+)*|\S")
_INPUTS = ("input_ids", "attention_mask", "words_mask", "text_lengths", "span_idx", "span_mask")


def is_gliner(folder: Path) -> bool:
    return (folder / CONFIG).is_file()


def load(settings: ClassifierSettings, key: str) -> Reader:
    """Raises RecipeError when a package or the file is missing, no kind is named, or it scores no spans."""
    folder, file = by_onnx.files(settings, key)
    told = by_onnx.configured(folder, CONFIG)
    if not settings.label:
        raise RecipeError("{key}.label: missing; say in words what to look for, such as person", key=key)
    session, tokenizer = by_onnx.opened(settings, file, key), by_onnx.tokens(folder)
    if {one.name for one in session.get_inputs()} != set(_INPUTS):
        raise RecipeError("{key}.model: {model!r} does not score spans of words, the kind of GLiNER that is read",
                          key=key, model=settings.model)  # fmt: skip
    prompt = [told.get("ent_token", "<<ENT>>"), settings.label, told.get("sep_token", "<<SEP>>")]
    most, width = min(int(told.get("max_len", 384)), settings.max_length), int(told.get("max_width", 12))

    def split(text: str) -> list[Part]:
        words = _WORD.findall(text)
        starts = range(0, len(words), most) if settings.longer != "cut" else range(min(1, len(words)))
        return [_part(tokenizer, prompt, words[start : start + most]) for start in starts]

    def judge(batch: Sequence[Part]) -> list[float]:
        return [_count(session, part, width) for part in batch]

    return Reader(split, judge, 1, True)


def _part(tokenizer: Any, prompt: Sequence[str], words: Sequence[str]) -> Part:
    """Tokens of prompt and words; the words of the text are counted from 0, those of the prompt are below."""
    read = tokenizer.encode([*prompt, *words], is_pretokenized=True)
    return Part(read.ids, [None if word is None else word - len(prompt) for word in read.word_ids])


def _count(session: Any, part: Part, width: int) -> int:
    """Spans above LEAST, the likeliest first, none of which overlap."""
    logits = np.asarray(session.run(None, _given(part, width))[0], np.float64)[0, :, :, 0]
    chances = 1 / (1 + np.exp(-logits))  # float64[words, width]: from each word, so many more
    found = [(-chances[at, more], at, at + more) for at, more in np.argwhere(chances > LEAST)]
    taken: list[tuple[int, int]] = []
    for _, first, last in sorted(found):
        if last < len(chances) and all(last < begun or first > ended for begun, ended in taken):
            taken.append((first, last))
    return len(taken)


def _given(part: Part, width: int) -> dict[str, np.ndarray]:
    """The model's inputs: of each word only its first token is marked, with its number from 1."""
    marked, count = [], 0
    for word in part.words:
        fresh = word is not None and word == count
        count += fresh
        marked.append(count if fresh else 0)
    spans = [(first, first + more) for first in range(count) for more in range(width)]
    made = {
        "input_ids": [part.ids],
        "attention_mask": [[1] * len(part.ids)],
        "words_mask": [marked],
        "text_lengths": [[count]],
        "span_idx": [[(first, min(last, count - 1)) for first, last in spans]],
    }
    given = {name: np.array(values, np.int64) for name, values in made.items()}
    return given | {"span_mask": np.array([[last < count for _, last in spans]], np.bool_)}
