"""The tokens of a model in a GGUF file: a byte-level BPE, and the rule by which text is cut before it.

llama.cpp knows such rules by name and holds their regular expressions itself, so a tokenizer's own are compared with
those that it has names for. One without a name would be cut otherwise than in training, and is refused.
"""

import json
from pathlib import Path
from typing import Any

from gguf import GGUFWriter, SpecialVocab, TokenType
from transformers import AutoTokenizer

from pipelines.errors import WrongInput

_WORDS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"
_REST = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
# What cuts text, in order, by llama.cpp's name for it (its llama-vocab.cpp): kinds, and the expressions of splits.
RULES = {
    ("ByteLevel with regex",): "gpt-2",
    ("Digits, each", "ByteLevel with regex"): "smollm",
    (rf"Split {_WORDS}\p{{N}}{_REST}", "ByteLevel"): "qwen2",
    (rf"Split {_WORDS}\p{{N}}{{1,3}}{_REST}", "ByteLevel"): "llama-bpe",
}


def add_vocabulary(writer: GGUFWriter, folder: Path, config: dict[str, Any]) -> None:
    """Add the tokens, merges, special tokens and chat template of a model's folder.

    Raises: WrongInput for a tokenizer that is no byte-level BPE, or cuts text by a rule without a name.
    """
    file, tokenizer = folder / "tokenizer.json", _loaded(folder)
    if tokenizer.get("model", {}).get("type") != "BPE":
        raise WrongInput("{file}: holds no byte-level BPE; other tokenizers are not written as GGUF here", file=file)
    rule = tuple(_cut(tokenizer.get("pre_tokenizer") or {}))
    if rule not in RULES or tokenizer.get("normalizer") not in (None, {"type": "NFC"}):
        raise WrongInput(
            "{file}: llama.cpp has no name for how this tokenizer cuts text: {rule}", file=file, rule=", ".join(rule)
        )
    tokens, types = _tokens(tokenizer, config["vocab_size"])
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(RULES[rule])
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    SpecialVocab(folder, load_merges=True, n_vocab=len(tokens)).add_to_gguf(writer, quiet=True)


def _loaded(folder: Path) -> dict[str, Any]:
    """The tokenizer as transformers makes it, which for some models cuts text otherwise than their file says."""
    tokenizer: Any = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    backend = getattr(tokenizer, "backend_tokenizer", None)
    loaded: dict[str, Any] = json.loads(backend.to_str()) if backend else {}
    return loaded


def _cut(step: dict[str, Any]) -> list[str]:
    """The steps that cut text before the merges, each in words."""
    if step.get("type") == "Sequence":
        return [each for one in step["pretokenizers"] for each in _cut(one)]
    if step.get("type") == "ByteLevel":
        return ["ByteLevel with regex" if step.get("use_regex", True) else "ByteLevel"]
    if step.get("type") == "Digits":
        return ["Digits, each" if step.get("individual_digits") else "Digits"]
    pattern = step.get("pattern", {})
    return [f"{step.get('type')} {pattern.get('Regex', pattern.get('String', ''))}".strip()]


def _tokens(tokenizer: dict[str, Any], size: int) -> tuple[list[str], list[int]]:
    """Texts and kinds of all tokens by number; numbers without a token get a name that is never written."""
    texts = [f"[PAD{number}]" for number in range(size)]
    types = [int(TokenType.UNUSED)] * size
    for text, number in tokenizer["model"]["vocab"].items():
        texts[number], types[number] = text, int(TokenType.NORMAL)
    for token in tokenizer["added_tokens"]:
        texts[token["id"]] = token["content"]
        types[token["id"]] = int(TokenType.CONTROL if token["special"] else TokenType.USER_DEFINED)
    return texts, types
