"""Signals by models that a recipe names: their numbers, what is missing, and what is measured again."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer, LlamaConfig, LlamaForSequenceClassification

from pipelines import annotate, catalog, dedupe, storage
from pipelines import curate as stage
from pipelines.curate import measured, policy
from pipelines.models import classifier
from pipelines.recipe import AnnotateSettings, ClassifierSettings, Recipe, RecipeError
from tests.pipelines.annotate.test_annotate import MILL, write_records

TEXTS = ["Mill the grain.", "First boil an egg, then wait for as long as you like it. " * 20, "", "怎样煮鸡蛋？"]


@pytest.fixture(scope="module")
def model(plain_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny classifier with three labels that states its licence."""
    return made(plain_model, tmp_path_factory.mktemp("classifier") / "three", 3)


def made(plain_model: Path, folder: Path, labels: int) -> Path:
    torch.manual_seed(0)
    settings = LlamaConfig.from_pretrained(plain_model, num_labels=labels, pad_token_id=0)
    LlamaForSequenceClassification(settings).save_pretrained(folder)  # type: ignore[no-untyped-call]
    AutoTokenizer.from_pretrained(plain_model).save_pretrained(folder)
    (folder / "README.md").write_text("---\nlanguage: en\nlicense: apache-2.0\n---\n# A model\n")
    return folder


def asked(folder: Path, **settings: Any) -> ClassifierSettings:
    usual = {"name": "edu", "model": str(folder), "label": "LABEL_2", "max_length": 64}
    return ClassifierSettings.model_validate(usual | settings)


def with_models(*models: ClassifierSettings) -> Recipe:
    return MILL.model_copy(update={"annotate": AnnotateSettings(models=models)})


def test_the_numbers_are_those_of_the_model(model: Path) -> None:
    network = AutoModelForSequenceClassification.from_pretrained(model).eval()
    tokenizer = AutoTokenizer.from_pretrained(model)
    found = classifier.scores(TEXTS, asked(model))
    for text, score in zip(TEXTS, found, strict=True):
        if not text:
            assert score is None
            continue
        with torch.inference_mode():
            logits = network(**tokenizer(text, truncation=True, max_length=64, return_tensors="pt")).logits
        assert score == pytest.approx(float(logits.softmax(-1)[0, 2]), rel=1e-3)


def test_a_long_text_is_cut_or_read_in_parts(model: Path) -> None:
    whole = classifier.scores(TEXTS[1:2], asked(model, max_length=16, longer="max"))[0]
    mean = classifier.scores(TEXTS[1:2], asked(model, max_length=16, longer="mean"))[0]
    cut = classifier.scores(TEXTS[1:2], asked(model, max_length=16))[0]
    assert whole is not None and mean is not None and cut is not None
    assert whole > mean and whole > cut != mean


def test_a_neighbour_changes_nothing(model: Path) -> None:
    together = classifier.scores(TEXTS, asked(model, batch_size=2))
    assert together == [classifier.scores([text], asked(model))[0] for text in TEXTS]


def test_one_score_is_the_signal_itself(plain_model: Path, tmp_path: Path) -> None:
    (score,) = classifier.scores(TEXTS[:1], asked(made(plain_model, tmp_path / "one", 1), label=""))
    assert score is not None and not 0 <= score <= 1


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"label": "GOOD"}, r"annotate.models.edu.label: the model has no label 'GOOD'; its labels: LABEL_0, LABEL_1"),
        ({"label": ""}, r"annotate.models.edu.label: missing; name one of the model's labels: LABEL_0"),
        ({"model": "/no/such/folder"}, r"annotate.models.edu.model: /no/such/folder: no such folder"),
        ({"model": "no/such folder"}, r"annotate.models.edu.model: 'no/such folder' cannot be loaded"),
    ],
)
def test_what_cannot_be_used_is_named(model: Path, settings: dict[str, str], says: str) -> None:
    with pytest.raises(RecipeError, match=says):
        classifier.fingerprint(asked(model, **settings))


def test_a_model_that_classifies_nothing_is_named(plain_model: Path) -> None:
    with pytest.raises(RecipeError, match=r"does not classify texts: it has no score\.weight"):
        classifier.fingerprint(asked(plain_model))


def test_two_of_one_name_are_refused(model: Path) -> None:
    with pytest.raises(ValueError, match="two models measure output_model_edu; give each its own name"):
        AnnotateSettings(models=(asked(model), asked(model, label="LABEL_1")))
    assert AnnotateSettings(models=(asked(model), asked(model, text="pair")))


def test_a_rule_looks_at_it_and_the_card_names_it(model: Path, tmp_path: Path) -> None:
    write_records(tmp_path, shards=2, rows=3)
    file = tmp_path / "mine.toml"
    file.write_text('[[rules]]\nname = "not_edu"\ndrop_if = "output_model_edu < 2"\nwhy = "Teaches nothing."\n')
    recipe = with_models(asked(model)).model_copy(update={"policy": str(file)})
    rules = policy.load(file)
    assert measured.unmeasured(rules, recipe) == {}
    assert measured.unmeasured(rules, MILL) == {"not_edu": "annotate.models"}
    annotate.run(recipe, "forum", tmp_path)
    dedupe.run(recipe, tmp_path)
    snapshot = stage.run(recipe, tmp_path)
    assert snapshot.counts["dropped"] == 6
    card = (storage.latest(tmp_path / "5_curated" / recipe.name) / "README.md").read_text()
    assert "| `output_model_edu` | three | LABEL\\_2 | apache-2.0 |" in card


@pytest.mark.parametrize("key", ["quality", "prefer"])
def test_a_policy_that_wants_what_no_model_measured_is_an_error(key: str, tmp_path: Path) -> None:
    write_records(tmp_path, shards=1, rows=2)
    file = tmp_path / "mine.toml"
    file.write_text(f'{key} = "output_model_edu"\n[[rules]]\nname = "none"\ndrop_if = "false"\nwhy = "-"\n')
    recipe = MILL.model_copy(update={"policy": str(file)})
    annotate.run(recipe, "forum", tmp_path)
    dedupe.run(recipe, tmp_path)
    with pytest.raises(policy.PolicyError, match=rf"{key}: output_model_edu is not measured; .*annotate.models"):
        stage.run(recipe, tmp_path)


def test_a_model_reads_again_only_what_is_new(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_records(tmp_path, shards=2, rows=3)
    edu, other = asked(model), asked(model, name="other", label="LABEL_0")
    annotate.run(with_models(edu), "forum", tmp_path)
    read = []
    scores = classifier.scores
    monkeypatch.setattr(classifier, "scores", lambda texts, one: read.append(one.name) or scores(texts, one))  # type: ignore[func-returns-value]
    annotate.run(with_models(edu, other), "forum", tmp_path)
    assert read == ["other", "other"], "what the first has said of both shards stands"
    fresh = tmp_path / "fresh"
    shutil.copytree(tmp_path / "2_records", fresh / "2_records")
    annotate.run(with_models(edu, other), "forum", fresh)
    with catalog.connect(tmp_path) as one, catalog.connect(fresh) as two:
        query = "SELECT * FROM signals ORDER BY record_id"
        assert one.sql(query).fetchall() == two.sql(query).fetchall()
