"""How many secrets are found, by the formats of seventy providers and by their names, and how many harmless things."""

from collections import Counter

from pipelines.signals.privacy import redact, spans
from tests.accuracy.secrets import innocent, secrets

RECALL, FALSE = 0.97, 0.01


def test_secrets_are_found_and_gone_from_the_text() -> None:
    made = secrets()
    missed = Counter(name for name, text, secret in made if secret in redact(text) or not _has_key(text))
    recall = 1 - missed.total() / len(made)
    print(f"secrets: recall {recall:.4f} of {len(made)} from {len({name for name, *_ in made})} providers; {missed}")
    assert recall >= RECALL


def test_what_looks_like_a_secret_stays() -> None:
    texts = innocent()
    wrong = Counter(name for name, text in texts if _has_key(text))
    print(f"secrets: {wrong.total()} of {len(texts)} harmless texts flagged; {wrong}")
    assert wrong.total() <= FALSE * len(texts)


def _has_key(text: str) -> bool:
    return any(kind == "KEY" for _, _, kind in spans(text))
