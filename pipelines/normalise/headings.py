"""Classifies a heading: a question, a task, a facet of its article, a topic, or nothing that can be taught."""

import re
import tomllib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Literal

import re2

from pipelines.normalise import clean, languages, releases

Form = Literal["question", "how_to", "facet", "topic", "back_matter", "address"]

_NUMBERING = re2.compile(
    r"(?i)^\s*((?:kapitel|kapitola|abschnitt|anhang|bilag|chapitre|annexe|capítulo|apéndice|apêndice|capitolo"
    r"|appendice|hoofdstuk"
    r"|bijlage|rozdział|глава|розділ|раздел|приложение|додаток|bölüm|chương|phụ lục|fejezet|capitolul|luku)\s+"
    r"(?:(?:[0-9]{1,3}|(?-i:[IVXLC]{1,6}))(?:[.:)\-–—]+\s*|\s+(?:[.:–—-]\s*)?|$)|(?-i:[A-Z])[.:)–—-]+\s*)"
    r"|제\s*[0-9]{1,3}\s*[장절부][.:]?\s*|[0-9]{1,3}장[.:]\s*"
    r"|(chapter|section|part|appendix|step|lesson|unit|module|episode)\s+([0-9]{1,3}|[ivxlc]{1,6}"
    r"|[a-z])\b(?:\s*[.:)\-–—]+)?\s*"
    r"|(?-i:[A-Z])((\.[0-9]{1,3}){1,4}\.|(\.[0-9]{1,3}){2,4}|\.[0-9])\s+|[0-9]{1,3}(\.[0-9]{1,3}){1,4}\s+"
    r"|[a-z]?[0-9]{1,3}([.\-][0-9]{1,3}){0,4}[.)、:：]+\s*|\(?[0-9]{1,2}\)\s*"
    r"|[ivx]{1,5}[.)]\s+|第\s*[0-9一二三四五六七八九十百零〇]{1,5}\s*[章节節步课課部篇讲][.:：、]?\s*"
    r"|[一二三四五六七八九十]{1,3}[、.．]\s*|步骤\s*[0-9一二三四五六七八九十]{1,3}[.:：、]?\s*)"
)
_MARKUP = re2.compile(r"\[([^\]\n]*)\]\([^)\n]*\)")
_EMPHASIS = re2.compile(r"(^|\s)\*{1,2}([^*\s][^*\n]*)\*{1,2}(\s|$)")
_SYMBOLS = re2.compile(r"^[\p{So}\p{Sk}\x{fe0f}\x{200d}\s]+|[\p{So}\p{Sk}\x{fe0f}\x{200d}\s]+$")
_STEP_COUNT = re2.compile(r"(?i)\s*[(（](?:step|part|page) \d+ of \d+[)）]$|\s*[(（]第\s*\d+\s*步，共\s*\d+\s*步[)）]$")
_SITE = re2.compile(
    r"(?i)\s+([|–—·»-]|::)\s+([^|–—·»]*\b(documentation|docs|wiki|manual|wikipedia|tutorial|guide"
    r"|cheat ?sheet series|reference)\b[^|–—·»]*"
    r"|[^|–—·»]*(文档|教程|手册|维基百科)[^|–—·»]*)$"
)
_NUMBER = re2.compile(r"^([0-9]{1,2})\s+(\pL.*)$")
_GENRE = re2.compile(r"(?i)\s+cheat ?sheet$|\s*速查表$|\s+(?-i:HOWTO|How-?[Tt]o)$")
_RELATED = re2.compile(
    r"(?i)^(?:related|recommended|further|additional|useful|other) (?:[\w&-]+ ){0,4}(?:reading|resources|articles|links"
    r"|pages|cheat ?sheets|documents|documentation|topics|posts)$"
    r"|^(?:相关|更多|其他|其它|推荐|参考|有用的)(?:的)?(?:文章|阅读|链接|资源|资料|主题|文档|页面)$"
)
# What a site asks of its readers, and who wrote for it
_OF_THE_SITE = re2.compile(
    r"(?i)^(?:(?:please )?support (?:us|our work|our journalism|this (?:site|project|blog|magazine))"
    r"|become an? (?:patron|supporter)|make a donation|donate (?:now|today|here)|subscribe to (?:our|my) .{0,30}"
    r"|(?:follow|join) us(?: on .{1,40})?|about the authors?|meet the author"
    r"|unterstützen? (?:sie )?(?:uns|unsere arbeit)|unterstütze \S+ (?:bereits|schon|jetzt|mit).{0,30}|jetzt spenden"
    r"|spenden?(?: sie)?(?: jetzt)?|über (?:den|die|das) autor(?:in|en)?|folge[nt]? (?:sie )?uns.{0,30}"
    r"|soutene[zr](?:-nous| .{1,30})|faites un don|à propos de l['’]auteure?|apóyanos|haz una donación"
    r"|sobre (?:el|la) autora?|поддержите .{1,30}|об авторе|(?:支持|赞助|打赏|捐助)(?:我们|作者|本站|本项目)|关于作者"
    r"|作者简介|关注我们)[.!！]?$"
)
# Mail addresses and links and nothing else: there is nothing that could be explained
_ADDRESS = r"(?:(?:mailto:)?[\w.+-]+@[\w-]+(?:\.[\w-]+)+|(?:https?|ftp)://[^\s,;，、]+|www\.[^\s,;，、]+)"
_ADDRESSES = re2.compile(
    r"(?i)^[\s\pP\pS]*(?:(?:e-?mail|mail|url|link|web ?site|home ?page|邮箱|邮件|网址|链接)\s*[:：]\s*)?"
    rf"{_ADDRESS}(?:[\s\pP\pS]+(?:(?:and|or|和|或)\s*)?{_ADDRESS})*[\s\pP\pS]*$"
)
_ASKS = ("?", "？", "؟", ";", "\u037e")  # the last two are Greek
_MANUAL = re2.compile(r"(?i)\s*\([1-9]\)\s*(manual page)?\s*$|\s+manual page\s*$")

_QUESTION = re2.compile(
    r"(?i)^(how|what|why|when|where|which|who|whose|whom)('s|'re)?( (much|many|long|often|old|else|kind of"
    r"|sort of|type of)\b[^?]*)? "
    r"(is|are|was|were|do|does|did|can|could|should|shall|will|would|must|has|have|had|isn't|aren't|don't"
    r"|doesn't|can't|might|may)\b"
    r"|^(is|are|do|does|did|can|could|should|will|would|has|have) (i|you|we|it|there|my|the|this|they|python|a|an)\b"
)
_ZH_QUESTION = re2.compile(
    r"(什么是|什麼是|是什么|是什麼|为什么|為什麼|为何|怎么|怎麼|哪个|哪些|哪里|哪儿|是否|能否|可否|有没有|吗|呢"
    r"|多少|几种|谁)"
)
_ZH_HOW = re2.compile(r"^(如何|怎样|怎樣|怎么|怎麼)")
ZH_VERB = (
    r"(?:安装|配置|创建|新建|使用|运行|编写|添加|删除|移除|设置|部署|升级|更新|构建|编译|启动|停止|重启|启用"
    r"|禁用|导入|导出|下载|上传"
    r"|提交|定义|声明|调用|修改|查看|检查|测试|调试|连接|备份|恢复|迁移|注册|登录|生成|编辑|打开|打包|发布|克隆"
    r"|获取|读取|写入|处理|实现"
    r"|扩展|卸载|搭建|验证|返回|覆盖|自定义|选择|改进|加固|建立|执行|新增|设定|自订)"
)
_ZH_TASK = re2.compile(rf"^{ZH_VERB}(?:(?:、|和|与|及|并){ZH_VERB})*.+$")
_ZH_JOINED_NOUN = re2.compile(rf"^{ZH_VERB}(?:、|和|与|及)")
_ZH_JOINED_VERBS = re2.compile(rf"^{ZH_VERB}(?:、|和|与|及){ZH_VERB}")
_ZH_NOT_TASK = re2.compile(
    r"(?:方法|说明|方式|概述|原理|介绍|机制|问题|选项|参数|规则|步骤|指南|须知|记录|日志|工具|文件|限制"
    r"|场景|要求|类型|状态|管理|语言"
    r"|示例|手册|值|好处|优点|缺点|原因|注意事项|区别|关系|例子|结果|情况|命令|流程|过程|策略|顺序|版|者|性"
    r"|器)$|^.{0,3}$"
)
_HOW_TO = re2.compile(r"(?i)^how to (.+)$")
_JOINED_GERUND = re2.compile(r"(?i)^((?:and|or|,|&) ?)([a-z]+ing)\b")
# "Updating the list and installing packages", not "configuring caching and logging"
_LATER_GERUND = re2.compile(
    r"(?i)([a-z]*(?:[a-hj-z]ng|[^g]|[^n]g)(?:,| and|, and| or) )([a-z]+ing)( (?:a|an|the|your|its|it|new|[a-z]+s)\b)"
)
_TITLE_WORD = re2.compile(
    r"(?i)\b(how-?to|how to|tutorial|guide|faq|manual|reference|overview|basics|cheat ?sheet|tip|trick"
    r"|technique|example)s?$"
)
_ORDINAL = re2.compile(
    r"(?i)^(?:step|part|case|number|example|figure|phase|stage|session|option|titre|variant|listing|sample|schritt"
    r"|teil|beispiel|étape|partie|exemple|paso|parte|ejemplo|passo|esempio|шаг|часть|пример"
    r"|ステップ|例|步骤|例子|示例|例题|案例|情况|단계|예제)(?:\s*#?\s*\d{1,2}|\s+(?:[ivx]{1,4}|[a-z])"
    r"|\s*[一二三四五六七八九十]{1,2})$"
)
_AIM = re2.compile(r"^To ([a-z].+)$")  # "To define index entries"
_PREPOSITION = re2.compile(
    r"^(?:[Tt]o|[Bb]y|[Oo]f|[Aa]t|[Tt]he|[Aa]n)$"
)  # others are words of a language: "if", "from"
_OF_IT = re2.compile(
    r"(?i)^[a-z]+(?: [a-z]+)? it(?: out| up| all| in action| work| yourself)?[!.]?$|^[\p{Han}]{1,3}它[！!]?$"
)
# A heading that speaks to some of its readers names no topic for what stands below it: "If you are on Windows"
_CONDITION = re2.compile(
    r"(?i)^(?:(?:if|when|unless) (?:you|we|i|your|my|you['’]re|you['’]ve)\b|(?:wenn|falls) (?:du|ihr|sie|man|wir)\b"
    r"|s(?:i (?:vous|tu|nous|on|usted|tienes|estás|quieres)\b|['’]il)|se (?:você|(?:vuoi|stai|sei|hai|usi)\b)"
    r"|als (?:je|u|jij)\b|indien u\b|jeśli\b|gdy\b|eğer\b)"
    r"|^(?:если|якщо) |^(?:如果|当|若|假如)[你您我]|(?:する|している|の)方へ$"
    r"|분들(?:에게|께|을 위해)$"
)
_IS = re2.compile(r"^[*_`\"”]*(?: \([^)\n]{1,20}\))? (?:is|are|was|were|means?|refers?)\b")
_WORD = re.compile(r"[^\W\d][\w\-]*")
_FUNCTION_WORDS = frozenset(
    [
        "a",
        "an",
        "the",
        "of",
        "in",
        "on",
        "at",
        "to",
        "for",
        "from",
        "by",
        "with",
        "and",
        "or",
        "nor",
        "but",
        "as",
        "is",
        "are",
        "that",
        "into",
        "onto",
        "your",
        "its",
        "it",
        "not",
        "than",
        "vs",
        "via",
    ]
)
# Kinds of things: "debugging options" are options, "logging exceptions" is a task
_KINDS = re2.compile(
    r"(?i)^(?:options|symbols|tools|constructs|rules|techniques|strategies|features|functions|commands|methods"
    r"|modes|flags"
    r"|settings|levels|utilities|facilities|guidelines|practices|conventions|principles|policies|patterns|primitives)$"
)
_VERB_FIRST = re2.compile(r"^([A-Z]?[a-z]+) (.+)$")
_OBJECT = re2.compile(
    r"(?i)^(a|an|the|your|our|my|his|its|from|to|with|into|onto|in|on|it|this|that|these|all|any|multiple"
    r"|several|new|more|`|data|files?|on)\b|^`"
)

# In lower case: one bare noun in the singular is no object ("logging flow").
_PLURAL_OR_PHRASE = re2.compile(r"\s|s$")

_WORDS = tomllib.loads(files(__package__).joinpath("headings.toml").read_text())
BACK_MATTER = frozenset(_WORDS["back_matter"])
FRAGMENTS = frozenset(_WORDS["fragments"])
REFERENCE_HEADINGS = frozenset(_WORDS["lists"])
FACETS = {name: facet for facet, names in _WORDS["facets"].items() for name in names}
_VERBS = tomllib.loads(files(__package__).joinpath("verbs.toml").read_text())
GERUNDS: dict[str, str] = _VERBS["gerunds"]
NOUNS = frozenset(_VERBS["nouns"])
COMPOUNDS = frozenset(_VERBS["compounds"])
# base form → whether it is a verb whatever follows
IMPERATIVES = dict.fromkeys(GERUNDS.values(), False) | dict.fromkeys(_VERBS["sure"], True)


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading and its form. `text` is the question, the task ("install Git"), the facet's name, or the topic."""

    form: Form
    text: str


def without_marks(heading: str) -> str:
    """The text of a heading without emphasis, links and symbols around it."""
    text = _SYMBOLS.sub("", clean.heading(heading))
    return str(_EMPHASIS.sub(r"\1\2\3", _MARKUP.sub(r"\1", text)).strip("# "))


def is_fragment(heading: str) -> bool:
    """Whether a heading from `plain` names no topic: "Example 2", "Save it!", "More details"."""
    return (
        bool(_ORDINAL.match(heading) or _OF_IT.match(heading))
        or heading.lower().strip(" .!…?？！。").replace("’", "'") in FRAGMENTS
    )


def plain(heading: str) -> str:
    """The text of a heading without numbering, emphasis, links and marks at its end; inline code stays."""
    text = _STEP_COUNT.sub("", without_marks(heading))
    shorter = _NUMBERING.sub("", text, count=1)
    return (shorter or text).rstrip(" :：¶#.。").strip()


def is_lone_word(heading: str) -> bool:
    """Whether a heading is a word that names nothing: "by"."""
    return bool(_PREPOSITION.match(heading))


def is_condition(heading: str) -> bool:
    """Whether a heading from `plain` says for whom the text below is: "If you are on Windows"."""
    return bool(_CONDITION.search(heading))


def is_defined(heading: str, text: str) -> bool:
    """Whether an English text begins by saying what its heading is: "Setting circles are …" is no task."""
    opening = text[: len(heading) + 40].lstrip('*_`"“ ').lower()
    opening = opening.removeprefix("the ").removeprefix("a ").removeprefix("an ").lstrip('*_`"“ ')
    name = heading.lower()
    return opening.startswith(name) and bool(_IS.match(opening[len(name) :]))


def are_numbered(names: Iterable[str]) -> bool:
    """Whether headings are numbered without a dot ("1 Overview", "2 Set-up", "3 …"). One alone may name a quantity."""
    numbers = {int(match[1]) for match in map(_NUMBER.match, names) if match}
    return {1, 2, 3} <= numbers


def without_number(heading: str) -> str:
    """A heading without the bare number that it begins with."""
    return str(_NUMBER.sub(r"\2", heading))


def topic_of(title: str) -> str:
    """What an article is about, from its title; "" where that is an address, a condition, or a file called index.

    The title's number, the site's name, the marks of a manual page, and words such as "Cheat Sheet" are removed.
    """
    text = plain(title)
    if _ADDRESSES.match(text) or text in ("index", "readme", "README") or is_condition(text):
        return ""
    shorter = _GENRE.sub("", _MANUAL.sub("", _SITE.sub("", text)))
    return (shorter or text).rstrip("!！").strip()


def lead_to_references(path: tuple[str, ...]) -> bool:
    """Whether a section with these headings, as the page has them, holds references or the notes of a release."""
    return any(releases.is_release(without_marks(name)) or plain(name).lower() in REFERENCE_HEADINGS for name in path)


def classify(heading: str) -> Heading:
    """The form of a heading in English or Chinese, of either writing. `heading` comes from `plain`."""
    is_chinese = clean.has_chinese(heading)
    name = (languages.simplified(heading) if is_chinese else heading).lower().strip(" .!")
    if _ADDRESSES.match(heading):
        return Heading("address", heading)
    if name in BACK_MATTER or _RELATED.match(name) or _OF_THE_SITE.match(heading):
        return Heading("back_matter", heading)
    if name in FACETS:
        return Heading("facet", FACETS[name])
    return _classify_chinese(heading) if is_chinese else _classify_english(heading)


def classify_foreign(heading: str) -> Heading:
    """The form of a heading in another language, where only the question mark is understood."""
    if _ADDRESSES.match(heading):
        return Heading("address", heading)
    if heading.lower().strip(" .!") in BACK_MATTER or _OF_THE_SITE.match(heading):
        return Heading("back_matter", heading)
    return Heading("question" if heading.endswith(_ASKS) else "topic", heading)


def _classify_english(heading: str) -> Heading:
    how_to = _HOW_TO.match(heading)
    if how_to:
        return Heading("how_to", how_to.group(1).rstrip("?. "))
    if heading.endswith(("?", "？")) or (_QUESTION.match(heading) and len(heading.split()) > 2):
        return Heading("question", heading if heading.endswith(("?", "？")) else f"{heading.rstrip('.')}?")
    aim = _AIM.match(heading)
    task = aim.group(1) if aim and is_imperative(aim.group(1)) else _task(heading)
    return Heading("how_to", task) if task else Heading("topic", heading)


def _task(heading: str) -> str:
    """ "Installing Git" and "Install the package" as "install …"; "" when it may be something else."""
    match = _VERB_FIRST.match(heading)
    if not match or _TITLE_WORD.search(heading):
        return ""
    verb, rest = match.group(1).lower(), match.group(2)
    if rest.lower().startswith("of ") or heading.lower().removesuffix("s") in COMPOUNDS:
        return ""
    if verb in GERUNDS:
        if verb in NOUNS and _KINDS.match(rest):
            return ""
        is_task = verb not in NOUNS or _OBJECT.match(rest) or (rest[:1].islower() and _PLURAL_OR_PHRASE.search(rest))
        joined = _LATER_GERUND.sub(_base_form, _JOINED_GERUND.sub(_base_form, rest, count=1))
        return f"{GERUNDS[verb]} {joined}" if is_task else ""
    return f"{verb} {rest}" if is_imperative(heading) else ""


def is_imperative(sentence: str) -> bool:
    """Whether a line in English says what to do: "run the mill", not "run times"."""
    match = _VERB_FIRST.match(sentence)
    verb, rest = (match.group(1).lower(), match.group(2)) if match else ("", "")
    return bool(IMPERATIVES.get(verb) or (verb in IMPERATIVES and _OBJECT.match(rest)))


def _base_form(joined: Any) -> str:
    rest = joined.group(3) if joined.re.groups > 2 else ""
    return f"{joined.group(1)}{GERUNDS.get(joined.group(2).lower(), joined.group(2))}{rest}"


def _classify_chinese(heading: str) -> Heading:
    read = languages.simplified(heading)
    is_question = heading.endswith(("?", "？"))
    if _ZH_HOW.match(read) and not is_question:
        return Heading("how_to", heading.rstrip("。"))
    if is_question or _ZH_QUESTION.search(read):
        return Heading("question", heading if heading.endswith(("?", "？", "!", "！")) else f"{heading}？")
    joined_noun = _ZH_JOINED_NOUN.match(read) and not _ZH_JOINED_VERBS.match(read)
    if _ZH_TASK.match(read) and not joined_noun and not _ZH_NOT_TASK.search(read):
        return Heading("how_to", heading)
    return Heading("topic", heading)


def sentence_case(heading: str, counts: Counter[str]) -> str:
    """A heading in capitals or Title Case, written as within a sentence.

    `counts` are the words of the section's text, from `word_counts`. A word is written in lower case when the text does
    so more often than it writes the word as the heading does.
    """
    if clean.has_chinese(heading):
        return heading
    words = heading.split(" ")
    if heading.isupper() and len(heading) > 4:
        return " ".join(_lower_capitals(word, not number, counts) for number, word in enumerate(words))
    titled = [word for word in words[1:] if len(word) > 1 and word.istitle() and word.lower() not in _FUNCTION_WORDS]
    if len(titled) * 2 < len([word for word in words[1:] if word.lower() not in _FUNCTION_WORDS]) or not titled:
        return heading
    lowered = {word for word in titled if _is_common_word(word, counts)}
    if len(lowered) * 2 >= len(titled):  # in Title Case a word that the text does not have is no name
        lowered |= {word for word in titled if not counts[word]}
    return " ".join(
        word.lower() if n and (word in lowered or word.lower() in _FUNCTION_WORDS) else word
        for n, word in enumerate(words)
    )


def _is_common_word(word: str, counts: Counter[str]) -> bool:
    lower = word.lower()
    return counts[lower] + counts[f"{lower}s"] + counts[lower.removesuffix("s")] > counts[word]


def word_counts(text: str) -> Counter[str]:
    """How often `text` has each word, as it is written there."""
    return Counter(_WORD.findall(text))


def _lower_capitals(word: str, first: bool, counts: Counter[str]) -> str:
    lower = word.lower()
    if counts[word] > counts[lower] + counts[word.capitalize()]:
        return word
    return lower.capitalize() if first else lower
