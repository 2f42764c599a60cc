"""What leads to other parts of a page goes, whole brackets and sentences at a time; all else stays."""

import pytest

from pipelines.normalise import clean

URL = "https://mill.example/stones"
OWN, OTHER = "https://mill.example/sifting#mesh", "https://quarry.example/basalt"
LONG = "The stone turns slowly here, since the stream brings little water in summer and none in autumn."


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (f"Use a sieve (see [Section 6.3, “Mesh”]({OWN})).", "Use a sieve."),
        ("Use a sieve (see above) twice.", "Use a sieve twice."),
        ("Use a sieve (as described in the Mesh section below).", "Use a sieve."),
        (f"Grind. See [Sifting]({OWN}) for details. Rest.", "Grind. Rest."),
        (f"Grind. You can read more about meshes in [Sifting]({OWN}).", "Grind."),
        ("Grind. See the section below.", "Grind."),
        (f"Grind. For more information, see:\n\n- [Sifting]({OWN})\n- [Meshes]({OWN})", "Grind."),
        (f"Grind.\n\n更多内容请参阅：\n\n- [筛子]({OWN})", "Grind."),
        ("Grind. See the reference below for details.", "Grind."),
        ("Use a sieve (see Coarse Sieves) twice.", "Use a sieve twice."),
        ("Use a sieve (see RFC 2822) twice.",) * 2,
        (
            f"| a | b |\n| --- | --- |\n| sieve (see [Mesh]({OWN})) | [x]({OWN}) |",
            "| a | b |\n| --- | --- |\n| sieve | x |",
        ),
        (f"```\n| [x]({OWN}) |\n```",) * 2,
        (f"It ends, and the following window appears:\n\n{LONG}", LONG),
        ("Grind it. In the next chapter, we will sift.", "Grind it."),
        (f"筛面（参见[第 6.3 节]({OWN})）。更多信息请见[第 7 节]({OWN})。好的。", "筛面。好的。"),
        (f"筛面（在[筛子]({OWN})中阅读更多）。你可以稍后在[高级]({OWN})中阅读更多内容。", "筛面。"),
        ("磨面。在下一节中，我们将筛面。", "磨面。"),
        (f"The yard has two mills. It looks like this:\n\n{LONG}", f"The yard has two mills.\n\n{LONG}"),
        (f"院子里有两座磨坊。如下图所示：\n\n{LONG}", f"院子里有两座磨坊。\n\n{LONG}"),
        ("Stones wear. Let's try this, shall we?", "Stones wear."),
        ("Stones wear.\n\nNow let’s see how it works.", "Stones wear."),
        ("石头会磨损。让我们来试试吧！", "石头会磨损。"),
        ("石头会磨损。在接下来的章节中，你会看到例子。", "石头会磨损。"),
    ],
)
def test_pointers_go(written: str, kept: str) -> None:
    assert clean.article(written, URL) == kept


@pytest.mark.parametrize(
    "written",
    [
        f"Use basalt (see [the quarry]({OTHER})).",
        "See mill-add(1) for details.",
        "The difference (see how it turns) is small.",
        "See how the stone turns.",
        "You can see the table below.",
        "Write it like this:\n\n```\nmill --stone\n```",
        "Write it like this:\n\n- pour\n- grind",
        f"The file looks like this:\n\nmill/stone.toml\n\n```\n{LONG}\n```",
        "In the next chapter of its life, the mill was a house.",
        "Grind it. We will sift the flour.",
        "Grind it. Let's build a mill of basalt.",
        "Let's try it!",
        "`(see above)` is printed.",
    ],
)
def test_what_says_more_stays(written: str) -> None:
    assert clean.article(written, URL) == written


def test_a_long_bracket_says_more_than_where_to_look() -> None:
    written = f"Grind (see above; {LONG} {LONG} {LONG})."
    assert clean.article(written, URL) == written
