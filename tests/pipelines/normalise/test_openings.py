"""How a section begins that is asked about alone."""

import pytest

from pipelines.normalise import openings


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("Finally, move the eggs into the pan.", "Move the eggs into the pan."),
        ("Now, run the boiler:\n\n```sh\nboil\n```", "Run the boiler:\n\n```sh\nboil\n```"),
        ("OK, add the salt to the water.", "Add the salt to the water."),
        ("接下来，打开火炉。", "打开火炉。"),
        ("最后，请检查鸡蛋。", "请检查鸡蛋。"),
        ("Now that the water boils, add the eggs.",) * 2,
        ("Next, eggs are boiled.",) * 2,
        ("Nowadays run times are short.",) * 2,
        ("现在，我们来煮鸡蛋。",) * 2,
        ("然后鸡蛋就熟了。",) * 2,
    ],
)
def test_a_word_that_only_joins_a_section_to_the_one_before_goes(text: str, answer: str) -> None:
    assert openings.without_link(text) == answer
