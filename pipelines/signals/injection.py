"""Signals of prompt injection: text that addresses a model instead of a reader, and characters that nobody sees.

Hidden HTML and most of these characters are removed before a record is built. The counts are of those that got through
or came with a set of ready-made exchanges. A quoted phrase, or one in code, is talk about an injection and not counted.
"""

import pyarrow as pa

from pipelines.signals.outside import count_outside, joined
from pipelines.signals.phrases import count_matches
from schemas.signal import Signal

_RECORD = "concat_ws(chr(10), instruction, input, output)"
_QUOTED = (
    r"(?m)`[^`\n]{0,300}`|\"[^\"\n]{0,300}\"|“[^”\n]{0,300}”|「[^」\n]{0,300}」|『[^』\n]{0,300}』|‘[^’\n]{0,300}’"
    r"|(?:^|[\s(])'[^'\n]{0,300}'|«[^»\n]{0,300}»|^\s*>.*$"
)
# Tag characters after a black flag are the flags of Scotland, Wales and England; joiners belong to scripts and emoji.
_FLAGS = r"\x{1F3F4}[\x{E0020}-\x{E007E}]{1,8}\x{E007F}"
_HIDDEN = (
    r"[\x{200B}\x{2060}-\x{2064}\x{FEFF}\x{202A}-\x{202E}\x{2066}-\x{2069}\x{E0000}-\x{E01EF}\x{034F}\x{180E}"
    r"\x{115F}\x{1160}\x{3164}\x{FFA0}\x{1D173}-\x{1D17A}]|[\x{200C}\x{200D}\x{FE00}-\x{FE0F}]{3,}|\x{00AD}{2,}"
)
_EARLIER = r"(?:previous|prior|above|earlier|preceding|foregoing|past|existing|original|initial|old|system)"
_INSTRUCTIONS = (
    r"(?:instructions?|prompts?|directions?|commands?|messages?|guidelines|orders|rules|context|programming)"
)
# an order begins a clause; elsewhere the same words report one
_ORDER = r"(?:(?:^|[.!?:;,\n*_\-–—]|\b(?:please|now|and|then|must|should|just|will|you))\s*)"
_INJECTION = (
    rf"(?im){_ORDER}\b(?:ignore|disregard|forget|override|bypass|skip|discard|do not follow|stop following)"
    r"\W+(?:\w+\W+){0,3}?"
    rf"(?:{_EARLIER}\W+(?:\w+\W+)?{_INSTRUCTIONS}\b|{_INSTRUCTIONS}\W+(?:\w+\W+){{0,3}}?"
    r"(?:above|before|previously|so far|given to you)\b"
    r"|everything (?:above|before|you (?:were|have been) told)|what you (?:were|have been) told"
    r"|your (?:system )?(?:prompt|instructions|programming|training))"
    rf"|{_ORDER}\b(?:reveal|print|show|repeat|output|leak|tell me|give me|display)\W+(?:\w+\W+){{0,3}}?"
    r"(?:your|the) (?:system"
    r"|initial|hidden|secret|original) (?:prompt|instructions?|message)\b"
    r"|\byou are (?:now )?(?:DAN|in (?:developer|god|jailbreak) mode|now in debug mode|jailbroken"
    r"|an? (?:unrestricted|unfiltered|uncensored) (?:ai|model|assistant))\b"
    r"|\b(?:enable|enter|activate|switch to) (?:developer|god|jailbreak|DAN) mode\b"
    r"|\bpretend (?:that )?you have no (?:restrictions|rules|guidelines|filters)\b"
    r"|\b(?:new|updated|real) (?:system )?(?:instructions?|prompt) ?:|\b(?:attention|note to|message to"
    r"|instructions? (?:for|to)) (?:any |all |the )?(?:ai|llm|language model|assistant|chatbot"
    r"|gpt)s?(?: reading this)? ?[:,]"
    r"|\bif you are an? (?:ai|llm|language model|large language model|assistant)\b[^.\n]{0,60}\b(?:must|ignore|say"
    r"|reply|respond|answer|write|output|include)\b"
    r"|(?:忽略|无视|忘记|忘掉|不要(?:理会|遵守|遵循)|跳过|覆盖|绕过|無視|忽視)(?:掉|了)?[^。！？\n]{0,6}?(?:之前|以前|以上|上面|前面|先前|此前|上述|原来|原有|系统|你收到|先前"
    r"|這些)(?:的|所有|全部|任何|一切|给你|給你)*(?:指令|提示词?|指示|命令|要求|规则|設定|设定|对话|限制)"
    r"|(?:忽略|无视|忘记|忘掉|無視|忽視)(?:掉|了)?[^。！？\n]{0,6}?(?:之前|以前|以上|上面|前面|先前|此前|上述)(?:的|所有|全部|任何|一切)*内容"
    r"|(?:输出|显示|告诉我|打印|泄露|重复|说出|给我)[^。！？\n]{0,6}(?:你的|系统)(?:系统|初始|隐藏|原始|完整)?(?:的)?(?:提示词|提示语|系统指令|初始指令|prompt)"
    r"|你现在(?:是|处于|进入)(?:了)?(?:DAN|开发者模式|越狱|无限制|不受(?:任何)?限制)|(?:进入|开启|启用|切换到)(?:开发者|越狱|上帝|DAN)模式|假装你没有(?:任何)?(?:限制|规则"
    r"|道德)"
    r"|如果你是(?:一个)?(?:AI|人工智能|语言模型|大模型|机器人)[^。\n]{0,20}(?:必须|请忽略|请回复|请回答|请输出|请说)"
)


def injection(table: pa.Table) -> pa.Array:
    """Return per row how many commands to a model the prose of the pair holds."""
    return count_outside(joined(table, "instruction_prose", "input", "output_prose"), (_INJECTION,), _QUOTED)


SIGNALS = (
    Signal(
        "pair_injection",
        pa.int32(),
        injection,
        "commands to a model, such as to ignore what it was told; OWASP LLM01",
        3,
    ),
    Signal(
        "pair_hidden",
        pa.int32(),
        count_matches(_HIDDEN, f"regexp_replace({_RECORD}, '{_FLAGS}', '', 'g')"),
        "zero-width and filling characters, bidi controls, tags, runs of joiners; Unicode TR36 and TR39",
    ),
)
