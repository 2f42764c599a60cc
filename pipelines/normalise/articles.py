"""Articles → one record per section that teaches something, and one per piece of code with what introduces it."""

from dataclasses import dataclass, replace

import re2

from pipelines.normalise import (
    asides,
    clean,
    code,
    exercises,
    fragments,
    headings,
    languages,
    openings,
    question_lists,
    recaps,
    surroundings,
    untaught,
)
from pipelines.normalise.headings import Heading
from pipelines.normalise.markdown import fenced, on_prose
from pipelines.normalise.phrasing import CLASSIFIED_LANGUAGES, can_ask, phrase
from pipelines.normalise.records import Extraction, Origin, part_id, slug
from schemas.document import Article, Section
from schemas.record import Record

SHORT_LEAD, SHORT_WIDE_LEAD = 600, 200  # characters, of Latin and of Han, before the parts of a section
SHORT_QUESTION = 40  # characters; a shorter question says what it is about unless its words do
TASK_FACETS = ("installation", "usage", "configuration", "testing", "troubleshooting")

_PROPER_NAME = re2.compile(r"[\s(“\"][A-Z][A-Za-z]+|`|\p{Han} ?[A-Za-z]{2}")
_TITLE_CASE = re2.compile(r"^(?:[A-Z][\pL'’]*[ ?]*)+$")  # "Which Editor?": no word of it need be a name
_NUMBER_ANCHOR = re2.compile(r"(?i)^(?:_|id|sec(?:tion)?[-_]?|toc[-_]?|heading[-_]?|h|page=|slide=)?\d+$")
_POINTS = re2.compile(r"\b(?:the|this|that|these|those) [a-z]+")
_CLAUSE = re2.compile(r"^(?:How|Why|What|When|Where|Which|Who) \S+ ")
_OTHER_SCRIPT = re2.compile(
    r"[\p{Cyrillic}\p{Greek}\p{Han}\p{Hangul}\p{Hiragana}\p{Katakana}\p{Arabic}\p{Hebrew}\p{Thai}]{2}"
)
_LETTER = re2.compile(r"[\pL\pN]")
_STEPS = re2.compile(r"(?m)^ *(?:```|~~~|\d{1,2}[.)、] ?)")
_LISTED = re2.compile(r"(?m)^(?:[-*+] |\|)")
_INDEX_ENTRY = re2.compile(r"^[A-Za-z0-9](?:\s*[-–—]\s*[A-Za-z0-9])?$")  # "B", "0–9": the letters of an index


@dataclass(frozen=True, slots=True)
class HeadingPath:
    """What the article is about, the headings down to a section, and the language of the question about it.

    `is_defined`: the section begins by saying what its heading is. `is_whole`: it is all that the article says.
    """

    about: str
    names: tuple[str, ...]
    language: str
    is_defined: bool = False
    is_whole: bool = False

    def classify(self, name: str) -> Heading:
        """The form of a heading in this language."""
        if self.language not in CLASSIFIED_LANGUAGES:
            return headings.classify_foreign(name)
        heading = headings.classify(name)
        return Heading("topic", name) if self.is_defined and heading.form == "how_to" else heading

    @property
    def is_chinese(self) -> bool:
        """Whether the question is in Chinese, of either writing."""
        return self.language.startswith("zh")

    def kind(self, kind: str) -> str:
        """`kind`, or `heading` where nothing asks: headings stand alone in a language without templates."""
        return kind if kind == "question" or can_ask(self.language) else "heading"

    @property
    def context(self) -> str:
        """The article's topic and the nearest heading above, unless that is a question or names the topic too."""
        above = [name for name in self.names[-2:-1] if headings.classify(name).form in ("topic", "how_to")]
        above = [name for name in above if not headings.is_condition(name)]
        return self.within([name for name in above if not _mentions(name, self.about)])

    def within(self, names: list[str]) -> str:
        """The article's topic and `names`, joined as a question states its context."""
        about = self.about.rstrip("!?！？")
        topic = [f"《{about}》" if self.is_chinese and clean.is_chinese(about) else about] if about else []
        return " – ".join(dict.fromkeys([*topic, *names]))


@dataclass(frozen=True, slots=True)
class RecordBuilder:
    """Builds the records of a part of an article. `numbered`: the article's headings begin with bare numbers."""

    article: Article
    origin: Origin
    language: str
    numbered: bool = False
    sections_after: int | None = None

    def name(self, heading: str) -> str:
        """A heading without markup and number."""
        name = headings.plain(heading)
        return headings.without_number(name) if self.numbered else name

    def language_at(self, text: str) -> str:
        """The language of the question about a part of the article."""
        return languages.section_language(text, self.language)

    def record(self, record_id: str, kind: str, instruction: str, output: str, anchor: str = "") -> Record:
        """A record of the article. Its address ends in `#anchor` where there is one."""
        article, origin = self.article, self.origin
        url = article.url or origin.url
        return Record(
            record_id=record_id,
            page_id=origin.page_id,
            source=origin.source,
            source_kind=origin.source_kind,
            kind=kind,
            url=f"{url}#{anchor}" if anchor and url else url,
            title=clean.title(article.title),
            licence=article.licence or origin.licence,
            author=article.author,
            created_at=article.created_at,
            edited_at=article.edited_at,
            instruction_edited_at=None,
            tags=article.tags,
            score=None,
            accepted=None,
            instruction=instruction,
            input="",
            output=output,
            sections_after=self.sections_after,
        )


def extract(article: Article, origin: Origin) -> Extraction:
    """The records of an article: of its declared steps, its sections, and the code in them."""
    extraction = Extraction()
    numbered = headings.are_numbered(headings.plain(section.path[-1]) for section in article.sections if section.path)
    builder = RecordBuilder(article, origin, _language(article, origin), numbered)
    about = headings.topic_of(article.title)
    if article.steps:
        _add_steps(extraction, builder, about)
    above = _topic_above(article.context) if headings.classify(about).form == "facet" else ""
    sections = fragments.answer_whole(fragments.join(exercises.join_solutions(question_lists.split(article.sections))))
    divided = {section.path[:depth] for section in sections for depth in range(1, len(section.path))}
    around = (about,) if above else ()
    for section, following in zip(sections, fragments.sections_after(sections), strict=True):
        part = replace(builder, sections_after=following)
        _add_section(extraction, part, section, above or about, around, section.path in divided)
    if not article.sections and not article.steps:
        extraction.rejects.append((article.key, "no_sections"))
    return extraction


def _language(article: Article, origin: Origin) -> str:
    prose = _prose("\n\n".join(section.markdown for section in article.sections) or "\n\n".join(article.steps))
    names = (article.title, *(name for section in article.sections for name in section.path[-1:]))
    url = article.url or origin.url
    address = languages.from_address(url, article.key)
    safe = map(clean.safe, names)
    return languages.article_language(clean.safe(prose), safe, article.language, address, origin.site_language)


def _topic_above(context: tuple[str, ...]) -> str:
    """The topic of a page called "Installation" or such: the nearest heading above the page that names a topic."""
    topics = (headings.topic_of(name) for name in reversed(context))
    return next((topic for topic in topics if topic and headings.classify(topic).form == "topic"), "")


def _add_steps(extraction: Extraction, builder: RecordBuilder, about: str) -> None:
    """One record of the steps that the page itself declares, numbered."""
    url = builder.article.url or builder.origin.url
    steps = [text for text in (clean.article(step, url) for step in builder.article.steps) if text]
    if len(steps) < 2 or not about:
        extraction.rejects.append((f"{builder.article.key}#steps", "too_few_steps" if about else "no_title"))
        return
    indented = (step.replace("\n", "\n   ") for step in steps)
    output = "\n".join(f"{number}. {step}" for number, step in enumerate(indented, 1))
    record_id = part_id(builder.origin, builder.article.key, "steps")
    path = HeadingPath("", (about,), builder.language_at(output))
    heading = path.classify(about)
    if heading.form == "how_to":
        instruction = _how_to_instruction(heading.text, path, record_id)
    else:
        instruction = phrase("steps", record_id, path.language, about=about)
    extraction.records.append(builder.record(record_id, path.kind("how_to"), instruction, output))


def _add_section(
    extraction: Extraction,
    builder: RecordBuilder,
    section: Section,
    about: str,
    above: tuple[str, ...],
    is_divided: bool,
) -> None:
    """The records of one section. `above`: the page's title, where the topic is that of a page above it. `is_divided`:
    the section has parts of its own, and this is what stands before them."""
    part = _part_name(section)
    record_id = part_id(builder.origin, builder.article.key, part)
    output = clean.article(section.markdown, builder.article.url or builder.origin.url)
    output = clean.finished(on_prose(output, asides.without_asides))
    output = on_prose(untaught.without_banner(output, about), recaps.without_recaps)
    output = openings.without_link(output)
    reason = "back_matter" if headings.lead_to_references(section.path) else untaught.reject_reason(output, about)
    if reason:
        extraction.rejects.append((part, reason))
        return
    counts = headings.word_counts(output)
    names = tuple(headings.sentence_case(builder.name(name), counts) for name in (*above, *section.path))
    path = _heading_path(builder, about, names, output)
    question, answer = exercises.split_solution(output)
    if question and answer:
        instruction = _exercise_instruction(question, names)
        extraction.records.append(builder.record(record_id, "question", instruction, answer, section.anchor))
        return
    parted = is_divided and not _LISTED.search(answer) if names else bool(builder.sections_after)
    is_introduction = parted and not _STEPS.search(answer)
    kind, instruction = _instruction(path, record_id, is_introduction, len(answer))
    if not instruction:
        extraction.rejects.append((part, kind))
        return
    extraction.records.append(builder.record(record_id, path.kind(kind), instruction, answer or output, section.anchor))
    extraction.records += _code_records(builder, record_id, path, output, section.anchor)


def _heading_path(builder: RecordBuilder, about: str, names: tuple[str, ...], output: str) -> HeadingPath:
    """A part in another language than its article, as one that nobody has translated, is asked about by its heading
    alone: question and titles would be in two languages."""
    language = builder.language_at(_prose(output) or output)
    if language.partition("-")[0] != builder.language.partition("-")[0]:
        if _OTHER_SCRIPT.search(names[-1] if names else about):
            language = builder.language
        else:
            about, names = "", names[-1:]
    about = surroundings.manual_of(about, names[-1]) if names else about
    names = surroundings.with_circumstance(about, names) if language == "en" else names
    is_defined = bool(names) and headings.is_defined(names[-1], output)
    return HeadingPath(about, names, language, is_defined, not names and not builder.sections_after)


def _exercise_instruction(question: str, names: tuple[str, ...]) -> str:
    """The question below its heading, unless that only says that an exercise follows."""
    return question if not names or exercises.is_exercise(names[-1]) else f"{names[-1]}\n\n{question}"


def _code_records(builder: RecordBuilder, record_id: str, path: HeadingPath, output: str, anchor: str) -> list[Record]:
    """Below a question, the first code block answers it; elsewhere each answers the text that introduces it."""
    introduced = code.introduced_blocks(output)
    heading = path.classify(path.names[-1]) if path.names else Heading("topic", "")
    if heading.form == "question":
        if not code.asks_how(heading.text):
            return []
        instructions = [phrase("code_asked", record_id, path.language, question=heading.text)]
    else:
        context = path.within([name for name in path.names[-1:] if heading.form in ("topic", "how_to")])
        instructions = [
            phrase("code", f"{record_id}.c{number}", builder.language_at(request), context=context, request=request)
            for number, (request, _) in enumerate(introduced, 1)
        ]
    return [
        builder.record(f"{record_id}.c{number}", path.kind("code"), instruction, block, anchor)
        for number, (instruction, (_, block)) in enumerate(zip(instructions, introduced, strict=False), 1)
    ]


def _part_name(section: Section) -> str:
    """The section's part of a record id: its anchor, or its headings.

    An anchor that is only a number is not used: it changes as the page grows.
    """
    if section.anchor and not _NUMBER_ANCHOR.match(section.anchor):
        return section.anchor
    return "/".join(slug(headings.plain(name)) for name in section.path) or "lead"


def _prose(markdown: str) -> str:
    return "\n".join(text for is_code, text in fenced(markdown) if not is_code).strip()


def _instruction(path: HeadingPath, record_id: str, is_introduction: bool, size: int) -> tuple[str, str]:
    """Kind and instruction, or a reason and "". `is_introduction`: parts follow, and this one has no steps. `size`: the
    characters of the answer."""
    if not path.names:
        return _lead_instruction(path, record_id, is_introduction)
    heading = path.classify(path.names[-1])
    if heading.form == "back_matter":
        return "back_matter", ""
    if exercises.is_exercise(path.names[-1]):
        return "no_solution", ""
    if (
        headings.is_lone_word(heading.text)
        or heading.form == "address"
        or not _LETTER.search(heading.text)
        or _INDEX_ENTRY.match(heading.text)
    ):
        return "heading_meaningless", ""
    if heading.form == "facet":
        return _facet_instruction(heading.text, path, record_id)
    is_short = size < (SHORT_WIDE_LEAD if path.is_chinese or path.language in ("ja", "ko") else SHORT_LEAD)
    leads = is_introduction and is_short and heading.form in ("how_to", "topic")
    return _from_heading(heading, path, record_id, leads)


def _from_heading(heading: Heading, path: HeadingPath, record_id: str, leads: bool = False) -> tuple[str, str]:
    """`leads`: what to do, or what the topic is, is told in the parts that follow."""
    if leads:
        name = path.names[-1]
        about = name if _mentions(name, path.about) else path.within([name])
        return "explanation", phrase("lead", record_id, path.language, about=about)
    if heading.form == "question":
        return "question", _question_instruction(heading.text, path, record_id)
    if heading.form == "how_to":
        return "how_to", _how_to_instruction(heading.text, path, record_id)
    return "explanation", _topic_instruction(heading.text, path, record_id)


def _lead_instruction(path: HeadingPath, record_id: str, is_introduction: bool) -> tuple[str, str]:
    """The text before the first heading is about the whole article; the steps are often in later sections. A text
    without headings introduces nothing: it is asked for as a section called like the article would be."""
    if not path.about or surroundings.is_of_site(path.about):
        return "no_title", ""
    heading = path.classify(path.about)
    if heading.form in ("facet", "back_matter"):
        return "heading_meaningless", ""
    explains = heading.form == "topic" or (heading.form == "how_to" and is_introduction)
    if explains and not path.is_whole and not _CLAUSE.match(path.about):
        return "explanation", phrase("lead", record_id, path.language, about=path.about)
    return _from_heading(heading, HeadingPath("", (path.about,), path.language), record_id)


def _question_instruction(question: str, path: HeadingPath, record_id: str) -> str:
    """The heading as it is. A short one that names nothing and shares no word with the title gets a context."""
    long = len(question) >= (SHORT_QUESTION // 3 if path.is_chinese else SHORT_QUESTION)
    names = _PROPER_NAME.search(question) and not _TITLE_CASE.match(question)
    if long or not path.context or _shares_word(question, path.about) or names:
        return question
    return phrase("question_in", record_id, path.language, question=question, context=path.context)


def _how_to_instruction(task: str, path: HeadingPath, record_id: str) -> str:
    form = "how_to_asked" if path.is_chinese and task.startswith(("如何", "怎")) else "how_to"
    if not path.context or _mentions(task, path.about):
        return phrase(form, record_id, path.language, task=task)
    return phrase(f"{form}_in", record_id, path.language, task=task, context=path.context)


def _facet_instruction(facet: str, path: HeadingPath, record_id: str) -> tuple[str, str]:
    """ "Usage" or "History" is a question only together with the topic above it."""
    named = [name for name in (path.about, *path.names[:-1]) if name and not headings.is_fragment(name)]
    above = [name for name in named if headings.classify(name).form == "topic"]
    if not above and not path.about:
        return "heading_meaningless", ""
    if not above:
        return "explanation", _topic_instruction(path.names[-1], path, record_id)
    about = above[-1]
    if about != path.about and not _mentions(about, path.about):
        about = f"{about}（{path.about}）" if path.is_chinese else f"{about} ({path.about})"
    kind = "how_to" if facet in TASK_FACETS else "explanation"
    return kind, phrase(facet, record_id, path.language, about=about, topic=path.names[-1].lower())


def _topic_instruction(topic: str, path: HeadingPath, record_id: str) -> str:
    if _CLAUSE.match(topic) and path.language == "en":
        clause = topic[0].lower() + topic[1:]
        return phrase("clause_in" if path.context else "clause", record_id, "en", clause=clause, context=path.context)
    if not path.context or _mentions(topic, path.about):
        return phrase("topic", record_id, path.language, topic=topic)
    return phrase("topic_in", record_id, path.language, topic=topic, context=path.context)


def _mentions(text: str, about: str) -> bool:
    """Whether `text` names the article's topic already."""
    return bool(about) and about.lower() in text.lower()


def _shares_word(question: str, about: str) -> bool:
    """Whether the question names what the article is about: "the sauce" of an article on one sauce does not."""
    question = question if _mentions(question, about) else _POINTS.sub("", question)
    words = {word for word in slug(about).split("-") if len(word) > 3 or clean.is_chinese(word)}
    return any(word in question.lower() for word in words)
