"""What a program that nobody has read can do, and what it cannot."""

import os
import socket
from pathlib import Path

import pytest

from pipelines.evaluate import sandbox

HERE = Path(__file__)


def test_this_machine_confines() -> None:
    assert sandbox.is_there()


@pytest.mark.parametrize(
    "code",
    [
        "import math, re\nassert math.isqrt(50) == 7 and re.findall('a', 'aba') == ['a', 'a']",
        "from collections import Counter\nfrom dataclasses import dataclass\nassert Counter('aa')['a'] == 2",
        "print('x' * 1000)\nassert sorted([2, 1]) == [1, 2]",
        "x = bytearray(100_000_000)",
    ],
)
def test_what_computes_passes(code: str) -> None:
    assert sandbox.passes(code, "pass")


# each would pass, if it were let
FORBIDDEN = {
    "reads a file": f"assert open({str(HERE)!r}).read()",
    "writes a file": "open('/tmp/gristmill-escaped', 'w').write('x')",
    "makes a folder": "import os\nos.mkdir('/tmp/gristmill-escaped')",
    "lists a folder": "import os\nassert os.listdir('/')",
    "imports what opens": "import socket",
    "starts a process": "import os\nassert os.fork() >= 0",
    "runs a program": "import os\nassert os.system('true') == 0",
    "sends a signal": f"import os\nos.kill({os.getpid()}, 0)",
    "waits": "import time\ntime.sleep(0.001)",
    "takes memory": "x = bytearray(2_000_000_000)",
    "starts a thread": "import _thread\n_thread.start_new_thread(print, ())",
    "ends before its tests": "import os\nos._exit(0)",
    "leaves before its tests": "raise SystemExit",
    "never ends": "while True: pass",
    "floods": "import os\nwhile True: os.write(1, b'x' * 65536)",
    "is no Python": "def (",
}


@pytest.mark.parametrize("code", FORBIDDEN.values(), ids=FORBIDDEN.keys())
def test_what_does_more_fails(code: str) -> None:
    assert not sandbox.passes(code, "pass")


def test_no_connection_is_made() -> None:
    """Through the module that is within the interpreter's own reach, if any is: a raw call of the system."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        code = f"import _socket\ns = _socket.socket()\ns.connect(('127.0.0.1', {port}))"
        assert not sandbox.passes(code, "pass")
        server.setblocking(False)
        with pytest.raises(BlockingIOError):
            server.accept()


def test_nothing_of_the_environment_is_known() -> None:
    assert sandbox.passes("import os", "assert not [name for name in os.environ if name != 'LC_CTYPE']")


def test_a_test_that_fails_fails() -> None:
    assert not sandbox.passes("def f(): return 1", "assert f() == 2")
    assert sandbox.passes("def f(): return 2", "assert f() == 2")
