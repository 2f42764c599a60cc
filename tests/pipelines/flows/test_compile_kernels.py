"""Whatever holds kernels is compiled at installation."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
# those of the extras `semantic` and `multilingual`
OPTIONAL = {
    "pipelines.dedupe.semantic_duplicates", "pipelines.signals.embedding", "pipelines.models.pieces",
    "pipelines.curate.diversity", "pipelines.curate.likeness",
}  # fmt: skip
# called by other kernels only
INNER = {"pipelines.signals.blocks", "pipelines.signals.spelling"} | {
    f"pipelines.dedupe.{name}" for name in ("bodies", "similarity_cache", "values")
}
CODE = """
import sys
from pipelines.flows.compile_kernels import compile_kernels

compile_kernels()
for name, module in sorted(item for item in sys.modules.items() if item[0].startswith("pipelines.")):
    kernels = [thing for thing in vars(module).values() if hasattr(thing, "py_func") and thing.__module__ == name]
    if any(kernel.signatures for kernel in kernels):
        print(name)
"""


def test_every_module_with_kernels_has_called_one() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    files = (path for path in (ROOT / "pipelines").rglob("*.py") if re.search(r"^@njit", path.read_text(), re.M))
    modules = {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in files}
    assert modules - set(done.stdout.split()) - INNER == OPTIONAL


def test_the_installation_compiles_kernels_before_its_stamp() -> None:
    stamp = (ROOT / "Makefile").read_text().partition("$(STAMP): pyproject.toml")[2]
    assert stamp.index("$(COMPILE)") < stamp.index("touch $@")
    assert "COMPILE := $(BIN)/python -m pipelines.flows.compile_kernels" in (ROOT / "Makefile").read_text()
