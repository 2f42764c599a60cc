"""Code blocks of an article with the sentence that introduces each: that sentence becomes the instruction."""

from itertools import pairwise

import re2

from pipelines.normalise import clean
from pipelines.normalise.markdown import fenced

BLOCK_LINES = 2  # a shorter block teaches nothing alone
PER_SECTION = 3
REQUEST_CHARS = 500

_LIST_MARK = re2.compile(r"^\s*(?:[-*+•]|\d{1,3}[.)])\s+")
_OPENING_WORDS = re2.compile(
    r"(?i)^(?:for (?:example|instance)|e\.g\.|now|first(?:ly)?|second(?:ly)?|then|next|finally|so|also|again"
    r"|similarly"
    r"|of course),?\s+(\S)"
)
_FOR_EXAMPLE = re2.compile(
    r"(?i)[\s,，。]*(?:for example|for instance|e\.g\.|like(?: this| so| in)?|as follows|例如|比如|如下)[,，]?$"
)
_REFERS_BACK = re2.compile(
    r"(?i)^(?:thus|therefore|hence|note|be careful|this|that|these|those|it|they|he|she|its|their|another"
    r"|instead|otherwise|alternatively|and|but|or"
    r"|however|either"
    r"|both|here|there|where|we|yes|no|when this|if so|in this|in that|in such|for this|with this|to do (?:this"
    r"|so|that)"
    r"|doing (?:this|so)"
    r"|(?:using|given|with) the following (?:code|snippet|example|program|script)s?|how about"
    r"|you could also|you can also|as (?:discussed|mentioned|noted|shown|described|you|we"
    r"|an alternative))\b"
    r"|\b(?:above|below|earlier|previous(?:ly)?|former|latter|just (?:did|made|created|saw))\b"
    r"|\b(?:given|shown|listed) in the following\b|(?:这|那)(?:段|些|个)(?:代码|程序|脚本|命令|例子|文件)"
    r"|^(?:这|那|它|此|该|其|另|否则|或者|但|而|同样|然后|接着|上述|以上)"
)
_PROMPT = re2.compile(r"^\s*(?:\([\w.-]+\) ?)?\$ ")
_LOOP_BEGINS = re2.compile(r"^\s*\$ (?:for|while|until|if|case)\b")
_LOOP_ENDS = re2.compile(r"^\s*(?:done|fi|esac)\b")
_CONTINUATION = re2.compile(r"^\s*(?:[>#]|\.\.\.)")
_ASKS_FOR_CODE = re2.compile(
    r"(?i)\b(?:to|can|could|should|must|need|use|using|run|type|enter|write|create|add|call|define|execute|code"
    r"|commands?"
    r"|functions?|scripts?|programs?|class|example|snippet|methods?|statements?|loop|query|syntax)\b"
    r"|(?:运行|执行|输入|使用|编写|创建|添加|定义|调用|代码|命令|函数|脚本|程序|例子|示例|语法|可以|需要)"
)
_SHOWS_OUTPUT = re2.compile(
    r"(?i)\b(?:outputs?|prints?|printed|results?|resulting|returns?|returned|looks? (?:\w+ )?like|errors?"
    r"|messages?|traceback"
    r"|displays?|displayed|should see|will see|would see|you see|you get|gives|yields|produces?|generates"
    r"|response|begins"
    r"|diagram|history|situation|hunk|graph|layout|listing|shows|saying|says|contents?|contains|consists?|shown"
    r"|becomes?"
    r"|looks?$|expands? to|equivalent to|announcement|conversation)\b"
    r"|(?:输出|结果|显示|报错|错误|看到|得到|返回|内容|包含|含有|样例|类似)"
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
    """Whether a block is long enough to teach something, and neither a grammar nor mostly output of commands."""
    return block.count("\n") > BLOCK_LINES and "::=" not in block and not _is_mostly_output(block.split("\n")[1:-1])


def _is_mostly_output(lines: list[str]) -> bool:
    """Whether a shell session has more lines of output than commands: nobody can know the hashes and dates in it."""
    typed, printed, continued, in_loop = 0, 0, False, False
    for line in lines:
        is_command = bool(_PROMPT.match(line))
        typed += is_command
        in_loop = (in_loop or bool(_LOOP_BEGINS.match(line))) and not line.rstrip().endswith(("done", "fi", "esac"))
        is_code = is_command or continued or in_loop or _LOOP_ENDS.match(line) or _CONTINUATION.match(line)
        printed += bool(line.strip()) and not is_code
        continued = (is_command or continued) and line.rstrip().endswith(("\\", "|", "&&"))
    return 0 < typed < printed


def dedent_block(block: str) -> str:
    """A fenced block without the indentation of its first line, which a block in a list has."""
    lines = block.split("\n")
    margin = len(lines[0]) - len(lines[0].lstrip(" "))
    return "\n".join(line[margin:] if not line[:margin].strip() else line for line in lines)


def request_from(before: str) -> str:
    """The last paragraph of the text before a code block, as a request of its own; "" when it does not ask for code."""
    text = before.rstrip()
    if not text.endswith((":", "：")):
        return ""
    paragraph = " ".join(clean.unwrapped(text).rsplit("\n\n", 1)[-1].rsplit("\n", 1)[-1].split())
    paragraph = _LIST_MARK.sub("", paragraph)
    if len(paragraph) > REQUEST_CHARS:
        paragraph = paragraph[clean.last_sentence(paragraph) :]
    paragraph = _OPENING_WORDS.sub(lambda first: first.group(1).upper(), paragraph)
    paragraph = _FOR_EXAMPLE.sub("", paragraph.rstrip(":： ")).rstrip(".。,， ")
    return f"{paragraph}{'。' if clean.is_chinese(paragraph) else '.'}" if _is_code_request(paragraph) else ""


def _is_code_request(paragraph: str) -> bool:
    """Whether a paragraph is clear by itself, and asks for code instead of announcing what some code prints."""
    last = paragraph[clean.last_sentence(paragraph) :]
    complete = len(paragraph) >= (12 if clean.is_chinese(paragraph) else 40) and not paragraph[:1].islower()
    if not complete or _REFERS_BACK.search(paragraph) or _SHOWS_OUTPUT.search(last):
        return False
    return bool(_ASKS_FOR_CODE.search(last))
