"""Evaluations: what one model made of one record, pair or prompt."""

import pyarrow as pa

# `test`: loss (of a held-out record's answer), pair (which of two answers the model finds likelier), instruction,
# danger, look_alike and code (prompts written for Gristmill, in pipelines/evaluate/prompts), answer and judge (held-out
# questions, answered and judged). `model` is base, tuned or previous; in an ablation the arm, trained with `seed`. Of a
# loss `nats` and `tokens` are those of the answer, which was `cut` where it is too long; of a pair `nats` is how much
# more a token of the rejected answer costs, and `tokens` how many more the chosen one has. `passed` is whether the
# model did right, `answer` what it said, and `note` why something was not measured or did not pass.
EVALUATION = pa.schema(
    [
        ("test", pa.string()),
        ("model", pa.string()),
        ("seed", pa.int32()),
        ("record_id", pa.string()),
        ("pair_id", pa.string()),
        ("item", pa.string()),
        ("task", pa.string()),
        ("language", pa.string()),
        ("source", pa.string()),
        ("nats", pa.float64()),
        ("tokens", pa.int32()),
        ("cut", pa.bool_()),
        ("passed", pa.bool_()),
        ("answer", pa.string()),
        ("note", pa.string()),
    ]
)
