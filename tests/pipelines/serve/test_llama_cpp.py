"""Models as GGUF, read by llama.cpp itself: the same tokens, and the same probabilities as transformers'."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import xllamacpp

from pipelines import storage
from pipelines.errors import WorkFailed, WrongInput
from pipelines.serve import llama_cpp
from pipelines.storage import logs
from pipelines.storage.integrity import Damaged
from tests.pipelines.serve.served import PROMPT

TEXT = PROMPT + "Then 12345, don't  stop\n\n\n    x = 3 — 先写，再做。"
WORDS = {"type": "WordLevel", "vocab": {"a": 3}, "unk_token": "a"}
SPLIT = {"type": "Split", "pattern": {"Regex": "x+"}, "behavior": "Isolated", "invert": False}
NEAR = 0.02  # of a logarithm: llama.cpp keeps keys and values in 16 bits


def model_of(kind: str, folder: Path, like: Path, **settings: Any) -> Path:
    """A random model of an architecture, with the tokenizer of another model."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(like)
    sizes = {"hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2, "num_attention_heads": 4}
    sizes |= {"num_key_value_heads": 2, "head_dim": 32 if kind == "qwen3" else 16, "max_position_embeddings": 256}
    ends = {"bos_token_id": tokenizer.bos_token_id, "eos_token_id": tokenizer.eos_token_id}
    config = AutoConfig.for_model(kind, vocab_size=len(tokenizer) + 3, **sizes, **ends, **settings)
    torch.manual_seed(4)
    of_kind: Any = AutoModelForCausalLM
    of_kind.from_config(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def told_by_transformers(folder: Path, prompt: str) -> tuple[int, dict[int, float]]:
    """The number of tokens of a prompt, and the logarithms of the probabilities of what follows."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    ids = AutoTokenizer.from_pretrained(folder)(prompt, add_special_tokens=False)["input_ids"]
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    with torch.inference_mode():
        likely = model(torch.tensor([ids])).logits[0, -1].log_softmax(0)
    return len(ids), dict(enumerate(likely.tolist()))


def told_by_llama_cpp(file: Path, prompt: str) -> tuple[int, dict[int, float]]:
    """The same, of the likeliest ten."""
    settings = xllamacpp.CommonParams()
    settings.model.path, settings.n_ctx, settings.n_parallel, settings.warmup = str(file), 256, 1, False
    body = {"prompt": prompt, "temperature": 0, "max_tokens": 1, "logprobs": 10}
    told = xllamacpp.Server(settings).handle_completions(body)
    (token,) = told["choices"][0]["logprobs"]["content"]
    return told["usage"]["prompt_tokens"], {each["id"]: each["logprob"] for each in token["top_logprobs"]}


@pytest.mark.parametrize("kind", ["llama", "qwen2", "qwen3"])
def test_llama_cpp_says_what_transformers_says(kind: str, chat_model: Path, tmp_path: Path) -> None:
    folder = model_of(kind, tmp_path / "model", chat_model, rope_parameters={"rope_type": "default", "rope_theta": 5e4})
    llama_cpp.write(folder, tmp_path / "a.gguf", "f32")
    tokens, wanted = told_by_transformers(folder, TEXT)
    found_tokens, found = told_by_llama_cpp(tmp_path / "a.gguf", TEXT)
    assert found_tokens == tokens and len(found) == 10
    assert found == pytest.approx({token: wanted[token] for token in found}, abs=NEAR)


def test_what_was_trained_is_written_smaller_and_logged(data: Path, tmp_path: Path) -> None:
    data = Path(shutil.copytree(data, tmp_path / "data", symlinks=True))
    sizes = {}
    for precision in ("f32", "f16", "q8_0"):
        file = tmp_path / f"{precision}.gguf"
        modelfile = llama_cpp.export("tiny", data, file, precision)
        assert modelfile.read_text() == f"FROM ./{precision}.gguf\nPARAMETER num_ctx 256\n"
        sizes[precision] = file.stat().st_size
    assert sizes["f32"] > 1.5 * sizes["f16"] > 1.5 * 1.2 * sizes["q8_0"]
    _, exact = told_by_llama_cpp(tmp_path / "f32.gguf", PROMPT)
    _, small = told_by_llama_cpp(tmp_path / "q8_0.gguf", PROMPT)
    assert max(small, key=lambda token: small[token]) == max(exact, key=lambda token: exact[token])
    (first, *_) = (entry for entry in logs.read(data / logs.EXPORTS) if entry["what"] == "gguf")
    assert (first["recipe"], first["version"]) == ("tiny", "v1") and first["out"] == str(tmp_path / "f32.gguf")
    assert not list(tmp_path.glob(".*"))


def test_a_model_made_from_another_is_logged_for_the_snapshots_of_both(data: Path, tmp_path: Path) -> None:
    """`forget` names the file to whoever asks for what the first one has learnt."""
    data = Path(shutil.copytree(data, tmp_path / "data", symlinks=True))
    tuned, folder = data / "6_models/tiny/v1", data / "6_models/tiny.dpo/v1"
    about: dict[str, Any] = {"stage": "prefer", "name": "tiny.dpo", "version": 1, "params": {"start": "tiny/v1"}}
    with storage.building(folder, **about, inputs={"curated": "later"}) as made:
        for path in sorted(tuned.glob("*.*")):
            if path.name not in (storage.MANIFEST, "metrics.json"):
                shutil.copy2(path, made.local_folder)
                made.adopt(path.name)
        made.text("metrics.json", json.dumps({"snapshot": {"recipe": "tiny", "version": "v2"}}))
    llama_cpp.export(str(folder), data, tmp_path / "a.gguf", "q8_0")
    logged = [(entry["version"], entry["out"]) for entry in logs.read(data / logs.EXPORTS)]
    assert logged == [("v2", str(tmp_path / "a.gguf")), ("v1", str(tmp_path / "a.gguf"))]
    (tuned / "metrics.json").write_text("{}")
    with pytest.raises(Damaged, match=r"metrics\.json: damaged"):
        llama_cpp.export(str(folder), data, tmp_path / "b.gguf", "q8_0")


def test_a_full_disk_is_told_with_the_file_and_the_cure(
    chat_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """numpy raises an OSError that holds nothing of what the system has said."""

    def full(*_: Any) -> None:
        raise OSError("64 requested and 0 written")

    monkeypatch.setattr(llama_cpp.GGUFWriter, "write_tensor_data", full)
    with pytest.raises(WorkFailed, match=r"a\.gguf.* \(64 requested and 0 written\); .*give the same command again"):
        llama_cpp.write(chat_model, tmp_path / "a.gguf", "f16")
    assert not list(tmp_path.iterdir())


def spoil(folder: Path, name: str, **changes: Any) -> Path:
    path = folder / name
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    return folder


@pytest.mark.parametrize(
    ("name", "changes", "words"),
    [
        ("config.json", {"model_type": "gemma3"}, "model_type gemma3"),
        ("config.json", {"rope_parameters": {"rope_type": "yarn", "factor": 4.0}}, "rope_type yarn"),
        ("config.json", {"architectures": ["LlamaForSequenceClassification"]}, "scores texts and writes none"),
        ("config.json", {"use_sliding_window": True}, "use_sliding_window"),
        ("config.json", {"attention_bias": True}, "attention_bias"),
        ("tokenizer.json", {"model": WORDS}, "no byte-level BPE"),
        ("tokenizer.json", {"pre_tokenizer": SPLIT}, "Split x"),
        ("tokenizer.json", {"normalizer": {"type": "Lowercase"}}, "no name for how"),
    ],
)
def test_what_would_be_read_otherwise_is_refused(
    name: str, changes: dict[str, Any], words: str, chat_model: Path, tmp_path: Path
) -> None:
    folder = spoil(model_of("llama", tmp_path / "model", chat_model), name, **changes)
    with pytest.raises(WrongInput, match=words):
        llama_cpp.write(folder, tmp_path / "a.gguf", "f16")
    assert not list(tmp_path.glob("*.gguf")) and not list(tmp_path.glob(".*"))


def test_where_no_file_can_be_is_told_before_anything_is_read(data: Path, tmp_path: Path) -> None:
    for out, words in ((tmp_path, "is a folder"), (tmp_path / "none" / "a.gguf", "there is no folder")):
        with pytest.raises(WrongInput, match=words):
            llama_cpp.export("tiny", data, out, "f16")
