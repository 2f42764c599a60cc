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
TABLE = PART | {"instruction_language": "zh", "instruction": "请说明“剪贴板工具”。", "output": "| xsel | 剪贴板 |"}
LISTED = "\n".join(f"- [The mill at the river {name}](https://mill.test/{name})" for name in "abcd")
LINKS: dict[str, Any] = {"output": LISTED, "output_link_share": 0.4, "output_lines": 4, "output_code_share": 0.0}
LINKS |= {"instruction": "Explain mills."}
NUMBERS: dict[str, Any] = {"output_alpha_share": 0.1, "output_words": 12, "output_code_share": 0.0}
LEANS: dict[str, Any] = {"output_leans_back": True, "kind": "how_to", "output_course_talk": 0, "record_id": "mills:a#b"}
CODE: dict[str, Any] = {"kind": "explanation", "output_code_share": 0.95, "record_id": "mills:a#lead"}
LEAD: dict[str, Any] = {"kind": "explanation", "output_code_share": 0.0, "output_words": 20, "sections_after": 2}
LEAD |= {"instruction": "Give an introduction to mills.", "output_language": "en", "record_id": "mills:a#lead"}
SAID = "The mill turns a stone, which grinds rye and wheat to flour."


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
        ("output_too_brief", PAGE | BRIEF | {"output": "You find it in the menu through View → Guides."}, False),
        ("output_too_brief", PAGE | BRIEF | {"output": "Select **File > New Mill** there."}, False),
        ("output_too_brief", PAGE | BRIEF | {"output": "It holds where a > b, and b > c."}, True),
        ("output_too_brief", PAGE | BRIEF | {"output": "每份：\n\n- 面粉 200g\n- 水 90 毫升\n- 盐 2 克"}, False),
        ("output_too_brief", PAGE | BRIEF | {"output": "每份：\n\n- 面粉 200g\n- 盐"}, True),
        ("output_too_brief", PAGE | BRIEF | {"output": "1. Open the gate.\n2. Turn the wheel."}, False),
        ("output_too_brief", PAGE | BRIEF | {"output": "`mill [ -c ] stone [grain]`"}, False),
        ("output_too_brief", PAGE | BRIEF | {"output": "mill-stone — dress a stone"}, False),
        (
            "output_too_short",
            PAGE | BRIEF | {"output": "- flour\n- salt\n- water\n- oil\n- yeast", "output_words": 5},
            False,
        ),
        ("output_too_short", PAGE | BRIEF | {"output": "- flour\n- salt", "output_words": 2}, True),
        (
            "output_link_only",
            PAGE | {"output_link_only": True, "output_code_share": 0.9, "instruction": "Get it."},
            False,
        ),
        (
            "output_link_only",
            PAGE | {"output_link_only": True, "output_code_share": 0.0, "instruction": "Get it."},
            True,
        ),
        ("output_many_links", PAGE | LINKS, True),
        ("output_many_links", POST | LINKS, False),
        ("output_many_links", PAGE | LINKS | {"output": f"{LISTED} grinds rye and wheat since the year 1910"}, False),
        ("output_few_letters", PAGE | NUMBERS | {"output": "| C | D |\n| --- | --- |\n| 131 | 147 |"}, False),
        ("output_few_letters", PAGE | NUMBERS | {"output": "131 147 165 175 196 220"}, True),
        ("output_leans_back", PAGE | LEANS, True),
        ("output_leans_back", PAGE | LEANS | {"record_id": "mills:a#lead"}, False),
        ("output_leans_back", PAGE | LEANS | {"record_id": "mills:a#lead", "output_course_talk": 1}, True),
        ("output_only_code", PAGE | CODE | {"output": "```\nmill\n```"}, True),
        ("output_only_code", PAGE | CODE | {"output": f"```\nmill\n```\n\n{'It grinds rye. ' * 5}"}, False),
        ("output_brief_introduction", PAGE | LEAD | {"output": "See the manual of the mill for more."}, True),
        ("output_brief_introduction", PAGE | LEAD | {"output": f"{SAID} See the manual for more."}, False),
        ("output_brief_introduction", PAGE | LEAD | {"output": f"{SAID} The following parts say how."}, True),
        ("output_brief_lead", PAGE | LEAD | {"title": "Stones", "output": "Here is what to read first."}, True),
        ("output_brief_lead", PAGE | LEAD | {"title": "Stones", "output": "**Stones** are what a mill turns."}, False),
        ("output_brief_lead", PAGE | LEAD | {"title": "chmod", "output": "**chmod命令** 用来改变权限。"}, False),
        ("output_brief_lead", PAGE | LEAD | {"title": "", "output": "Stones are what a mill turns."}, True),
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
        (
            "output_untranslated",
            PAGE | PART | {"instruction": "请说明“算法”。", "output": "Hash: `SHA1`, `MD5`"},
            False,
        ),
        (
            "output_untranslated",
            PAGE | PART | {"instruction": f"{'Why? ' * 50}测试", "output": "Ask the miller."},
            False,
        ),
        ("output_untranslated", PAGE | TABLE | {"output_english_words": 1}, False),
        ("output_untranslated", PAGE | TABLE | {"output_english_words": 9}, True),
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
