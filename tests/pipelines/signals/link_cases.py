"""What the signals of links, pictures and holes measure, by example."""

from tests.pipelines.signals.cases import case, near

LINKS = [
    case("output_link_share", near(12 / 25), "look here ok https://a.bc"),
    case("output_link_share", near(12 / 25), "面粉磨坊 https://a.bc"),
    case("output_link_share", 0.0),
    case("output_link_only", True, "See [this](https://a.example/b)."),
    case("output_link_only", True, "https://a.example/b?c=d"),
    case("output_link_only", False, "Read https://a.example/b, which tells how to dress a millstone properly."),
    case("pair_images", 2, "See [image] below.", instruction="What is this? [image]"),
    case("output_holes", 2, "Use ⟦?⟧ here.\n\n⟦?⟧"),
    case("output_holes", 0, "Use ⟦\\?⟧ here."),
    case("instruction_holes", 1, "Use it.", instruction="How hot is ⟦?⟧?"),
    case("pair_holes_in_sentences", 0, "The stone turns.\n\n⟦?⟧\n\n- ⟦?⟧"),
    case("pair_holes_in_sentences", 2, "石磨每分钟转⟦?⟧次。", instruction="⟦?⟧ 是什么？"),
]
