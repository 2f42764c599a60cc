"""Whether somebody asks and is answered, in a post of a forum that stands by itself: a sum of weighted traits.

`pair_answered` is the logarithm of the odds that a careful reader would train on the exchange. None of the traits
decides alone. The weights are those of a logistic regression with the sign of each given, rounded:
`tests/accuracy/fit_answered.py` prints on what and how well. Phrases are English and Chinese (`answered.toml`).
"""

import tomllib
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from pipelines.signals.phrases import count_matches, has_match
from schemas.signal import Signal

# Logarithms of odds
_BIAS = -1.9
_WEIGHTS = {
    "asks": 1.2,  # the question asks
    "tells": 1.1,  # the answer says what to do
    "length": 0.9,
    "thanked": 0.7,  # the asker says that it helped
    "names": 0.7,  # it names things of code,
    "overlap": 0.5,  # uses the question's words,
    "code": 0.2,  # has code
    "brief_question": -0.3,
    "shows": -0.6,  # the question shows or announces something
    "reports": -1.2,  # the answer promises, reports what was done or will be,
    "points": -1.2,  # points elsewhere,
    "mine": -1.0,  # speaks of who answers,
    "mine_first": -0.9,  # begins with it,
    "leans": -0.8,  # leans on posts, pictures and code that are not there,
    "asks_back": -0.7,  # asks, in a part of its sentences,
    "cut": -0.6,  # breaks off, or ends in a picture,
    "talk_first": -0.6,  # begins like talk
    "behind": -0.6,  # stands behind other answers
    "unsettled": -0.1,  # the asker comes back, and not to thank
    "chinese": -0.5,  # what is left between the scales of both languages
}
_PHRASES: dict[str, dict[str, Any]] = tomllib.loads(
    Path(__file__).with_name("answered.toml").read_text(encoding="utf-8")
)
_PLACES = {
    "question": "question",
    "answer": "answer",
    "ending": "output_prose",
}
_READ_CHARACTERS, _READ_WORDS = 1_200, 200  # of an answer: how it begins tells enough
# Words of English; a character of Chinese says more than a letter and less than a word
_READ = rf"""
SELECT *, left(concat_ws(chr(10), instruction_prose, input), 3000) AS question,
CASE WHEN NOT contains(output_prose, '>') THEN left(output_prose, {_READ_CHARACTERS})
ELSE regexp_replace(left(output_prose, {_READ_CHARACTERS}), '(?m)^ *>[^\n]*$', '', 'g') END AS answer,
CASE WHEN output_language = 'zh' THEN 1.6 ELSE 1 END AS scale, output_words / scale AS words,
(instruction_words + input_words) / scale AS asked
FROM exchanges WHERE kind IN ('answer', 'dialogue')
"""
_AFTER = (
    *("instruction_words", "input_words", "output_words", "output_language"),
    *("output_code_share", "output_code_names", "output_asks", "pair_overlap"),
)


def _pattern(name: str) -> str:
    phrases = _PHRASES[name]
    words = [rf"\b(?:{'|'.join(phrases['words'])})\b"] if phrases["words"] else []
    return f"(?i){'|'.join((*words, *phrases['wide']))}"


def _any(name: str) -> str:
    return f"CAST({has_match(_pattern(name), _PLACES[_PHRASES[name]['at']])} AS FLOAT)"


def _often(name: str) -> str:
    """1 where there are three in eighty words."""
    return f"least(1, {count_matches(_pattern(name), 'answer')} / (least(words, {_READ_WORDS}) / 40 + 0.5) / 1.5)"


# From 0 to 1 each
TRAITS = {
    "asks": _any("asks"),
    "tells": _often("tells"),
    "length": "least(1, ln(1 + words) / ln(301))",
    "names": "least(output_code_names, 3) / 3",
    "overlap": "coalesce(pair_overlap, 0)",
    "code": "least(1, 2 * output_code_share)",
    "brief_question": "CAST(asked < 7 AS FLOAT)",
    "shows": _any("shows"),
    "reports": _often("reports"),
    "points": _often("points"),
    "mine": f"least(1, 10 * {count_matches(_pattern('mine'), 'answer')} / greatest(least(words, {_READ_WORDS}), 10))",
    "mine_first": _any("mine_first"),
    "leans": _often("leans"),
    "asks_back": "least(1, 2 * coalesce(output_asks, 0))",
    "cut": _any("cut"),
    "talk_first": _any("talk_first"),
    "thanked": "CAST(coalesce(thanked, false) AS FLOAT)",
    "unsettled": "CAST(coalesce(NOT thanked, false) AS FLOAT)",
    "behind": "least(1, coalesce(answers_before, 0) / 5)",
    "chinese": "CAST(coalesce(output_language, '') = 'zh' AS FLOAT)",
}
_SUM = " + ".join((str(_BIAS), *(f"{weight} * ({TRAITS[name]})" for name, weight in _WEIGHTS.items())))


def pair_answered(table: pa.Table) -> pa.Array:
    """Return float32 per row: the sum of weighted traits; null for what is no post of a thread."""
    return _told(table, f"{_SUM} AS odds")["odds"].combine_chunks().cast(pa.float32())


def traits(table: pa.Table) -> pa.Table:
    """The traits of each row, as they are weighted; null for what is no post of a thread."""
    return _told(table, ", ".join(f'{sql} AS "{name}"' for name, sql in TRAITS.items()))


def _told(table: pa.Table, wanted: str) -> pa.Table:
    columns = ("kind", "input", "output", "thanked", "answers_before", "instruction_prose", "output_prose", *_AFTER)
    exchanges = table.select(columns).append_column("row", pa.array(range(table.num_rows), pa.int64()))
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute("SET enable_progress_bar = false")
        connection.register("exchanges", exchanges)
        told = f"WITH read AS MATERIALIZED ({_READ}), told AS (SELECT row, {wanted} FROM read)"
        return connection.sql(
            f"{told} SELECT told.* EXCLUDE row FROM exchanges LEFT JOIN told USING (row) ORDER BY row"
        ).to_arrow_table()


SIGNALS = (
    Signal(
        "pair_answered",
        pa.float32(),
        pair_answered,
        "log odds that somebody asks and is answered so that it stands alone; twenty weighted traits of forum posts",
        2,  # 2: what the asker said of it, and what stands before it
        _AFTER,
    ),
)
