"""What a site prefers for machines, in a line of robots.txt or a header: the IETF's `Content-Usage` (drafts
draft-ietf-aipref-vocab and -attach) and its forerunner `Content-Signal`."""

import re

PREFERENCES = ("content-usage", "content-signal")  # headers, and lines of robots.txt
# Labels for training: today's, those of earlier drafts, and `ai-train` of Content-Signal
_TRAINING = ("train-ai", "ai-train", "train-genai", "genai", "ai")
# Labels of earlier drafts for all that machines do; what is said of training stands before them
_ALL_USE = ("bots", "tdm", "all")
_NO, _YES = frozenset(("n", "no", "0", "?0")), frozenset(("y", "yes", "1", "?1"))
_STATED = re.compile(r"(?i)(?:^|[,;\s])([a-z][a-z0-9_.*-]*)\s*=\s*\"?([?a-z0-9]+)")
_LONGEST = 2_000  # characters of a line that are read


def refuses_training(stated: str) -> bool | None:
    """Whether `train-ai=n` or its like stands in `stated`; None where nothing is said of training.

    Of a label that is repeated the last counts (RFC 9651); of several for training the one that refuses.
    """
    values = {label.lower(): value.lower() for label, value in _STATED.findall(stated[:_LONGEST])}
    for labels in (_TRAINING, _ALL_USE):
        said = {values[label] for label in labels if label in values}
        if said & (_NO | _YES):
            return bool(said & _NO)
    return None
