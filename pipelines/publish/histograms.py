"""signals.svg: histograms of some signals over kept and dropped records.

This module writes the SVG itself, because a published picture must have the same bytes everywhere. Plotting libraries
embed fonts, times or ids. Its words are drawn by the reader's own fonts, Han characters too.
"""

from collections.abc import Mapping, Sequence
from html import escape

import duckdb

from pipelines.messages import tr

Counts = Mapping[str, Mapping[int, tuple[int, int]]]  # of each signal: (kept, dropped) by bin

# SQL that turns a value into the number of its bin, the bins, and the label of a bin: its smallest value
LOG = ("least(12, floor(log2(1 + greatest(0, {value}))))", range(13), lambda bin: f"{2**bin - 1:,}")
SHARE = ("least(9, floor(10 * greatest(0, {value})))", range(10), lambda bin: f"{bin / 10:g}")
HISTOGRAMS = (
    ("instruction_words", LOG),
    ("output_words", LOG),
    ("score", LOG),
    ("output_code_share", SHARE),
    ("output_repetition", SHARE),
    ("quality", SHARE),
)
_BINS = """
SELECT CAST({bin} AS INTEGER) AS bin, count(*) FILTER (kept), count(*) FILTER (NOT kept)
FROM candidate JOIN verdict USING (record_id)
WHERE ({value}) IS NOT NULL
GROUP BY 1
"""
ACROSS, WIDTH, HEIGHT = 3, 300, 190
LEFT, TOP, MAX_BAR_HEIGHT = 14, 34, 120
KEPT, DROPPED, INK = "#4477aa", "#ccbb44", "#555555"  # colours of Paul Tol, which colour-blind people can distinguish


def count(con: duckdb.DuckDBPyConnection, quality: str) -> Counts:
    """What is drawn, from the tables `candidate` and `verdict`. `quality` is the policy's SQL expression."""
    counts: dict[str, dict[int, tuple[int, int]]] = {}
    for name, (to_bin, _, _) in HISTOGRAMS:
        value = quality if name == "quality" else name
        rows = con.sql(_BINS.format(bin=to_bin.format(value=f"({value})"), value=value)).fetchall()
        counts[name] = {bin: (kept, dropped) for bin, kept, dropped in rows}
    return counts


def histograms(counts: Counts) -> str:
    """The SVG, with its words in the reader's language."""
    panels = []
    for number, (name, (_, bins, label)) in enumerate(HISTOGRAMS):
        transform = f"translate({number % ACROSS * WIDTH},{number // ACROSS * HEIGHT + 24})"
        panel = _panel(name, [counts[name].get(bin, (0, 0)) for bin in bins], [label(bin) for bin in bins])  # type: ignore[no-untyped-call]
        panels.append(f'<g transform="{transform}">\n{panel}\n</g>')
    size = f'width="{ACROSS * WIDTH}" height="{len(HISTOGRAMS) // ACROSS * HEIGHT + 24}"'
    style = f'font-family="sans-serif" font-size="11" fill="{INK}"'
    kept, dropped = _text(28, 15, tr("kept")), _text(88, 15, tr("dropped"))
    key = f"{_bar(14, 6, 10, 10, KEPT)}{kept}{_bar(74, 6, 10, 10, DROPPED)}{dropped}"
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} {style}>'
    return "\n".join([head, '<rect width="100%" height="100%" fill="#ffffff"/>', key, *panels, "</svg>", ""])


def _panel(name: str, counts: Sequence[tuple[int, int]], labels: Sequence[str]) -> str:
    """One histogram: kept records at the bottom of each bar, dropped ones on top. Every third bin has a label."""
    most, step = max(1, *(sum(pair) for pair in counts)), (WIDTH - 2 * LEFT) / len(counts)
    parts = [_text(LEFT, 18, tr("{signal}  (highest bar: {most} records)", signal=name, most=f"{most:,}"))]
    floor = TOP + MAX_BAR_HEIGHT
    for number, (kept, dropped) in enumerate(counts):
        left = LEFT + number * step
        low, high = MAX_BAR_HEIGHT * kept / most, MAX_BAR_HEIGHT * dropped / most
        parts.append(_bar(left, floor - low, step - 2, low, KEPT))
        parts.append(_bar(left, floor - low - high, step - 2, high, DROPPED))
        parts += [_text(left, floor + 14, labels[number])] if number % 3 == 0 else []
    return "\n".join(part for part in parts if part)


def _bar(x: float, y: float, width: float, height: float, colour: str) -> str:
    if not height:
        return ""
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{colour}"/>'


def _text(x: float, y: float, text: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}">{escape(text)}</text>'
