"""What the signal of an exchange in a thread measures, by example."""

import pytest

from tests.pipelines.signals.cases import case

ANSWERED = [
    case("pair_answered", None),
    case(
        "pair_answered",
        pytest.approx(1.17, abs=0.01),
        "You need to dress it: lift the runner stone and set the furrows with a pick. Use the same angle as before, "
        "make sure that they run out at the rim, and try a handful of grain. You can then lower the stone again.",
        kind="answer",
        instruction="How do I dress a mill stone that no longer grinds fine?",
    ),
    case(
        "pair_answered",
        pytest.approx(-5.17, abs=0.01),
        "Thanks for sharing! I will look at it next week, I am waiting for our new wheel. Let us know how it goes.",
        kind="answer",
        instruction="Our mill\n\nHere are some pictures of it.",
    ),
    case(
        "pair_answered",
        pytest.approx(0.13, abs=0.01),
        "磨盘磨不细的时候，需要重新开槽：先把上盘抬起来，用凿子沿着原来的角度把槽加深，注意每条槽都要通到边缘，最后用一把谷子试磨。",
        kind="answer",
        instruction="磨盘磨出来的面粉不够细怎么办？",
    ),
    *(
        case(
            "pair_answered",
            pytest.approx(0.9 + odds, abs=0.01),
            "Set the furrows with a pick and you can lower the stone again.",
            kind="answer",
            instruction="How do I dress a mill stone that no longer grinds fine?",
            **around,
        )
        for odds, around in (
            (0.0, {"thanked": None, "answers_before": None}),
            (0.7, {"thanked": True, "answers_before": 0}),
            (-0.1, {"thanked": False, "answers_before": 0}),
            (-0.36, {"thanked": None, "answers_before": 3}),
            (-0.6, {"thanked": None, "answers_before": 40}),
        )
    ),
    case(
        "pair_answered",
        pytest.approx(-6.0, abs=0.01),
        "我也遇到过，后续版本会修复，我们正在排查。",
        kind="answer",
        instruction="磨盘问题",
    ),
]
