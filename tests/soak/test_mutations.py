"""Of a hundred faults in what must not fail, the tests of that module notice at least 85.

A sample of SAMPLE mutants of each module, the same in every run: on two idle cores some 25 minutes in all.
`MUTANTS=all make soak` tries every one, some two thousand, in about three hours.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.soak.equivalent import EQUIVALENT, is_equivalent
from tests.soak.mutations import mutants

ROOT = Path(__file__).parents[2]
SAMPLE, LEAST = 40, 0.85
MUTATOR = ("tests/soak/mutations.py", "--sample")
# the golden text of a query notices every change of it, and says nothing of whether it matters
NOT_GOLDEN = ("-k", "not the_sql_of_a_policy")
STORAGE, CURATE, WEB = "tests/pipelines/storage/test_", "tests/pipelines/curate/test_", "tests/connectors/web/test_"

# The tests of each module, those that notice most in least time first.
MODULES: dict[str, tuple[str, ...]] = {
    "pipelines/storage/__init__.py": (f"{STORAGE}building.py", f"{STORAGE}order.py", f"{STORAGE}memory_store.py"),
    "pipelines/storage/filesystem.py": (
        f"{STORAGE}order.py",
        f"{STORAGE}logs.py",
        f"{STORAGE}memory_store.py",
        f"{STORAGE}building.py",
    ),
    "pipelines/storage/inputs.py": (f"{STORAGE}pages.py",),
    "pipelines/storage/pages.py": (f"{STORAGE}pages.py",),
    "pipelines/storage/integrity.py": (f"{STORAGE}integrity.py",),
    "pipelines/storage/user_sql.py": (f"{STORAGE}user_sql.py",),
    "pipelines/catalog/verify.py": ("tests/pipelines/catalog/test_verify_parts.py",),
    "pipelines/storage/lease.py": (f"{STORAGE}locks.py", f"{STORAGE}integrity.py", f"{STORAGE}lease_rules.py"),
    "pipelines/storage/shard_cache.py": (f"{STORAGE}copies.py",),
    "pipelines/curate/policy.py": (
        f"{CURATE}verdict.py",
        f"{CURATE}policy_file.py",
        f"{CURATE}edits.py",
        f"{CURATE}policy.py",
        f"{CURATE}likeness.py",
        f"{CURATE}policy_costs.py",
        *NOT_GOLDEN,
    ),
    "pipelines/curate/sql.py": (f"{CURATE}sql.py",),
    "pipelines/curate/mixture.py": (f"{CURATE}mixture_sql.py",),
    "pipelines/curate/redact.py": (f"{CURATE}redact.py",),
    "pipelines/signals/privacy.py": (f"{CURATE}redact.py", "tests/pipelines/signals/test_privacy.py"),
    "pipelines/forget/decided.py": ("tests/pipelines/forget/test_decided.py",),
    "pipelines/suppression/__init__.py": ("tests/pipelines/suppression/test_tombstones.py",),
    "pipelines/suppression/documents.py": ("tests/pipelines/suppression/test_documents.py",),
    "connectors/web/robots.py": (f"{WEB}robots_edges.py", f"{WEB}robots.py"),
    "connectors/web/permission.py": (f"{WEB}permission_edges.py",),
    "pipelines/models/prompt.py": (
        "tests/pipelines/models/test_prompt_parts.py",
        "tests/pipelines/models/test_markers.py",
    ),
    "pipelines/serve/access.py": ("tests/pipelines/serve/test_access.py",),
    "pipelines/serve/protocol.py": ("tests/pipelines/serve/test_protocol.py",),
    "pipelines/flows/sign_in.py": ("tests/pipelines/flows/test_sign_in.py",),
    "pipelines/flows/uploads.py": ("tests/pipelines/flows/test_uploads.py",),
    "pipelines/prefer/pairs.py": ("tests/pipelines/prefer/test_pair_parts.py", "tests/pipelines/prefer/test_pairs.py"),
    "pipelines/finetune/examples.py": ("tests/pipelines/finetune/test_examples.py",),
}
COPIED = ("connectors", "dashboards", "data", "pipelines", "schemas", "tests", "pyproject.toml")


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the tree that may be broken."""
    folder = tmp_path_factory.mktemp("mutants")
    for name in COPIED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
        copy(ROOT / name, folder / name)
    return folder


def tried(tree: Path, module: str) -> dict[str, Any]:
    sample = "0" if os.environ.get("MUTANTS") == "all" else str(SAMPLE)
    # what is compiled for one mutant serves the next: no module here holds a kernel
    place = {"PYTHONPATH": str(tree), "NUMBA_CACHE_DIR": str(tree / ".numba"), "OMP_NUM_THREADS": "1"}
    words = [sys.executable, *MUTATOR, sample, module, *MODULES[module]]
    done = subprocess.run(words, cwd=tree, env=os.environ | place, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])  # type: ignore[no-any-return]


@pytest.mark.timeout(3 * 3600)
@pytest.mark.parametrize("module", MODULES)
def test_faults_are_noticed(module: str, tree: Path) -> None:
    found = tried(tree, module)
    alive = [one for one in found["alive"] if not is_equivalent(module, one["after"])]
    faults = found["tried"] - len(found["alive"]) + len(alive)
    killed = 1 - len(alive) / faults
    survivors = "\n".join(f"  {one['line']}: {one['before']}\n   -> {one['after']}" for one in alive)
    print(f"\n{module}: {killed:.0%} of {faults} (of {found['all']}) in {found['seconds']} s\n{survivors}")
    assert killed >= LEAST


def test_each_equivalent_is_a_fault_of_its_module() -> None:
    """One that names a line as it was before a change excuses nothing any more.

    All are looked for, and not those of the sample: which these are changes with every line of a module.
    """
    every = {module: mutants((ROOT / module).read_text(), most=sys.maxsize) for module in MODULES}
    lines = {module: [f"\n{one.after}\n" for one in of_module] for module, of_module in every.items()}
    stale = [
        (where, part)
        for where, part, _ in EQUIVALENT
        if not any(part in line for module in MODULES if module.endswith(where) for line in lines[module])
    ]
    assert not stale
