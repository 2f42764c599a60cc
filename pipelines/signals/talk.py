"""Signals that separate an answer from talk on a forum, in any language; the rule `output_talk` combines them."""

import pyarrow as pa

from pipelines.signals.phrases import count_matches
from schemas.signal import Signal

_UNQUOTED = (
    r"CASE WHEN contains(output_prose, '>') THEN regexp_replace(output_prose, '(?m)^\s*>.*$', '', 'g')"
    " ELSE output_prose END"
)
_CLOSED = r"[^\pL\pN\s]*(?:\s|$)"
_ASKS = rf"[?？]{_CLOSED}|？"
# a mark that ends a sentence, or a line that ends without one
_ENDS = rf"[.!?]{_CLOSED}|[。！？]|(?m:[\pL\pN][^\pL\pN\n.!?。！？]*$)"
# Who helps by asking for more, promises to look, gives up, or thanks. In English only what says nothing else.
_HELPLESS = (
    r"(?i)\b(?:can|could|would) you (?:please |also |maybe |perhaps )?(?:post|show|share|provide|upload|attach|send"
    r"|paste"
    r"|give (?:us|me|more)|describe|clarify|elaborate|tell (?:us|me)|open an? (?:issue|ticket))\b"
    r"|\b(?:please|pls) (?:post|show (?:us|me)|share|provide|upload|attach|send|paste|clarify|elaborate|give (?:us|me)"
    r"|tell (?:us|me))\b|\b(?:may|can|could) i (?:see|look at|have a look)\b"
    r"|\b(?:what|which) (?:exact |specific )?(?:version|os|operating system|platform|compiler|browser|error message"
    r"|device|gpu|graphics card|hardware) (?:of \w+ )?(?:are|do|did|is|were) (?:you|it|the|your|this)\b"
    r"|\bwhat (?:exactly )?(?:do|are|is|did) (?:you|your) (?:mean|trying|goal|want)\b"
    r"|\bi(?:['’]m| am) (?:out of ideas?|clueless)\b|\bi have no (?:idea|clue)\b"
    r"|\bi (?:can ?not|could not|can['’]t|couldn['’]t|am (?:unable|not able) to) (?:reproduce|replicate)\b"
    r"|\bi(?:['’]ll| will) (?:check|look into|have a look|take a look|investigate|report back|push|let you)\b"
    r"|\bthank(?:s| you) for (?:your|the|all|sharing|pointing|repl|help|hard)|\b(?:good|great|nice) (?:job|work)\b"
    r"|(?:发|贴|传|提供)(?:一?[下个份]|出|上)?(?:你的?|您的?|完整的?|相关的?|具体的?)?(?:demo|代码|源码|截图|工程"
    r"|项目|日志|log|报错)"
    r"|(?:代码|截图|工程|项目|日志)(?:发|贴|打包)|(?:请|能否|可否|能不能|麻烦|方便)(?:您|你)?(?:提供|发|贴|说明|描述"
    r"|上传|告知|补充|确认)"
    r"|私信|QQ群|加(?:我|下)?(?:QQ|微信|群)|联系(?:我|客服|商务)|什么(?:版本|浏览器|系统|环境|手机|机型|错误|报错)"
    r"|(?:哪个|哪一?种)(?:版本|浏览器|平台)|(?:我们|后续|会|已)(?:会)?(?:尽快|马上|正在)?(?:修复|反馈|跟进|排查)"
    r"|下(?:个|一个?|一)版本|(?:已经?|正在)(?:反馈|修复|跟进|上报)|(?:你|您)(?:先)?(?:试试|检查|看看|看一下|确认"
    r"|查一?下|搜一?下)"
    r"|不(?:太)?(?:清楚|知道|确定)|同问|再(?:来)?讨论|楼上|楼主|猜测一?下|我猜|估计是|诚意|没试过"
)
_NAMES = r"`[^`\n]+`|\w+::\w+|\w+\(\)|[A-Za-z]\w*_\w+|\b[a-z]+[A-Z]\w+"

SIGNALS = (
    Signal(
        "output_asks",
        pa.float32(),
        f"CASE WHEN regexp_matches(output_prose, '[?？]')"
        f" THEN least(1, {count_matches(_ASKS, _UNQUOTED)} / greatest(1, {count_matches(_ENDS, _UNQUOTED)}))"
        " ELSE 0 END",
        "share of its own sentences that are questions",
    ),
    Signal(
        "output_code_names",
        pa.int32(),
        count_matches(_NAMES, "left(output, 2000)"),
        "names of code in the first 2,000 characters: `x`, a::b, f(), snake_case, camelCase",
    ),
    Signal(
        "output_helpless",
        pa.int32(),
        f"CASE WHEN kind IN ('answer', 'dialogue') THEN {count_matches(_HELPLESS, _UNQUOTED)} ELSE 0 END",
        "phrases of a post that asks for more, promises to look, gives up or thanks; English and Chinese",
    ),
)
