"""Sections as questions: what each heading becomes, in both languages."""

import pytest

from pipelines.normalise import articles
from pipelines.normalise.phrasing import phrase
from pipelines.normalise.records import Origin
from schemas.document import Article, Section

ORIGIN = Origin("docs", "tutorial", "eggs", "https://docs.test/eggs", "CC0-1.0")


def asked(title: str, *path: str, text: str = "Boil water first, then wait.") -> tuple[str, str]:
    extraction = articles.extract(Article("eggs", "", title, (Section(path, text),)), ORIGIN)
    return (
        (extraction.records[0].kind, extraction.records[0].instruction)
        if extraction.records
        else ("rejected", extraction.rejects[0][1])
    )


@pytest.mark.parametrize(
    ("title", "path", "kind", "says"),
    [
        (
            "Eggs",
            ("Can I boil an egg in the microwave oven?",),
            "question",
            ["Can I boil an egg in the microwave oven?"],
        ),
        ("Kitchen", ("What is salt?",), "question", ["Kitchen", "What is salt?"]),
        ("Kitchen", ("Which Pan?",), "question", ["Kitchen", "Which Pan?"]),
        ("Kitchen", ("What is Fleur de Sel?",), "question", ["What is Fleur de Sel?"]),
        ("Git", ("Installing Git on Debian",), "how_to", ["install Git on Debian"]),
        ("Eggs", ("Pans", "Cleaning the pan"), "how_to", ["clean the pan", "Eggs", "Pans"]),
        ("Eggs", ("Which pan fits?", "Iron"), "explanation", ["Iron", "Eggs"]),
        ("Eggs", ("History",), "explanation", ["history of Eggs"]),
        ("Eggs", ("Usage",), "how_to", ["Eggs"]),
        ("Eggs", ("Pans", "Examples"), "explanation", ["Pans (Eggs)"]),
        ("Installing Git", (), "how_to", ["install Git"]),
        ("Eggs", (), "explanation", ["Eggs"]),
        ("How eggs boil", (), "explanation", [" how eggs boil."]),
        ("Eggs", ("Why eggs break",), "explanation", ["xplain why eggs break", "Eggs"]),
        ("Eggs", ("References",), "rejected", ["back_matter"]),
        ("Eggs", ("External links", "Museums"), "rejected", ["back_matter"]),
        ("", (), "rejected", ["no_title"]),
        ("Contents", (), "rejected", ["heading_meaningless"]),
        ("", ("Usage",), "rejected", ["heading_meaningless"]),
        ("Eggs", ("***",), "rejected", ["heading_meaningless"]),
        ("Eggs", ("ann@example.org",), "rejected", ["heading_meaningless"]),
        ("Eggs", ("<ann@example.org>, bo@eggs.example",), "rejected", ["heading_meaningless"]),
        ("Eggs", ("Email: ann@example.org",), "rejected", ["heading_meaningless"]),
        ("Eggs", ("https://eggs.example/boiling?for=ten",), "rejected", ["heading_meaningless"]),
        ("鸡蛋", ("网址：www.eggs.example",), "rejected", ["heading_meaningless"]),
        ("ann@example.org", (), "rejected", ["no_title"]),
        ("Mill flour and bread", ("Where is the flour made?",), "question", ["Mill flour", "Where is the flour made?"]),
        ("Mill flour and bread", ("Where is flour made?",), "question", ["Where is flour made?"]),
        ("Eggs", ("How do I reach ann@example.org?",), "question", ["How do I reach ann@example.org?"]),
        ("Eggs", ("The site www.eggs.example",), "explanation", ["The site www.eggs.example"]),
        ("Eggs", ("[Iron pans](https://eggs.example/iron)",), "explanation", ["Iron pans"]),
        ("List of grains", ("B",), "rejected", ["heading_meaningless"]),
        ("List of grains", ("0–9",), "rejected", ["heading_meaningless"]),
        ("Eggs", ("Position", "by"), "rejected", ["heading_meaningless"]),
        ("Eggs", ("Operators", "not"), "explanation", ["not", "Operators"]),
        ("Flour", ("Occurrence", "In the Old World"), "explanation", ["Occurrence in the Old World", "Flour"]),
        ("Flour", ("Installation", "From source"), "explanation", ["Installation from source", "Flour"]),
        ("Flour", ("In film",), "explanation", ["Flour in film"]),
        ("Flour", ("Occurrence", "In short"), "explanation", ["“In short”"]),
        ("Flour", ("Patterns", "AS patterns"), "explanation", ["“AS patterns”"]),
        ("Distribution (Flour (version 7.3.0))", ("Distribution",), "explanation", ["distribution of Flour"]),
        ("Flour 1.4 Documentation", (), "rejected", ["no_title"]),
        ("Flour 1.4 Documentation", ("Sieves",), "explanation", ["Sieves", "Flour 1.4 Documentation"]),
    ],
)
def test_instructions_name_the_topic(title: str, path: tuple[str, ...], kind: str, says: list[str]) -> None:
    found, instruction = asked(title, *path)
    assert found == kind
    assert all(words in instruction for words in says), instruction
    assert "{" not in instruction and "??" not in instruction


@pytest.mark.parametrize(
    ("title", "path", "kind", "says"),
    [
        ("厨房", ("如何煮鸡蛋",), "how_to", ["如何煮鸡蛋"]),
        ("厨房", ("安装抽油烟机",), "how_to", ["安装抽油烟机", "厨房"]),
        ("厨房常见问题解答", ("锅具",), "explanation", ["《厨房常见问题解答》", "“锅具”"]),
        ("Debian", ("历史",), "explanation", ["Debian", "历史"]),
    ],
)
def test_chinese_is_asked_in_chinese(title: str, path: tuple[str, ...], kind: str, says: list[str]) -> None:
    found, instruction = asked(title, *path, text="先把水烧开，然后等待几分钟。")
    assert found == kind
    assert all(words in instruction for words in says), instruction
    assert not any(word in instruction for word in ("Explain", "How", "context"))


KITCHENS = {
    "de": "Zuerst wird das Wasser gekocht, dann legt man die Eier hinein und wartet zehn Minuten, bis sie hart sind.",
    "fr": "Faites d’abord bouillir l’eau, puis plongez les œufs et attendez dix minutes jusqu’à ce qu’ils soient durs.",
    "es": "Primero se hierve el agua, después se ponen los huevos y se espera diez minutos hasta que estén duros.",
    "pt": "Primeiro ferva a água, depois coloque os ovos e espere dez minutos até que eles fiquem bem cozidos.",
    "it": "Prima si fa bollire l’acqua, poi si mettono le uova e si aspettano dieci minuti finché sono sode.",
    "ru": "Сначала вскипятите воду, затем положите яйца и подождите десять минут, пока они не станут твёрдыми.",
    "ja": "まずお湯を沸かします。それから卵を入れて、固くなるまで十分間待ちます。最後に冷たい水で冷やします。",
    "ko": "먼저 물을 끓입니다. 그다음 달걀을 넣고 단단해질 때까지 십 분 동안 기다립니다. 마지막으로 찬물에 식힙니다.",
}


@pytest.mark.parametrize("language", KITCHENS)
def test_a_text_is_asked_about_in_its_own_language(language: str) -> None:
    """Also under a heading that English would read as a facet of its article: here it is a topic."""
    text = " ".join([KITCHENS[language]] * 2)
    for path in ((), ("Installation",), ("Git?",)):
        _, instruction = asked("Debian", *path, text=text)
        assert not any(word in instruction.split() for word in ("Explain", "How", "Give", "What", "context"))
    assert asked("Debian", "Installation", text=text)[0] == "explanation"


def test_a_language_without_phrasing_is_asked_about_in_its_headings_alone() -> None:
    """They are marked, for a rule to hold back, unless they ask by themselves."""
    text = "Primer es bull l’aigua, després s’hi posen els ous i s’espera deu minuts fins que siguin ben durs i cuits."
    sections = (Section(("Ous",), f"{text} {text}"), Section(("Quant de temps bullen els ous?",), text))
    article = Article("eggs", "", "Cuina catalana", sections, language="ca")
    made = [(record.kind, record.instruction) for record in articles.extract(article, ORIGIN).records]
    assert made == [("heading", "Cuina catalana: Ous"), ("question", "Cuina catalana: Quant de temps bullen els ous?")]


@pytest.mark.parametrize(("heading", "asked"), [("Boiling of eggs", {"Boiling", "eggs"}), ("Яйца", {"Яйца", "Кухня"})])
def test_a_part_that_nobody_translated_is_asked_about_in_one_language(heading: str, asked: set[str]) -> None:
    russian = "Сначала вскипятите воду, потом положите яйца и подождите десять минут, пока они не станут твёрдыми."
    english = (
        "Bring the water to the boil, then put the eggs into it and wait for ten minutes until they are hard. " * 3
    )
    sections = (Section(("Вода",), russian), Section(("Соль",), russian), Section((heading,), english))
    found = articles.extract(Article("eggs", "", "Кухня", sections, language="ru"), ORIGIN).records[-1].instruction
    assert all(word in found for word in asked) and ("Кухня" in asked or "Кухня" not in found), found


def test_a_part_full_of_english_names_is_asked_about_in_its_articles_language() -> None:
    names = "| BackgroundTasks | Request, Response |\n| --- | --- |\n| WebSocket | SecurityScopes, HTTPConnection |"
    sections = (Section(("概述",), "先把水烧开，然后放入鸡蛋，等待十分钟。"), Section(("Types and classes",), names))
    asked = articles.extract(Article("eggs", "", "Kitchen", sections), ORIGIN).records[-1].instruction
    assert any(word in asked for word in ("请", "指的是什么")), asked


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty_section"),
        ("---\n\n* * *", "empty_section"),
        ("[One](https://a.test/1)\n\n<https://b.test>", "only_links"),
        ("Part of the kitchen(1) suite", "back_matter"),
        ("- 1.2.0: a new lid\n- 1.1.0rc1: a new hopper\n- v1.0 (2024-05-12)", "back_matter"),
        ("| Eggs | |\n| --- | --- |", "only_title"),
        ("// Can be written once somebody knows it.\n// To do", "only_remark"),
    ],
)
def test_a_section_that_teaches_nothing_is_a_reject(text: str, reason: str) -> None:
    assert asked("Eggs", "Pans", text=text) == ("rejected", reason)


def test_bare_numbers_before_headings_go_where_they_count() -> None:
    def topics(*names: str) -> list[str]:
        sections = tuple(Section((name,), "Boil water first, then wait.") for name in names)
        extraction = articles.extract(Article("eggs", "", "Eggs", sections), ORIGIN)
        return [record.instruction for record in extraction.records]

    assert not any("1" in asked for asked in topics("1 Water", "2 Pans", "3 Salt"))
    assert all("2" in asked for asked in topics("2 questions to boil", "2 pans"))


def test_a_banner_with_the_title_goes_and_its_text_stays() -> None:
    text = "| Chapter 3. Choosing eggs | |\n| --- | --- |\n|  |  |\n\n---\n\nThere are many eggs."
    extraction = articles.extract(Article("eggs", "", "Chapter 3. Choosing eggs", (Section((), text),)), ORIGIN)
    assert (extraction.records[0].kind, extraction.records[0].output) == ("how_to", "There are many eggs.")


def test_what_is_yours_is_mine_in_a_question() -> None:
    questions = {phrase("how_to", f"docs:{n}", "en", task="clean your pan") for n in range(50)}
    assert "How do I clean my pan?" in questions and "Explain how to clean your pan." in questions


@pytest.mark.parametrize(
    ("anchor", "part"), [("pans", "pans"), ("id3", "iron-pans"), ("_2", "iron-pans"), ("", "iron-pans")]
)
def test_a_section_is_named_by_what_stays(anchor: str, part: str) -> None:
    section = Section(("Iron pans",), "Heavy and good.", anchor)
    extraction = articles.extract(Article("eggs", "", "Eggs", (section,)), ORIGIN)
    assert extraction.records[0].record_id == f"docs:eggs#{part}"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("**Setting circles** are scales on the axes of a telescope.", "explanation"),
        ("The *setting circles* (of brass) were engraved.", "explanation"),
        ("Turn both circles until they show the star's place.", "how_to"),
    ],
)
def test_what_a_text_begins_by_defining_is_no_task(text: str, kind: str) -> None:
    sections = (Section(("Setting circles",), text),)
    found = articles.extract(Article("a", "https://a.test/a", "Telescopes", sections), ORIGIN).records
    assert [record.kind for record in found] == [kind]


def test_an_address_above_a_heading_is_no_context() -> None:
    for title, path in (("Eggs", ("https://eggs.example", "Iron pans")), ("bo@eggs.example", ("Iron pans",))):
        kind, instruction = asked(title, *path)
        assert kind == "explanation" and "Iron pans" in instruction and "eggs.example" not in instruction


def test_declared_steps_become_a_numbered_answer() -> None:
    extraction = articles.extract(Article("eggs", "", "How to boil eggs", (), ("Boil water.", "Wait.\nLong.")), ORIGIN)
    assert extraction.records[0].record_id == "docs:eggs#steps"
    assert "boil eggs" in extraction.records[0].instruction
    assert extraction.records[0].output == "1. Boil water.\n2. Wait. Long."


def test_phrasing_is_varied_and_always_the_same() -> None:
    questions = {phrase("topic", f"docs:{n}", "en", topic="eggs") for n in range(50)}
    assert len(questions) == 4
    assert phrase("topic", "docs:1", "en", topic="eggs") == phrase("topic", "docs:1", "en", topic="eggs")


@pytest.mark.parametrize(
    ("title", "context", "instruction"),
    [
        ("Installation", ("Overview", "Kettle Server", "Introduction"), "Kettle Server"),
        ("安装", ("水壶服务器",), "水壶服务器"),
        ("Choosing eggs", ("Kettle Server",), "choose eggs"),
    ],
)
def test_a_page_whose_title_names_only_a_facet_is_about_what_it_stands_under(
    title: str, context: tuple[str, ...], instruction: str
) -> None:
    text = "把水壶放在干燥的桌面上，然后接通电源。" if title == "安装" else "Put it on a dry table and plug it in."
    extraction = articles.extract(Article("a", "", title, (Section((), text),), context=context), ORIGIN)
    assert [record.kind for record in extraction.records] == ["how_to"]
    assert instruction in extraction.records[0].instruction


def test_a_facet_under_nothing_is_still_refused() -> None:
    extraction = articles.extract(Article("a", "", "Installation", (Section((), "Plug it in."),)), ORIGIN)
    assert [reason for _, reason in extraction.rejects] == ["heading_meaningless"]


@pytest.mark.parametrize(
    ("lead", "kind", "asked"),
    [
        ("Eggs are sold in many sizes.", "explanation", "Choosing eggs"),
        ("Eggs are sold in many sizes.\n\n1. Weigh one.\n2. Take it.", "how_to", "choose eggs"),
        ("Take a scale.\n\n```sh\nweigh egg\n```", "how_to", "choose eggs"),
    ],
)
def test_a_lead_without_steps_introduces_what_its_sections_say_how_to_do(lead: str, kind: str, asked: str) -> None:
    sections = (Section((), lead), Section(("Sizes",), "Small and large ones."))
    extraction = articles.extract(Article("eggs", "", "Choosing eggs", sections), ORIGIN)
    assert extraction.records[0].kind == kind
    assert asked in extraction.records[0].instruction


@pytest.mark.parametrize(
    ("heading", "question"),
    [
        (
            "Do",
            ("What should one do when it comes to Boiling water (Eggs)?", "Boiling water (Eggs): what is recommended?"),
        ),
        (
            "Don't",
            (
                "What should one not do when it comes to Boiling water (Eggs)?",
                "Boiling water (Eggs): what should be avoided?",
            ),
        ),
    ],
)
def test_a_list_of_what_not_to_do_is_not_asked_for_as_what_to_do(heading: str, question: tuple[str, ...]) -> None:
    section = Section(("Boiling water", heading), "- Leave the pan alone.\n- Let the water boil over.", "")
    (record,) = articles.extract(Article("eggs", ORIGIN.url, "Eggs", (section,)), ORIGIN).records
    assert record.instruction in question
