"""Articles → one record per section that teaches something, and one per piece of code with what introduces it."""

from dataclasses import dataclass

import re2

from pipelines.normalise import clean, code, exercises, headings
from pipelines.normalise.headings import Heading
from pipelines.normalise.phrasing import UNDERSTOOD, ask, language_of
from pipelines.normalise.records import Made, Origin, part_id, slug
from schemas.document import Article, Section
from schemas.record import Record

SHORT_QUESTION = 40  # characters; a shorter question says what it is about unless its words do
TASK_FACETS = ("installation", "usage", "configuration", "testing", "troubleshooting")

_LINK = re2.compile(r"\[[^\]\n]*\]\([^)\n]*\)|<?https?://[^\s>)]+>?")
_FOOTER = re2.compile(r"^Part of the .{1,60} suite\.?$")
_REMARK = re2.compile(r"\A(?:\s*(?://|/\*)[^\n]*)+\z")
_TABLE = re2.compile(r"[|\-:\s]+")
_NAMED = re2.compile(r"[\s(“\"][A-Z][A-Za-z]+|`|\p{Han} ?[A-Za-z]{2}")
_COUNTED = re2.compile(r"(?i)^(?:_|id|sec(?:tion)?[-_]?|toc[-_]?|heading[-_]?|h)?\d+$")
_CLAUSE = re2.compile(r"^(?:How|Why|What|When|Where|Which|Who) \S+ ")
_LETTER = re2.compile(r"[\pL\pN]")
_STEPS = re2.compile(r"(?m)^ *(?:```|~~~|\d{1,2}[.)、] ?)")
_INDEX_ENTRY = re2.compile(r"^[A-Za-z0-9](?:\s*[-–—]\s*[A-Za-z0-9])?$")  # "B", "0–9": the letters of an index


@dataclass(frozen=True, slots=True)
class Place:
    """Where a section stands: the article's topic, the headings down to its own, and the language to ask in."""

    about: str
    names: tuple[str, ...]
    language: str

    def read(self, name: str) -> Heading:
        return headings.read(name) if self.language in UNDERSTOOD else headings.read_foreign(name)

    @property
    def context(self) -> str:
        """The article's topic and the nearest heading above, unless that one asks or says the same."""
        above = [name for name in self.names[-2:-1] if headings.read(name).form in ("topic", "how_to")]
        return self.within([name for name in above if not _mentions(name, self.about)])

    def within(self, names: list[str]) -> str:
        about = self.about.rstrip("!?！？")
        known = [f"《{about}》" if self.language == "zh" and clean.is_chinese(about) else about] if about else []
        return " – ".join(dict.fromkeys([*known, *names]))


@dataclass(frozen=True, slots=True)
class Source:
    """An article and where it comes from, for all records of it."""

    article: Article
    origin: Origin
    language: str
    counted: bool = False  # its headings begin with bare numbers

    def name(self, heading: str) -> str:
        name = headings.plain(heading)
        return headings.without_count(name) if self.counted else name

    def language_at(self, text: str) -> str:
        """The language to ask in about a part of the article: Chinese where it is, else the article's own."""
        if clean.is_chinese(text):
            return "zh"
        return self.language if self.language != "zh" else "en"

    def record(self, record_id: str, kind: str, instruction: str, output: str, anchor: str = "") -> Record:
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
        )


def records_from(article: Article, origin: Origin) -> Made:
    made = Made()
    prose = _prose_of("\n\n".join(section.markdown for section in article.sections) or "\n\n".join(article.steps))
    counted = headings.counted(headings.plain(section.path[-1]) for section in article.sections if section.path)
    source = Source(article, origin, language_of(clean.safe(prose)), counted)
    about = headings.topic_of(article.title)
    if article.steps:
        _add_steps(made, source, about)
    above = _topic_above(article.context) if headings.read(about).form == "facet" else ""
    for section in exercises.joined(article.sections):
        _add_section(made, source, section, above or about, (about,) if above else ())
    if not article.sections and not article.steps:
        made.rejects.append((article.key, "no_sections"))
    return made


def _topic_above(context: tuple[str, ...]) -> str:
    """What a page called "Installation" is about: the nearest thing above it that has a name of its own."""
    topics = (headings.topic_of(name) for name in reversed(context))
    return next((topic for topic in topics if topic and headings.read(topic).form == "topic"), "")


def _add_steps(made: Made, source: Source, about: str) -> None:
    """Steps that the page itself declares, numbered."""
    url = source.article.url or source.origin.url
    steps = [text for text in (clean.article(step, url) for step in source.article.steps) if text]
    if len(steps) < 2 or not about:
        made.rejects.append((f"{source.article.key}#steps", "too_few_steps" if about else "no_title"))
        return
    output = "\n".join(f"{number}. {_indented(step)}" for number, step in enumerate(steps, 1))
    record_id = part_id(source.origin, source.article.key, "steps")
    place = Place("", (about,), source.language_at(output))
    heading = place.read(about)
    if heading.form == "how_to":
        instruction = _how_to(heading.text, place, record_id)
    else:
        instruction = ask("steps", record_id, place.language, about=about)
    made.records.append(source.record(record_id, "how_to", instruction, output))


def _indented(step: str) -> str:
    return step.replace("\n", "\n   ")


def _add_section(made: Made, source: Source, section: Section, about: str, above: tuple[str, ...]) -> None:
    """`above`: the page's title, where the article is about what the page stands under."""
    part = _part(section)
    record_id = part_id(source.origin, source.article.key, part)
    output = clean.finished(clean.article(section.markdown, source.article.url or source.origin.url))
    output = _without_banner(output, about)
    reason = "back_matter" if headings.lists(section.path) else _nothing_in(output, about)
    if reason:
        made.rejects.append((part, reason))
        return
    seen = headings.words_of(output)
    names = tuple(headings.sentence_case(source.name(name), seen) for name in (*above, *section.path))
    place = Place(about, names, source.language_at(_prose_of(output) or output))
    asked, answer = exercises.parted(output)
    if asked and answer:
        instruction = _exercise(asked, names)
        made.records.append(source.record(record_id, "question", instruction, answer, section.anchor))
        return
    opens = len(source.article.sections) > 1 and not _STEPS.search(answer)
    kind, instruction = _instruction(place, record_id, opens)
    if not instruction:
        made.rejects.append((part, kind))
        return
    made.records.append(source.record(record_id, kind, instruction, answer or output, section.anchor))
    made.records += _code(source, record_id, place, output, section.anchor)


def _exercise(asked: str, names: tuple[str, ...]) -> str:
    """Below its heading, unless that only says that an exercise follows."""
    return asked if not names or exercises.is_exercise(names[-1]) else f"{names[-1]}\n\n{asked}"


def _code(source: Source, record_id: str, place: Place, output: str, anchor: str) -> list[Record]:
    """Under a question, the first piece of code answers it; elsewhere each answers the text that introduces it."""
    found = code.introduced(output)
    heading = place.read(place.names[-1]) if place.names else Heading("topic", "")
    if heading.form == "question":
        asked = [ask("code_asked", record_id, place.language, question=heading.text)]
    else:
        context = place.within([name for name in place.names[-1:] if heading.form in ("topic", "how_to")])
        asked = [
            ask("code", f"{record_id}.c{number}", source.language_at(request), context=context, request=request)
            for number, (request, _) in enumerate(found, 1)
        ]
    return [
        source.record(f"{record_id}.c{number}", "code", instruction, block, anchor)
        for number, (instruction, (_, block)) in enumerate(zip(asked, found, strict=False), 1)
    ]


def _part(section: Section) -> str:
    """The section's anchor; its headings where there is none, or only a number that moves as the page grows."""
    if section.anchor and not _COUNTED.match(section.anchor):
        return section.anchor
    return "/".join(slug(headings.plain(name)) for name in section.path) or "lead"


def _nothing_in(output: str, about: str) -> str:
    """Why a section teaches nothing: no words, links alone, a manual's footer, a remark of its author, or its
    article's title again."""
    if _FOOTER.match(output):
        return "back_matter"
    if _REMARK.match(output):
        return "only_remark"
    if not _LETTER.search(_LINK.sub("", output)):
        return "only_links" if _LETTER.search(output) else "empty_section"
    words = headings.plain(_TABLE.sub(" ", output)) if len(output) < 300 else ""
    return "only_title" if words and slug(words) == slug(about) else ""


def _without_banner(output: str, about: str) -> str:
    """Without a table at the top that only repeats the article's title, as generators of manuals put there."""
    table, _, rest = output.partition("\n\n")
    repeats = table.startswith("|") and rest and slug(headings.plain(_TABLE.sub(" ", table))) == slug(about)
    return clean.article(rest, "") if repeats else output


def _prose_of(markdown: str) -> str:
    return "\n".join(text for is_code, text in clean.blocks(markdown) if not is_code).strip()


def _instruction(place: Place, record_id: str, opens: bool) -> tuple[str, str]:
    """Kind and instruction, or a reason and "". `opens`: other sections follow, and this one has no steps."""
    if not place.names:
        return _lead(place, record_id, opens)
    heading = place.read(place.names[-1])
    if heading.form == "back_matter":
        return "back_matter", ""
    if exercises.is_exercise(place.names[-1]):
        return "no_solution", ""
    if heading.form == "address" or not _LETTER.search(heading.text) or _INDEX_ENTRY.match(heading.text):
        return "heading_meaningless", ""
    if heading.form == "facet":
        return _facet(heading.text, place, record_id)
    return _plain(heading, place, record_id)


def _plain(heading: Heading, place: Place, record_id: str) -> tuple[str, str]:
    if heading.form == "question":
        return "question", _question(heading.text, place, record_id)
    if heading.form == "how_to":
        return "how_to", _how_to(heading.text, place, record_id)
    return "explanation", _topic(heading.text, place, record_id)


def _lead(place: Place, record_id: str, opens: bool) -> tuple[str, str]:
    """What stands before the first heading is about the whole article; how to do it is often said further down."""
    if not place.about:
        return "no_title", ""
    heading = place.read(place.about)
    if heading.form in ("facet", "back_matter"):
        return "heading_meaningless", ""
    introduces = heading.form == "topic" or (heading.form == "how_to" and opens)
    if introduces and not _CLAUSE.match(place.about):
        return "explanation", ask("lead", record_id, place.language, about=place.about)
    return _plain(heading, Place("", (place.about,), place.language), record_id)


def _question(question: str, place: Place, record_id: str) -> str:
    """As it stands; a short one that names nothing and shares no word with the title says what it is about."""
    long = len(question) >= (SHORT_QUESTION // 3 if place.language == "zh" else SHORT_QUESTION)
    if long or not place.context or _shares_word(question, place.about) or _NAMED.search(question):
        return question
    return ask("question_in", record_id, place.language, question=question, context=place.context)


def _how_to(task: str, place: Place, record_id: str) -> str:
    form = "how_to_asked" if place.language == "zh" and task.startswith(("如何", "怎")) else "how_to"
    if not place.context or _mentions(task, place.about):
        return ask(form, record_id, place.language, task=task)
    return ask(f"{form}_in", record_id, place.language, task=task, context=place.context)


def _facet(facet: str, place: Place, record_id: str) -> tuple[str, str]:
    """ "Usage" or "History" means something together with the topic it stands under, and only then."""
    above = [name for name in (place.about, *place.names[:-1]) if name and headings.read(name).form == "topic"]
    if not above:
        topic = place.names[-1]
        return ("explanation", _topic(topic, place, record_id)) if place.about else ("heading_meaningless", "")
    about = above[-1]
    if about != place.about and not _mentions(about, place.about):
        about = f"{about}（{place.about}）" if place.language == "zh" else f"{about} ({place.about})"
    kind = "how_to" if facet in TASK_FACETS else "explanation"
    return kind, ask(facet, record_id, place.language, about=about, topic=place.names[-1].lower())


def _topic(topic: str, place: Place, record_id: str) -> str:
    if _CLAUSE.match(topic):
        clause = topic[0].lower() + topic[1:]
        return ask("clause_in" if place.context else "clause", record_id, "en", clause=clause, context=place.context)
    if not place.context or _mentions(topic, place.about):
        return ask("topic", record_id, place.language, topic=topic)
    return ask("topic_in", record_id, place.language, topic=topic, context=place.context)


def _mentions(text: str, about: str) -> bool:
    """Whether `text` already says what the article is about."""
    return bool(about) and about.lower() in text.lower()


def _shares_word(question: str, about: str) -> bool:
    words = {word for word in slug(about).split("-") if len(word) > 3 or clean.is_chinese(word)}
    return any(word in question.lower() for word in words)
