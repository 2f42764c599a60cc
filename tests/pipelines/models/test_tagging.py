"""Signals by models that tag words: counts of names by a tiny model that has learnt some, and how tags are read."""

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoTokenizer, BertConfig, BertForTokenClassification, ByT5Tokenizer

from pipelines import annotate, catalog
from pipelines.models import classifier, tagging
from pipelines.recipe import AnnotateSettings, ClassifierSettings, RecipeError
from tests.pipelines.annotate.test_annotate import MILL, write_records

TAGS = ("O", "B-PER", "I-PER", "B-LOC")
SENTENCES = [
    [("Anna", 1), ("Miller", 2), ("mills", 0), ("grain", 0), ("in", 0), ("Kent", 3)],
    [("the", 0), ("grain", 0), ("of", 0), ("Paul", 1), ("is", 0), ("dry", 0)],
    [("in", 0), ("Kent", 3), ("Paul", 1), ("Miller", 2), ("mills", 0), ("grain", 0)],
    [("the", 0), ("grain", 0), ("is", 0), ("dry", 0), ("in", 0), ("Kent", 3)],
    [("Anna", 1), ("is", 0), ("dry", 0)],
]


@pytest.fixture(scope="module")
def tagger(plain_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model that has learnt the names of SENTENCES by heart."""
    folder = tmp_path_factory.mktemp("tagger") / "names"
    torch.manual_seed(0)
    tokenizer = AutoTokenizer.from_pretrained(plain_model)
    network = BertForTokenClassification(configured(len(tokenizer)))
    learn(network, tokenizer)
    network.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    (folder / "README.md").write_text("---\nlicense: mit\n---\n# Names\n")
    return folder


def configured(words: int) -> BertConfig:
    labels: dict[str, Any] = {"id2label": dict(enumerate(TAGS)), "label2id": {tag: at for at, tag in enumerate(TAGS)}}
    sizes: dict[str, Any] = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    return BertConfig(vocab_size=words, intermediate_size=64, pad_token_id=0, **sizes, **labels)


def learn(network: Any, tokenizer: Any) -> None:
    steps = torch.optim.AdamW(network.parameters(), lr=5e-3)
    for _ in range(60):
        for sentence in SENTENCES:
            read = tokenizer(" ".join(word for word, _ in sentence), return_tensors="pt")
            wanted = torch.tensor([[sentence[at][1] for at in read.word_ids(0)]])
            loss = network(input_ids=read["input_ids"], labels=wanted).loss
            loss.backward()
            steps.step()
            steps.zero_grad()
    network.eval()


def asked(folder: Path, **settings: Any) -> ClassifierSettings:
    return ClassifierSettings.model_validate({"name": "names", "model": str(folder), "label": "PER"} | settings)


def test_names_are_counted(tagger: Path) -> None:
    texts = [" ".join(word for word, _ in sentence) for sentence in SENTENCES]
    assert classifier.scores([*texts, ""], asked(tagger)) == [1, 1, 1, 0, 1, None]
    assert classifier.scores(texts, asked(tagger, label="LOC")) == [1, 0, 1, 1, 0]
    assert classifier.scores(texts, asked(tagger, batch_size=1)) == classifier.scores(texts, asked(tagger))


def test_of_a_long_text_all_names_are_counted(tagger: Path) -> None:
    text = " ".join(word for word, _ in SENTENCES[1])
    length = len(AutoTokenizer.from_pretrained(tagger)(text)["input_ids"])
    long = f"{text} " * 3
    counts = [classifier.scores([long], asked(tagger, max_length=length, longer=how))[0] for how in ("cut", "mean")]
    assert counts[0] == 1 and counts[1] is not None and counts[1] >= 2


def test_a_label_that_it_has_not_is_named(tagger: Path) -> None:
    with pytest.raises(RecipeError, match="the model has no label 'NAME'; its labels: PER, LOC"):
        classifier.fingerprint(asked(tagger, label="NAME"))


def test_a_tokenizer_that_knows_no_words_is_named(tmp_path: Path) -> None:
    tokenizer = ByT5Tokenizer()
    BertForTokenClassification(configured(len(tokenizer))).save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    with pytest.raises(RecipeError, match="has no fast tokenizer"):
        classifier.fingerprint(asked(tmp_path))


def test_it_is_a_signal_like_any_other(tagger: Path, tmp_path: Path) -> None:
    write_records(tmp_path, shards=1, rows=2)
    recipe = MILL.model_copy(update={"annotate": AnnotateSettings(models=(asked(tagger),))})
    annotate.run(recipe, "forum", tmp_path)
    with catalog.connect(tmp_path) as con:
        rows = con.sql("SELECT output_model_names FROM signals").fetchall()
    assert len(rows) == 2 and all(count >= 0 for (count,) in rows)


@pytest.mark.parametrize(
    ("tags", "words", "count"),
    [
        ("O O", [0, 1], 0),
        ("B-PER I-PER O B-PER", [0, 1, 2, 3], 2),
        ("B-PER B-PER", [0, 1], 2),
        ("B-PER B-PER", [0, 0], 1),  # two pieces of a word
        ("O I-PER I-PER O I-PER", [0, 1, 2, 3, 4], 2),
        ("PER PER O PER", [0, 1, 2, 3], 2),
        ("S-PER B-PER E-PER U-PER", [0, 1, 2, 3], 3),
        ("B-LOC I-PER B_PER", [0, 1, 2], 2),
        ("B-PER O B-PER", [None, 0, None], 0),  # what the tokenizer has added
    ],
)
def test_spans_are_counted_as_they_are_marked(tags: str, words: list[int | None], count: int) -> None:
    assert tagging.count_spans(tags.split(), words, "PER") == count
