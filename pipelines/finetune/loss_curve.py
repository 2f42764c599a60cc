"""The picture of a training: the loss by step. Its words are in the reader's language where a font has its letters.

A picture made of dots holds its letters as they were drawn, so the font must be where the model is trained.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from typing import IO, Any

from pipelines.messages import spoken, tr

PLAIN = "DejaVu Sans"  # matplotlib brings it along
MAINLAND = (" SC", " CN")  # how fonts end whose Han letters are drawn as the catalogue's readers write them
BOXES = "Last Resort"  # so does it with fonts of this name, which draw a box for each letter there is


def draw(numbers: Mapping[str, Any], file: IO[bytes]) -> None:
    """Write the PNG. `numbers` are those of metrics.json."""
    words = labels() if has_letters() else in_english(labels)
    steps, losses = zip(*numbers["train_loss"], strict=True)
    with figure(words, height=4) as drawn:
        axes = drawn.add_subplot(xlabel=words[0], ylabel=words[1])
        axes.plot(steps, losses, alpha=0.35, color="tab:blue")
        axes.plot(steps, _smoothed(losses), color="tab:blue", label=words[2])
        held_out = numbers["held_out"]
        if held_out["before"]:
            points = [(steps[0], held_out["before"]["loss"]), *numbers["held_out_loss"]]
            points = [point for point in points if point[0] != steps[-1]] + [(steps[-1], held_out["after"]["loss"])]
            axes.plot(*zip(*points, strict=True), "o--", color="tab:orange", label=words[3])
        axes.legend()
        save(drawn, file)


@contextmanager
def figure(words: Sequence[str], height: float) -> Iterator[Any]:
    """A figure, `height` inches high, in a font that has the letters of the words."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with rc_context({"font.family": [_family("".join(words)) or PLAIN]}):
        made = Figure(figsize=(7, height), layout="constrained")
        FigureCanvasAgg(made)
        yield made


def save(drawn: Any, file: IO[bytes]) -> None:
    """Write a figure as PNG, without the name of what drew it."""
    drawn.savefig(file, format="png", dpi=110, metadata={"Software": None})


def has_letters(words: Callable[[], list[str]] | None = None) -> bool:
    """Whether a font here has the letters of the reader's language; else the words of a picture are English."""
    return _family("".join((words or labels)())) is not None


def labels() -> list[str]:
    """The words of the picture."""
    return [
        tr("optimiser step"),
        tr("loss per answer token (nats)"),
        tr("training, smoothed"),
        tr("held out"),
    ]


def in_english(words: Callable[[], list[str]]) -> list[str]:
    """The words of a picture, in English."""
    with spoken("en"):
        return words()


@cache
def _family(text: str) -> str | None:
    """A font that has all letters of a text, matplotlib's own before others; None if none has."""
    from matplotlib import font_manager

    fonts = font_manager.fontManager.ttflist
    upright = [font for font in fonts if font.style == "normal" and not font.name.startswith(BOXES)]
    listed = sorted(upright, key=lambda font: (font.name != PLAIN, not font.name.endswith(MAINLAND), font.name))
    return next((font.name for font in listed if {*map(ord, text)} <= {*_letters(font.fname)}), None)


def _letters(file: str) -> Iterator[int]:
    from matplotlib import font_manager

    with suppress(OSError, RuntimeError):  # no font, or one that cannot be read
        yield from font_manager.get_font(file).get_charmap()


def _smoothed(losses: Sequence[float]) -> list[float]:
    """Exponential moving average."""
    smoothed, average = [], losses[0]
    for loss in losses:
        average = 0.8 * average + 0.2 * loss
        smoothed.append(average)
    return smoothed
