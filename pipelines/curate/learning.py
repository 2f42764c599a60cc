"""A head over signals and embeddings that tells the better of two records, learnt where length cannot carry it.

Bradley–Terry on pairs (preferences.py): of each feature that is taken which length explains; pairs weigh so that among
those of like difference in length the longer one wins half; and what is left of length, and who answered first, are
columns of the fit that the head does not keep. It is judged on sites that it has not seen, beside length alone, and on
pairs of about the same length, each with a 95 % interval. What is not surely better than chance is not written.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from pipelines.curate.preferences import Pairs
from pipelines.curate.tune import Share, wilson
from pipelines.errors import WorkFailed
from pipelines.messages import Message, tr
from pipelines.models import head
from pipelines.models.head import Head

NEEDED = 100  # pairs: below, a share of one half is known no better than to a tenth
OF_SITE = 20  # pairs that a site left out must have
FOLDS = 5  # parts by thread, where there is one site
STEPS = 6  # of difference in length, within which the longer wins half
STRENGTHS = (10.0, 100.0, 1_000.0)  # of the penalty
NEAR = 0.2  # difference in length of pairs of about the same length
ROUNDS = 12  # of Newton's method


@dataclass(frozen=True)
class Judged:
    """How often the better record was told on a site left out: by the head, by length, and at about the same length."""

    site: str
    pairs: int
    right: Share
    longer: Share
    near: int
    near_right: Share


@dataclass(frozen=True)
class Learnt:
    """The head, what it was judged by, and all sites together; `surely`: its interval lies above one half.

    `records` are the ids of what it was learnt from.
    """

    head: Head
    judged: tuple[Judged, ...]
    total: Judged
    surely: bool
    records: tuple[str, ...]


def learn(pairs: Pairs, columns: tuple[str, ...], embedding: int) -> Learnt:
    """Learn from all pairs, and judge by leaving one site out at a time.

    Raises: WorkFailed where there is too little to learn from; the message says what would help.
    """
    if len(pairs.site) < NEEDED:
        raise WorkFailed(
            "{found} pairs of a better and a worse record, {needed} needed; more votes, decisions (`gristmill review`) "
            "or a file with `record_id` and `label` would help",
            found=len(pairs.site),
            needed=NEEDED,
        )
    groups, right = _groups(pairs), np.zeros(len(pairs.site), bool)
    for left_out in np.unique(groups):
        weights, read = _fitted(pairs.of(groups != left_out))
        right[groups == left_out] = _margins(pairs.of(groups == left_out), weights, read) > 0
    judged = tuple(_judge(str(site), pairs.of(groups == site), right[groups == site]) for site in np.unique(groups))
    total = _judge("", pairs, right)
    records = tuple(sorted({*pairs.ids.ravel()} - {""}))
    return Learnt(_head(pairs, columns, embedding), judged, total, total.right.low > 0.5, records)


def _groups(pairs: Pairs) -> np.ndarray:
    """What is left out together: each site with enough pairs, all small ones; or parts by thread of the only one."""
    sites, counts = np.unique(pairs.site.astype(str), return_counts=True)
    large = set(sites[counts >= OF_SITE])
    named = np.array([site if site in large else "…" for site in pairs.site.astype(str)])
    if len(np.unique(named)) > 1:
        return named
    parts = [int(sha256(str(thread).encode()).hexdigest()[:8], 16) % FOLDS for thread in pairs.thread]
    return np.array([f"part {part + 1}" for part in parts])


@dataclass(frozen=True)
class Reading:
    """How features are read: what stands for null, what length explains, and their spread."""

    centre: np.ndarray
    by_length: np.ndarray
    scale: np.ndarray

    def __call__(self, features: np.ndarray, length: np.ndarray) -> np.ndarray:
        filled = np.where(np.isnan(features), self.centre, features)
        return np.asarray((filled - length @ self.by_length) / self.scale)


def _reading(pairs: Pairs) -> Reading:
    features = np.concatenate([pairs.better, pairs.worse])
    length = np.concatenate([pairs.better_length, pairs.worse_length])
    known = ~np.isnan(features)
    centre = np.where(known, features, 0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    filled = np.where(known, features, centre)
    by_length = np.linalg.lstsq(length, filled, rcond=None)[0]
    spread = (filled - length @ by_length).std(axis=0)
    # what hardly varies says nothing, and divided by nearly nothing would say all
    return Reading(centre, by_length, np.where(spread > 1e-6 * (1 + np.abs(centre)), spread, np.inf))


def _fitted(pairs: Pairs) -> tuple[np.ndarray, Reading]:
    """Weights with the penalty that tells most pairs of parts left out within these."""
    parts = np.array([int(sha256(str(thread).encode()).hexdigest()[8:16], 16) % FOLDS for thread in pairs.thread])
    told = {strength: 0 for strength in STRENGTHS}
    for part in np.unique(parts) if len(np.unique(parts)) > 1 else ():
        for strength in STRENGTHS:
            weights, read = _fit(pairs.of(parts != part), strength)
            told[strength] += int((_margins(pairs.of(parts == part), weights, read) > 0).sum())
    return _fit(pairs, max(STRENGTHS, key=lambda strength: (told[strength], strength)))


def _fit(pairs: Pairs, strength: float) -> tuple[np.ndarray, Reading]:
    """Logistic regression of the differences by Newton's method; length and age are columns without a penalty."""
    read = _reading(pairs)
    differences = read(pairs.better, pairs.better_length) - read(pairs.worse, pairs.worse_length)
    aside = _aside(pairs)
    columns, counts = np.concatenate([differences, aside], axis=1), _counts(aside[:, 0])
    penalty = np.concatenate([np.full(differences.shape[1], strength), np.full(aside.shape[1], 1e-3)])
    weights = np.zeros(columns.shape[1])
    for _ in range(ROUNDS):
        wrong = 1 / (1 + np.exp(np.clip(columns @ weights, -30, 30)))
        slope = columns.T @ (counts * wrong) - penalty * weights
        curve = (columns * (counts * wrong * (1 - wrong))[:, None]).T @ columns + np.diag(penalty)
        weights = weights + np.linalg.solve(curve, slope)
    return weights[: differences.shape[1]], read


def _aside(pairs: Pairs) -> np.ndarray:
    """What the head does not keep: differences of l and l², and the logarithm of the time between the two."""
    differences = (pairs.better_length - pairs.worse_length)[:, 1:]
    waited = np.sign(pairs.later) * np.log1p(np.abs(pairs.later))
    columns = np.concatenate([differences, waited[:, None]], axis=1)
    spread = np.sqrt((columns * columns).mean(axis=0))
    return np.asarray(columns / np.where(spread > 0, spread, 1))


def _counts(longer: np.ndarray) -> np.ndarray:
    """How much each pair counts, so that at each step of |difference in length| both ways weigh the same."""
    counts, sizes = np.ones(len(longer)), np.abs(longer)
    steps = np.searchsorted(np.quantile(sizes, np.arange(1, STEPS) / STEPS), sizes)
    for step in range(STEPS):
        here = steps == step
        for side in (longer > 0, longer < 0):
            if (here & side).any():
                counts[here & side] = here.sum() / 2 / (here & side).sum()
    return counts


def _margins(pairs: Pairs, weights: np.ndarray, read: Reading) -> np.ndarray:
    differences = read(pairs.better, pairs.better_length) - read(pairs.worse, pairs.worse_length)
    return np.asarray(differences @ weights)


def _judge(site: str, pairs: Pairs, right: np.ndarray) -> Judged:
    better, worse = np.expm1(pairs.better_length[:, 1]), np.expm1(pairs.worse_length[:, 1])
    near = np.abs(better - worse) <= NEAR * np.maximum(better, worse)
    count, alike = len(right), int(near.sum())
    longer = wilson(int((better > worse).sum()), count)
    return Judged(site, count, wilson(int(right.sum()), count), longer, alike, wilson(int(right[near].sum()), alike))


def _head(pairs: Pairs, columns: tuple[str, ...], embedding: int) -> Head:
    """The head of all pairs; half of the records that it learnt from are above 0.5."""
    weights, read = _fitted(pairs)
    weights = weights / read.scale
    records = [(pairs.better, pairs.better_length), (pairs.worse, pairs.worse_length)]
    margins = [
        (np.where(np.isnan(found), read.centre, found) - length @ read.by_length) @ weights for found, length in records
    ]
    return Head(columns, embedding, read.centre, read.by_length, weights, -float(np.median(np.concatenate(margins))))


def write(folder: Path, name: str, learnt: Learnt, sources: Sequence[str]) -> None:
    """Write the model folder, in place of one that was there. Raises WorkFailed where it is surely no good."""
    if not learnt.surely:
        raise WorkFailed(
            "{name}: not written: on what it had not seen it told {right} of {pairs} pairs, which may be chance",
            name=name,
            right=shown(learnt.total.right),
            pairs=learnt.total.pairs,
        )
    numbers = [asdict(one) for one in (*learnt.judged, learnt.total)]
    about = {"name": name, "learnt_from": ", ".join(sources), "judged": numbers}
    card = "\n".join(_card(name, learnt, sources)) + "\n"
    head.write(folder, name, {head.CARD: card, head.FILE: head.written(learnt.head, about)}, learnt.records)


def _card(name: str, learnt: Learnt, sources: Sequence[str]) -> Iterator[str]:
    yield f"# {name}\n"
    yield f"A head over signals, learnt by Gristmill from {', '.join(sources)}. How often it tells the better of two"
    yield "records, on what it had not seen (share, 95 % interval), beside length alone:\n"
    yield "| left out | pairs | right | the longer is better | pairs within 20 % of length | right |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for one in (*learnt.judged, learnt.total):
        cells = (one.site or "all", one.pairs, shown(one.right), shown(one.longer), one.near, shown(one.near_right))
        yield f"| {' | '.join(str(cell).replace('|', ' ') for cell in cells)} |"


def show(learnt: Learnt, console: Console) -> None:
    """The numbers as a table, and what they mean."""
    table = Table(tr("left out"), show_edge=False)
    for column in (tr("pairs"), tr("right"), tr("the longer is better"), tr("of like length"), tr("right")):
        table.add_column(column, justify="right")
    for one in (*learnt.judged, learnt.total):
        cells = (str(one.pairs), shown(one.right), shown(one.longer), str(one.near), shown(one.near_right))
        table.add_row(one.site or tr("all"), *cells)
    console.print(table)
    console.print(tr(conclusion(learnt)), highlight=False)


def conclusion(learnt: Learnt) -> Message:
    """How sure it is, in a sentence."""
    total = learnt.total
    if not learnt.surely:
        return Message("it may be no better than chance: {right}", right=shown(total.right))
    if total.near_right.low <= 0.5:
        return Message(
            "better than chance; on pairs of like length ({near}) that is not sure: {right}",
            near=total.near,
            right=shown(total.near_right),
        )
    return Message("better than chance, on pairs of like length too: {right}", right=shown(total.near_right))


def shown(share: Share) -> str:
    """A share with its interval."""
    return f"{share.value:.2f} ({share.low:.2f}–{share.high:.2f})"
