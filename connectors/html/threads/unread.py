"""What stands signed below a post and was read as none: one comment on one answer is alike nothing, and is not found.

It is counted, and not read: what has a name, a time and words may also be a note about the post.
"""

from itertools import product, takewhile

from lxml.html import HtmlElement

from connectors.html.threads.draft import Draft
from connectors.html.threads.evidence import JOINED, Evidence, letters

_LEAST = 10  # letters in one go that say more than "by" and most facts about a member
_LINE = 70  # letters of a line that says what a time is of: "Joined: …"


def count_unread(drafts: list[Draft], evidence: Evidence) -> int:
    """How many elements below the first post and not below the last hold a name, a time and words, and no post.

    `drafts` are all that was read, comments too. Without bodies, as in scripts, nothing is known: 0.
    """
    bodies = {draft.body for draft in drafts if draft.body is not None}
    ends = [evidence.last[draft.place] for draft in drafts if draft.place is not None]
    if not bodies or not ends:
        return 0
    first = min(map(evidence.at.__getitem__, bodies))
    holding = {each for body in bodies for each in (body, *body.iterancestors())}
    signed = {(draft.author, draft.time) for draft in drafts}
    times = [time for time in evidence.times if first < evidence.at[time] <= max(ends)]
    parts = (_part_of(time, bodies, holding, signed, evidence) for time in times if not _is_of_member(time, evidence))
    found = {part for part in parts if part is not None}
    return sum(found.isdisjoint(part.iterancestors()) for part in found)


def _is_of_member(time: HtmlElement, evidence: Evidence) -> bool:
    """Whether a time says when somebody joined or edited."""
    lines = takewhile(lambda each: evidence.mass[each] <= _LINE, (time, *time.iterancestors()))
    return any(JOINED.search(line.text_content()) for line in lines)


def _part_of(
    time: HtmlElement,
    bodies: set[HtmlElement],
    holding: set[HtmlElement],
    signed: set[tuple[str, str]],
    evidence: Evidence,
) -> HtmlElement | None:
    """The smallest element around a time that also holds a name and words; None where it is in a post, or a post's.

    `holding` are the bodies and what is around them; `signed`: authors and times of posts.
    """
    outward = (time, *time.iterancestors())
    if next((each for each in outward if each in holding), None) in bodies:
        return None
    for around in takewhile(lambda each: each not in holding, outward):
        names = {evidence.people[each] for each in around.iter() if each in evidence.people}
        if names and _longest(around, evidence) >= _LEAST:
            times = {evidence.times[each] for each in around.iter() if each in evidence.times}
            return around if signed.isdisjoint(product(names, times)) else None
    return None


def _longest(around: HtmlElement, evidence: Evidence) -> float:
    """Letters of the longest text between two tags that is prose, and no name or time."""
    if evidence.prose[around] < _LEAST:
        return 0.0
    inside = [each for each in around.iterdescendants() if isinstance(each.tag, str)]
    silent = {each for each in inside if each in evidence.times or each in evidence.people or evidence.is_silent(each)}
    aside = {inner for each in silent for inner in each.iter()}
    said = (each.text for each in (around, *inside) if each not in aside)
    after = (each.tail for each in around.iterdescendants() if each.getparent() not in aside)
    return max(map(letters, (*said, *after)), default=0.0)
