"""Signals of unsafe content: insults, hatred, pornography, self-harm, instructions to do harm.

Toxicity is a probability by a small classifier (pipelines/signals/linear_classifier.py), of the instruction and of the
output. It is trained on comments in English and Chinese, and on what only looks like insults: killing a process is no
threat, a quotation no attack. A second one reads instructions for requests of harm. The other signals count phrases
with their context: an incitement names a group, a dangerous request its purpose. Phrases that only sound like one are
removed first.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.signals.harms import DANGER, HARMLESS, SELF_HARM, SEXUAL
from pipelines.signals.linear_classifier import load, scores
from pipelines.signals.outside import count_outside, joined
from schemas.signal import Signal

WINDOW_BYTES = 150  # bytes scored at a time: a long output is as toxic as its worst part

_GROUP = (
    r"(?:jews?|muslims?|christians?|catholics?|blacks|whites|(?:black|white)(?: people| men| women)|asians?|arabs?"
    r"|mexicans?|immigrants?|refugees|gays?"
    r"|lesbians?"
    r"|homosexuals?|trans(?:gender)?s?|women|men|girls|gypsies|indians?|chinese|africans?|foreigners|disabled)"
)
_GROUP_ZH = (
    r"(?:黑人|白人|黄种人|亚裔|犹太人|穆斯林|回族|日本人|韩国人|印度人|美国人|非洲人|越南人|同性恋|女人|男人|女的|男的|女权|外地人|农民工|乡下人"
    r"|河南人|东北人|上海人|新疆人|北京人|广东人|安徽人|江西人|台湾人|香港人|老外|洋人)"
)
_HATE = (
    rf"(?i)\b{_GROUP}(?: people| folks)? (?:are|is|were|deserve|should|must|need|ought)(?: (?:all|just|nothing but"
    rf"|only|really|to))*"
    r"(?: be)?(?: a| the| like)? ?(?:fucking |filthy |dirty |stupid )*"
    r"(?:vermin|animals|apes|monkeys|pigs|dogs|rats|cockroaches|parasites|subhumans?|sub-human|scum|filth|trash"
    r"|garbage|savages|inferior|disgusting"
    r"|a disease|a plague|exterminated|eradicated|killed|shot|hanged|gassed|deported|die|burned?|wiped out)\b"
    rf"|\b(?:kill|gas|hang|shoot|deport|exterminate|death to|get rid of|i hate)(?: all)?(?: the| those"
    rf"| these)? (?:fucking )?{_GROUP}\b"
    rf"|\b(?:filthy|dirty|stupid|fucking|goddamn|bloody) {_GROUP}\b"
    r"|\b(?:nigg(?:er|a)s?|faggots?|kikes?|chinks?|spics?|wetbacks?|towelheads?|ragheads?|trann(?:y|ies)|gooks?"
    r"|sand ?niggers?)\b"
    rf"|{_GROUP_ZH}(?:就是|都是|全是|真是|真|就|都|真的|果然|一群|一帮|很|太|他妈|最|是|些)+"
    r"(?:垃圾|畜生|废物|人渣|败类|蛆|猪|狗|猴子|猩猩|蝗虫|寄生虫|下贱|低等|劣等|该死|该杀|去死|恶心|贱|贱人|婊子|脑残|不是人)"
    rf"|(?:杀光|灭掉|赶走|消灭|弄死|杀死|滚出去)(?:所有|这些|那些|全部)?的?{_GROUP_ZH}|(?:垃圾|臭|贱|恶心的?|该死的){_GROUP_ZH}"
    r"|黑鬼|尼哥|(?:^|[^度])支那|棒子国|倭寇|小日本|阿三|白皮猪|黄皮猪|直男癌|仙女婊|田园女权|死基佬|死娘炮"
)


def toxicity(table: pa.Table) -> pa.Array:
    """Return a struct per row: toxicity of the instruction with its input, and of the output.

    Values are from 0 to 1; null where there is no word.
    """
    instruction = np.fmax(_probability(table["instruction_prose"]), _probability(table["input"]))
    output = _probability(table["output_prose"])
    names = ["instruction_toxicity", "output_toxicity"]
    return pa.StructArray.from_arrays([pa.array(values, from_pandas=True) for values in (instruction, output)], names)


def danger(table: pa.Table) -> pa.Array:
    """Return per row the probability, from 0 to 1, that the instruction asks for help with harm; null without words."""
    return pa.array(_probability(table["instruction_prose"], "danger"), from_pandas=True)


def _probability(column: pa.ChunkedArray, model: str = "toxicity") -> np.ndarray:
    logits = scores(pc.fill_null(column, ""), load(model), WINDOW_BYTES)
    probability: np.ndarray = 1 / (1 + np.exp(-logits))
    return probability


def phrases(table: pa.Table) -> pa.Array:
    """Return a struct per row: how often the output or the pair holds phrases of each kind of harm."""
    output, pair = joined(table, "output_prose"), joined(table, "instruction_prose", "input", "output_prose")
    kinds = {
        "output_hate": ((_HATE,), output),
        "output_sexual": (SEXUAL, output),
        "pair_self_harm": (SELF_HARM, pair),
        "pair_danger": (DANGER, pair),
    }
    counts = [count_outside(texts, patterns, HARMLESS) for patterns, texts in kinds.values()]
    return pa.StructArray.from_arrays(counts, list(kinds))


_TRAINED = "logistic regression on tweets, a forum, COLD, madlibs, concepts, written sentences: tests/accuracy/train.py"
_ASKED = "logistic regression on written requests for harm and harmless ones: tests/accuracy/train.py"
SIGNALS = (
    Signal("instruction_toxicity", pa.float32(), toxicity, _TRAINED, 3),
    Signal("output_toxicity", pa.float32(), toxicity, _TRAINED, 3),
    Signal("instruction_danger", pa.float32(), danger, _ASKED, 2),
    Signal("output_hate", pa.int32(), phrases, "a group with what is said of it, slurs"),
    Signal(
        "output_sexual",
        pa.int32(),
        phrases,
        "explicit words and scenes, without those of medicine and of addresses",
        4,
    ),
    Signal("pair_self_harm", pa.int32(), phrases, "harm to oneself: wishes, methods, incitement", 4),
    Signal("pair_danger", pa.int32(), phrases, "how to make weapons, drugs, malware; crimes", 6),
)
