"""Code blocks of an article with the sentence that introduces each: that sentence becomes the instruction."""

from itertools import pairwise

import re2

from pipelines.normalise import clean, languages
from pipelines.normalise.markdown import fenced
from pipelines.normalise.transcripts import is_printed

BLOCK_LINES = 2  # a shorter block teaches nothing alone
PER_SECTION = 3
REQUEST_CHARS = 500

_LIST_MARK = re2.compile(r"^\s*(?:[-*+•]|\d{1,3}[.)])\s+")
_VERB = (
    r"(?:add|append|apply|assign|build|call|change|check|clone|combine|compile|compute|configure|connect|convert"
    r"|copy|create"
    r"|declare|define|delete|deploy|do|download|edit|enable|disable|enter|execute|export|extend|fetch|find|generate"
    r"|get|implement"
    r"|import|include|initiali[sz]e|insert|install|invoke|iterate|launch|list|load|make|modify|move|open|pass|print"
    r"|protect|put"
    r"|read|register|remove|rename|replace|return|run|save|send|set|sort|specify|start|stop|store|test|turn|type"
    r"|uninstall"
    r"|update|upgrade|use|validate|verify|write|wrap)"
)
_OPENING_WORDS = re2.compile(
    r"(?i)^(?:for (?:example|instance)|e\.g\.|now|first(?:ly)?|second(?:ly)?|then|next|finally|so|also|again|similarly"
    r"|of course)(,?)\s+(\S+)"
)
# With which those words are no openings: "so far", "similarly to lists", "now that it runs"
_GO_ON = frozenset(("far", "that", "to", "long", "many", "much", "of", "as", "known", "time", "step", "on"))
_FOR_EXAMPLE = re2.compile(
    r"(?i)[\s,，。]*(?:for example|for instance|e\.g\.?|as in|like(?: this| so| in)?|this way|as follows"
    r"|as in (?:this|the following|these|one of these) (?:examples?|lines?)|例如|比如|如下)[,，]?$"
)
# What was shown before, where a sentence points at it: "to loop over these files"
_THINGS = (
    r"(?:files?|class(?:es)?|models?|tables?|errors?|lines?|objects?|views?|quer(?:y|ies)|lists?|variables?|templates?"
    r"|pages?|projects?|apps?|applications?|cases?|tests?|sessions?|modules?|config)"
)
_SHOWN = r"(?:functions|commands|examples|programs|scripts|methods|steps|snippets)"  # one of them is what follows
# A sentence that is asked without those before it must not speak of them.
_LEANS = re2.compile(
    r"(?i)\b(?:it|its|they|them|their|this|these|those|that|such|he|she|her|his|both|latter|former|same|here"
    r"|one|ones|so"
    r"|again|also|instead|another|other)\b|这|那|它|此|该|其"
)
_REFERS_BACK = re2.compile(
    r"(?i)^(?:thus|therefore|hence|now that|note|be careful|this|that|these|those|it|they|he|she|its|their|another"
    r"|instead|otherwise|alternatively|and|but|or"
    r"|however|either"
    r"|both|here|there|where|we|yes|no|when this|if so|in this|in that|in such|for this|with this|to do (?:this"
    r"|so|that)"
    r"|doing (?:this|so)"
    r"|(?:using|given|with) the following (?:code|snippet|example|program|script)s?|how about"
    r"|you could also|you can also|as (?:discussed|mentioned|noted|shown|described|you|we"
    r"|an alternative))\b"
    r"|\b(?:above|below|earlier|previous(?:ly)?|former|latter|just (?:did|made|created|saw))\b"
    r"|\b(?:given|shown|listed) in the following\b|\b(?:say|write|achieve|accomplish|express) (?:this|that|it)\b"
    r"|\bin this case\b|\bin the same way[.]?$|\b(?:around|for|about|with) (?:this|that|it) is\b|\bmake (?:it"
    r"|this|that) work\b|\bas before\b|^what(?: has|['’]s)? happen\w*|^(?:her|his|our)\b"
    rf"|\b(?:this|these|those|our) (?:\w+ )?{_THINGS}\b|\b(?:these|those|our) (?:\w+ )?{_SHOWN}\b|\b(?:will not"
    rf"|won['’]t|does not|doesn['’]t) work[.]?$"
    r"|\b(?:should|must|will) now\b|\b(?:updated|modified|remaining|same) \w+ (?:should|will|can|is|are)\b|(?:这"
    r"|那)(?:段|些|个)(?:代码|程序|脚本|命令|例子|文件)"
    r"|^(?:这|那|它|此|该|其|另|否则|或者|但|而|同样|然后|接着|上述|以上|因此|所以|现在|还)|刚才|之前的|前面的"
)
# A sentence that says what to do; "can" or "example" alone also stand where something is only told.
_ASKS_FOR_CODE = re2.compile(
    rf"(?i)^(?:to|in order to) \w+|^(?:please |simply |just |first |if [^,]+, |when [^,]+, |for [^,]+, )*{_VERB}\b"
    rf"|\b(?:you|we|one|i)(?:['’]ll)? (?:can|could|may|might|should|must|need to|have to|want to|would like to|will)"
    rf" (?:\w+ )?{_VERB}\b|\b(?:can|could|should|must|may) be (?:\w+ly )?(?:\w+ed|done|run|set|written|made"
    rf"|put) (?:by|with|using|as|like|via|in)\b"
    rf"|\b(?:by|simply|just|then|and|to|please|is) (?:\w+ly )?(?:{_VERB}|using|calling|running|adding|writing"
    rf"|creating|setting)\b"
    r"|运行|执行|输入|使用|编写|创建|添加|定义|调用|安装|打开|修改|可以|需要|只需|必须|应当"
    r"|(?:^|[^申邀])请(?:[^求教假]|$)|(?:^|[^重主必需只概摘简扼次纲提])要(?:[^求素点么旨件]|$)"
)
# "I used my own tool to make a bucket" tells what somebody did
_NARRATES = re2.compile(
    r"(?i)^(?:[^,.]{1,60}, |and |so |then |\S+ing [^,.]{1,60} )?(?:i|we)(?:['’](?:ve|d)| have| had)? "
    r"(?:(?:then|also|just|finally|eventually|even|only|\w+ly) )?(?:[a-z]+[^\We]ed|ran|used|got|made|wrote|found|set up"
    r"|built|took|did|went|chose|put|told|gave|had|was|were|began|kept|learnt|knew|saw|thought|came)\b"
    r"|^我们?[^，。]{0,6}(?:用|写|做|加|改|装|跑|试|建)了"
)
# "Compile it using:" names no means
_UNFINISHED = re2.compile(r"(?i)[,，]? (?:by )?(?:using|via)$")
# "The responses are:" says what something is, "the simplest way is:" does not
_TELLS = re2.compile(r"(?i)\b(?:is|are|was|were|be|been|means?|says?)[.。]?$|(?:是|为)[。]?$")
_WAY = re2.compile(r"(?i)\bways? (?:to|of|in which|you)\b|方法|方式|办法")
# "an interface that is easier to use" says what something is like
_JUDGED = re2.compile(
    r"(?i)\b(?:easy|easier|hard|harder|nice|nicer|simple|simpler|safe|safer|convenient|difficult|faster) to \w+[.]?$"
)
_ASKS_HOW = re2.compile(
    r"(?i)^(?:how (?:do|does|can|to|should|could|would|might|must|may|shall)\b|(?:can|could) (?:i|you|we|one)\b"
    r"|is there (?:a|any) (?:\w+ )?way)"
    r"|^[¿\s]*(?:wie|comment|c[oó]mo|come|как|hoe|jak|як|hur|hvordan|korleis|hvernig|miten|kuinka|kuidas|cum|hogyan"
    r"|miként|nasıl|cách|làm (?:thế nào|sao)|bagaimana|gimana|cara|π[ωώ]ς|kako|ako|како|kaip|kā|kiel)(?:[^\pL\pM]|$)"
    r"|^(?:كيف|چگونه|چطور|کیسے|איך|כיצד)|(?:^|[^\pL\pM])(?:nasıl|như thế nào|bằng cách nào|làm sao)(?:[^\pL\pM]|$)"
    r"|कैसे|कसे|कसरी|อย่างไร|ยังไง|วิธี|如何|怎么|怎麼|怎样|怎樣|方法は|には|방법|어떻게"
)
_SHOWS_OUTPUT = re2.compile(
    r"(?i)\b(?:outputs?|prints?|printed|results?|resulting|returns?|returned|looks? (?:\w+ )?like|errors?"
    r"|messages?|traceback"
    r"|displays?|displayed|should see|will see|would see|you see|you get|gives|yields|produces?|generates"
    r"|response|begins"
    r"|diagram|history|situation|hunk|graph|layout|listing|shows|saying|says|contents?|contains|consists?|shown"
    r"|becomes?"
    r"|looks?$|expands? to|equivalent to|announcement|conversation)\b"
    r"|(?:输出|结果|显示|报错|错误|看到|得到|返回|内容|包含|含有|样例|类似|看起来|样子|结构|应该有)"
)


def introduced_blocks(markdown: str) -> list[tuple[str, str]]:
    """(request, fenced block) for the first code blocks that follow a text which ends in a colon and asks for code.

    At most PER_SECTION of them.
    """
    introduced: list[tuple[str, str]] = []
    for (is_code, before), (is_block, block) in pairwise(fenced(markdown)):
        request = "" if is_code or not is_block else request_from(before)
        if request and _is_code(block) and len(introduced) < PER_SECTION:
            introduced.append((request, dedent_block(block)))
    return introduced


def _is_code(block: str) -> bool:
    """Whether a block is long enough to teach something, and neither a grammar nor what a program printed."""
    return block.count("\n") > BLOCK_LINES and "::=" not in block and not is_printed(block)


def dedent_block(block: str) -> str:
    """A fenced block without the indentation of its first line, which a block in a list has."""
    lines = block.split("\n")
    margin = len(lines[0]) - len(lines[0].lstrip(" "))
    return "\n".join(line[margin:] if not line[:margin].strip() else line for line in lines)


def asks_how(question: str) -> bool:
    """Whether code can answer a question: it asks how something is done, not why or what it is."""
    return bool(_ASKS_HOW.search(question))


def request_from(before: str) -> str:
    """The last paragraph of the text before a code block, as a request of its own; "" when it does not ask for code."""
    text = before.rstrip()
    if not text.endswith((":", "：")):
        return ""
    paragraph = " ".join(clean.unwrapped(text).rsplit("\n\n", 1)[-1].rsplit("\n", 1)[-1].split())
    paragraph = _LIST_MARK.sub("", paragraph)
    if len(paragraph) > REQUEST_CHARS:
        paragraph = paragraph[clean.last_sentence(paragraph) :]
    paragraph = _OPENING_WORDS.sub(_without_opening, paragraph)
    paragraph = _FOR_EXAMPLE.sub("", paragraph.rstrip(":： ")).rstrip(".。,， ")
    stop = "。" if clean.is_chinese(paragraph) else "."
    last = paragraph[clean.last_sentence(paragraph) :]
    requests = (paragraph, "" if _LEANS.search(last) else _OPENING_WORDS.sub(_without_opening, last))
    request = next((one for one in requests if one and _is_code_request(one)), "")
    return f"{_UNFINISHED.sub('', request)}{stop}" if request else ""


def _is_code_request(paragraph: str) -> bool:
    """Whether a paragraph is clear by itself, and asks for code instead of announcing what some code prints."""
    paragraph = languages.simplified(paragraph) if clean.has_chinese(paragraph) else paragraph
    last = paragraph[clean.last_sentence(paragraph) :]
    shortest = 12 if clean.is_chinese(paragraph) else 40
    complete = len(last) >= shortest and not paragraph[:1].islower()
    if not complete or _REFERS_BACK.search(paragraph) or _SHOWS_OUTPUT.search(last) or _NARRATES.search(last):
        return False
    if _TELLS.search(last) and not _WAY.search(last):
        return False
    return bool(_ASKS_FOR_CODE.search(_JUDGED.sub(" ", last)))


def _without_opening(opening: "re2._Match") -> str:
    word = str(opening[2])
    return word[0].upper() + word[1:] if opening[1] or word.lower() not in _GO_ON else str(opening[0])
