"""A server's start: what is wrong is said before anything heavy is loaded."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.serve import PortError, check_port


def test_a_model_is_looked_for_before_anything_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    code = (
        "import sys; from pathlib import Path\n"
        "from pipelines.recipe import RecipeError; from pipelines.serve import serve\n"
        "for name in sys.argv[1:]:\n"
        " try: serve(name, port=0, data=Path('nowhere'))\n"
        " except RecipeError as error: print(error, [m for m in ('torch', 'uvicorn') if m in sys.modules])"
    )
    arguments = [sys.executable, "-c", code, "none", str(tmp_path)]
    printed = subprocess.run(arguments, capture_output=True, text=True, check=True).stdout.splitlines()
    assert printed[0].startswith("none: not a model folder") and printed[0].endswith("[]")
    assert "no *.safetensors" in printed[1] and printed[1].endswith("[]")


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


def test_a_taken_port_is_an_error_with_the_cure_before_anything_is_loaded(taken: int) -> None:
    code = (
        "import sys; from pathlib import Path; from pipelines.serve import PortError, serve\n"
        f"try: serve('no such model', port={taken}, data=Path('nowhere'))\n"
        "except PortError as error: print(error, [m for m in ('torch', 'fastapi') if m in sys.modules])"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    wanted = "another program listens there; stop it, or choose another --port"
    assert printed == f"cannot listen on 127.0.0.1:{taken}: {wanted} []\n"


def test_the_command_ends_with_1_and_one_line_on_a_taken_port(taken: int, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pipelines.cli", "serve", "any", "--port", str(taken), "--data", str(tmp_path)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"error: cannot listen on 127.0.0.1:{taken}")
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("host", "port", "cure"),
    [
        ("203.0.113.1", 0, "no such address; choose another --host"),  # of TEST-NET-3: no machine has it
        ("no.such.host.invalid", 0, "choose another --host or --port"),
        ("127.0.0.1", 70_000, "choose another --host or --port"),
    ],
)
def test_other_addresses_that_cannot_be_listened_on(host: str, port: int, cure: str) -> None:
    with pytest.raises(PortError, match=cure):
        check_port(host, port)


def test_a_checked_port_is_free_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    check_port("127.0.0.1", port)
    check_port("localhost", port)
