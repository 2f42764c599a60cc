"""Articles → one record per section that teaches something, and one per piece of code with a sentence that introduces it."""

from dataclasses import dataclass

import re2

from pipelines.normalise import clean, headings
from pipelines.normalise.headings import Heading
from pipelines.normalise.phrasing import ask
from pipelines.normalise.records import Made, Origin, part_id, slug
from schemas.document import Article, Section
from schemas.record import Record

CODE_LINES = 2  # shorter blocks teach nothing alone
CODE_PER_SECTION = 3

_LINK = re2.compile(r"\[[^\]\n]*\]\([^)\n]*\)|<?https?://[^\s>)]+>?")
_WORD = re2.compile(r"[\pL\pN]")
_SHOWS_OUTPUT = re2.compile(
    r"(?i)\b(output|outputs|prints|printed|result|results|returns|looks? like|error|message|traceback|displays?|should see|will see|response)\b|(输出|结果|显示|报错|错误|看到|返回)"
)
_EMPTY_WORDS = re2.compile(
    r"(?i)^(for example|for instance|e\.g|example|examples|like this|like so|consider|as follows|here is an example|here's an example|that is|or|and|then|so|now|note|with|如|比如|例如|示例|举例|如下|如下所示)[\s,:：，.]*$"
)


@dataclass(frozen=True, slots=True)
class Asked:
    """Where a section stands: the article's topic, the headings above it, and the language to ask in."""

    about: str
    parents: tuple[str, ...]
    chinese: bool

    @property
    def context(self) -> str:
        """The article's topic and the nearest heading above that adds to it."""
        nearest = [name for name in self.parents[-1:] if not _names(name, self.about)]
        return " – ".join([self.about, *nearest]) if self.about else (self.parents[-1] if self.parents else "")


def records_from(article: Article, origin: Origin) -> Made:
    made = Made()
    about = headings.topic_of(article.title)
    if article.steps:
        _add_steps(made, article, origin, about)
    for section in article.sections:
        _add_section(made, article, section, origin, about)
    if not article.sections and not article.steps:
        made.rejects.append((article.key, "no_sections"))
    return made


def _add_steps(made: Made, article: Article, origin: Origin, about: str) -> None:
    steps = [text for text in (clean.prose(step) for step in article.steps) if text]
    if len(steps) < 2 or not about:
        made.rejects.append((f"{article.key}#steps", "too_few_steps" if about else "no_title"))
        return
    output = "\n".join(f"{number}. {_indented(step)}" for number, step in enumerate(steps, 1))
    heading, chinese = headings.read(about), clean.is_chinese(output)
    record_id = part_id(origin, article.key, "steps")
    if heading.form == "how_to":
        instruction = _how_to(heading, Asked(about, (), chinese), record_id)
    else:
        instruction = ask("steps", record_id, chinese, about=about)
    made.records.append(_record(article, origin, record_id, "how_to", instruction, output))


def _indented(step: str) -> str:
    return step.replace("\n", "\n   ")


def _add_section(made: Made, article: Article, section: Section, origin: Origin, about: str) -> None:
    part = section.anchor or "/".join(slug(headings.plain(name)) for name in section.path) or "lead"
    record_id = part_id(origin, article.key, part)
    output = clean.finished(clean.prose(section.markdown))
    reason = _nothing_in(output)
    if reason:
        made.rejects.append((part, reason))
        return
    names = [headings.plain(name) for name in section.path]
    asked = Asked(about, tuple(names[:-1]), clean.is_chinese(_prose_of(output) or output))
    kind, instruction = _instruction(names, asked, record_id)
    if not instruction:
        made.rejects.append((part, kind))
        return
    made.records.append(_record(article, origin, record_id, kind, instruction, output, section))
    made.records += _code(article, section, origin, record_id, asked, output, names)


def _nothing_in(output: str) -> str:
    if not _WORD.search(output):
        return "empty_section"
    return "" if _WORD.search(_LINK.sub("", output)) else "only_links"


def _prose_of(markdown: str) -> str:
    return "\n".join(text for code, text in clean.blocks(markdown) if not code).strip()


def _instruction(names: list[str], asked: Asked, record_id: str) -> tuple[str, str]:
    """Kind and instruction, or a reason and ""."""
    if not names:
        return _lead(asked, record_id)
    heading = headings.read(names[-1])
    if heading.form == "back_matter":
        return "back_matter", ""
    if not _WORD.search(names[-1]):
        return "heading_meaningless", ""
    if heading.form == "question":
        return "question", _question(heading.text, asked, record_id)
    if heading.form == "how_to":
        return "how_to", _how_to(heading, asked, record_id)
    if heading.form == "facet":
        return _facet(heading.text, asked, record_id)
    return "explanation", _topic(heading.text, asked, record_id)


def _lead(asked: Asked, record_id: str) -> tuple[str, str]:
    if not asked.about:
        return "no_title", ""
    heading = headings.read(asked.about)
    if heading.form == "question":
        return "question", heading.text
    if heading.form == "how_to":
        return "how_to", _how_to(heading, asked, record_id)
    if heading.form in ("facet", "back_matter"):
        return "heading_meaningless", ""
    return "explanation", ask("lead", record_id, asked.chinese, about=asked.about)


def _question(question: str, asked: Asked, record_id: str) -> str:
    """As it stands; a very short one says what it is about."""
    if (
        len(question) >= 25
        or (asked.chinese and len(question) >= 8)
        or not asked.context
        or _names(question, asked.about)
    ):
        return question
    return ask("question_in", record_id, asked.chinese, question=question, context=asked.context)


def _how_to(heading: Heading, asked: Asked, record_id: str) -> str:
    task = heading.text
    form = "how_to_asked" if asked.chinese and task.startswith(("如何", "怎")) else "how_to"
    if not asked.context or _names(task, asked.about):
        return ask(form, record_id, asked.chinese, task=task)
    return ask(f"{form}_in", record_id, asked.chinese, task=task, context=asked.context)


def _facet(facet: str, asked: Asked, record_id: str) -> tuple[str, str]:
    kind = "how_to" if facet in ("installation", "usage", "configuration") else "explanation"
    about = asked.parents[-1] if asked.parents and headings.read(asked.parents[-1]).form == "topic" else asked.about
    if not about or headings.read(about).form in ("facet", "back_matter", "question"):
        return "heading_meaningless", ""
    if about != asked.about and not _names(about, asked.about):
        about = f"{about} ({asked.about})"
    return kind, ask(facet, record_id, asked.chinese, about=about)


def _topic(topic: str, asked: Asked, record_id: str) -> str:
    if not asked.context or _names(topic, asked.about):
        return ask("topic", record_id, asked.chinese, topic=topic)
    return ask("topic_in", record_id, asked.chinese, topic=topic, context=asked.context)


def _names(text: str, about: str) -> bool:
    """Whether `text` already says what the article is about."""
    return about.lower() in text.lower() if about else False


def _code(
    article: Article, section: Section, origin: Origin, record_id: str, asked: Asked, output: str, names: list[str]
) -> list[Record]:
    """Fenced code right after the sentence that introduces it."""
    found = []
    parts = clean.blocks(output)
    for (is_code, before), (next_is_code, code) in zip(parts, parts[1:], strict=False):
        request = "" if is_code or not next_is_code else _request(before)
        if request and len(code.split("\n")) >= CODE_LINES + 2 and len(found) < CODE_PER_SECTION:
            code_id = f"{record_id}.c{len(found) + 1}"
            context = " – ".join(dict.fromkeys(text for text in (asked.about, *names[-1:]) if text))
            instruction = ask("code", code_id, asked.chinese, context=context, request=request)
            found.append(_record(article, origin, code_id, "code", instruction, code, section))
    return found


def _request(before: str) -> str:
    """The sentence that ends in a colon right before the code, as a sentence of its own; "" if it asks for nothing."""
    text = before.rstrip()
    if not text.endswith((":", "：")):
        return ""
    paragraph = text.rsplit("\n\n", 1)[-1]
    sentence = " ".join(paragraph[clean.last_sentence(paragraph) :].split())
    if _EMPTY_WORDS.match(sentence):
        return ""
    if _SHOWS_OUTPUT.search(sentence) or len(sentence) < (12 if clean.is_chinese(sentence) else 40):
        return ""
    return sentence.rstrip(":： ") + ("。" if clean.is_chinese(sentence) else ".")


def _record(
    article: Article,
    origin: Origin,
    record_id: str,
    kind: str,
    instruction: str,
    output: str,
    section: Section | None = None,
) -> Record:
    url = article.url or origin.url
    return Record(
        record_id=record_id,
        page_id=origin.page_id,
        source=origin.source,
        source_kind=origin.source_kind,
        kind=kind,
        url=f"{url}#{section.anchor}" if section and section.anchor and url else url,
        title=clean.title(article.title),
        licence=article.licence or origin.licence,
        author=article.author,
        created_at=article.created_at,
        tags=article.tags,
        score=None,
        accepted=None,
        instruction=instruction,
        input="",
        output=output,
    )
