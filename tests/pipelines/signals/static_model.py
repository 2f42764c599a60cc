"""A static model of twenty words in five meanings, in the folder where the distilled one is looked for."""

from pathlib import Path

import numpy as np

MEANINGS = (
    "install setup put add",
    "server machine host computer",
    "bread loaf bun toast",
    "river stream brook creek",
    "the a on how",
)


def write_model(data: Path) -> Path:
    from model2vec import StaticModel
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.normalizers import Lowercase
    from tokenizers.pre_tokenizers import Whitespace

    words = [word for meaning in MEANINGS for word in meaning.split()]
    tokenizer = Tokenizer(WordLevel({word: at for at, word in enumerate([*words, "[UNK]"])}, "[UNK]"))
    tokenizer.normalizer, tokenizer.pre_tokenizer = Lowercase(), Whitespace()
    vectors = np.zeros((len(words) + 1, 256), np.float32)
    for at in range(len(words)):
        vectors[at, at // 4] = 1.0
        vectors[at, 100 + at] = 0.2  # words of one meaning are a little apart
    folder = data / "6_models" / ".base" / "minilm-static"
    StaticModel(vectors, tokenizer, normalize=True).save_pretrained(folder)
    return folder
