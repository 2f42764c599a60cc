"""An ablation on the dataset's card: what it found, a table and a picture, in each language."""

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from pipelines import storage
from pipelines.ablate import picture, summary
from pipelines.ablate.arms import CURATED, DROPPED, MATCHED, RAW, STRICT
from pipelines.evaluate import cards
from pipelines.evaluate.tables import difference, table
from pipelines.finetune import loss_curve
from pipelines.messages import CARDS, Message, beside, card_name, spoken, tr
from pipelines.publish.attribution import code_span
from schemas.manifest import Manifest

PICTURE = "ablation.png"
HEADING, FOLLOWING = Message("## Does curation help?"), Message("Files")
Numbers = Mapping[str, Any]

_SAYS: dict[summary.Outcome, Message] = {
    "helps": Message("Yes, here: trained on what the policy keeps the model is better on sites that it has not seen."),
    "hurts": Message("No, here: trained on what the policy keeps the model is worse on sites that it has not seen."),
    "unclear": Message(
        "Whether it does cannot be told here: the interval of the difference holds zero, or there is none."
    ),
}
_HOW = Message(
    "`{model}` was trained on each arm for {steps} steps and {tokens} tokens, with {seeds} seeds, and tested on "
    "{records} records of {sites}, which are in no arm; of these the policy keeps {kept}. The numbers are nats per "
    "answer token, and how much better an arm is than raw data, with the 95 % interval by a bootstrap over seeds and "
    "pages."
)
ARMS = {
    summary.BASE: Message("not trained"),
    RAW: Message("raw"),
    CURATED: Message("what the policy keeps"),
    STRICT: Message("what the policy `strict` keeps"),
    MATCHED: Message("raw, answers as long as the kept ones"),
    DROPPED: Message("what the policy drops"),
}
_WITHOUT = Message("kept without the rules of `{name}`")
_LETTERS = Message("The words of the picture are English: where it was drawn no font had the letters of this card.")


def write(snapshot: Path, manifest: Manifest, numbers: Numbers) -> None:
    """Put it onto the cards of the snapshot, each with its picture beside it."""
    cards.rewrite(snapshot, manifest, lambda card: with_section(card, section(numbers)), partial(_draw, numbers))


def _draw(numbers: Numbers, builder: storage.FolderBuilder, card: str) -> None:
    """The picture beside a card, in its language."""
    arms = [arm for arm in summary.ordered(numbers) if arm not in (RAW, summary.BASE)]
    with spoken(CARDS[card]):
        path = builder.folder / beside(card, PICTURE)
        builder.add(storage.write_file(path, lambda file: picture.draw(numbers, arms, file)))


def with_section(card: str, told: str) -> str:
    """A card with the section before its list of files, or at its end; what an earlier one said is replaced."""
    head, found, rest = card.partition(f"## {tr(FOLLOWING)}\n")
    head = head.partition(f"{tr(HEADING)}\n")[0]
    return f"{head.rstrip()}\n\n{told}\n\n{found}{rest}".rstrip() + "\n"


def section(numbers: Numbers) -> str:
    """The section in the language that is spoken."""
    alt = tr("By how much each arm is better than raw data")
    drawn = f"![{alt}]({beside(card_name(), PICTURE)})"
    letters = [] if loss_curve.has_letters(picture.labels) else [tr(_LETTERS)]
    return "\n\n".join((tr(HEADING), *_told(numbers), drawn, *letters))


def told(numbers: Numbers) -> str:
    """The section without its picture, for a screen."""
    return "\n\n".join((tr(HEADING), *_told(numbers)))


def _told(numbers: Numbers) -> Iterator[str]:
    yield tr(_SAYS[summary.outcome(numbers)])
    about = {name: numbers[name] for name in ("model", "steps", "tokens", "seeds", "records", "kept_records")}
    sites = ", ".join(map(code_span, numbers["sites"]))
    yield tr(_HOW, **about, kept=about["kept_records"], sites=sites)
    yield _table(numbers)


def _table(numbers: Numbers) -> str:
    better = tr("better than raw by")
    head = [tr("trained on"), tr("records"), tr("of them used"), tr("answer tokens"), tr("loss"), tr("by seed"), better]
    rows = [[arm_name(arm), *_size(numbers, arm), *_losses(numbers, arm)] for arm in summary.ordered(numbers)]
    return table([*head, tr("loss, kept ones"), better], rows)


def _size(numbers: Numbers, arm: str) -> list[object]:
    sizes = numbers["arms"].get(arm)
    return [sizes["records"], sizes["used"], sizes["answers"]] if sizes else ["", "", ""]


def _losses(numbers: Numbers, arm: str) -> list[object]:
    every, kept = numbers["all"][arm], numbers["kept"].get(arm)
    by_seed = " ".join(f"{loss:.3f}" for loss in every["by_seed"]) if len(every["by_seed"]) > 1 else ""
    of_kept = [f"{kept['loss']:.3f}", _against(kept, arm)] if kept else ["", ""]
    return [f"{every['loss']:.3f}", by_seed, _against(every, arm), *of_kept]


def _against(told: Numbers, arm: str) -> str:
    return "" if arm == RAW else difference(told.get("against_raw"), 1)


def arm_name(arm: str) -> str:
    """An arm by the name that the picture and the rows have, and in words."""
    words = tr(ARMS[arm]) if arm in ARMS else tr(_WITHOUT, name=arm.partition(" ")[2])
    return f"`{arm}`: {words}"
