"""Faults of ready-made exchanges, after Self-Instruct and Alpaca-cleaned; and numbered lists with missing steps."""

import pyarrow as pa

from pipelines.signals.phrases import count_matches, has_match
from schemas.signal import Signal

_PLACEHOLDER = (
    r"(?i)^[\s<\[(*\"']*(?:no ?input|n/?a|none|null|nil|nan|not applicable|no (?:output|answer|response|comment)"
    r"|empty|blank|todo|tbd|undefined|无|無|没有|暂无|不适用|无输入|无输出|空|略)[\s>\])*\"'.。]*$"
)
_MERGED = r"(?im)^[\s#*>]*(?:\d{1,3}[.)]\s*)?(?:instruction|指令)[*\s]*[:：]"
# The request is for a picture, a sound or a deed. Code that draws, and text about pictures, are possible.
_IMPOSSIBLE = (
    r"(?i)^\W*(?:please |can you |could you )?(?:(?:draw|paint|sketch|photograph|film|sing|hum) (?:me |a "
    r"|an |the |some |your )"
    r"|(?:play|order|buy|call) me\b|take an? (?:photo|picture|screenshot))"
    r"|^\W*(?:please |can you |could you )?(?:create|generate|make|produce|design|show me|upload"
    r"|send me) (?:me )?(?:an? |the |some )?(?:\w+ ){0,2}"
    r"(?:images?|pictures?|photos?|drawings?|paintings?|videos?|audio|animations?|screenshots?|gifs?)"
    r"(?:[.,:;]|$|\s+(?:of|with|that|which|showing|depicting|for|to|in|from|using|about|and|by|representing|based)\b)"
    r"|^[\s请帮我给你]*(?:画|绘制|拍|录制|播放|唱)(?:一|个|张|幅|首|段)"
    r"|^[\s请帮我给你]*(?:生成|制作|创建|设计)[^。，\n]{0,12}(?:图片|图像|照片|视频|音频|插图)"
)
# "4.Salt" has no blank, as many lists in Chinese; "4.5 cups" is no number of a list
_NUMBERED = r"(?m)^\s*(\d{1,2})(?:[.．)）](?:\s|[^\d\s])|、)"
_NUMBERS = f"list_transform(regexp_extract_all(output_prose, '{_NUMBERED}', 1), x -> CAST(x AS INT))"
_NUMBER_WORDS = (
    "['one','two','three','four','five','six','seven','eight','nine','ten',"
    "'一','两','三','四','五','六','七','八','九','十']"
)
_ANNOUNCED = (
    r"(?i)^[^\d\n][^\n]{0,199}?\b(two|three|four|five|six|seven|eight|nine|ten|[2-9]|1\d)\b (?:\w+ ){0,2}"
    r"(?:steps|ways|tips|reasons|examples|ideas|things|points|benefits|strategies|questions|items|facts|methods"
    r"|types)\b"
    r"|^[^\n]{0,60}?([两三四五六七八九十]|[2-9]|1\d)\s*(?:个|种|条|点|项)(?:步骤|方法|建议|原因|例子|想法|好处|策略|问题|方面|技巧|要点)"
)
_ANNOUNCED_MATCH = f"regexp_extract(output_prose, '{_ANNOUNCED}', ['a', 'b'])"
_ANNOUNCED_WORD = f"lower(coalesce(nullif({_ANNOUNCED_MATCH}.a, ''), {_ANNOUNCED_MATCH}.b))"
_ANNOUNCED_COUNT = (
    f"coalesce(TRY_CAST({_ANNOUNCED_WORD} AS INT), (list_position({_NUMBER_WORDS}, {_ANNOUNCED_WORD}) - 1) % 10 + 1, 0)"
)
# a machine that translates lists writes some of their numbers as words
_NUMBERED_COUNT = (
    f"len(list_distinct(list_filter({_NUMBERS}, x -> x > 0)))"
    " + len(regexp_extract_all(output_prose, '(?m)^\\s*[一二三四五六七八九十]{1,3}、'))"
)
_MISSING = (
    "CASE WHEN NOT regexp_matches(output_prose, '1[.．)）、]') THEN 0"  # as nearly all: what follows costs more
    f" WHEN NOT coalesce(list_contains({_NUMBERS}, 1), false) THEN 0"
    f" ELSE greatest(0, greatest(list_max({_NUMBERS}), {_ANNOUNCED_COUNT}) - ({_NUMBERED_COUNT})) END"
)

SIGNALS = (
    Signal(
        "input_link_only",
        pa.bool_(),
        r"regexp_full_match(trim(input), 'https?://\S+')",
        "an address and nothing else: a text model cannot look; Alpaca-cleaned",
    ),
    Signal("output_none", pa.bool_(), has_match(_PLACEHOLDER, "output"), "N/A, none, to do, 无; Alpaca-cleaned"),
    Signal(
        "output_merged",
        pa.int32(),
        count_matches(_MERGED, "output_prose"),
        "lines that begin with Instruction:, another record's; Alpaca-cleaned",
    ),
    Signal(
        "instruction_impossible",
        pa.bool_(),
        has_match(_IMPOSSIBLE, "instruction_prose"),
        "wants a picture, a sound or a deed; Self-Instruct, Alpaca-cleaned",
        3,
    ),
    Signal(
        "output_missing_steps",
        pa.int32(),
        _MISSING,
        "numbers that are skipped, or announced (`five steps`) and not reached, in a numbered list",
        3,
    ),
)
