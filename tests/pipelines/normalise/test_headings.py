"""What a heading asks, what an article is about, and how both are written."""

import pytest

from pipelines.normalise import headings


@pytest.mark.parametrize(
    ("heading", "form", "text"),
    [
        ("3.2. Which pan should I use?", "question", "Which pan should I use?"),
        ("How do I boil eggs", "question", "How do I boil eggs?"),
        ("How to boil eggs", "how_to", "boil eggs"),
        ("Installing Git", "how_to", "install Git"),
        ("Adding and removing eggs", "how_to", "add and remove eggs"),
        ("Step 2: Install the package", "how_to", "install the package"),
        ("Logging levels", "topic", "Logging levels"),
        ("Logging Levels", "topic", "Logging Levels"),
        ("Test discovery", "topic", "Test discovery"),
        ("Debugging tips", "topic", "Debugging tips"),
        ("Test your code", "how_to", "test your code"),
        ("Beginning of the war", "topic", "Beginning of the war"),
        ("Sorting HOW TO", "topic", "Sorting HOW TO"),
        ("What's New", "back_matter", "What's New"),
        ("How Git stores objects", "topic", "How Git stores objects"),
        ("See also", "back_matter", "See also"),
        ("Getting Started", "facet", "usage"),
        ("**Bold** heading ¶", "topic", "Bold heading"),
        ("object.__iter__(self)", "topic", "object.__iter__(self)"),
        ("2.4. 如何从 CD-ROM 安装 Debian？", "question", "如何从 CD-ROM 安装 Debian？"),
        ("如何安装", "how_to", "如何安装"),
        ("第 2 章 获取和安装 Debian", "how_to", "获取和安装 Debian"),
        ("什么是软件包", "question", "什么是软件包？"),
        ("定义和概览", "topic", "定义和概览"),
        ("创建虚拟环境", "how_to", "创建虚拟环境"),
        ("安装手册", "topic", "安装手册"),
        ("使用 Git 的好处", "topic", "使用 Git 的好处"),
        ("参考文献", "back_matter", "参考文献"),
        ("2.3 Access control", "topic", "Access control"),
        ("What is flour? (step 1 of 9)", "question", "What is flour?"),
        ("Writing systems", "topic", "Writing systems"),
        ("Logging flow", "topic", "Logging flow"),
        ("Logging exceptions", "how_to", "log exceptions"),
        ("Related Kitchen Cheat Sheets", "back_matter", "Related Kitchen Cheat Sheets"),
        ("Related works of bakers", "topic", "Related works of bakers"),
        ("相关资源", "back_matter", "相关资源"),
        ("摘要", "facet", "introduction"),
        ("快速入门", "facet", "usage"),
        ("Don’t", "facet", "dont"),
        ("Don't panic", "topic", "Don't panic"),
        ("Do's and Don'ts Summary", "facet", "do_and_dont"),
        ("Cons", "facet", "disadvantages"),
        ("不要做", "facet", "dont"),
        ("优缺点", "facet", "both_sides"),
        ("Parameters", "facet", "parameters"),
        ("参数", "facet", "parameters"),
        ("Updating the list and installing packages", "how_to", "update the list and install packages"),
        ("Configuring caching and logging", "how_to", "configure caching and logging"),
        ("Looping Constructs", "topic", "Looping Constructs"),
        ("To define index entries", "how_to", "define index entries"),
        ("To be sure", "topic", "To be sure"),
        ("Debugging Options", "topic", "Debugging Options"),
        ("Replace Regex Examples", "topic", "Replace Regex Examples"),
        ("For more information", "back_matter", "For more information"),
        ("Support our work!", "back_matter", "Support our work!"),
        ("Support vector machines", "topic", "Support vector machines"),
        ("About the author", "back_matter", "About the author"),
        ("关于作者", "back_matter", "关于作者"),
    ],
)
def test_what_a_heading_asks(heading: str, form: str, text: str) -> None:
    found = headings.classify(headings.plain(heading))
    assert (found.form, found.text) == (form, text)


@pytest.mark.parametrize(
    ("title", "topic"),
    [
        ("git-add(1) Manual Page", "git-add"),
        ("5. Data Structures — Python 3.13.1 documentation", "Data Structures"),
        ("Chapter 3. Choosing eggs", "Choosing eggs"),
        ("Chapter 33 - Choosing eggs", "Choosing eggs"),
        ("B.5.4. Eggs", "Eggs"),
        ("B.52 bombers", "B.52 bombers"),
        ("第 7 章 软件包管理", "软件包管理"),
        ("My First Egg!", "My First Egg"),
        ("Kapitel 9. Eier", "Eier"),
        ("Chapitre 3 Les œufs", "Les œufs"),
        ("Глава 2. Яйца", "Яйца"),
        ("глава о яйцах", "глава о яйцах"),
        ("Capítulo I: Huevos", "Huevos"),
        ("제3장 달걀", "달걀"),
        ("12장. 달걀", "달걀"),
        ("Phụ lục A. Trứng", "Trứng"),
        ("If you're boiling eggs at home", ""),
        ("Wenn du zu Hause kochst", ""),
        ("Если ты занимаешься дома", ""),
        ("家で挑戦する方へ", ""),
        ("如果你在家煮蛋", ""),
        ("If … elif … else", "If … elif … else"),
        ("흰자 부분", "흰자 부분"),
        ("Secrets of Dough Cheat Sheet", "Secrets of Dough"),
        ("Sorting HOWTO", "Sorting"),
        ("How-to", "How-to"),
        ("index", ""),
        ("README", ""),
        ("Index", "Index"),
    ],
)
def test_what_an_article_is_about(title: str, topic: str) -> None:
    assert headings.topic_of(title) == topic


@pytest.mark.parametrize(
    ("heading", "text", "written"),
    [
        (
            "Unpacking Argument Lists in Python",
            "Python calls an argument and its lists.",
            "Unpacking argument lists in Python",
        ),
        (
            "Module State Access from Regular Methods in C",
            "The state of a module; methods in C.",
            "Module state access from regular methods in C",
        ),
        ("SPECIFYING RANGES", "ranges of JSON", "Specifying ranges"),
        ("A word about Names", "names and names", "A word about Names"),
        ("我可以安装 Debian 吗", "debian debian", "我可以安装 Debian 吗"),
    ],
)
def test_capitals_follow_the_text(heading: str, text: str, written: str) -> None:
    assert headings.sentence_case(heading, headings.word_counts(text)) == written


def test_a_release_is_no_heading_to_ask_about() -> None:
    assert (
        headings.lead_to_references(("0.4.0 (2016-06-17)",))
        and headings.lead_to_references(("Changelog", "Fixes"))
        and headings.lead_to_references(("v1.2",))
    )
    assert not headings.lead_to_references(("3.2 Which pan?",)) and not headings.lead_to_references(("Python 3.12",))
