"""A recipe: the TOML file that says where text comes from, what is kept, and what is baked from it."""

import difflib
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, Union

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from connectors import CONNECTORS
from connectors.base import Connector, LocalPath

RECIPES = Path(__file__).parent / "recipes"


class RecipeError(Exception):
    """A recipe that cannot be used; the message names file, key and cure."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class WebSettings(_Part):
    """How to behave as a guest."""

    contact: str = Field("", description="Address or URL in the User-Agent, for site owners.")
    delay: float = Field(5.0, ge=0, description="Least seconds between requests to a host; robots may ask more.")
    allow_private: tuple[str, ...] = Field((), description="Private hosts that may be dialled, as host or host:port.")
    pages_per_host: int = Field(10_000, ge=1, description="Most pages of one host in one crawl: where a trap ends.")


class AnnotateSettings(_Part):
    difficulty: str = Field("", description="Model for perplexity and difficulty, as in finetune.model; unset: off.")


class DedupeSettings(_Part):
    threshold: float = Field(0.8, gt=0, le=1, description="Jaccard similarity from which two records are duplicates.")
    key: Literal["pair", "output", "instruction"] = Field("pair", description="What two records are compared by.")
    semantic: float | None = Field(
        None, gt=0, le=1, description="Cosine of embeddings from which two English records say the same; unset: none."
    )


class DecontaminateSettings(_Part):
    benchmarks: tuple[LocalPath, ...] = Field((), description="What must not be learnt: .jsonl, .jsonl.gz, .parquet.")


class FinetuneSettings(_Part):
    """What to bake. Batch and length are chosen for two CPU cores; raise them on a GPU."""

    model: str = Field("smollm2", description="`smollm2` (packaged), a local folder, or a hub name.")
    method: Literal["lora", "full"] = "lora"
    epochs: float = Field(1.0, gt=0)
    max_steps: int = Field(-1, description="Stop after this many optimiser steps; -1: by epochs.")
    max_seconds: float = Field(0, ge=0, description="Stop training after this long; 0: no limit.")
    batch_size: int = Field(2, ge=1)
    gradient_accumulation: int = Field(4, ge=1)
    learning_rate: float = Field(2e-4, gt=0)
    max_length: int = Field(512, ge=16, description="Tokens per example.")
    lora_rank: int = Field(8, ge=1)
    seed: int = 17
    eval_records: int = Field(64, ge=1, description="Held-out records measured before and after.")


class Schedule(_Part):
    cron: str
    timezone: str = "UTC"


_Source: Any = Annotated[Union[CONNECTORS], Field(discriminator="connector")]  # noqa: UP007


class Recipe(_Part):
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")
    sources: tuple[_Source, ...] = Field(min_length=1)
    policy: str = Field("default", description="A bundled policy's name or a path to a TOML file.")
    web: WebSettings = WebSettings()
    annotate: AnnotateSettings = AnnotateSettings()
    dedupe: DedupeSettings = DedupeSettings()
    decontaminate: DecontaminateSettings = DecontaminateSettings()
    decisions: LocalPath | None = Field(None, description="What people decided; unset: data/decisions.jsonl.")
    finetune: FinetuneSettings = FinetuneSettings()
    schedule: Schedule | None = None

    @model_validator(mode="after")
    def _names_are_unique(self) -> "Recipe":
        names = [source.name for source in self.sources]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two sources are called {', '.join(twice)}; give each its own name")
        return self

    def source(self, name: str) -> Connector:
        for source in self.sources:
            if source.name == name:
                return source
        raise RecipeError(f"{self.name}: no source called {name!r}{did_you_mean(name, self.source_names())}")

    def source_names(self) -> list[str]:
        """Sorted: the order of sources in the file changes nothing."""
        return sorted(source.name for source in self.sources)


def load(path: str | Path) -> Recipe:
    """Read a recipe by path, or a bundled one by name. Raises RecipeError."""
    file = find(path)
    try:
        settings = tomllib.loads(file.read_text())
        return Recipe.model_validate(settings, context={"base": file.parent.resolve()})
    except tomllib.TOMLDecodeError as error:
        raise RecipeError(f"{file}: not TOML: {error}") from error
    except ValidationError as error:
        raise RecipeError("\n".join(f"{file}: {_explain(fault)}" for fault in error.errors())) from error


def find(path: str | Path) -> Path:
    file = Path(path)
    if file.is_file():
        return file
    bundled = RECIPES / f"{path}.toml"
    if bundled.is_file():
        return bundled
    names = [recipe.stem for recipe in RECIPES.glob("*.toml")]
    raise RecipeError(f"{path}: no such file, and no bundled recipe of that name{did_you_mean(str(path), names)}")


def _explain(fault: Any) -> str:
    key = ".".join(str(part) for part in fault["loc"])
    if fault["type"] == "extra_forbidden":
        return f"{key}: unknown key{did_you_mean(str(fault['loc'][-1]), _known_keys(fault['loc']))}"
    if fault["type"] == "union_tag_invalid":
        names = [connector.model_fields["connector"].default for connector in CONNECTORS]
        return f"{key}.connector: no such connector{did_you_mean(fault['ctx']['tag'], names)}"
    return f"{key}: {fault['msg']}"


def _known_keys(location: tuple[Any, ...]) -> list[str]:
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


def did_you_mean(word: str, known: list[str]) -> str:
    close = difflib.get_close_matches(word, known, n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; known: {', '.join(sorted(known))}"
