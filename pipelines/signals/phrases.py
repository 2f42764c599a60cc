"""Signals of phrases: boilerplate, references to absent text, identity claims, refusals, residue of markup.

Patterns are RE2 (DuckDB's engine), so no text can make them slow. By default they are matched against the prose of the
output, without inline code.
"""

import pyarrow as pa

from schemas.signal import Signal

_PROSE = r"regexp_replace(output_prose, '`[^`\n]*`', ' ', 'g')"
_ASKED = "concat_ws(chr(10), instruction, input)"
_RECORD = "concat_ws(chr(10), instruction, input, output)"

_BOILERPLATE = (
    r"(?i)cookie (?:policy|settings)|(?:we|this site|this website) uses? cookies|(?:enable|turn on) javascript"
    r"|javascript is (?:disabled|required)|subscribe to (?:our|the|my)|sign up (?:for|to) (?:our|the|my|receive)"
    r"|newsletter|all rights reserved|terms of (?:use|service)|privacy policy|click here|read more\b"
    r"|share (?:this|on) (?:post|page|article|twitter|facebook)|follow (?:us|me) on|skip to (?:main )?content"
    r"|(?:previous|next) (?:page|article|post|topic)\b|(?m:^\W*table of contents\W*$)|edit (?:this page|on github)"
    r"|last (?:updated|modified) (?:on|at|:)"
    r"|back to top|log ?in to (?:reply|comment|vote|post)|powered by|leave a (?:comment|reply)"
    r"|related (?:posts|articles|topics)"
    r"|you must be logged in|posted (?:by|on|in) |written by .{1,40} on |sponsored|affiliate link"
    r"|版权所有|版权声明|转载请|未经.{0,6}许可|点击(?:此处|这里|查看|下载|阅读)|关注(?:我们|我的|公众号|微信)"
    r"|扫(?:一扫|码|描二维码)|二维码"
    r"|上一[篇页章]|下一[篇页章]|返回(?:顶部|首页|目录)|阅读(?:更多|全文|原文)|查看更多|登录后|免责声明|隐私政策"
    r"|使用条款|服务条款|相关(?:文章|阅读|推荐)|責任編輯|责任编辑"
)
_SELF_REFERENCE = (
    r"(?i)\bsee (?:above|earlier)\b|\bas i (?:said|mentioned|wrote)\b"
    r"|\b(?:as|was|were) (?:already )?(?:mentioned|described|shown|discussed|noted|explained|stated|seen|said) "
    r"(?:above|earlier|previously|in the (?:previous|last))\b"
    r"|\b(?:previous|preceding) (?:section|chapter|page|tutorial|post|lesson|article|answer|comment|reply|episode)\b"
    r"|\b(?:last|next) (?:chapter|tutorial|lesson|episode|section)\b"
    r"|\bin (?:this|the following) (?:chapter|tutorial|lesson|article|series|episode)\b"
    r"|\bother (?:answers?|answerers?|posters?|commenters?)\b"
    r"|\b(?:answers?|comments?|posts?|repl(?:y|ies)) (?:above|below)\b"
    r"|\b(?:above|below) (?:answers?|comments?|posts?|repl(?:y|ies))\b|\baccepted answer\b"
    r"|\b(?:please|i|i've|have|and) (?:up|down)-?voted?\b"
    r"|\b(?:as|like) (?-i:@?[A-Z][A-Za-z0-9_.]*) (?:said|mentioned|pointed out|suggested|wrote)\b"
    r"|(?-i:\b[A-Z][A-Za-z0-9_]*)['’]s (?:answer|comment|reply|post|suggestion)\b"
    r"|(?m:^)\s*@[A-Za-z][A-Za-z0-9_.-]*[,:]\s"
    r"|\bthe (?:image|picture|screenshot|video|diagram|figure) (?:above|below)\b"
    r"|\bthe following (?:image|picture|screenshot|diagram|figure)\b"
    r"|(?:如|正如|同)(?:上文?|前文?|上面|前面)(?:所[述说示见]|提到)"
    r"|(?:上面|前面|上文|前文|上一?[节章篇])(?:已经)?(?:提到|说过|讲过|介绍|所述|讨论)"
    r"|见(?:上文|上图|前文|下文|下图|上表|下表)|(?:上一|下一|前一)(?:节|章|篇|讲|课)|如[上下]?图所示"
    r"|(?:其他|其它|别的|上面的)(?:回答|答案|答主|回复)|楼主|楼上(?:说|的(?:回答|朋友|同学|兄弟|哥们))"
)
_MODEL = (
    r"(?:ai|artificial intelligence|(?:large )?language|text-based)(?: language)?[ -]?"
    r"(?:model|assistant|ai|chatbot|program)?"
)
_IDENTITY = (
    rf"(?i)\b(?:as|being) an? {_MODEL}\b[^.!?\n]{{0,80}}?\b(?:i|my|me|myself)\b"
    rf"|\b(?:i|my|me)\b[^.!?\n]{{0,80}}\b(?:as|being) an? {_MODEL}\b"
    r"|\bi(?:['’]m| am) (?:just |only |merely )?an? (?:ai|artificial intelligence|(?:large )?language model"
    r"|virtual assistant|chatbot)\b"
    r"|\bi(?:['’]m| am) (?:chatgpt|claude|bard|gemini|gpt-?[34])"
    r"|\bi(?:['’]m| am| was)\b[^.!?\n]{0,60}\b(?:trained|developed|created|made) by"
    r" (?:openai|google|anthropic|meta ai|deepseek|alibaba)\b"
    r"|\bmy (?:knowledge|training)(?: data)? cut-?off"
    r"|\bas of my (?:last|latest|most recent) (?:update|training|knowledge)|\bmy training data\b"
    r"|\bi (?:do not|don['’]t|cannot|can['’]t) (?:have|feel|experience) (?:personal|feelings|emotions|physical"
    r"|real-?time|access to (?:real-?time|the internet|current))"
    r"|\bi (?:cannot|can['’]t|am (?:not able|unable) to) (?:browse|access) (?:the )?(?:internet|web)"
    r"|(?:作为|身为)(?:一个|一名|一款|一位)? ?(?:AI"
    r"|人工智能|大型?语言模型|大?语言模型|自然语言|聊天机器人|智能助[手理])[^。！？\n]{0,24}我"
    r"|我[^。！？\n]{0,12}作为(?:一个|一名|一款|一位)? ?(?:AI|人工智能|大?型?语言模型|聊天机器人|智能助[手理])"
    r"|我(?:只)?是(?:一个|一名|一款|个)? ?(?:AI|人工智能|大?型?语言模型|聊天机器人|ChatGPT)"
    r"|我的(?:知识|训练数据|训练)(?:库)?(?:截止|截至|更新)|我[^。！？\n]{0,20}由\s*(?:OpenAI|百度|阿里"
    r"|谷歌)\s*(?:开发|训练|研发)"
)
# what somebody else says: quoted words, a line of a talk, a quotation
_SAID = (
    r"“[^”\n]{1,400}”|\"[^\"\n]{1,400}\"|「[^」\n]{1,400}」|『[^』\n]{1,400}』"
    r"|(?m:^>[^\n]*$|^\W{0,4}[\w\p{Han} ]{1,20}[:：][^\n]*$)"
)
_REFUSAL = (
    r"(?i)^\W*(?:(?:(?:i['’]m|i am) (?:very |really |so |truly )?sorry|sorry|(?:my )?apologies|i apologi[sz]e"
    r"|unfortunately|regrettably)\b[^.!?\n]{0,120}?)?"
    r"\b(?:i|we)(?:['’]m| am| are)? (?:cannot|can ?not|can['’]t|could not|couldn['’]t|won['’]t|will not"
    r"|unable to|not able to|not (?:allowed|permitted|programmed|designed|comfortable)\b)"
    r" ?(?:to )?(?:\w+ )?(?:help|assist|provide|answer|complete|fulfil|fulfill|comply|create|generate|give"
    r"|offer|do (?:that|this)|process|access|perform|support|engage|share|respond|write|produce|view|see|open"
    r"|play|display|show|discuss|accept|continue|condone)"
    r"|^\W*(?:as an? (?:ai|language)[^.!?\n]{0,60}\b(?:cannot|can['’]t|not able|unable|don['’]t have))"
    r"|^\W*(?:很|非常|十分)?(?:抱歉|对不起|遗憾|不好意思|對不起)[^。！？\n]{0,40}(?:无法|不能|不可以|没有办法|不会"
    r"|無法|没办法)"
    r"|^\W*(?:作为[^。，\n]{0,20}[，,])?我(?:无法|不能)(?:帮|提供|回答|满足|完成|协助|访问|生成|执行|查看|为你|为您"
    r"|给出|直接)"
)
_HTML = (
    r"(?i)</?(?:div|span|p|br|hr|a|td|tr|th|table|tbody|li|ul|ol|font|img|script|style|iframe|b|i|u|strong|em"
    r"|h[1-6]|blockquote|section|nav|center|sup|sub)"
    r"(?:\s[^<>\n]{0,300})?/?>"
    r"|&(?:amp|lt|gt|quot|nbsp|apos|mdash|ndash|hellip|rsquo|lsquo|ldquo|rdquo|#\d{2,6}|#x[0-9a-f]{2,5});"
)
_MOJIBAKE = (
    r"Ã[\x{80}-\x{BF}\x{152}-\x{178}\x{192}\x{2013}-\x{2122}]|â€[\x{80}-\x{BF}\x{152}-\x{178}\x{2013}-\x{2122}]"
    r"|Â[\x{A0}-\x{BF}]|ï¿½|ï»¿|锟斤拷|\x{FFFD}|烫烫烫|屯屯屯"
    r"|[äåæçèé][\x{80}-\x{BF}\x{152}-\x{178}\x{2013}-\x{2122}]{2}"
)
_WIKI = (
    r"\{\{[A-Za-z]{3}[^{}\n]{0,200}\}\}|\[\[:?[A-Z\p{Han}][^\[\]\n]{0,200}\]\]|'{3}[^'\n]{1,60}'{3}|</ref>|<ref name="
    r"|(?m:^\{\|.*$|^\|-\s*$|^\|\}\s*$|^={2,5} ?[^=\n]{1,80}={2,5}\s*$)|__(?:NO)?TOC__"
)
_BBCODE = (
    r"(?i)\[/(?:code|quote|url|img|list|ul|ol|li|b|i|u|size|color|spoiler|table|video|php|html|cpp|gist|pastebin)\]"
)
_THANKS = (
    r"(?i)^\W*(?:thanks?\b|thank you|thx\b|ty\b|cheers\b|many thanks|much appreciated|\+1(?:\D|$)|me too\b"
    r"|same (?:here|problem|issue)|bump\b|solved\b|never ?mind"
    r"|谢谢|谢了|感谢|多谢|謝謝|同问|顶一?下|已解决|楼主好人|学习了|收藏了|mark\W*$)"
)
_TEMPLATE = (
    r"<\|[A-Za-z_][A-Za-z0-9_ ]{0,40}\|>|\[/?INST\]|<</?SYS>>|<(?:start|end)_of_(?:turn|text|image)>"
    r"|<(?:bos|eos|pad|unk)>|<｜[^｜\n]{1,40}｜>"
    r"|(?m:^#{2,3} (?:Instruction|Response|Input|Human|Assistant|User|System):\s*$)"
    r"|(?m:^(?:USER|ASSISTANT): )|(?s:\n\nHuman: .*\n\nAssistant: )"
)
_TRUNCATED = (
    r"(?i)(?:[:,(\[{，、：（；【《]|(?:^|\s)“|\s[-–—]|[\pL\pN];"
    r"|\b(?:the|an|of|and|or|because|your|their|into|than|although|whereas|the following|such as|e\.g\.|i\.e\.)"
    r"|和|与|及|以及|或者?|因为|例如|比如|包括|如下)\s*[*_]{0,3}\s*$"
)
# Ends that are whole: a statement of SQL, C or CSS, a letter's close, a form to fill in, a word that was asked for.
_STATEMENT = (
    r"[=(){}<>&*#]|_\w|(?i:\b(?:select|update|insert|delete|drop|return|break|continue|int|var|let|const|import|use|end"
    r"|instanceof|typeof|new|where|from|values|order by|limit)\b)|[;；]\s*\n|\w[:：] ?\S+[;；]\s*$"
    r"|[A-Za-z]\.\w+;\s*$|选择|限制|排序|降序"
)
_CLOSE = (
    r"(?i)\b(?:sincerely|regards|wishes|best|yours|cheers|thanks|thank you|truly|faithfully|respectfully|love|warmly"
    r"|gratitude|appreciation)(?: \w+)?[,，][\s_]*$|^\W*(?:dear|hello|hi)\b[^\n]{0,40}[,:]\s*$"
    r"|(?:此致|敬礼|敬上|祝好|最好的|诚挚的|您的|真诚的|谨启|问候)[,，：:]\s*$"
)
_BLOCK = r"(?m:^|[:：]\s*)(?:\s*|[^\n]{0,9}: )(?:for|while|if|elif|else|def|class|try|with)\b[^\n]*:\s*$"
_VERSE = r"(?i)\b(?:lines?|poems?|verses?|lyrics|haiku|sentence|begins?)\b|[诗句行]"
_FIELDS = r"(?m)[:：][ \t*]*(?:_+[ \t]*)?$"


# A short text only announces what will come, or says whose text it is based on.
_ANNOUNCES = (
    r"(?i)\b(?:in|during) (?:this|the (?:next|following)|these) (?:chapters?|tutorials?|lessons?|sections?|articles?"
    r"|guides?|pages?|parts?|episodes?),? (?:you|we|i)(?:['’]ll| will| are going to| shall|['’]re going to)?"
    r"(?: (?:also|only|now|briefly|first))* (?:learn|see|cover|look|discuss|talk|show|explain|describe|explore"
    r"|go (?:through|over)|introduce|find|deal|walk)"
    r"|\b(?:this|the (?:next|following)) (?:chapter|tutorial|lesson|section|article|guide|page|part|post|document|book"
    r"|manual|appendix)"
    r"(?: also| only| briefly| now)* (?:covers?|will (?:cover|show|explain|describe|discuss|introduce|focus)|describes"
    r"|discusses|explains|introduces|shows|provides|contains|(?:is )?(?:partly )?based on)"
    r"|\bparts? of this (?:chapter|section|tutorial|page) (?:is|are) based on"
    r"|\b(?:in|by|through) the (?:following|next) (?:sub-?)?(?:sections?|chapters?|pages?|parts?)\b"
    r"|\bthe (?:following|next) (?:sub-?)?sections? (?:\w+ ){0,2}(?:describes?|explains?|shows?|covers?|lists?"
    r"|discuss(?:es)?|provides?)\b"
    r"|(?:本|这一?|下一?)[章节篇课](?:的?部分内容)?(?:将|会|里|中|涵盖|介绍|讲|说明|学习|基于|讨论|涉及|探讨|内容)"
    r"|本(?:文|教程|指南)(?:将|会|旨在|介绍|说明)"
    r"|(?:^|[\s.>«])в (?:этой|следующей) (?:главе|части|статье) (?:ты|вы|мы)\s"
    r"|\bin diesem (?:kapitel|abschnitt|artikel) (?:lernst|lernen|werden|wirst|zeigen|sehen)\b"
    r"|\b(?:dans ce (?:chapitre|tutoriel|cours)|en este (?:capítulo|tutorial)|neste (?:capítulo|tutorial)|in questo"
    r" (?:capitolo|tutorial)),? "
)
# The text says of itself that it does not answer.
_NO_ANSWER = (
    r"(?i)\b(?:not|isn['’]t|n['’]t) (?:\w+ly |quite |meant to be |meant as )*(?:an?|the) (?:\w+ ){0,2}answers?"
    r"(?: to (?:your|the|this) (?:\w+ )?question|[,.;—–-]|,? but\b|,? just\b)"
    r"|\b(?:does(?: not|n['’]t)|do(?: not|n['’]t)|did(?: not|n['’]t)|won['’]t|not) (?:\w+ly |quite |really )*"
    r"answer(?:ing)? (?:your|the|this|op['’]s) (?:\w+ )?question"
    r"|\btoo long for a comment\b|\b(?:more of|just|only|as) a comment\b|\bnot enough rep(?:utation)?\b"
    r"|(?:这|我)?(?:不是|不算|算不上|没有|并非|并未)(?:是)?(?:直接|真正|完全)?(?:对你|对您)?(?:的)?(?:回答|答案|解答)"
    r"(?:你|您|这个|楼主)?(?:的)?(?:问题)?"
    r"[，,。.；;]|(?:评论|回复)(?:太长|写不下)|(?:没有|不够)(?:足够)?(?:的)?(?:声望|权限)(?:评论|发评论)"
)


def count_matches(pattern: str, text: str = _PROSE) -> str:
    """Return a DuckDB expression: the count of matches of `pattern` in the expression `text`."""
    return f"len(regexp_extract_all({text}, '{_quoted(pattern)}'))"


def has_match(pattern: str, text: str = _PROSE) -> str:
    """Return a DuckDB expression: whether `pattern` matches anywhere in the expression `text`."""
    return f"regexp_matches({text}, '{_quoted(pattern)}')"


def _quoted(pattern: str) -> str:
    return pattern.replace("'", "''")


# items of a list of which each ends so
_COMMAS = r"\n *(?:[-*+]|\d+[.)]) [^\n]*[,，;；、]\n+ *(?:[-*+]|\d+[.)]) [^\n]*[,，;；、]\s*$"
_UNQUOTED = f"regexp_replace({_PROSE}, '{_quoted(_SAID)}', ' ', 'g')"
_ENDS_AS_ASKED = "right(rtrim(output), 1) IN (right(rtrim(input), 1), right(rtrim(instruction), 1))"
_BREAKS_OFF = f"""(CASE WHEN NOT {has_match(_TRUNCATED, "right(output, 200)")} THEN false ELSE
NOT (regexp_matches(output, '[;；]\\s*$') AND {has_match(_STATEMENT, "output")})
AND NOT (source_kind = 'forum' AND regexp_matches(output, '[，、]\\s*$'))
AND NOT regexp_matches(output, '(?:[:;=]-?[()DPp|/]|[.!?。！？] [“”»])\\s*$')
AND NOT {has_match(_COMMAS, "right(output, 400)")}
AND NOT (source_kind = 'instructions' AND ({_ENDS_AS_ASKED} OR {has_match(_CLOSE, "output")}
  OR {has_match(_BLOCK, "output")} OR {count_matches(_FIELDS, "output")} > 2
  OR (length(output) < 100 AND (ends_with(rtrim(output), ',') AND {has_match(_VERSE, _ASKED)}
    OR contains(lower({_ASKED}), lower(regexp_extract(output, '(\\S+)\\s*$', 1)))
    OR regexp_full_match(trim(output), '[\\pL]{{1,12}}[,，]?'))))) END)"""
# Markup that was asked for is the answer; entities in an exchange were left by whoever copied it.
_MARKUP_ASKED = (
    r"(?i)\b(?:x?html5?|xml|svg|css|markup|tags?|web ?(?:page|site|form)s?|react|jsx|vue|angular"
    r"|landing page|(?:contact|login|sign-?up|order"
    r"|registration|application|survey) (?:form|page)s?|home ?page|hyperlinks?|anchor|email template|newsletter)\b"
    r"|<[a-z!/]|网页|网站|标签|标记语言|表单|超链接|页面"
)
_MARKUP_ALONE = r"(?is)^\s*(?:<!--.*?-->\s*)?<(?:!doctype|[a-z][a-z0-9-]*)\b[^<>]*>.*</?[a-z][a-z0-9]*\s*/?>\s*$"
_HTML_ASKED = (
    f"source_kind = 'instructions' AND ({has_match(_MARKUP_ASKED, _ASKED)} OR {has_match(_MARKUP_ALONE, 'output')})"
)
# Markdown has no other way to break a line within the cell of a table
_IN_CELLS = count_matches(
    "(?i)<br ?/?>", f"array_to_string(regexp_extract_all({_PROSE}, '(?m)^[ >]*\\|[^\n]*'), chr(10))"
)
_HTML_COUNT = f"""CASE WHEN NOT {has_match(_HTML)} THEN 0
WHEN {_HTML_ASKED} AND contains(output, '<') THEN 0 ELSE {count_matches(_HTML)} - {_IN_CELLS} END"""

SIGNALS = (
    Signal(
        "output_boilerplate",
        pa.int32(),
        count_matches(_BOILERPLATE),
        "phrases of site furniture; C4's policy lines, and more",
        2,
    ),
    Signal(
        "output_self_reference",
        pa.int32(),
        count_matches(_SELF_REFERENCE),
        "phrases that need text which is not in the record; LIMA 2.1",
        2,
    ),
    Signal(
        "output_identity",
        pa.int32(),
        f"CASE WHEN {has_match(_IDENTITY)} THEN {count_matches(_IDENTITY, _UNQUOTED)} ELSE 0 END",
        "claims to be some model, knowledge cut-offs, but for what is quoted; open-instruct's filters",
        4,
    ),
    Signal("output_refusal", pa.bool_(), has_match(_REFUSAL), "opens by declining; Alpaca-cleaned, ShareGPT clean-ups"),
    Signal(
        "output_announces",
        pa.bool_(),
        f"NOT contains(output, '```') AND {has_match(_ANNOUNCES)}",
        "says what a chapter will teach, or whose text it is based on",
        3,
    ),
    Signal(
        "output_no_answer",
        pa.bool_(),
        has_match(_NO_ANSWER, f"left({_PROSE}, 250)"),
        "says of itself in its beginning that it does not answer",
    ),
    Signal(
        "output_truncated",
        pa.bool_(),
        f"{_BREAKS_OFF} OR regexp_matches(output, '(?s)^(?:[^`]*```[^`]*```)*[^`]*```[^`]*$')",
        "ends in a colon, a comma, a word that never ends a sentence, or inside a fence; Self-Instruct",
        5,
    ),
    Signal(
        "output_html_residue",
        pa.int32(),
        _HTML_COUNT,
        "tags and entities left outside code, but for <br> in tables; none in an exchange that asks for markup",
        3,
    ),
    Signal(
        "output_wiki_residue", pa.int32(), count_matches(_WIKI), "templates, links, quotes and tables of MediaWiki left"
    ),
    Signal(
        "output_bbcode_residue",
        pa.int32(),
        count_matches(_BBCODE),
        "ends of BBCode left outside code: text of moved forums",
    ),
    Signal(
        "output_mojibake",
        pa.int32(),
        count_matches(_MOJIBAKE),
        "UTF-8 read as Latin-1 or cp1252, replacement characters",
    ),
    Signal(
        "output_thanks",
        pa.bool_(),
        f"length(output) < 200 AND {has_match(_THANKS)}",
        "a short post that only thanks or agrees",
        2,
    ),
    Signal(
        "output_template_tokens",
        pa.int32(),
        count_matches(_TEMPLATE, _RECORD),
        "chat-template tokens in any field, code included: a tokeniser sees them everywhere",
        2,
    ),
)
