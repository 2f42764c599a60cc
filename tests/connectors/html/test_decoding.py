"""Bytes to text, whatever is said about them."""

import pytest

from connectors.html import decode
from tests.connectors.html.languages import CODECS, HELD_OUT, KNOWN, texts

CHINESE = "他们说这个问题的答案可以在文档里找到，我们一起来看看应该怎么做。" * 4
TRADITIONAL = "他們說這個問題的答案可以在說明書裡找到，我們來看看應該怎麼做。" * 4
JAPANESE = "この問題の答えは説明書の中にあります。いっしょに見てみましょう。" * 4
KOREAN = "이 문제의 답은 설명서에서 찾을 수 있습니다. 함께 살펴보겠습니다." * 4
RUSSIAN = "Ответ на этот вопрос можно найти в документации, давайте посмотрим вместе." * 4
GERMAN = "Die Lösung für diese Frage steht natürlich in der Übersicht, schöne Grüße." * 4

LANGUAGES = [
    (CHINESE, "gb18030", "gb2312"),
    (TRADITIONAL, "big5", "big5"),
    (JAPANESE, "shift_jis", "x-sjis"),
    (JAPANESE, "euc_jp", "euc-jp"),
    (KOREAN, "euc_kr", "ks_c_5601-1987"),
    (RUSSIAN, "cp1251", "windows-1251"),
    (GERMAN, "cp1252", "iso-8859-1"),
]


@pytest.mark.parametrize(("text", "codec", "label"), LANGUAGES)
def test_the_header_or_the_page_says_the_charset(text: str, codec: str, label: str) -> None:
    body = text.encode(codec)
    assert decode(body, f"text/html; charset={label}") == text
    page = f'<meta http-equiv="Content-Type" content="text/html; charset={label}"><p>'.encode() + body
    assert decode(page).endswith(text)


@pytest.mark.parametrize(("text", "codec", "label"), LANGUAGES)
def test_nobody_says_the_charset(text: str, codec: str, label: str) -> None:
    assert decode(text.encode(codec)) == text


@pytest.mark.parametrize("lie", ["utf-8", "iso-8859-1", "windows-1252", "gb2312", "big5", "shift_jis", "euc-kr"])
@pytest.mark.parametrize(("text", "codec", "label"), [case for case in LANGUAGES if case[1] != "cp1252"])
def test_a_declaration_that_lies(text: str, codec: str, label: str, lie: str) -> None:
    assert decode(text.encode(codec), f"text/html; charset={lie}") == text


UNDECLARED = [(language, codec) for language, codecs in CODECS.items() for codec in codecs]
LENGTHS = ("sentence", "paragraph", "long", "page")
# In one sentence too few letters tell Baltic from Western Europe. Characters of Chinese and kana have no zero bytes, so
# that nothing but a byte order mark, or markup, tells UTF-16
UNKNOWABLE = {("lt", "cp1257", "sentence"), *(("ja", "utf_16_le", length) for length in LENGTHS[:3])}


@pytest.mark.parametrize(
    ("language", "codec", "length"),
    [(*pair, length) for pair in UNDECLARED for length in LENGTHS if (*pair, length) not in UNKNOWABLE],
)
def test_nobody_says_any_encoding_in_use(language: str, codec: str, length: str) -> None:
    text = texts(KNOWN[language])[length]
    assert decode(text.encode(codec)) == text


def test_most_undeclared_pages_are_read_right() -> None:
    """On sentences that nothing was tuned with: of 34 pages, and of 34 sentences."""
    right = {"page": 0, "sentence": 0}
    for language, codec in UNDECLARED:
        for length in right:
            text = texts(HELD_OUT[language])[length]
            right[length] += decode(text.encode(codec)) == text
    assert right["page"] >= 34 and right["sentence"] >= 31


@pytest.mark.parametrize(("language", "codec"), [pair for pair in UNDECLARED if not pair[1].startswith("utf")])
def test_no_true_declaration_is_overruled(language: str, codec: str) -> None:
    for sentences in (KNOWN[language], HELD_OUT[language]):
        for text in texts(sentences).values():
            assert decode(text.encode(codec), f"text/html; charset={codec}") == text


WESTERN = [
    *("It’s a test", "5 °C", "£5", "© 2024 Example", "café", "Grüße", "Señor", "1 × 2", "µm", "naïve", "½ cup"),
    *("“Quoted” words – and more…", "He said it’s fine, and we don’t mind at all.", "Price: €20 for two"),
]


@pytest.mark.parametrize("text", WESTERN)
def test_a_few_letters_are_what_most_pages_would_mean(text: str) -> None:
    assert decode(text.encode("cp1252")) == text


@pytest.mark.parametrize(
    "text", ["", "plain", "The quick brown fox.", "<p>Hello</p>\n" * 99, "a\0b", "~{b~}", "1\x1b[0m"]
)
def test_ascii_is_ascii(text: str) -> None:
    assert decode(text.encode()) == text


@pytest.mark.parametrize("text", [CHINESE, JAPANESE, RUSSIAN, GERMAN])
def test_utf8_with_a_broken_byte_is_still_utf8(text: str) -> None:
    body = text.encode() * 3
    assert decode(body + b"\xe9 " + text.encode()) == text * 3 + "\ufffd " + text


def test_letters_after_a_long_script() -> None:
    head = "<script>" + "var a = 1;\n" * 20_000 + "</script>"
    assert decode((head + RUSSIAN).encode("koi8_r")) == head + RUSSIAN


def test_a_charset_in_the_text_of_an_undeclared_page_that_cannot_be() -> None:
    page = '<meta charset="utf-8"><p>' + RUSSIAN
    assert decode(page.encode("koi8_r")) == page


TRUE = [
    (RUSSIAN, "koi8_r"),
    (GERMAN, "iso8859_15"),
    ("שלום לכולם, זו שאלה שהתשובה עליה נמצאת במדריך. " * 4, "cp1255"),
    ("Η απάντηση σε αυτή την ερώτηση βρίσκεται στον οδηγό. " * 4, "cp1253"),
    ("الجواب عن هذا السؤال موجود في الدليل، فلنقرأه معا. " * 4, "cp1256"),
    ("คำตอบของคำถามนี้อยู่ในคู่มือ ลองดูด้วยกัน " * 4, "cp874"),
    ("Odpowiedź na to pytanie można znaleźć w podręczniku, spójrzmy. " * 4, "cp1250"),
    ("Réponse déjà donnée à côté, élève zélé : où ça ? Là-bas, près du théâtre. " * 4, "cp1252"),
]


def test_a_declaration_that_lies_below_a_title() -> None:
    page = f"<title>{RUSSIAN}</title><meta charset=gb2312><p>{RUSSIAN}"
    assert decode(page.encode("cp1251")) == page


@pytest.mark.parametrize(("text", "codec"), TRUE)
def test_a_declaration_that_is_true_is_believed(text: str, codec: str) -> None:
    assert decode(text.encode(codec), f"text/html; charset={codec}") == text


@pytest.mark.parametrize("text", [CHINESE, JAPANESE, GERMAN])
def test_utf8_under_a_header_that_lies(text: str) -> None:
    assert decode(text.encode(), "text/html; charset=iso-8859-1") == text


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_wins(codec: str) -> None:
    assert decode(CHINESE.encode(codec), "text/html; charset=big5") == CHINESE


@pytest.mark.parametrize("body", [b"", b"\xff", b"\x80\x81\x82" * 99, bytes(range(256)) * 9, b"\x00" * 100])
@pytest.mark.parametrize("header", ["", "text/html; charset=nonsense", "text/html; charset=zlib"])
def test_garbage_is_text_too(body: bytes, header: str) -> None:
    assert isinstance(decode(body, header), str)


def test_a_torn_end_does_not_change_the_encoding() -> None:
    assert decode(CHINESE.encode()[:-1]).startswith(CHINESE[:-1])
