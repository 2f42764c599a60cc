"""PDF: paragraphs, headings, columns, tables and what else letters on a page are."""

from pathlib import Path

from connectors.documents import Documents
from schemas.document import Article
from schemas.page import Page
from tests.connectors.recorded import OFFLINE
from tests.connectors.told import HALVES, MORE, PROSE, article, parts, rejected, told
from tests.connectors.written import BOLD, CODE, ITALIC, Word, pdf, typeset


def column(lines: int, word: str, x: float, y: float = 700) -> list[Word]:
    return typeset([f"{word} {number} of a column of text set in it" for number in range(lines)], x, y)


def test_pdf_paragraphs_go_on_over_lines_and_pages(tmp_path: Path) -> None:
    first = [
        "Whoever wants to bake bread needs flour, water, salt and time, of which time is what most peo-",
        "ple lack. A well-known baker of this town begins at three in the morning, and whoever comes to",
        "his shop at seven finds that most of what he has made is sold, since the people of the town are",
    ]
    second = ["up early too.", "", "Rye is another matter."]
    (section,) = article(tmp_path, "b.pdf", pdf([typeset(first, y=120), typeset(second)])).sections
    assert section.markdown == (
        f"{first[0][:-1]}{first[1]} {first[2]} {second[0]}\n\n{second[2]}"  # the hyphen of well-known stays
    )


def test_pdf_hyphens_of_names_stay_and_emphasis_goes_on(tmp_path: Path) -> None:
    lines = [
        "Set it as settings-and-environment-",
        "variables in the file that holds the environ-",
        "ment of the program.",
    ]
    words = [*typeset(lines), *typeset(["Bread needs a lot of pa-", "tience, says the baker."], y=660, font=ITALIC)]
    (section,) = article(tmp_path, "b.pdf", pdf([[*words, *typeset(HALVES, y=600)]])).sections
    said = "Set it as settings-and-environment-variables in the file that holds the environment of the program."
    assert section.markdown == f"{said}\n\n*Bread needs a lot of patience, says the baker.*\n\n{PROSE}"


def test_pdf_paragraphs_in_double_spacing(tmp_path: Path) -> None:
    spaced = [f"Line {number} of a text that is set in double spacing for those who" for number in range(5)]
    words = [(72.0, 700.0 - 24 * number, 10.0, 0, line) for number, line in enumerate(spaced)]
    close = [f"Line {number} of a text that is set close, as most texts are and will" for number in range(20)]
    (section,) = article(tmp_path, "b.pdf", pdf([[*words, *typeset(close, y=500)]])).sections
    assert section.markdown == f"{' '.join(spaced)}\n\n{' '.join(close)}"


def test_pdf_headings_by_size_lists_and_code(tmp_path: Path) -> None:
    words = [
        (72, 740, 24, BOLD, "Bread"),
        (72, 700, 16, BOLD, "Flour"),
        *typeset(HALVES, y=680),
        (72, 640, 16, BOLD, "Steps"),
        *typeset(["• Knead the dough until it is smooth and does", "  not stick.", "• Bake it."], y=620),
        *typeset(["for loaf in oven:", "    loaf.turn()", "", "stop()"], y=560, font=CODE),
    ]
    found = article(tmp_path, "b.pdf", pdf([words]))
    assert found.title == "Bread"
    assert parts(found)["Flour"] == PROSE
    assert parts(found)["Steps"] == (
        "- Knead the dough until it is smooth and does not stick.\n- Bake it.\n\n"
        "```\nfor loaf in oven:\n    loaf.turn()\n\nstop()\n```"
    )
    assert {section.anchor for section in found.sections} == {"page=1"}


def test_pdf_columns_are_read_one_after_the_other(tmp_path: Path) -> None:
    title = (72, 740, 18, BOLD, "A title that goes over both of the columns")
    (section,) = article(tmp_path, "b.pdf", pdf([[title, *column(9, "Right", 320), *column(9, "Left", 72)]])).sections
    words = [word for word in section.markdown.split() if word in ("Left", "Right")]
    assert words == ["Left"] * 9 + ["Right"] * 9


def test_pdf_without_running_titles_and_numbers(tmp_path: Path) -> None:
    pages = [
        [
            (72, 770, 9, 0, f"The Bread Book, chapter {number}"),
            *column(8, "Line", 72),
            (300, 30, 9, 0, f"- {number} -"),
        ]
        for number in range(1, 5)
    ]
    (section,) = article(tmp_path, "b.pdf", pdf(pages)).sections
    assert "Bread Book" not in section.markdown and "- 1 -" not in section.markdown
    assert section.markdown.count("Line") == 32


def test_pdf_tables_within_drawn_lines(tmp_path: Path) -> None:
    rules = "\n".join(
        [
            *(f"72 {y} m 372 {y} l S" for y in (600, 620, 640, 660)),
            *(f"{x} 600 m {x} 660 l S" for x in (72, 172, 272, 372)),
        ]
    )
    rows = [("Bread", "Hours", "Heat"), ("Rye", "16", "230"), ("Wheat", "4", "210")]
    cells = [
        (80 + 100 * place, 645 - 20 * row, 10, 0, said)
        for row, line in enumerate(rows)
        for place, said in enumerate(line)
    ]
    (section,) = article(tmp_path, "b.pdf", pdf([[*typeset(HALVES), *cells]], rules)).sections
    assert "| Bread | Hours | Heat |\n| --- | --- | --- |\n| Rye | 16 | 230 |\n| Wheat | 4 | 210 |" in section.markdown


def test_pdf_says_what_it_is(tmp_path: Path) -> None:
    info = "/Title (b.doc) /Author (Ann) /Keywords (food, rye) /CreationDate (D:20240301100000+01'00')"
    (found,) = told(tmp_path, "rye.pdf", pdf([typeset([PROSE, MORE])], info=info, catalog="/Lang (de-AT)"))
    assert (found.title, found.author, found.tags) == ("rye", "Ann", ("food", "rye"))
    assert (found.created_at.year, found.language) == (2024, "de-AT")


def test_pdf_bookmarks_tell_headings_and_their_levels(tmp_path: Path) -> None:
    """Their letters are no larger than others, and nothing else tells them."""
    words = [*typeset(["Flour", "", *HALVES, "", "Rye", "", MORE[: MORE.index(" place")], MORE[MORE.index("place") :]])]
    entries = (
        "<< /Type /Outlines /First 11 0 R /Last 11 0 R /Count 1 >>",
        "<< /Title (Flour) /Parent 10 0 R /Dest [7 0 R /Fit] /First 12 0 R /Last 12 0 R /Count 1 >>",
        "<< /Title (Rye) /Parent 11 0 R /Dest [7 0 R /Fit] >>",
    )
    found = article(tmp_path, "b.pdf", pdf([words], catalog="/Outlines 10 0 R", more=entries))
    assert (found.title, parts(found)) == ("Flour", {"": PROSE, "Rye": MORE})


def test_long_pdf_is_parted_and_each_part_knows_its_pages(tmp_path: Path) -> None:
    pages = [[(72, 740, 16, BOLD, f"Chapter {number}"), *column(6, "Line", 72)] for number in range(1, 41)]
    source = Documents(name="files", path=tmp_path / "b.pdf")
    (tmp_path / "b.pdf").write_bytes(pdf(pages, info="/Author (Ann)"))
    found = [page for page in source.fetch(OFFLINE, None) if isinstance(page, Page)]
    assert [page.key for page in found] == ["b.pdf/1-30", "b.pdf/31-40"]
    assert found == list(source.fetch(OFFLINE, None))
    (last,) = source.parse(found[1])
    assert isinstance(last, Article) and last.author == "Ann"
    assert last.sections[0].anchor == "page=31" and last.url == "b.pdf"


def test_scans_and_pages_without_text(tmp_path: Path) -> None:
    picture = "q 500 0 0 500 50 100 cm BI /W 1 /H 1 /CS /G /BPC 8 ID € EI Q"
    assert rejected(told(tmp_path, "scan.pdf", pdf([[]], picture))) == {"scan.pdf": "no_text_layer"}
    assert rejected(told(tmp_path, "void.pdf", pdf([[]]))) == {"void.pdf": "no_text"}
    found = told(tmp_path, "half.pdf", pdf([typeset([PROSE, MORE]), []], picture))
    assert [getattr(each, "reason", each.key) for each in found] == ["no_text_layer", "half.pdf"]


def test_pdf_pages_that_are_broken_or_turned_are_told(tmp_path: Path) -> None:
    body = pdf([typeset(HALVES)] * 3)
    broken = body.replace(b"/Kids [7 0 R 9 0 R 11 0 R]", b"/Kids [7 0 R 6 0 R 11 0 R]")
    assert broken != body
    lost, found = told(tmp_path, "b.pdf", broken)
    assert (lost.reason, lost.detail) == ("broken_page", "1 of 3 pages, the first is 2")
    assert isinstance(found, Article)
    assert rejected(told(tmp_path, "c.pdf", pdf([typeset(HALVES)]).replace(b"[7 0 R]", b"[6 0 R]"))) == {
        "c.pdf": "broken_document"
    }
    turned = f"BT /F0 10 Tf 0 1 -1 0 300 100 Tm ({PROSE}{MORE}) Tj ET"
    lost, found = told(tmp_path, "t.pdf", pdf([typeset(HALVES), typeset([MORE])], turned))
    assert (lost.reason, lost.detail) == ("turned_text", "2 of 2 pages, the first is 1")


def test_pdf_page_numbers_larger_than_the_text_are_none_of_it(tmp_path: Path) -> None:
    pages = [[*column(8, "Line", 72), (300, 30, 14, 0, str(number))] for number in range(1, 4)]
    (section,) = article(tmp_path, "b.pdf", pdf(pages)).sections
    assert section.markdown.split()[-1] == "it" and section.markdown.count("Line") == 24
    assert not {"1", "2", "3"} & {line.strip() for line in section.markdown.splitlines()}


def test_pdf_lists_of_contents_without_dots_go(tmp_path: Path) -> None:
    listed = [("1 Flour", "2"), ("2 Water and what it does to", ""), ("   the dough", "14"), ("3 Salt", "xv")]
    words = [(72, 740, 16, BOLD, "Contents")]
    for number, (title, page) in enumerate(listed):
        words += [(72, 715 - 14 * number, 10, 0, title), *([(520, 715 - 14 * number, 10, 0, page)] if page else [])]
    found = article(tmp_path, "b.pdf", pdf([words, [(72, 740, 16, BOLD, "1 Flour"), *typeset(HALVES, y=700)]]))
    assert [section.markdown for section in found.sections] == [PROSE]


def test_pdf_an_emphasised_sentence_heads_nothing(tmp_path: Path) -> None:
    stressed = "Whoever is in a hurry never bakes good bread, for bread wants a lot of time"
    words = [
        *typeset(["The dough rests, as all people know who have ever made any bread of their own."], y=720),
        (72, 690, 10, BOLD, stressed), (72, 678, 10, BOLD, "and some rest."), (150, 678, 10, 0, "Yeast only hides it."),
        *typeset(["The oven should be hot before anybody begins to think of the loaves on the shelf."], y=650),
        *column(20, "Line", 72, 620),
    ]  # fmt: skip
    (section,) = article(tmp_path, "b.pdf", pdf([words])).sections
    assert f"**{stressed} and some rest.** Yeast only hides it." in section.markdown


def test_pdf_raised_digits_in_tables_are_no_part_of_their_number(tmp_path: Path) -> None:
    rules = "\n".join(f"72 {y} m 372 {y} l S" for y in (600, 620, 640)) + "".join(
        f"\n{x} 600 m {x} 640 l S" for x in (72, 222, 372)
    )
    cells = [(80, 625, 10, 0, "Bread"), (230, 625, 10, 0, "Loaves"), (80, 605, 10, 0, "Rye"), (230, 605, 10, 0, "273"),
             (247, 609, 6, 0, "2")]  # fmt: skip
    (section,) = article(tmp_path, "b.pdf", pdf([[*cells, *typeset(HALVES, y=560)]], drawn=rules)).sections
    assert "| Rye | 273² |" in section.markdown


def test_pdf_a_term_that_hangs_belongs_to_its_paragraph(tmp_path: Path) -> None:
    lines = ["-n  Do not read the file of the whole town and that of the baker who has written it if the ini-",
             "tialisation of the oven has failed before."]  # fmt: skip
    words = [(72, 700, 10, 0, lines[0]), (112, 688, 10, 0, lines[1]), *typeset(HALVES, y=640)]
    (section,) = article(tmp_path, "b.pdf", pdf([words])).sections
    assert "if the initialisation of the oven" in section.markdown


def test_pdf_fonts_that_call_themselves_upright_are_not_bold(tmp_path: Path) -> None:
    thick = "<< /Type /FontDescriptor /FontName /Times-Roman /Flags 34 /StemV 139 >>"
    body = pdf([typeset(HALVES)], more=(thick,))
    body = body.replace(b"/BaseFont /Helvetica ", b"/BaseFont /Times-Roman /FontDescriptor 10 0 R ")
    (section,) = article(tmp_path, "b.pdf", body).sections
    assert section.markdown == PROSE
