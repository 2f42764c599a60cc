"""Rules of the default policy on what was measured: good answers that they took, and what is like them."""

from typing import Any

import duckdb
import pytest

from pipelines.curate import policy

RULES = {rule.name: rule for rule in policy.load("default").rules}
KINDS = ("instructions", "forum", "tutorial")
EXCHANGE, POST, PAGE = ({"source_kind": kind, "accepted": None, "score": None} for kind in KINDS)
TALK: dict[str, Any] = {"accepted": False, "score": 0, "output_words": 9, "pair_overlap": 0.0, "output_code_names": 0}
TALK |= {"output_language": "en", "output_asks": 0, "output_code_share": 0.0}

BRIEF: dict[str, Any] = {"kind": "explanation", "output_code_share": 0.0, "output_words": 9, "output_code_names": 1}
BRIEF |= {"output_language": "en", "output": "Like find, but it fails."}
PART: dict[str, Any] = {"kind": "explanation", "output_language": "en", "instruction_language": "en"}
PART |= {"output_words": 30, "output_english_words": 9}


@pytest.mark.parametrize(
    ("rule", "record", "drops"),
    [
        ("output_code_errors", EXCHANGE | {"output_code_errors": 1}, True),
        ("output_code_errors", EXCHANGE | {"output_code_errors": 0}, False),
        ("output_code_errors", EXCHANGE | {"output_code_errors": None}, False),
        ("output_code_errors", PAGE | {"output_code_errors": 2}, False),
        ("output_toxicity", EXCHANGE | {"output_toxicity": 0.9}, False),
        ("output_toxicity", EXCHANGE | {"output_toxicity": 0.96}, True),
        ("output_toxicity", PAGE | {"output_toxicity": 0.9}, False),
        ("output_toxicity", POST | {"output_toxicity": 0.9, "accepted": False, "score": 0}, True),
        ("output_toxicity", POST | {"output_toxicity": 0.9, "accepted": True, "score": 0}, False),
        ("instruction_toxicity", EXCHANGE | {"instruction_toxicity": 0.9}, False),
        ("instruction_toxicity", POST | {"instruction_toxicity": 0.9}, True),
        ("output_dup_lines", EXCHANGE | {"output_dup_line_chars": 0.9, "output_lines": 9}, False),
        ("output_dup_lines", PAGE | {"output_dup_line_chars": 0.9, "output_lines": 9}, True),
        ("output_talk", POST | TALK, True),
        ("output_talk", POST | TALK | {"output_code_share": 0.4}, False),
        ("output_too_brief", PAGE | BRIEF, True),
        ("output_too_brief", PAGE | BRIEF | {"output_code_names": 2}, False),
        ("output_too_brief", PAGE | BRIEF | {"output": "- flour\n- salt\n- water\n- oil\n- yeast"}, False),
        ("output_too_brief", PAGE | BRIEF | {"output": "- flour\n- salt\n- water"}, True),
        ("output_mojibake", PAGE | {"output_mojibake": 1, "output": "Go writes U+FFFD, `�`, for it."}, False),
        ("output_mojibake", PAGE | {"output_mojibake": 1, "output": "The ca� is open."}, True),
        (
            "output_untranslated",
            PAGE | PART | {"instruction": "Describe “激活命令”.", "output": "Open the menu."},
            True,
        ),
        (
            "output_untranslated",
            PAGE | PART | {"instruction": "Describe “激活命令”.", "output": "激活 means on."},
            False,
        ),
        ("input_link_only", EXCHANGE | {"input_link_only": True, "instruction": "Normalize the URL."}, False),
        ("input_link_only", EXCHANGE | {"input_link_only": True, "instruction": "Sum up the article."}, True),
    ],
)
def test_a_rule_takes_what_its_reason_says(rule: str, record: dict[str, Any], drops: bool) -> None:
    types = {str: "VARCHAR", float: "DOUBLE", int: "INTEGER", bool: "BOOLEAN", type(None): "INTEGER"}
    columns = ", ".join(f"CAST(${name} AS {types[type(value)]}) AS {name}" for name, value in record.items())
    with duckdb.connect() as con:
        row = con.execute(f"SELECT {policy.breaks_sql(RULES[rule])} FROM (SELECT {columns})", record).fetchone()
    assert row == (drops,)
