"""Who wrote and when, by what stands between the bodies of posts."""

from bisect import bisect_left
from dataclasses import dataclass

from lxml.html import HtmlElement

from connectors.html.threads.evidence import Evidence

Marks = list[tuple[int, str]]  # what is stated at which places of the page, in their order
NOWHERE = -1


@dataclass(frozen=True, slots=True)
class Beside:
    """Who wrote a body and when, "" where nothing says so; `at`: the first of the places before the body that do."""

    author: str
    time: str
    at: int = NOWHERE


def beside(bodies: list[HtmlElement], evidence: Evidence) -> list[Beside]:
    """The author and the time of each body: those of all stand before them, or of all after. Where as many stand on
    either side, as where a question is signed right above its answers, those count that share a frame with their body.
    """
    people = sorted((evidence.at[element], name) for element, name in evidence.people.items())
    times = sorted((evidence.at[element], stated) for element, stated in evidence.times.items())
    before = [_between(bodies, at, people, times, evidence, back=True) for at in range(len(bodies))]
    after = [_between(bodies, at, people, times, evidence, back=False) for at in range(len(bodies))]
    found = max((before, after), key=lambda found: (*_stated(found), _framed(bodies, found, evidence)))
    return found if found is before else [Beside(each.author, each.time) for each in after]


def _stated(found: list[Beside]) -> tuple[int, int]:
    return sum(bool(each.author) for each in found), sum(bool(each.time) for each in found)


def _framed(bodies: list[HtmlElement], found: list[Beside], evidence: Evidence) -> int:
    """How many bodies have what says who or when in a frame without any other body."""
    spans = [(evidence.at[body], evidence.last[body]) for body in bodies]
    return sum(_shares_frame(at, each.at, bodies, spans, evidence) for at, each in enumerate(found) if each.at >= 0)


def _shares_frame(
    at: int, mark: int, bodies: list[HtmlElement], spans: list[tuple[int, int]], evidence: Evidence
) -> bool:
    others = [spans[near][0] for near in (at - 1, at + 1) if 0 <= near < len(bodies)]
    for frame in bodies[at].iterancestors():
        low, high = evidence.at[frame], evidence.last[frame]
        if any(low <= other <= high for other in others):
            return False
        if low <= mark <= high:
            return True
    return False


def _between(
    bodies: list[HtmlElement], at: int, people: Marks, times: Marks, evidence: Evidence, *, back: bool
) -> Beside:
    """The name and the time that are nearest to a body, before or after it, and no further than its neighbour."""
    body = bodies[at]
    if back:
        low, high = (evidence.last[bodies[at - 1]] + 1 if at else 0), evidence.at[body]
    else:
        low = evidence.last[body] + 1
        high = evidence.at[bodies[at + 1]] if at + 1 < len(bodies) else low + (low - evidence.at[body]) + 200
    (who_at, who), (when_at, when) = _nearest(people, low, high, back), _nearest(times, low, high, back)
    places = [place for place in (who_at, when_at) if place != NOWHERE]
    return Beside(who, when, min(places, default=NOWHERE))


def _nearest(marks: Marks, low: int, high: int, back: bool) -> tuple[int, str]:
    """The last mark before `high` or the first from `low` on; nowhere and "" when there is none between."""
    start, end = bisect_left(marks, (low, "")), bisect_left(marks, (high, ""))
    return marks[end - 1 if back else start] if start < end else (NOWHERE, "")
