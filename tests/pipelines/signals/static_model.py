"""Static models of twenty words in five meanings, in the folders where the distilled ones are looked for."""

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


CHINESE = ("安装 设置 放上", "服务器 机器 主机 电脑", "面包 馒头", "河流 小溪", "的 怎样")


def write_multilingual(data: Path) -> Path:
    """The same meanings in English and Chinese; its network passes on what it reads."""
    from pipelines.models import multilingual, pieces

    words = [(one, word) for one, meaning in enumerate(MEANINGS) for word in meaning.split()]
    words += [(one, word) for one, meaning in enumerate(CHINESE) for word in meaning.split()]
    spelt = [f"▁{word}" if word.isascii() else word for _, word in words]
    vectors = np.zeros((len(words) + 2, len(words) + 5), np.int8)
    for at, (one, _) in enumerate(words, 2):
        vectors[at, one], vectors[at, 3 + at] = 100, 15  # words of one meaning are a little apart
    width = vectors.shape[1]
    none, all_of_it = np.zeros((width, 1), np.float32), np.eye(width, dtype=np.float32)
    layers = {"d0": none, "d1": none.T, "d2": none, "d3": none.T, "p1": all_of_it, "p3": all_of_it}
    vocabulary = pieces.vocabulary(["<unk>", "▁", *spelt], [0.0, -5.0, *[-4.0] * len(words)])
    layers["last"] = np.eye(width, 256, dtype=np.float32)
    folder = data / "6_models" / ".base" / "use-static"
    folder.mkdir(parents=True)
    multilingual.save(folder, multilingual.Model(vocabulary, vectors, np.float32(0.01), np.zeros(width), layers))
    return folder
