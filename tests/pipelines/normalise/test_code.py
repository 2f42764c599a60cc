"""Code of articles: what asks for it, what it is, and what only looks like it."""

import pytest

from pipelines.normalise import articles, code
from schemas.document import Article, Section
from tests.pipelines.normalise.test_articles import ORIGIN


@pytest.mark.parametrize(
    ("before", "request_"),
    [
        ("To boil an egg in the smallest pan, run the boiler:", "To boil an egg in the smallest pan, run the boiler."),
        (
            "For example, you can call the function with two large eggs:",
            "You can call the function with two large eggs.",
        ),
        ("- Use the boiler function to boil an egg quickly:", "Use the boiler function to boil an egg quickly."),
        ("One line of it\nand use the boiler to boil one egg:", "One line of it and use the boiler to boil one egg."),
        ("要安装编译所需的全部软件包，您只需运行：", "要安装编译所需的全部软件包，您只需运行。"),
        ("請先把雞蛋放進鍋裡，再把火調到最小：", "請先把雞蛋放進鍋裡，再把火調到最小。"),
        ("要把所有的鸡蛋一次煮好，先把水烧开：", "要把所有的鸡蛋一次煮好，先把水烧开。"),
        ("服务器收到请求之后的处理步骤大致如此：", ""),
        ("这是厨房里最重要的一种锅，主要的用途是煮蛋：", ""),
        ("This can be done with the function called boil:", ""),
        ("If you run the command, the output looks like this:", ""),
        ("Use the function as shown above with more eggs in it:", ""),
        ("If the name of the function were to be changed, it would look like this:", ""),
        ("Using the following snippet for all of the examples, run the boiler:", ""),
        ("Usage of the two functions is given in the following example:", ""),
        ("现在把这段代码添加到您自己的函数里，然后运行：", ""),
        (
            "Use the function called boil to get all eggs done at once, like in:",
            "Use the function called boil to get all eggs done at once.",
        ),
        (
            "To get all eggs done at once, use the option called all, like:",
            "To get all eggs done at once, use the option called all.",
        ),
        ("For example:", ""),
        ("例如：", ""),
        ("The method is only one of several that the class has at hand:", ""),
        ("Eggs should be boiled gently. Consider the following one:", ""),
        ("You can say this in a more direct way with the new boiler:", ""),
        ("In this case you can add some salt to the water in the pan:", ""),
        ("运行之后，您会看到如下的输出结果：", ""),
        ("It ends without a colon and is not a request.", ""),
        (
            "So far you have boiled one egg, now you can call the function with two:",
            "So far you have boiled one egg, now you can call the function with two.",
        ),
        (
            "Similarly to eggs, potatoes can be boiled by calling the boiler:",
            "Similarly to eggs, potatoes can be boiled by calling the boiler.",
        ),
        ("Similarly, use the boiler function to boil a potato:", "Use the boiler function to boil a potato."),
        ("Now that the water boils, you can put the eggs into the pan:", ""),
        ("Copy all of the eggs at once to the largest pan, using:", "Copy all of the eggs at once to the largest pan."),
        ("You might set the boiler to two eggs, so that the possible times are:", ""),
        (
            "The simplest way to call the boiler for two eggs is:",
            "The simplest way to call the boiler for two eggs is.",
        ),
        ("The boiler has a second function, which is much easier to use:", ""),
        ("It is easy to boil more eggs by calling the boiler twice:", ""),
        (
            "You will find it easy to boil more by calling the boiler twice:",
            "You will find it easy to boil more by calling the boiler twice.",
        ),
        (
            "What has happened is that there is one egg only. You can create several lists of eggs at once this way:",
            "You can create several lists of eggs at once.",
        ),
        ("In this example it broke. To boil an egg in a pan, call its function `boil`:", ""),
        (
            "In this example it broke. To boil an egg in a pan, call the function `boil`:",
            "To boil an egg in a pan, call the function `boil`.",
        ),
        ("To loop over these files, we would need to add double quotes:", ""),
        (
            "To open the lid of the boiler use this function:",
            "To open the lid of the boiler use this function.",
        ),
        ("A way around this is to use `None` as the default, and to test for it:", ""),
        ("You can do some tricks with the lid of the pan to make it work:", ""),
        (
            "You should take out the eggs and pass the others to the pan, as in:",
            "You should take out the eggs and pass the others to the pan.",
        ),
        ("Our boiler can be called with the number of eggs:", ""),
        ("I used the small boiler to cook all of the eggs at once:", ""),
        ("Looking at the pan, I've put together a script to run two boilers at once:", ""),
        ("我们为所有的鸡蛋写了一个可以运行的煮蛋程序：", ""),
        (
            "I can use the small boiler to cook all of the eggs at once:",
            "I can use the small boiler to cook all of the eggs at once.",
        ),
        ("The pan can be used on the stove in the same way:", ""),
        ("Note that such boilers cannot be called with two eggs; using them will not work:", ""),
        (
            "You may need to set the boiler to ten minutes, as in this example:",
            "You may need to set the boiler to ten minutes.",
        ),
    ],
)
def test_what_introduces_code(before: str, request_: str) -> None:
    assert code.request_from(before) == request_


def test_code_keeps_its_lines_and_leaves_the_list() -> None:
    text = "- Use the boiler function to boil an egg quickly:\n\n  ```python\n  def boil():\n      wait()\n  ```\n"
    assert code.introduced_blocks(text) == [
        ("Use the boiler function to boil an egg quickly.", "```python\ndef boil():\n    wait()\n```")
    ]


@pytest.mark.parametrize(
    ("lines", "kept"),
    [
        (("$ boil --list", "a042389 egg", "b8a3da7 egg"), False),
        (("(kitchen) $ boil", "one egg", "two eggs"), False),
        (("$ boil one", "$ boil two", "done"), True),
        (("$ for egg in *.egg", "> do", ">     boil $egg", "> done"), True),
        (("$ boil --pan iron \\", "  --egg one \\", "  --egg two"), True),
        (("$ for egg in a b c", "do", "boil $egg", "peel $egg", "done"), True),
        (("$ for egg in a b; do boil $egg; done", "one egg", "two eggs"), False),
        (("$ for egg in a b", "do", "boil $egg", "done", "one egg", "two eggs"), False),
        (("pan = Pan()", "pan.boil()", "pan.wait()"), True),
        ((">>> boil(1)", "'one egg'", ">>> boil(2)", "'two eggs'"), False),
        ((">>> import boil", ">>> pan = boil.Pan()", ">>> pan.eggs", "[]"), True),
        (("cook@home:~$ boil --list", "one egg", "two eggs"), False),
        (("C:\\kitchen> boil", "one egg", "two eggs"), False),
        (("kitchen", "├── pans", "└── eggs"), False),
        (("2024-05-01 10:00:01 boiling", "2024-05-01 10:10:01 done", "2024-05-01 10:10:02 bye"), False),
        (("INFO: boiling", "WARNING: hot", "INFO: done"), False),
        (("Traceback (most recent call last):", '  File "boil.py", line 3, in boil', "KeyError: 'egg'"), False),
        (("diff --git a/pan b/pan", "@@ -1 +1 @@", "-iron", "+copper"), False),
        (("drwxr-xr-x 2 cook cook 40 pans", "-rw-r--r-- 1 cook cook 12 eggs", "total 2"), False),
        (("HTTP/1.1 200 OK", "Content-Type: text/plain", "", "boiled"), False),
        (("[kitchen]", "pan = iron", "eggs = 2"), True),
        (("$pan = 1;", "$egg = boil($pan);", "echo $egg;", "return $egg;"), True),
        (('$("#egg").on("click", boil);', "function boil() {", "  wait();", "}"), True),
        (("$pan: iron;", "%egg {", "  color: $pan;", "}"), True),
        (("$env:PAN = 'iron'", "Get-Egg", "Start-Boiling"), True),
        (("% boil", "\\begin{egg}", "soft", "\\end{egg}"), True),
        ((">>>>>>> theirs", "pan", "egg"), True),
        (('mysqli->query("SELECT egg");', "pan();", "egg();"), True),
        (("mysql -u cook kitchen > eggs.sql", "gzip eggs.sql", "boil eggs.sql.gz"), True),
        (("0% { top: 0; }", "50%, 75% { top: 1px; }", "100% {top: 0}"), True),
        (("10% boiled", "50% boiled", "100%"), False),
        (("$", "one egg", "two eggs"), False),
        (("❯ boil", "one egg", "two eggs"), False),
        (("mysql> SELECT egg;", "| egg |", "| soft |"), False),
        (("MariaDB [(none)]> SELECT egg;", "egg", "soft"), False),
        (("redis 127.0.0.1:6379> GET egg", "soft", "OK"), False),
        (("kitchen=# SELECT egg;", "pan", "egg"), True),
        (("postgres=# SELECT egg;", "pan", "egg"), False),
        (("irb(main):001:0> boil", "one egg", "two eggs"), False),
        (("PS C:\\kitchen> Get-Egg", "one egg", "two eggs"), False),
        (("PS> Get-Egg", "one egg", "two eggs"), False),
        (("# boil.py", "import pan", "pan.boil(error='Error: hot')"), True),
    ],
)
def test_what_commands_print_is_no_code(lines: tuple[str, ...], kept: bool) -> None:
    text = "\n".join(("Use the boiler to boil some of the eggs at hand:", "", "```", *lines, "```"))
    assert bool(code.introduced_blocks(text)) is kept


@pytest.mark.parametrize("name", ["text", "output", "console", "log", "http"])
def test_what_is_declared_as_printed_is_no_code(name: str) -> None:
    text = f"Use the boiler to boil some of the eggs at hand:\n\n```{name}\neggs: 2\npans: 1\nwater: yes\n```"
    assert bool(code.introduced_blocks(text)) is (name in ("console", "http"))


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("How do I boil an egg?", True),
        ("Can I boil two eggs at once?", True),
        ("如何煮鸡蛋？", True),
        ("Why do eggs break?", False),
        ("What is an egg?", False),
        ("鸡蛋是什么？", False),
    ],
)
def test_code_answers_only_how_something_is_done(question: str, asked: bool) -> None:
    text = "Use the boiler function to boil an egg quickly:\n\n```python\ndef boil():\n    wait()\n```"
    extraction = articles.extract(Article("eggs", "", "Eggs", (Section((question,), text),)), ORIGIN)
    assert [record.kind for record in extraction.records] == ["question", "code"][: 1 + asked]


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("How does one boil an egg?", True),
        ("How might an egg be boiled?", True),
        ("How many eggs are there?", False),
        ("Как сварить яйцо?", True),
        ("Какой сорт яиц?", False),
        ("Як зварити яйце?", True),
        ("Hur kokar man ägg?", True),
        ("Hurra for the egg", False),
        ("Hvordan koger man æg?", True),
        ("Miten keität munan?", True),
        ("Cum se fierbe un ou?", True),
        ("Cumin and eggs", False),
        ("Hogyan főzzünk tojást?", True),
        ("Yumurta nasıl haşlanır?", True),
        ("Làm thế nào để luộc trứng?", True),
        ("Bagaimana cara merebus telur?", True),
        ("Πώς βράζω ένα αυγό;", True),
        ("كيف أسلق بيضة؟", True),
        ("איך מבשלים ביצה?", True),
        ("अंडा कैसे उबालें?", True),
        ("ต้มไข่อย่างไร", True),
        ("چگونه تخم مرغ بپزیم؟", True),
        ("¿Cómo se cuece un huevo?", True),
    ],
)
def test_what_asks_how_in_other_languages(question: str, asked: bool) -> None:
    assert code.asks_how(question) is asked
