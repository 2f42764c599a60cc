"""Rules made to fill memory or to take for ever end as errors that name the rule, in a process of their own."""

import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.curate import policy
from pipelines.curate.policy import PolicyError
from tests.pipelines.curate.test_policy import written

# one of each way to grow: by a number, by a pattern, by nesting, by a column times a column, while it is bound
FILLS = {
    "text": "repeat('x', 1000000000000) = ''",
    "less_text": "len(repeat('x', 3000000000)) > 1",
    "list": "len(range(1000000000000)) > 1",
    "shorter_list": "len(range(300000000)) > 1",
    "list_by_column": "len(range(300000000 + score)) > 1",
    "list_of_lists": "list_sum(list_transform(range(100000000), lambda x: x)) > 1",
    "resized": "len(list_resize([1], 1000000000)) > 1",
    "array": "array_resize([1], 100000000000) IS NULL",
    "width": "len(format('{:>2000000000}', output)) > 1",
    "digits": "len(printf('%2000000000d', score)) > 1",
    "pieces": "len(string_split(repeat(output, 300000), '')) > 1",
    "map": "map_from_entries(list_transform(range(50000000), lambda x: (x, output))) IS NULL",
    "squared": "len(replace(output, 'a', output)) > 1",
    "doubled": "len(" + "hex(" * 30 + "output" + ")" * 30 + ") > 1",
    "json": "json_array_length(to_json(repeat(output, 10000))) > 1",
}
ENDLESS = "output LIKE '%a_%a_%a_%a_%b'"
HARMLESS = {
    "nested": "output LIKE '%' || repeat('x', 3) || '%' OR regexp_matches(output, '(a{30}){30}')",
    "strict": "strptime(title, '%Y') < TIMESTAMP '2001-01-01' OR url::INTEGER > 1",
    "short": "levenshtein(left(output, 1000), left(instruction, 1000)) < 3",
    "deep": "(" * 200 + "score > 1" + ")" * 200,
}


def rules(expressions: dict[str, str]) -> str:
    return "".join(
        f'[[rules]]\nname = "{name}"\nwhy = "-"\ndrop_if = """{sql}"""\n' for name, sql in expressions.items()
    )


# says what is wrong with a policy, then how many KiB the largest process took that was started to find it
LOAD = """
import resource, sys
from pathlib import Path
from pipelines.curate import policy
try:
    policy.load(Path(sys.argv[1]))
except policy.PolicyError as error:
    print(error)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def test_what_fills_memory_is_refused_by_name(tmp_path: Path) -> None:
    file = written(tmp_path, rules(HARMLESS | FILLS))
    done = subprocess.run([sys.executable, "-c", LOAD, str(file)], capture_output=True, text=True, check=True)
    *told, taken = done.stdout.splitlines()
    assert [line.split(".drop_if: ")[0] for line in told] == [f"{tmp_path}/mine.toml: rules.{name}" for name in FILLS]
    assert all("takes more memory than a rule may" in line and "look at less of them" in line for line in told)
    assert int(taken) < 2 << 20


def test_what_takes_for_ever_is_refused_by_name(tmp_path: Path) -> None:
    """Others of the kind are in tests/soak/test_sql.py."""
    with pytest.raises(PolicyError, match=r"rules.slow.drop_if: takes more than 5 s .*look at less of them"):
        policy.load(written(tmp_path, rules({"fine": "false", "slow": ENDLESS})))


@pytest.mark.parametrize("key", ["prefer", "quality"])
def test_an_order_and_a_quality_are_tried_too(key: str, tmp_path: Path) -> None:
    text = f'{key} = "len(range(1000000000000))"\n{rules({"never": "false"})}'
    with pytest.raises(PolicyError, match=f"{key}: takes more memory"):
        policy.load(written(tmp_path, text))


def test_rules_that_fail_only_on_some_texts_are_left_alone(tmp_path: Path) -> None:
    assert len(policy.load(written(tmp_path, rules(HARMLESS))).rules) == len(HARMLESS)


@pytest.mark.parametrize("name", sorted(path.stem for path in policy.POLICIES.glob("*.toml")))
def test_bundled_policies_are_within_the_limits(name: str) -> None:
    """They are not tried each time they are loaded."""
    assert not policy.sql_faults(policy.load(name))


BEGUN = '["a", "begun", ""]\n["a", "type", "BOOLEAN"]\n["b", "begun", ""]\n'


@pytest.mark.parametrize(
    ("code", "said", "last"),
    [
        (-9, BEGUN, ("b", "killed", "")),
        (-1, f'{BEGUN}["", "done", ""]\n', ("", "killed", "")),
        (1, BEGUN, ("b", "killed", "")),  # it ended without the last word
        (0, f'{BEGUN}["", "done", ""]\n', ("", "done", "")),
    ],
)
def test_the_piece_at_which_a_trial_ended_is_the_one_that_was_begun_last(
    code: int, said: str, last: tuple[str, str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], code, said, ""))
    assert policy._tried.__wrapped__(())[-1] == last


def test_of_a_trial_that_never_began_the_end_of_what_it_said_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    done = subprocess.CompletedProcess([], 1, "", "x" * 1000 + "no such module")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: done)
    with pytest.raises(RuntimeError, match=r"^the trial of a policy ended with 1: x{486}no such module$"):
        policy._tried.__wrapped__(())
