"""A recipe: the TOML file that says where text comes from, what is kept, and what is baked from it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Union
from zoneinfo import available_timezones

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from connectors import CONNECTORS
from connectors.base import Connector, LocalPath
from pipelines.errors import Location, WrongInput, did_you_mean, explain_faults, faults_by_key, read_toml
from pipelines.messages import Message

RECIPES = Path(__file__).parent / "recipes"


class RecipeError(WrongInput):
    """A recipe that cannot be used; the message names file, key and cure."""


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class WebSettings(_Section):
    """How to behave as a guest."""

    contact: str = Field("", description="Address or URL in the User-Agent, for site owners.")
    delay: float = Field(5.0, ge=0, description="Least seconds between requests to a host; robots may ask more.")
    allow_private: tuple[str, ...] = Field((), description="Private hosts that may be dialled, as host or host:port.")
    pages_per_host: int = Field(10_000, ge=1, description="Most pages of one host in one crawl: where a trap ends.")


class ShardSettings(_Section):
    """How large a shard of records is, which a worker does at a time: it ends with the page that fills it."""

    rows: int = Field(8_192, ge=1, description="Records of a shard.")
    megabytes: int = Field(64, ge=1, description="Or so much text, whichever is full first.")


class ClassifierSettings(_Section):
    """A model that classifies texts or tags words; its score or count becomes the signal `<text>_model_<name>`."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    model: str = Field(min_length=1, description="A local folder or a hub name.")
    revision: str = Field("", description="Commit, tag or branch on the hub; unset: its newest.")
    file: str = Field("", description="A file of it in ONNX, such as onnx/model.onnx; unset: its safetensors, if any.")
    licence: str = Field("", description="What the model is published under, for the card; unset: what it says itself.")
    text: Literal["output", "instruction", "pair"] = Field("output", description="What it reads.")
    label: str = Field("", description="The label that is wanted: its probability, or its spans; unset: the score.")
    max_length: int = Field(512, ge=8, description="Tokens that it reads at a time.")
    longer: Literal["cut", "mean", "max"] = Field("cut", description="Of longer texts: the beginning, or all in parts.")
    batch_size: int = Field(16, ge=1)
    device: Literal["auto", "cpu", "cuda"] = Field("auto", description="auto: a GPU where there is one.")

    @property
    def column(self) -> str:
        """The name of the signal."""
        return f"{self.text}_model_{self.name}"


class AnnotateSettings(_Section):
    embedding: Literal["", "multilingual", "english"] = Field(
        "", description="Embeddings of what records say; unset: multilingual where dedupe.semantic is set, else none."
    )
    difficulty: str = Field("", description="Model for perplexity and difficulty, as in finetune.model; unset: off.")
    models: tuple[ClassifierSettings, ...] = Field((), description="Models of your own that measure records.")

    @model_validator(mode="after")
    def _signals_are_unique(self) -> "AnnotateSettings":
        columns = [model.column for model in self.models]
        if twice := sorted({column for column in columns if columns.count(column) > 1}):
            listed = ", ".join(twice)
            raise ValueError(Message("two models measure {twice}; give each its own name", twice=listed))
        return self


class DedupeSettings(_Section):
    threshold: float = Field(0.8, gt=0, le=1, description="Jaccard similarity from which two records are duplicates.")
    key: Literal["pair", "output", "instruction"] = Field("pair", description="What two records are compared by.")
    semantic: float | None = Field(
        None, gt=0, le=1, description="Cosine of embeddings from which two records say the same; unset: none."
    )
    translations: bool = Field(True, description="Whether a translation says the same, where `semantic` is set.")


class DecontaminateSettings(_Section):
    benchmarks: tuple[LocalPath, ...] = Field((), description="What must not be learnt: .jsonl, .jsonl.gz, .parquet.")


class FinetuneSettings(_Section):
    """What to bake. Batches are chosen for two CPU cores; raise `batch_tokens` on a GPU."""

    model: str = Field(
        "smollm2", description="`smollm2` (packaged), a folder, a hub name, or `modelscope:` and a name."
    )
    revision: str = Field("", description="Commit, tag or branch on the hub; unset: its newest.")
    method: Literal["lora", "full"] = Field(
        "lora", description="Train a small part beside the weights, or all of them."
    )
    epochs: float = Field(1.0, gt=0, description="Times that every record is learnt from.")
    max_steps: int = Field(-1, description="Stop after this many optimiser steps; -1: by epochs.")
    max_seconds: float = Field(0, ge=0, description="Stop training after this long; 0: no limit.")
    batch_tokens: int = Field(2048, ge=16, description="Tokens of a batch with its padding; a longer example is alone.")
    gradient_accumulation: int = Field(2, ge=1, description="Batches of an optimiser step.")
    learning_rate: float = Field(2e-4, gt=0, description="How far a step goes; halve it where the loss goes up.")
    max_length: int = Field(4096, ge=16, description="Tokens per example, and no more than the model's context holds.")
    longer: Literal["cut", "drop"] = Field("cut", description="Longer answers end at a paragraph, or are left out.")
    learn: Literal["last", "all"] = Field("last", description="Answers of a conversation that are learnt.")
    system: str = Field("", description="System prompt of records without one; the model's template keeps it.")
    lora_rank: int = Field(8, ge=1, description="Size of the part that LoRA trains.")
    seed: int = Field(17, description="Draws the order of the records; the same seed trains the same model.")
    eval_records: int = Field(64, ge=1, description="Held-out records measured before and after.")
    evaluate_every: int = Field(0, ge=0, description="And after so many steps each time; 0: only before and after.")
    patience: int = Field(
        0, ge=0, description="End after so many of these without a lower loss, with the best; 0: never."
    )
    report_to: tuple[Literal["tensorboard", "wandb", "trackio"], ...] = Field((), description="Where numbers go too.")

    @model_validator(mode="after")
    def _patience_has_something_to_wait_for(self) -> "FinetuneSettings":
        if self.patience and not self.evaluate_every:
            raise ValueError(Message("patience counts evaluations: set evaluate_every, such as to 50"))
        return self


class PreferenceSettings(_Section):
    """What is learnt from pairs after fine-tuning. All else (LoRA, batches, lengths, seed) is as `finetune` has it."""

    method: Literal["dpo", "kto", "reward", "rloo"] = Field(
        description="Learn the pairs with DPO or KTO, learn to judge answers, or (RLOO) write what that judge likes."
    )
    beta: float = Field(0.1, gt=0, description="How much it costs to move away from the model before.")
    gap: int = Field(1, ge=1, description="Least difference between the scores of a pair.")
    per_question: int = Field(3, ge=1, description="Most pairs of one question, those of the largest gap first.")
    balance: bool = Field(True, description="Learn as many pairs whose chosen answer is shorter as longer.")
    epochs: float = Field(1.0, gt=0, description="Times that every pair is learnt from.")
    max_steps: int = Field(-1, description="Stop after this many optimiser steps; -1: by epochs.")
    max_seconds: float = Field(0, ge=0, description="Stop training after this long; 0: no limit.")
    learning_rate: float | None = Field(None, gt=0, description="Unset: 1e-4, and 1e-5 where all weights are trained.")
    eval_pairs: int = Field(200, ge=1, description="Held-out pairs measured before and after.")
    answer_tokens: int = Field(128, ge=8, description="RLOO: tokens that an answer may have.")
    answers: int = Field(4, ge=2, description="RLOO: answers to a question that are compared.")


class Schedule(_Section):
    """When `gristmill up` runs the recipe."""

    cron: str = Field(description="Five fields, such as `0 4 * * *` for four in the morning of each day.")
    timezone: str = Field("UTC", description="By name, such as Europe/Berlin.")

    @field_validator("cron")
    @classmethod
    def _is_cron(cls, cron: str) -> str:
        from croniter import croniter  # as Prefect reads it

        if not croniter.is_valid(cron):
            raise ValueError(
                Message(
                    "{cron!r} is no cron expression, which has five fields; each day at 4:00 is '0 4 * * *'", cron=cron
                )
            )
        return cron

    @field_validator("timezone")
    @classmethod
    def _is_known(cls, timezone: str) -> str:
        if timezone not in available_timezones():
            near = did_you_mean(timezone, available_timezones())
            cure = near if "did you mean" in near else Message("; say one such as Europe/Berlin")
            raise ValueError(Message("{timezone!r} is no time zone{cure}", timezone=timezone, cure=cure))
        return timezone


_Source: Any = Annotated[Union[CONNECTORS], Field(discriminator="connector")]  # noqa: UP007


class Recipe(_Section):
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")
    title: str = Field("", pattern=r"^[^\r\n]*$", description="What people call it, in any script; only shown.")
    sources: tuple[_Source, ...] = Field(min_length=1)
    policy: str = Field("default", description="A bundled policy's name or a path to a TOML file.")
    web: WebSettings = WebSettings()
    shards: ShardSettings = ShardSettings()
    annotate: AnnotateSettings = AnnotateSettings()
    dedupe: DedupeSettings = DedupeSettings()
    decontaminate: DecontaminateSettings = DecontaminateSettings()
    decisions: LocalPath | None = Field(None, description="What people decided; unset: data/decisions.jsonl.")
    finetune: FinetuneSettings = FinetuneSettings()
    preference: PreferenceSettings | None = Field(None, description="What is learnt from pairs; unset: nothing.")
    schedule: Schedule | None = None

    @model_validator(mode="after")
    def _names_are_unique(self) -> "Recipe":
        names = [source.name for source in self.sources]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(Message("two sources are called {twice}; give each its own name", twice=", ".join(twice)))
        return self

    def source(self, name: str) -> Connector:
        for source in self.sources:
            if source.name == name:
                result: Connector = source
                return result
        raise RecipeError(
            "{recipe}: no source called {name!r}{cure}",
            recipe=self.name,
            name=name,
            cure=did_you_mean(name, self.source_names()),
        )

    @property
    def embedding(self) -> str:
        """The embedding that is measured, by name; "" for none."""
        return self.annotate.embedding or ("multilingual" if self.dedupe.semantic else "")

    def titles(self) -> dict[str, str]:
        """The titles of the recipe and its sources that have one, by name."""
        return {one.name: one.title for one in (self, *self.sources) if one.title}

    def with_policy(self, policy: str) -> "Recipe":
        """The recipe with another policy, by name or path; "": as it is."""
        return self.model_copy(update={"policy": policy}) if policy else self

    def source_names(self) -> list[str]:
        """Sorted: the order of sources in the file changes nothing."""
        return sorted(source.name for source in self.sources)


def load(path: str | Path) -> Recipe:
    """Read a recipe by path, or a bundled one by name. Raises RecipeError with file, key and cure."""
    file = find(path)
    return build(read_toml(file, RecipeError), file)


def build(settings: Mapping[str, Any], file: Path) -> Recipe:
    """The recipe that these settings of a file make, which need not be there yet. Raises RecipeError."""
    try:
        return Recipe.model_validate(settings, context={"base": file.parent.resolve()})
    except ValidationError as error:
        raise RecipeError(explain_faults(str(file), settings, error.errors(), _known_keys)) from error


def faults(source: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong with the settings of one source, by key; "" is the key of what is wrong with all of it."""
    connector = next(each for each in CONNECTORS if each.model_fields["connector"].default == source["connector"])
    try:
        connector.model_validate(source)
    except ValidationError as error:
        return dict(faults_by_key(source, error.errors(), lambda _: sorted(connector.model_fields)))
    return {}


def find(path: str | Path) -> Path:
    """The file of a recipe, given by path or by a bundled one's name. Raises RecipeError."""
    file = Path(path)
    if file.is_file():
        return file
    bundled = RECIPES / f"{path}.toml"
    if bundled.is_file():
        return bundled
    names = [recipe.stem for recipe in RECIPES.glob("*.toml")]
    raise RecipeError(
        "{path}: no such file, and no bundled recipe of that name{cure}", path=path, cure=did_you_mean(str(path), names)
    )


def _known_keys(location: Location) -> list[str]:
    """The keys that are allowed where a fault lies; of a source without a known connector, the connectors."""
    if len(location) == 2 and location[0] == "sources":
        return [connector.model_fields["connector"].default for connector in CONNECTORS]
    model: Any = Recipe
    for part in location[:-1]:
        model = _step(model, part)
    return sorted(getattr(model, "model_fields", {}))


def _step(model: Any, part: Any) -> Any:
    if part == "sources" or isinstance(part, int):
        return model
    for connector in CONNECTORS:
        if connector.model_fields["connector"].default == part:
            return connector
    field = getattr(model, "model_fields", {}).get(part)
    kinds = [field.annotation, *getattr(field.annotation, "__args__", ())] if field else []
    return next((kind for kind in kinds if hasattr(kind, "model_fields")), model)
