"""Who wrote and when, by what stands between the bodies of posts."""

from bisect import bisect_left

from lxml.html import HtmlElement

from connectors.html.threads.evidence import Evidence

Marks = list[tuple[int, str]]  # what is stated at which places of the page, in their order


def beside(bodies: list[HtmlElement], evidence: Evidence) -> list[tuple[str, str]]:
    """The author and the time of each body, "" where there is none: those of all stand before them, or of all after."""
    people = sorted((evidence.at[element], name) for element, name in evidence.people.items())
    times = sorted((evidence.at[element], stated) for element, stated in evidence.times.items())
    before = [_between(bodies, at, people, times, evidence, back=True) for at in range(len(bodies))]
    after = [_between(bodies, at, people, times, evidence, back=False) for at in range(len(bodies))]
    return max(
        (before, after), key=lambda found: (sum(bool(name) for name, _ in found), sum(bool(time) for _, time in found))
    )


def _between(
    bodies: list[HtmlElement], at: int, people: Marks, times: Marks, evidence: Evidence, *, back: bool
) -> tuple[str, str]:
    """The name and the time that are nearest to a body, before or after it, and no further than its neighbour."""
    body = bodies[at]
    if back:
        low, high = (evidence.last[bodies[at - 1]] + 1 if at else 0), evidence.at[body]
    else:
        low = evidence.last[body] + 1
        high = evidence.at[bodies[at + 1]] if at + 1 < len(bodies) else low + (low - evidence.at[body]) + 200
    return _nearest(people, low, high, back), _nearest(times, low, high, back)


def _nearest(marks: Marks, low: int, high: int, back: bool) -> str:
    """The last mark before `high` or the first from `low` on; "" when there is none between."""
    start, end = bisect_left(marks, (low, "")), bisect_left(marks, (high, ""))
    return marks[end - 1 if back else start][1] if start < end else ""
