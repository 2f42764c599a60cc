"""A model in an ONNX file that classifies texts or tags words, read by onnxruntime: neither torch nor transformers.

Parts of texts are read one by one. Quantised models scale what they compute by all that is in a batch, so a neighbour
would change a text's number, if by little.
"""

import json
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.models import tagging
from pipelines.models.readers.reader import Labels, Logits, Part, Reader, check_label, labels_of, number
from pipelines.recipe import ClassifierSettings, RecipeError
from pipelines.storage.integrity import sha256_of
from schemas.manifest import digest

USUAL = ("model.onnx", "onnx/model.onnx")
TOKENIZER, CONFIG = "tokenizer.json", "config.json"
_GIVEN = frozenset(("input_ids", "attention_mask", "token_type_ids", "position_ids"))


def is_onnx(settings: ClassifierSettings) -> bool:
    """Whether a file in ONNX is named, or a folder has one and no safetensors."""
    folder = Path(settings.model).expanduser()
    return bool(settings.file) or (not any(folder.glob("*.safetensors")) and _usual(folder) != "")


def _usual(folder: Path) -> str:
    return next((name for name in USUAL if (folder / name).is_file()), "")


def files(settings: ClassifierSettings, key: str) -> tuple[Path, Path]:
    """The model's folder, from the hub where it is none of this machine, and the ONNX file in it.

    Raises: RecipeError when a package is missing, or the model cannot be had.
    """
    if missing := [name for name in ("onnxruntime", "tokenizers") if find_spec(name) is None]:
        raise RecipeError("{key}: needs {missing}: pip install 'gristmill[onnx]'", key=key, missing=", ".join(missing))
    folder = Path(settings.model).expanduser()
    folder = folder if folder.is_dir() else _from_hub(settings, key)
    file = folder / (settings.file or _usual(folder))
    for wanted in (file, folder / TOKENIZER):
        if not wanted.is_file():
            raise RecipeError("{key}.file: {model} has no {file}", key=key, model=settings.model,
                              file=str(wanted.relative_to(folder)))  # fmt: skip
    return folder, file


def _from_hub(settings: ClassifierSettings, key: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError

    wanted = [settings.file, f"{settings.file}_data", f"{settings.file}.data", TOKENIZER, "*config.json"]
    try:
        return Path(snapshot_download(settings.model, revision=settings.revision or None, allow_patterns=wanted))
    except (OSError, ValueError, HfHubHTTPError) as error:
        raise RecipeError("{key}.model: {model!r} cannot be had ({error}); name a folder, or a model on the hub",
                          key=key, model=settings.model, error=str(error).splitlines()[0]) from error  # fmt: skip


def fingerprint(settings: ClassifierSettings, key: str) -> str:
    """A hash of the ONNX file, of what lies beside it under its name, of the tokenizer and of the labels."""
    folder, file = files(settings, key)
    beside = sorted(path for path in file.parent.glob(f"{file.name}*") if path.is_file())
    used = [*beside, folder / TOKENIZER, *sorted(folder.glob("*config.json"))]
    return digest([[path.name, sha256_of(path)] for path in used])


def load(settings: ClassifierSettings, key: str) -> Reader:
    """Raises RecipeError when a package, the file or the label is missing, or it is none that classifies texts."""
    folder, file = files(settings, key)
    config = labels_of(configured(folder, CONFIG))
    check_label(config, settings, key)
    session, tokenizer = opened(settings, file, key), tokens(folder)
    if unknown := {one.name for one in session.get_inputs()} - _GIVEN:
        raise RecipeError("{key}.model: {model!r} wants {unknown}, which a model that classifies texts does not",
                          key=key, model=settings.model, unknown=min(unknown))  # fmt: skip
    tokenizer.enable_truncation(settings.max_length)

    def split(text: str) -> list[Part]:
        read = tokenizer.encode(text)
        parts = [read, *read.overflowing] if settings.longer != "cut" else [read]
        return [Part(part.ids, part.word_ids) for part in parts]

    def judge(batch: Sequence[Part]) -> list[float]:
        return [number(config, _logits(session, part.ids, config), part, settings) for part in batch]

    return Reader(split, judge, 1, tagging.is_tagger(config))


def configured(folder: Path, name: str) -> dict[str, Any]:
    """What a JSON file of the model says; {} without one."""
    file = folder / name
    return dict(json.loads(file.read_text())) if file.is_file() else {}


def tokens(folder: Path) -> Any:
    """The tokenizer, without padding."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
    tokenizer.no_padding()
    return tokenizer


def opened(settings: ClassifierSettings, file: Path, key: str) -> Any:
    """The session, with one thread. Raises RecipeError when the file cannot be read."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    wanted = ["CPUExecutionProvider"] if settings.device == "cpu" else ["CUDAExecutionProvider", "CPUExecutionProvider"]
    there = [name for name in wanted if name in onnxruntime.get_available_providers()]
    try:
        return onnxruntime.InferenceSession(str(file), options, providers=there)
    except Exception as error:  # onnxruntime's own classes have no common one
        raise RecipeError("{key}.file: {file} cannot be read ({error})", key=key, file=file.name,
                          error=str(error).splitlines()[0]) from error  # fmt: skip


def _logits(session: Any, ids: Sequence[int], config: Labels) -> Logits:
    row = np.array([ids], np.int64)
    made = {
        "input_ids": row,
        "attention_mask": np.ones_like(row),
        "token_type_ids": np.zeros_like(row),
        "position_ids": np.arange(len(ids), dtype=np.int64)[None],
    }
    (logits, *_) = session.run(None, {one.name: made[one.name] for one in session.get_inputs()})
    found: Logits = np.asarray(logits, np.float64)[0]
    return found if tagging.is_tagger(config) else found.reshape(-1)
