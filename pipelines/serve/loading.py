"""Model loading: from the name that a user gives to a folder, and from the folder to a model that generates."""

import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines import storage
from pipelines.messages import Message, tr
from pipelines.recipe import FinetuneSettings, RecipeError
from pipelines.storage import filesystem, shard_cache
from pipelines.storage.layout import REWARD
from schemas.manifest import Manifest

if TYPE_CHECKING:
    from pipelines.serve.engine import Engine
    from pipelines.serve.judge import Judge

BASE, NO_REWARD = "base", "none"
log = logging.getLogger("gristmill")


@dataclass(frozen=True)
class ServedModel:
    """A loaded model, and the names that requests may call it by; the first is the one that is listed.

    `judge` ranks completions where the best of several are wanted; None: their likelihood does.
    """

    engine: "Engine"
    names: list[str]
    judge: "Judge | None" = None


def find_model(model: str | Path, data: Path) -> Path:
    """The folder of a model. `model` is that folder, or the name of a recipe that has a model below `data`.

    Raises: RecipeError when there is no such model; it lists those that there are. AddressError for an address that
    cannot be read.
    """
    versions = storage.folder(data, "finetune", str(model))
    for folder in (filesystem.follow_link(filesystem.resolve(model)), storage.latest(versions), versions):
        if (folder / "config.json").is_file():
            if not any(folder.glob("*.safetensors")):
                raise RecipeError(
                    "{folder}: no *.safetensors beside config.json; save the model in that format", folder=folder
                )
            return folder.resolve() if filesystem.is_local(folder) else folder
    recipes = sorted(path.parent.name for path in (data / storage.FOLDERS["finetune"]).glob("*/latest"))
    known = (
        Message("models here: {names}", names=", ".join(recipes))
        if recipes
        else Message("train one with `gristmill stage finetune RECIPE`")
    )
    raise RecipeError(
        "{model}: not a model folder, and no recipe of that name has a model below {data}; {known}",
        model=model,
        data=data,
        known=known,
    )


def find_judge(reward: str, folder: Path, data: Path) -> Path | None:
    """The folder of the reward model that `reward` names: a folder, or a recipe, with or without `.reward`.

    "": the one that stands beside the model of `folder`, made of the same recipe, if held-out pairs show that it has
    learnt something; None where there is none, and for `none`.

    Raises: RecipeError when there is none of that name, or it is no reward model.
    """
    if reward == NO_REWARD:
        return None
    if not reward:
        manifest = storage.read_manifest(folder)
        recipe = manifest.name.partition(".")[0] if manifest else folder.parent.name
        beside = storage.latest(folder.parent.parent / f"{recipe}{REWARD}")
        return beside if manifest and _has_learnt(beside) else None
    named = reward if filesystem.resolve(reward).is_dir() else f"{reward.removesuffix(REWARD)}{REWARD}"
    found = find_model(named, data)
    if not _scores(found):
        raise RecipeError("--reward {reward}: writes texts and does not score them; name a reward model", reward=reward)
    return found


def _has_learnt(folder: Path) -> bool:
    """Whether there is a model of preferences that says so of itself; of one that does not, the log says it."""
    if not (folder / storage.MANIFEST).exists():
        return False
    learnt = bool(json.loads((folder / "metrics.json").read_text()).get("is_learnt"))
    if not learnt:
        log.warning(
            tr(
                "{folder}: a reward model that has not learnt what people prefer; --reward {folder} would rank by it",
                folder=folder,
            )
        )
    return learnt


def load_judge(folder: Path) -> "Judge":
    """Load a reward model; see `load_model`."""
    from pipelines.models import reward
    from pipelines.serve.judge import Judge

    manifest = storage.read_manifest(folder)
    with shard_cache.local_copy_of(folder, manifest) as local:
        model, tokenizer = reward.load(local)
    return Judge(model, tokenizer, _names(folder, manifest, "")[0])


def load_model(folder: Path, name: str = "") -> ServedModel:
    """Load the model of `folder`; a folder in an object store is copied to this machine first.

    Requests may call it by the folder's names, and by `name`.

    Raises: FileNotFoundError when a folder in an object store has no manifest. OSError or ValueError when the folder
    holds no model that transformers can load from safetensors. RecipeError when it is a reward model.
    """
    if _scores(folder):
        raise RecipeError(
            "{folder}: a reward model, which scores texts and writes none; serve another with --reward {folder}",
            folder=folder,
        )
    from pipelines.serve.engine import Engine  # torch; a folder is looked for before that

    manifest = storage.read_manifest(folder)
    with shard_cache.local_copy_of(folder, manifest) as local:
        return ServedModel(Engine.load(local), _names(folder, manifest, name))


def load_beside(beside: str, folder: Path, data: Path) -> ServedModel:
    """Load what is served beside the model of `folder`: `base`, what that was trained from, or another model's name.

    Raises: RecipeError when there is no such model, or when Gristmill has not trained the model of `folder`.
    """
    if beside != BASE:
        return load_model(find_model(beside, data), beside)
    from pipelines.models import base
    from pipelines.serve.engine import Engine

    manifest = storage.read_manifest(folder)
    if manifest is None:
        raise RecipeError(
            "{folder}: no manifest says what it was trained from; name the base model's folder instead", folder=folder
        )
    if start := manifest.params.get("start"):  # of preferences, which begin with a model that is here too
        return load_model(folder.parent.parent / start, BASE)
    settings = FinetuneSettings.model_validate(manifest.params.get("finetune", manifest.params))
    model, tokenizer, _ = base.load_with_special_tokens(settings, data)
    return ServedModel(Engine(model, tokenizer), [BASE, base.published_name(settings.model)])


def _scores(folder: Path) -> bool:
    """Whether the model of a folder scores texts instead of writing them."""
    known = json.loads((folder / "config.json").read_text()).get("architectures") or []
    return any(str(name).endswith("ForSequenceClassification") for name in known)


def _names(folder: Path, manifest: Manifest | None, name: str) -> list[str]:
    """The model's own name first: `<recipe>/<version>` for what Gristmill trained, else the folder's."""
    own = [f"{manifest.name}/{folder.name}", manifest.name] if manifest else [folder.name]
    return list(dict.fromkeys([*own, *([name] if name else []), str(folder)]))
