"""Models in ONNX: the numbers are those of the same weights under torch, and GLiNER's way of counting names."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import onnx
import pytest
import torch
from tokenizers import Tokenizer
from transformers import AutoTokenizer, BertForSequenceClassification

from pipelines.models import classifier
from pipelines.recipe import ClassifierSettings, RecipeError
from tests.pipelines.models import test_tagging as tags

TEXTS = ["Mill the grain.", "First boil an egg, then wait for as long as you like it. " * 20, "", "怎样煮鸡蛋？"]
GIVEN = ["input_ids", "attention_mask"]
SPANS = [*GIVEN, "words_mask", "text_lengths", "span_idx", "span_mask"]


def asked(folder: Path, **settings: Any) -> ClassifierSettings:
    usual = {"name": "edu", "model": str(folder), "label": "LABEL_2", "max_length": 64}
    return ClassifierSettings.model_validate(usual | settings)


def export(network: torch.nn.Module, given: dict[str, torch.Tensor], file: Path) -> None:
    """As `optimum` lays it out: the length may be any."""
    file.parent.mkdir(parents=True, exist_ok=True)
    axes = {name: {1: "length"} for name in given}
    torch.onnx.export(network.eval(), tuple(given.values()), file, input_names=list(given), output_names=["logits"],
                      dynamic_axes=axes, dynamo=False)  # fmt: skip


def in_onnx(network: Any, plain_model: Path, folder: Path) -> Path:
    """The same model twice: safetensors in `folder`, ONNX in the folder that is returned."""
    network.save_pretrained(folder)
    AutoTokenizer.from_pretrained(plain_model).save_pretrained(folder)
    twin = folder / "twin"
    export(network, dict.fromkeys(GIVEN, torch.ones((1, 5), dtype=torch.int64)), twin / "onnx" / "model.onnx")
    for name in ("config.json", "tokenizer.json"):
        (twin / name).write_bytes((folder / name).read_bytes())
    return twin


@pytest.fixture(scope="module")
def model(plain_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    size = len(AutoTokenizer.from_pretrained(plain_model))
    config = tags.configured(size)
    config.id2label, config.label2id = {}, {}
    config.num_labels, config.initializer_range = 3, 0.5  # so that what a model reads makes a difference
    return in_onnx(BertForSequenceClassification(config), plain_model, tmp_path_factory.mktemp("onnx") / "three")


@pytest.mark.parametrize("longer", ["cut", "mean", "max"])
def test_the_numbers_are_those_of_torch(model: Path, longer: str) -> None:
    theirs = classifier.scores(TEXTS, asked(model.parent, longer=longer))
    assert classifier.scores(TEXTS, asked(model, longer=longer)) == pytest.approx(theirs, rel=2e-3)
    assert classifier.scores(TEXTS, asked(model, longer=longer, file="onnx/model.onnx", device="cpu")) == [
        classifier.scores([text], asked(model, longer=longer))[0] for text in TEXTS
    ]


def test_a_tagger_counts_the_same_names(plain_model: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = tags.BertForTokenClassification(tags.configured(len(AutoTokenizer.from_pretrained(plain_model))))
    twin = in_onnx(network, plain_model, tmp_path / "names")
    theirs = classifier.scores(TEXTS, asked(tmp_path / "names", label="PER"))
    assert classifier.scores(TEXTS, asked(twin, label="PER")) == theirs
    assert any(theirs)


def test_torch_is_not_loaded(model: Path) -> None:
    code = (
        "import sys; from pipelines.models import classifier; from pipelines.recipe import ClassifierSettings as C;"
        f"print(classifier.scores(['mill'], C(name='edu', model={str(model)!r}, label='LABEL_2')));"
        "assert not {'torch', 'transformers'} & set(sys.modules)"
    )
    assert "[0." in subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"label": "GOOD"}, r"annotate.models.edu.label: the model has no label 'GOOD'; its labels: LABEL_0, LABEL_1"),
        ({"file": "onnx/small.onnx"}, r"annotate.models.edu.file: .* has no onnx/small.onnx"),
        ({"file": "config.json"}, r"annotate.models.edu.file: config.json cannot be read"),
        ({"model": "/no/such/folder", "file": "model.onnx"}, r"annotate.models.edu.model: /no/such/folder: no such"),
    ],
)
def test_what_cannot_be_used_is_named(model: Path, settings: dict[str, str], says: str) -> None:
    with pytest.raises(RecipeError, match=says):
        classifier.fingerprint(asked(model, **settings))


def test_what_is_known_of_a_model_is_its_file_and_labels(model: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    (copy / "onnx").mkdir(parents=True)
    for name in ("config.json", "tokenizer.json", "onnx/model.onnx"):
        (copy / name).write_bytes((model / name).read_bytes())
    before = classifier.fingerprint(asked(copy))
    assert before == classifier.fingerprint(asked(model))
    changed = onnx.load(copy / "onnx" / "model.onnx")
    changed.doc_string = "another one"
    onnx.save(changed, copy / "onnx" / "model.onnx")
    assert classifier.fingerprint(asked(copy)) != before


class Names(torch.nn.Module):
    """Scores spans as GLiNER does: of words that it knows by heart, if it is asked for what `person` begins with."""

    def __init__(self, size: int, known: list[int], kind: int, width: int) -> None:
        super().__init__()
        self.table, self.kind, self.width = torch.zeros(size, dtype=torch.int64), kind, width
        self.table[known] = 1

    def forward(self, input_ids, attention_mask, words_mask, text_lengths, span_idx, span_mask):  # type: ignore[no-untyped-def]
        places = torch.arange(1, text_lengths.max() + 1)
        first = ((words_mask[:, None, :] == places[None, :, None]) * input_ids[:, None, :]).sum(-1)
        known = self.table[first]
        start, end = span_idx[0, :, 0], span_idx[0, :, 1]
        total = torch.cumsum(known, 1)[0]
        inside = total[end] - total[start] + known[0][start]
        whole = (inside == end - start + 1) & span_mask[0] & (input_ids == self.kind).any()
        scores = whole * (10.0 + (end - start)) - 5 + 0.0 * attention_mask.sum()
        return scores.reshape(1, -1, self.width, 1)


@pytest.fixture(scope="module")
def gliner(plain_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("gliner") / "names"
    folder.mkdir()
    (folder / "tokenizer.json").write_bytes((plain_model / "tokenizer.json").read_bytes())
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    known = [tokenizer.encode([word], is_pretokenized=True).ids[0] for word in ("Anna", "Miller", "王")]
    kind = tokenizer.encode(["person"], is_pretokenized=True).ids[0]
    row = torch.ones((1, 4), dtype=torch.int64)
    given = dict(zip(SPANS, (row, row, torch.tensor([[0, 1, 2, 0]]), torch.tensor([[2]]),
                             torch.tensor([[[0, 0], [0, 1], [0, 1], [1, 1], [1, 1], [1, 1]]]),
                             torch.ones((1, 6), dtype=torch.bool)), strict=True))  # fmt: skip
    export(Names(tokenizer.get_vocab_size(), known, kind, 3), given, folder / "model.onnx")
    (folder / "gliner_config.json").write_text('{"max_width": 3, "max_len": 384}')
    return folder


def test_gliner_counts_spans_of_a_kind_said_in_words(gliner: Path) -> None:
    texts = ["Anna Miller mills grain, Anna sells.", "the grain is dry", "", "昨天王说好"]
    assert classifier.scores(texts, asked(gliner, label="person")) == [2, 0, None, 1]
    assert classifier.scores(texts, asked(gliner, label="city")) == [0, 0, None, 0]
    whole = classifier.scores(["grain " * 70 + "Anna"], asked(gliner, label="person", longer="max"))
    assert whole == [1] and classifier.scores(["grain " * 70 + "Anna"], asked(gliner, label="person")) == [0]


def test_gliner_wants_a_kind_and_spans(gliner: Path, model: Path) -> None:
    with pytest.raises(RecipeError, match=r"edu\.label: missing; say in words what to look for"):
        classifier.fingerprint(asked(gliner, label=""))
    (model / "gliner_config.json").write_text("{}")
    try:
        with pytest.raises(RecipeError, match="does not score spans of words"):
            classifier.fingerprint(asked(model, label="person", max_length=32))
    finally:
        (model / "gliner_config.json").unlink()
