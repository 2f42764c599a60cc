"""A trained model as llama.cpp and Ollama read it: one GGUF file, and beside it a Modelfile for `ollama create`.

Weights go over one at a time, so that memory holds the largest of them. The names of tensors, the quantisation and the
container are those of the `gguf` package of llama.cpp (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md).
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from gguf import GGML_QUANT_SIZES, MODEL_ARCH, GGMLQuantizationType, GGUFWriter, LlamaFileType, get_tensor_name_map
from gguf.quants import quantize
from safetensors import safe_open

from pipelines import storage
from pipelines.errors import WrongInput
from pipelines.serve.llama_vocabulary import add_vocabulary
from pipelines.serve.loading import find_model
from pipelines.storage import filesystem, integrity, shard_cache
from pipelines.storage.exported import check_file, log_export, replacing
from pipelines.storage.layout import FOLDERS
from schemas.manifest import Manifest

Precision = Literal["f32", "f16", "q8_0"]
KINDS: dict[Precision, tuple[GGMLQuantizationType, LlamaFileType]] = {
    "f32": (GGMLQuantizationType.F32, LlamaFileType.ALL_F32),
    "f16": (GGMLQuantizationType.F16, LlamaFileType.MOSTLY_F16),
    "q8_0": (GGMLQuantizationType.Q8_0, LlamaFileType.MOSTLY_Q8_0),
}
ARCHITECTURES = {"llama": MODEL_ARCH.LLAMA, "qwen2": MODEL_ARCH.QWEN2, "qwen3": MODEL_ARCH.QWEN3}
ROTATED = re.compile(r"\.([qk])_proj\.weight$")
METRICS = "metrics.json"
MODELFILE = "FROM ./{file}\nPARAMETER num_ctx {context}\n"


@dataclass(frozen=True)
class Weight:
    """One tensor: its name in GGUF, its numbers as float32, and how they are kept."""

    name: str
    numbers: np.ndarray[Any, Any]
    kind: GGMLQuantizationType

    @property
    def size(self) -> int:
        """Bytes in the file."""
        block, size = GGML_QUANT_SIZES[self.kind]
        return self.numbers.size // block * size


def export(model: str, data: Path, out: Path, precision: Precision) -> Path:
    """Write a model, by its recipe's name or its folder, to the file `out`; returns the Modelfile.

    Raises: RecipeError where there is no such model; WrongInput as `write` does, and where no file can be at `out`.
    """
    check_file(out, data)
    folder = find_model(model, data)
    manifest = storage.read_manifest(folder)
    with shard_cache.local_copy_of(folder, manifest) as local:
        _check(_config(local), folder)
        for made, known in _made_from(folder, manifest, data) if manifest else ():
            snapshot = _snapshot_of(made, known)
            log_export(
                data, snapshot["recipe"], snapshot["version"], known.inputs["curated"], "gguf", str(out.absolute())
            )
        return write(local, out, precision)


def _made_from(folder: Path, manifest: Manifest, data: Path) -> Iterator[tuple[Path, Manifest]]:
    """A model, and those of the data folder that it began with or was judged by: each has learnt a snapshot."""
    yield folder, manifest
    for name in filter(None, map(manifest.params.get, ("start", "reward"))):
        earlier = data / FOLDERS[manifest.stage] / name
        if known := storage.read_manifest(earlier):
            yield from _made_from(earlier, known, data)


def _snapshot_of(folder: Path, manifest: Manifest) -> dict[str, str]:
    integrity.check((folder / shard.path, shard) for shard in manifest.shards if shard.path == METRICS)
    snapshot: dict[str, str] = json.loads((folder / METRICS).read_text())["snapshot"]
    return snapshot


def write(folder: Path, out: Path, precision: Precision) -> Path:
    """Write the model of a local folder to the file `out`, which appears when it is whole; returns the Modelfile.

    Vectors and what no block of the precision divides are kept finer. Raises: WrongInput for a model that llama.cpp
    would read otherwise than transformers does.
    """
    config = _config(folder)
    _check(config, folder)
    with replacing(out) as part:
        _write(folder, config, part, precision)
    modelfile = out.with_name(f"{out.stem}.Modelfile")
    with replacing(modelfile) as part:
        part.write_text(MODELFILE.format(file=out.name, context=config["max_position_embeddings"]), "utf-8")
    return modelfile


def _config(folder: Path) -> dict[str, Any]:
    config: dict[str, Any] = json.loads((folder / "config.json").read_text())
    return config


def _check(config: dict[str, Any], folder: Path) -> None:
    rope = config.get("rope_parameters") or config.get("rope_scaling") or {}
    scores = [name for name in config.get("architectures") or () if not name.endswith("ForCausalLM")]
    reasons = {
        f"{', '.join(scores)}, which scores texts and writes none,": bool(scores),
        f"model_type {config['model_type']}": config["model_type"] not in ARCHITECTURES,
        f"rope_type {rope.get('rope_type')}": rope.get("rope_type", "default") != "default",
        "use_sliding_window": bool(config.get("use_sliding_window")),
        "mlp_bias": bool(config.get("mlp_bias")),
        "attention_bias": bool(config.get("attention_bias")) and config["model_type"] != "qwen2",
    }
    for reason in (reason for reason, is_so in reasons.items() if is_so):
        raise WrongInput(
            "{file}: {reason} is not written as GGUF here; llama.cpp's convert_hf_to_gguf.py may know it",
            file=folder / "config.json",
            reason=reason,
        )


def _write(folder: Path, config: dict[str, Any], out: Path, precision: Precision) -> None:
    architecture = ARCHITECTURES[config["model_type"]]
    kind, file_type = KINDS[precision]
    writer = GGUFWriter(out, config["model_type"])
    _add_settings(writer, config, file_type)
    add_vocabulary(writer, folder, config)
    names = get_tensor_name_map(architecture, config["num_hidden_layers"])
    for weight in _weights(folder, config, names, kind):
        shape, numbers = weight.numbers.shape, np.dtype(np.float32)
        writer.add_tensor_info(weight.name, shape, numbers, weight.size, raw_dtype=weight.kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    for weight in _weights(folder, config, names, kind):
        written = quantize(weight.numbers, weight.kind)
        with filesystem.written_by_library(out):
            writer.write_tensor_data(written)
    writer.close()


def _add_settings(writer: GGUFWriter, config: dict[str, Any], file_type: LlamaFileType) -> None:
    heads = config["num_attention_heads"]
    size = config.get("head_dim") or config["hidden_size"] // heads
    rope = config.get("rope_parameters") or {}
    writer.add_file_type(file_type)
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(heads)
    writer.add_head_count_kv(config.get("num_key_value_heads") or heads)
    writer.add_key_length(size)
    writer.add_value_length(size)
    writer.add_rope_dimension_count(size)
    writer.add_rope_freq_base(rope.get("rope_theta") or config.get("rope_theta") or 10_000.0)
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_vocab_size(config["vocab_size"])


def _weights(folder: Path, config: dict[str, Any], names: Any, kind: GGMLQuantizationType) -> Iterator[Weight]:
    for path, name, numbers in _tensors(folder):
        found = names.get_name(name, (".weight", ".bias"))
        if found is None:
            raise WrongInput("{file}: {name} has no name in GGUF", file=path, name=name)
        yield Weight(found, _turned(name, numbers, config), _kind_of(numbers, kind))


def _tensors(folder: Path) -> Iterator[tuple[Path, str, np.ndarray[Any, Any]]]:
    """File, name and numbers of each tensor, as float32."""
    for path in sorted(folder.glob("*.safetensors")):
        with safe_open(path, "pt") as file:
            for name in file.keys():  # noqa: SIM118 (it is no dict)
                yield path, name, file.get_tensor(name).float().numpy()


def _kind_of(numbers: np.ndarray[Any, Any], kind: GGMLQuantizationType) -> GGMLQuantizationType:
    if numbers.ndim == 1:
        return GGMLQuantizationType.F32
    return kind if numbers.shape[-1] % GGML_QUANT_SIZES[kind][0] == 0 else GGMLQuantizationType.F16


def _turned(name: str, numbers: np.ndarray[Any, Any], config: dict[str, Any]) -> np.ndarray[Any, Any]:
    """Llama's queries and keys: transformers rotates the halves of a head, llama.cpp neighbours in it."""
    found = ROTATED.search(name) if config["model_type"] == "llama" else None
    if not found:
        return numbers
    heads = config["num_attention_heads"]
    heads = (config.get("num_key_value_heads") or heads) if found[1] == "k" else heads
    halves = numbers.reshape(heads, 2, numbers.shape[0] // heads // 2, *numbers.shape[1:])
    return np.ascontiguousarray(halves.swapaxes(1, 2).reshape(numbers.shape))
