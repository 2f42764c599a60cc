"""The language of a question: declared where the text allows it, then the text, its headings, the site."""

import pytest

from pipelines.normalise import languages
from pipelines.normalise.phrasing import can_ask, phrase

CHINESE = "先把水烧开，然后放入鸡蛋，等待十分钟。"
TRADITIONAL = "先把水燒開，然後放入雞蛋，等待十分鐘，再從鍋裡撈出來。"
MIXED = "在 BackgroundTasks class 的 path operation function 中声明 dependency parameter and response model of it."
ENGLISH = "Boil the water first, then put the eggs in and wait ten minutes until they have become hard."
GERMAN = "Zuerst wird das Wasser gekocht, dann legt man die Eier hinein und wartet zehn Minuten, bis sie hart sind."
CATALAN = "Primer es bull l’aigua, després s’hi posen els ous i s’espera deu minuts fins que siguin ben durs i cuits."
UKRAINIAN = "Спочатку закип’ятіть воду, потім покладіть яйця й почекайте десять хвилин, доки вони не стануть твердими."


@pytest.mark.parametrize(
    ("tag", "language"),
    [
        ("zh-Hant-TW", "zh"),
        ("pt_BR", "pt"),
        ("EN", "en"),
        ("nb-NO", "no"),
        ("jp", "ja"),
        ("docs", ""),
        ("xx", ""),
        ("de-\udcff", ""),
        ("\udcff", ""),
        ("", ""),
    ],
)
def test_a_tag_names_a_language(tag: str, language: str) -> None:
    assert languages.primary(tag) == language


@pytest.mark.parametrize(
    ("url", "key", "named"),
    [
        ("https://zh.wiki.example/Egg", "", ["zh"]),
        ("https://eggs.example/docs/de/boil.html", "", ["de"]),
        ("", "faq.zh-cn.html", ["zh"]),
        ("", "docs/pt_BR/README.md", ["pt"]),
        ("https://docs.eggs.example/boiling/", "boiling", []),
        ("https://[eggs/de", "docs/fr/a.md", ["fr"]),
        ("https://eggs.example/\udcff/de", "\udcff/de\ud83d/fr", ["de", "fr"]),
    ],
)
def test_an_address_names_a_language(url: str, key: str, named: list[str]) -> None:
    assert languages.from_address(url, key) == named


@pytest.mark.parametrize(
    ("prose", "headings", "declared", "address", "site", "language"),
    [
        (CHINESE, ["Eggs"], "", [], "", "zh"),
        (CHINESE, ["Eggs"], "en", [], "", "zh"),  # a template's tag, which the text belies
        (TRADITIONAL, [], "zh", [], "", "zh-Hant"),
        (MIXED, ["Background Tasks"], "zh-CN", [], "", "zh"),
        (MIXED, ["Background Tasks"], "", ["zh"], "", "zh"),
        (MIXED, ["后台任务"], "en", [], "", "zh"),
        (MIXED, ["Tasks"], "", [], "zh", "zh"),
        ("Eggs", ["Eggs"], "", ["it"], "", "en"),  # a folder of a help desk
        ("Uova", ["Uova"], "it", [], "", "it"),
        (ENGLISH, ["Eggs"], "zh", ["de"], "zh", "en"),  # not translated yet
        (GERMAN, ["Eier"], "en-US", [], "", "de"),
        (CATALAN, ["Ous"], "ca", [], "", "ca"),
        (UKRAINIAN, ["Яйця"], "", [], "", "uk"),
        ("`boil()` 10", ["鸡蛋"], "", [], "", "zh"),
        ("`boil()` 10", ["boil"], "", [], "fr", "fr"),
        ("", [], "", [], "", "en"),
    ],
)
def test_what_an_article_is_asked_in(
    prose: str, headings: list[str], declared: str, address: list[str], site: str, language: str
) -> None:
    assert languages.article_language(prose, headings, declared, address, site) == language


@pytest.mark.parametrize(
    ("prose", "article", "language"),
    [
        (MIXED, "zh", "zh"),
        ("The `Pan` class of `kitchen.pans`", "zh", "zh"),
        (f"{ENGLISH} {ENGLISH}", "zh", "en"),
        (CHINESE, "en", "zh"),
        (TRADITIONAL, "en", "zh-Hant"),
        ("Die Pfanne, der Topf", "en", "en"),
        (f"{GERMAN} {GERMAN}", "de", "de"),
    ],
)
def test_a_section_is_in_its_articles_language_unless_it_is_long_and_in_another(
    prose: str, article: str, language: str
) -> None:
    assert languages.section_language(prose, article) == language


def test_a_site_is_in_the_language_of_most_pages() -> None:
    german, english = (f"<html><script>var x</script><p>{text * 3}</p>".encode() for text in (GERMAN, ENGLISH))
    assert languages.site_language([german, german, english]) == "de"
    assert languages.site_language([german, english]) == ""
    assert languages.site_language([b"\xff\x00", b""]) == ""


def test_traditional_chinese_is_asked_in_its_own_characters() -> None:
    asked = {phrase("code", f"docs:{n}", "zh-Hant", context="雞蛋", request="把水燒開。") for n in range(20)}
    assert any("請寫出與以下說明對應的代碼" in question for question in asked)
    assert not any("请" in question or "说" in question for question in asked)


def test_no_words_are_put_into_a_language_that_has_none() -> None:
    assert can_ask("zh-Hant") and can_ask("uk") and not can_ask("ca")
    assert phrase("lead", "docs:1", "ca", about="Ous") == "Ous"


FORMS = {
    "topic": {"topic": "A"},
    "topic_in": {"topic": "A", "context": "B"},
    "question_in": {"question": "A?", "context": "B"},
    "lead": {"about": "A"},
    "steps": {"about": "A"},
    "code": {"context": "B", "request": "A."},
    "code_asked": {"question": "A?"},
}


@pytest.mark.parametrize(
    "language",
    [
        "en",
        "zh",
        "zh-Hant",
        "de",
        "fr",
        "es",
        "pt",
        "it",
        "ru",
        "ja",
        "ko",
        "nl",
        "sv",
        "da",
        "no",
        "fi",
        "pl",
        "cs",
        "uk",
        "bg",
        "ro",
        "hu",
        "tr",
        "vi",
        "id",
        "el",
        "ar",
        "fa",
        "he",
        "hi",
        "th",
        "ca",
    ],
)
def test_every_language_asks_with_all_words_it_is_given(language: str) -> None:
    for form, words in FORMS.items():
        for number in range(12):
            question = phrase(form, f"docs:{number}", language, **words)
            assert (
                all(word in question for word in words.values() if language != "ca" or word != "A.") or language == "ca"
            )
            assert "{" not in question
