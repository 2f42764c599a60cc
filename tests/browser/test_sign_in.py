"""The dashboard of a team, in a browser that knows the password: its WebSocket comes in too, and the name is known."""

import subprocess
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import expect

from pipelines.flows import ports, server
from tests.browser.conftest import chromium_page, shoot
from tests.conftest import GRISTMILL, environment
from tests.pipelines.milling import dump, recipe_file
from tests.waiting import FAR, until

WORD = "correct horse battery"


def test_a_password_lets_in_and_names(tmp_path: Path) -> None:
    recipe_file(tmp_path, forum=dump(tmp_path / "dump"))
    port = ports.free_port(0)
    words = [*GRISTMILL, "dashboard", "small.toml", "--port", str(port)]
    env = environment(tmp_path) | {"GRISTMILL_PASSWORD": WORD}
    process = subprocess.Popen(
        words, cwd=tmp_path, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        url = f"http://127.0.0.1:{port}"
        until(lambda: server.is_up(f"{url}/_stcore/health"), "the dashboard", every=0.2)
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(url, timeout=FAR)
        assert refused.value.code == 401
        with chromium_page(http_credentials={"username": "Ada", "password": WORD}) as page:
            page.goto(f"{url}/?lang=en&who=Eve")
            expect(page.get_by_text("You decide as Ada.")).to_be_visible(timeout=1000 * FAR)
            assert not page.get_by_label("Your name").count()
            shoot(page, "signed_in")
    finally:
        process.terminate()
    said, _ = process.communicate(timeout=FAR)
    assert WORD not in said and "Ada" not in said


def test_beyond_loopback_it_does_not_start_without_one(tmp_path: Path) -> None:
    env = {name: value for name, value in environment(tmp_path).items() if name != "GRISTMILL_PASSWORD"}
    words = [*GRISTMILL, "dashboard", "--host", "0.0.0.0", "--url", "http://mill.example"]
    done = subprocess.run(words, cwd=tmp_path, env=env, capture_output=True, text=True)
    assert done.returncode == 2
    assert "set GRISTMILL_PASSWORD" in done.stderr
