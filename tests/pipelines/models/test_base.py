"""Where base models come from: a hub at another address, ModelScope, and what a run is known by."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest

from pipelines.models import base
from pipelines.recipe import RecipeError

COMMIT, NAME = "c" * 40, "somebody/tiny"


def hub(model: Path) -> type[BaseHTTPRequestHandler]:
    """What answers as a hub does that has this one model."""

    class Hub(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self, status: int, content: bytes = b"", **headers: str) -> None:
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            if path.startswith(f"/api/models/{NAME}/tree/"):
                files = [{"type": "file", "path": one.name, "size": 1, "oid": "o"} for one in model.iterdir()]
                return self._answer(200, json.dumps(files).encode())
            if path.startswith(f"/api/models/{NAME}"):
                siblings = [{"rfilename": one.name} for one in model.iterdir()]
                return self._answer(200, json.dumps({"id": NAME, "sha": COMMIT, "siblings": siblings}).encode())
            file = model / path.rpartition("/")[2]
            if not path.startswith(f"/{NAME}/resolve/") or not file.is_file():
                return self._answer(404, X_Error_Code="EntryNotFound", X_Repo_Commit=COMMIT)
            return self._answer(200, file.read_bytes(), ETag=f'"{file.name}"', X_Repo_Commit=COMMIT)

        do_HEAD = do_GET

        def log_message(self, *_: object) -> None:
            pass

    return Hub


@pytest.fixture(scope="module")
def mirror(chat_model: Path) -> Iterator[str]:
    """A hub on this machine that has one model."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), hub(chat_model))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def test_a_mirror_of_the_hub_is_asked_and_the_commit_is_what_a_run_is_known_by(mirror: str, tmp_path: Path) -> None:
    """In a process of its own: the library reads its address when it is imported."""
    code = (
        "from pathlib import Path; from pipelines.models import base; base.require_train()\n"
        f"print(base.fingerprint({NAME!r}, 'main')); model, _ = base.load({NAME!r}, Path('.'), 'main')\n"
        f"print(type(model).__name__); base.fingerprint('somebody/none')"
    )
    places = {"HF_ENDPOINT": mirror, "HF_HOME": str(tmp_path), "NO_PROXY": "127.0.0.1", "HF_HUB_DISABLE_XET": "1"}
    ran = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | places, capture_output=True, text=True, check=False
    )
    assert ran.stdout.splitlines() == [f"{NAME} {COMMIT}", "LlamaForCausalLM"], ran.stderr[-2_000:]
    assert "RecipeError" in ran.stderr and "finetune.model: 'somebody/none' cannot be loaded" in ran.stderr


def test_a_model_of_modelscope_is_the_folder_that_its_package_gives(
    chat_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def snapshot_download(name: str, revision: str | None) -> str:
        asked.append((name, revision))
        if name == "no/one":
            raise ValueError("not found\nat all")
        return str(chat_model)

    monkeypatch.setitem(sys.modules, "modelscope", SimpleNamespace(snapshot_download=snapshot_download))
    assert base.fingerprint("modelscope:some/one", "v2") == base.fingerprint(str(chat_model))
    assert type(base.load("modelscope:some/one", Path())[0]).__name__ == "LlamaForCausalLM"
    assert asked == [("some/one", "v2"), ("some/one", None)]
    assert base.published_name("modelscope:some/one") == "some/one"
    with pytest.raises(RecipeError, match=r"^finetune\.model: 'modelscope:no/one' cannot be loaded \(not found\)"):
        base.fingerprint("modelscope:no/one")


def test_without_the_package_the_error_names_the_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "modelscope", None)
    with pytest.raises(RecipeError, match=r"finetune\.model: .* pip install 'gristmill\[modelscope\]'"):
        base.fingerprint("modelscope:some/one")


def test_who_computes_with_one_thread_leaves_others_theirs() -> None:
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with pytest.raises(KeyError), base.one_thread():
            assert torch.get_num_threads() == 1
            raise KeyError
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
