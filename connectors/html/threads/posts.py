"""The posts on one page: every reading of it is weighed, and the best is completed by its opening and its comments."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace

from lxml.html import HtmlElement

from connectors.html.metadata import title
from connectors.html.threads import address
from connectors.html.threads.between import between_reading, times_of_words
from connectors.html.threads.block import Block
from connectors.html.threads.boards import is_board
from connectors.html.threads.bodies import body_readings
from connectors.html.threads.choice import LEAST, Landmarks, landmarks, names_of, worth
from connectors.html.threads.comments import comments_on
from connectors.html.threads.described_posts import declared_readings
from connectors.html.threads.draft import Draft, Reading
from connectors.html.threads.evidence import ASIDE, Evidence, gather
from connectors.html.threads.hydrated import hydrated_reading
from connectors.html.threads.opening import Head, find_opening, gap_before, read_head, untitled
from connectors.html.threads.profiles import PROFILES, Profile
from connectors.html.threads.recognised import profile_readings
from connectors.html.threads.repeated import alike, block_readings
from connectors.html.threads.shared_lines import without_shared
from connectors.html.threads.signatures import without_drawn
from connectors.html.threads.stubs import is_stub
from connectors.html.threads.tools import is_count
from connectors.html.threads.unread import count_unread

_CLEARLY = 0.2  # worth by which who speaks has to tell more than what repeats
_FEW = 2  # posts that may be alike by chance
_MOST = 0.5  # of a page's prose that is a board's
# Of the parts that repeat, those that have to be signed with author and time for the others to be none of the posts
_ALL_BUT, _UNKNOWN = 0.6, ("blocks", "bodies", "nameless")
Drafts = list[tuple[Draft, Draft | None]]


@dataclass(frozen=True, slots=True)
class Found:
    """The thread on a page: its posts in their order, how the reading was made and how much it is worth, the names that
    the markup around the posts has, and for each part in the place of a post that is none, or was not read as one, its
    number or, without one, its place, and the reason; `headless` where of the first post only a note is left. `listed`:
    how many entries of a board, each with a page of its own, are in the place of posts; there are none then. `apart`:
    whether the first post is of another make than those that repeat."""

    blocks: list[Block]
    kind: str
    worth: float
    names: str
    gone: tuple[tuple[str, str], ...] = ()
    headless: bool = False
    listed: int = 0
    apart: bool = False


@dataclass(frozen=True, slots=True)
class _Page:
    root: HtmlElement
    url: str
    evidence: Evidence
    marks: Landmarks
    head: Head
    repeated: list[Reading]
    said: list[int]


def read_posts(root: HtmlElement, url: str, profiles: tuple[Profile, ...] = PROFILES) -> list[Block]:
    """The posts of the best reading; [] where no reading is a thread's."""
    found = believed(find_posts(root, url, profiles))
    return found.blocks if found else []


def believed(found: Found | None) -> Found | None:
    """A reading that is worth enough to be a thread's."""
    return found if found and found.worth >= LEAST and not found.listed else None


def read_repeated(root: HtmlElement, url: str) -> list[Block]:
    """The posts of a page as if neither its engine were known nor it described itself."""
    evidence = gather(root)
    page = _look(root, url, evidence)
    found = believed(_best(page.repeated, page))
    return found.blocks if found else []


def find_posts(root: HtmlElement, url: str, profiles: tuple[Profile, ...] = PROFILES) -> Found | None:
    """The best reading of the page, whatever it is worth; None where there is none."""
    evidence = gather(root)
    page = _look(root, url, evidence)
    vouched = [*profile_readings(root, url, evidence, profiles), *declared_readings(root, url, evidence)]
    found = _best([*vouched, *page.repeated], page)
    if found and (found.listed or found.worth >= LEAST) and not _is_weak(found):
        return found
    further = (each(root, page.head, url, evidence) for each in (hydrated_reading, between_reading))
    other = _best([reading for reading in further if reading], page)
    margin = _CLEARLY if found and found.worth >= LEAST and not _is_aside(found) else 0.0
    return other if other and other.worth > (found.worth if found else 0.0) + margin else found


def _is_weak(found: Found) -> bool:
    """Whether it repeats so little that chance may have made it, since questions are often of other make than answers,
    or stands beside the thread."""
    few = len(found.blocks) <= _FEW
    return found.kind in _UNKNOWN and not found.listed and (few or _is_aside(found))


def _is_aside(found: Found) -> bool:
    """Whether its names say that it stands beside a thread."""
    return bool(ASIDE.search(found.names))


def _look(root: HtmlElement, url: str, evidence: Evidence) -> _Page:
    sets = alike(root)
    repeated = [*block_readings(root, sets, url, evidence), *body_readings(root, sets, url, evidence)]
    head = read_head(root, title(root), evidence)
    marks = landmarks(root, evidence, head.title)
    return _Page(root, url, evidence, marks, head, repeated, times_of_words(root, evidence))


def _best(readings: list[Reading], page: _Page) -> Found | None:
    """The reading that is worth the most. The opening, which takes time to read, is first taken for as long as it can
    be; what has been read and is worth no less than any other may be, is the best. Of equals the first is that which
    holds the most itself, rather than before it."""
    weighed = [(_weigh(reading, page), reading) for reading in readings]
    best: tuple[float, Reading, list[tuple[Draft, Draft | None]]] | None = None
    board: Found | None = None
    for hoped, reading in sorted(weighed, key=lambda pair: (-pair[0], -sum(draft.letters for draft in pair[1].drafts))):
        if best and best[0] >= hoped:
            break
        if reading.kind != "profile" and is_board(reading.drafts, page.root, page.url, page.evidence, page.head.title):
            board = board or _board(hoped, reading, page)
            continue
        opening = _opening(reading, page)
        posts = (opening, *reading.drafts) if opening else reading.drafts
        comments = comments_on(posts, page.repeated, page.evidence)
        more = sum(draft.letters for draft in comments) + (_of_one(opening, reading, page) if opening else 0.0)
        real = round(worth(reading, more, page.evidence, page.marks), 3)
        if best is None or real > best[0]:
            best = (real, reading, list(_joined(opening, reading.drafts, comments, page.evidence)))
    if best is None or (board and best[0] < LEAST):
        return board
    joined, gone, headless = _read(best[2], best[1].kind)
    blocks = _written(joined)
    if best[1].kind != "profile":
        kept = untitled(blocks, page.head.title)
        gone += tuple((f"title{at}", "only_a_counter") for at in range(len(kept), len(blocks)))
        blocks, signed = without_drawn(without_shared(kept))
        gone += tuple((number, "signature") for number in signed)
    unread = count_unread([draft for draft, _ in best[2]], page.evidence)
    gone += tuple((f"unread{at}", "comment_unread") for at in range(1, unread + 1))
    apart = best[2][0][0] not in best[1].drafts
    return Found(blocks, best[1].kind, best[0], names_of(best[1].drafts), gone, headless, apart=apart)


def _board(worth: float, reading: Reading, page: _Page) -> Found | None:
    """A list that is most of what the page says; else it only stands beside that."""
    prose = sum(draft.letters for draft in reading.drafts)
    is_most = prose >= _MOST * page.evidence.prose_of_page
    return Found([], reading.kind, worth, names_of(reading.drafts), listed=len(reading.drafts)) if is_most else None


def _weigh(reading: Reading, page: _Page) -> float:
    comments = comments_on(reading.drafts, page.repeated, page.evidence)
    gap = 0.0 if _is_whole(reading, page) else gap_before(page.root, reading.drafts[0], page.head, page.evidence)
    return round(worth(reading, gap + sum(draft.letters for draft in comments), page.evidence, page.marks), 3)


def _opening(reading: Reading, page: _Page) -> Draft | None:
    if _is_whole(reading, page):
        return None
    return find_opening(page.root, reading.drafts[0], page.head, page.url, page.evidence)


def _of_one(opening: Draft, reading: Reading, page: _Page) -> float:
    """Letters of an opening; where several speak in it, what each of them says, since it is no one's post."""
    places = [page.evidence.at[each.place] for each in (opening, reading.drafts[0]) if each.place is not None]
    several = sum(places[0] <= at < places[-1] for at in page.said)
    return opening.letters / max(1, several)


def _is_whole(reading: Reading, page: _Page) -> bool:
    """Whether the question is no part of its own: engines know their first post, and later pages have none."""
    return reading.kind == "profile" or address.position(page.url) > 0


def _joined(
    opening: Draft | None, drafts: tuple[Draft, ...], comments: tuple[Draft, ...], evidence: Evidence
) -> Iterator[tuple[Draft, Draft | None]]:
    """The posts in their order, each comment below the post that it is on, with that post."""
    posts = [opening, *drafts] if opening else list(drafts)
    owned: dict[int, list[Draft]] = {}
    for comment in comments:
        above = [at for at, post in enumerate(posts) if _stands_before(post, comment, evidence)]
        owned.setdefault(above[-1] if above else 0, []).append(comment)
    for at, post in enumerate(posts):
        yield post, None
        yield from ((comment, post) for comment in owned.get(at, []))


def _stands_before(post: Draft, comment: Draft, evidence: Evidence) -> bool:
    assert comment.place is not None
    return post.body is not None and evidence.at[post.body] < evidence.at[comment.place]


def _read(
    joined: Drafts, kind: str
) -> tuple[list[tuple[Draft, Draft | None, Block]], tuple[tuple[str, str], ...], bool]:
    """The posts as Markdown, without what is none: its number and why; whether the first post is only a note."""
    read = [each for each in ((draft, owner, draft.read()) for draft, owner in joined) if each[2].markdown]
    signed = kind in _UNKNOWN and sum(map(_is_signed, read)) >= max(2, _ALL_BUT * len(read))
    why = [_refused(each[2].markdown, signed and at > 0 and _is_unsigned(each)) for at, each in enumerate(read)]
    gone = tuple(
        (each[2].post_id or f"note{at}", said) for at, (each, said) in enumerate(zip(read, why, strict=True), 1) if said
    )
    first = next(((each[2], said) for each, said in zip(read, why, strict=True) if said != "only_a_counter"), None)
    headless = bool(first and first[1] == "deleted_or_hidden" and first[0].author and first[0].time)
    return [each for each, said in zip(read, why, strict=True) if not said], gone, headless


def _refused(markdown: str, unsigned: bool) -> str:
    """Why a part in the place of a post is none; "" for a post."""
    if is_count(markdown):
        return "only_a_counter"
    if is_stub(markdown):
        return "deleted_or_hidden"
    return "nobody_signed" if unsigned else ""


def _is_signed(read: tuple[Draft, Draft | None, Block]) -> bool:
    return bool(read[2].author and read[2].time)


def _is_unsigned(read: tuple[Draft, Draft | None, Block]) -> bool:
    """Whether neither who nor when is said, as of advertisements between posts."""
    draft, owner, block = read
    return not (owner or draft.asks or block.author or block.time)


def _written(read: list[tuple[Draft, Draft | None, Block]]) -> list[Block]:
    """The posts without second copies, and with numbers of their own."""
    counts = Counter(block.post_id for _, _, block in read)
    at_draft: dict[int, int] = {}
    blocks: list[Block] = []
    seen: defaultdict[tuple[str, ...], set[str]] = defaultdict(set)
    for draft, owner, block in read:
        numbers = seen[block.author, block.time, block.markdown]
        if not _is_copy(block, numbers):
            numbers.add(block.post_id)
            under = len(blocks) - at_draft[id(owner)] if owner and id(owner) in at_draft else 0
            at_draft[id(draft)] = len(blocks)
            blocks.append(replace(block, post_id=block.post_id if counts[block.post_id] == 1 else "", under=under))
    return blocks


def _is_copy(block: Block, numbers: set[str]) -> bool:
    """Whether posts of these numbers, with the same words, author and time, are the block again: a best answer that is
    shown above, too, often has no number there."""
    unnumbered = bool(numbers) and bool(block.author and block.time) and (not block.post_id or "" in numbers)
    return block.post_id in numbers or unnumbered
