"""Threads → one record per answer, dialogues of several turns, and preference pairs from votes.

Every usable answer gives a record with its score: which are good enough is the policy's to say.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from math import log2

import re2

from pipelines.normalise import clean, courtesies
from pipelines.normalise.records import Made, Origin, part_id
from schemas.document import Post, Thread
from schemas.record import Pair, Record

PAIRS_PER_QUESTION = 10  # as in the paired Stack Exchange sets of H4 and lvwerra
# Where posts do not say what they reply to, later ones speak to each other rather than to the question (read in 1,000
# topics of a forum).
REPLIES_PER_QUESTION = 3

_ASKS = re2.compile(
    r"(?i)^(how|what|what's|why|when|where|which|who|whose|whom|is|are|am|was|were|do|does|did|can|could|should"
    r"|shall|will|would|"
    r"has|have|had|may|might|must|in what|in which|to what|at what|for what|for which|on what|from where)\b.*\s.*\s"
    r"|[?？]\s*$|(吗|呢|么|如何|怎么|怎样|怎麼|什么|什麼|为什么|為什麼|为何|哪个|哪些|哪里|是否|能否|可否|多少"
    r"|有没有|求解)"
)
# A post that only points somewhere, under a title that does not ask: what is said below speaks of what lies there.
_LINKS_ONLY = re2.compile(r"^\s*(?:(?:\[image\]|<?https?://[^\s<>]+>?|!?\[[^\]\n]*\]\([^\s)]*\))\s*)+\z")
_ENDS = (".", "?", "!", ":", "。", "？", "！", "：")


@dataclass(frozen=True, slots=True)
class Turn:
    """A post after cleaning; `asks` tells the asker's side of the conversation from the other."""

    post: Post
    text: str
    asks: bool


@dataclass(frozen=True, slots=True)
class Question:
    instruction: str
    details: str

    @property
    def whole(self) -> str:
        return "\n\n".join(text for text in (self.instruction, self.details) if text)


def records_from(thread: Thread, origin: Origin) -> Made:
    """Answers, dialogues and pairs of one thread, answers in the order of the posts."""
    made = Made()
    if not thread.posts:
        made.rejects.append((thread.key, "no_posts"))
        return made
    asked = question(thread.title, thread.posts[0].markdown)
    if not asked.instruction:
        made.rejects.append((thread.key, "empty_question"))
        return made
    if _LINKS_ONLY.match(clean.safe(thread.posts[0].markdown)) and not _ASKS.search(clean.title(thread.title)):
        made.rejects.append((thread.key, "asks_nothing"))
        return made
    turns = _turns(thread)
    paths = {post_id: path for post_id, path in _paths(thread, turns)}
    answers = [turns[post.post_id] for post in thread.posts[1:] if len(paths.get(post.post_id, ())) == 2]
    made.records += [_record(thread, origin, asked, (turns[thread.posts[0].post_id], answer)) for answer in answers]
    made.records += [_record(thread, origin, asked, path) for path in _longest(paths)]
    made.rejects += _unused(thread, turns, paths)
    made.pairs += _pairs(thread, origin, asked, answers)
    if len(thread.posts) == 1:
        made.rejects.append((thread.key, "no_answer"))
    return made


def question(title: str, body: str) -> Question:
    """A title that asks by itself is the instruction and the body its details; any other title heads the body. One that
    is only where the body begins says nothing that the body does not."""
    title, body = clean.title(title), courtesies.without(body)
    whole = body.startswith(title) and (title.endswith(_ENDS) or body[len(title) :][:1] in ("", "\n"))
    if whole:
        body = body[len(title) :].lstrip(" \n.:?")
    elif " ".join(body.split()).startswith(title):
        title = ""
    if not body or not title:
        return Question(title or body, "")
    if _ASKS.search(title):
        return Question(title, body)
    return Question(f"{title}\n\n{body}", "")


def _turns(thread: Thread) -> dict[str, Turn]:
    """By post id. The asker's own post answers when it is accepted, or voted on as a direct answer to the question."""
    first = thread.posts[0]
    turns = {}
    for post in thread.posts:
        own = bool(first.author) and post.author == first.author
        answers = post.accepted or (post.reply_to == first.post_id and post.score is not None)
        turns[post.post_id] = Turn(
            post, clean.finished(courtesies.without(post.markdown)), post is first or (own and not answers)
        )
    return turns


def _paths(thread: Thread, turns: dict[str, Turn]) -> Iterator[tuple[str, tuple[Turn, ...]]]:
    """From the question to each post that answers, where asker and others take turns and every turn says something.
    Where posts have votes, one without is a comment, and no answer to the question."""
    parents = _parents(thread, turns)
    voted = any(post.score is not None for post in thread.posts)
    known: dict[str, tuple[Turn, ...]] = {thread.posts[0].post_id: (turns[thread.posts[0].post_id],)}
    for post in thread.posts[1:]:
        before = known.get(parents.get(post.post_id, ""))
        turn = turns[post.post_id]
        comments = voted and post.score is None and before and len(before) == 1
        if before and turn.text and before[-1].asks != turn.asks and not comments:
            known[post.post_id] = (*before, turn)
            if not turn.asks:
                yield post.post_id, known[post.post_id]


def _parents(thread: Thread, turns: dict[str, Turn]) -> dict[str, str]:
    """What each post replies to: what it says itself, read as a conversation where several reply to one answer and none
    to a reply; where a post does not say, an answer replies to the asker's latest post, and the asker to the one answer
    since then (after several it is unknown)."""
    tree = any(_is_below_an_answer(post, turns, thread.posts[0]) for post in thread.posts)
    parents: dict[str, str] = {}
    below: dict[str, str] = {}  # answer → the last turn of the conversation below it
    latest, since = thread.posts[0].post_id, list[str]()
    for post in thread.posts[1:]:
        asks = turns[post.post_id].asks
        if post.reply_to in turns:
            parents[post.post_id] = post.reply_to if tree else _in_conversation(post, turns, below)
        elif not asks and (len(since) < REPLIES_PER_QUESTION or post.accepted):
            parents[post.post_id] = latest
        elif asks and len(since) == 1:
            parents[post.post_id] = since[0]
        if asks:
            latest, since = post.post_id, []
        else:
            since.append(post.post_id)
    return parents


def _is_below_an_answer(post: Post, turns: dict[str, Turn], first: Post) -> bool:
    """Whoever can answer a reply to an answer says exactly whom they mean."""
    return post.reply_to in turns and turns[post.reply_to].post.reply_to not in ("", first.post_id)


def _in_conversation(post: Post, turns: dict[str, Turn], below: dict[str, str]) -> str:
    """Comments all reply to the answer they stand under: those of the asker and its author take turns below it."""
    answer = turns[post.reply_to]
    if answer.asks or not (turns[post.post_id].asks or post.author == answer.post.author):
        return post.reply_to
    last = below.get(post.reply_to, post.reply_to)
    below[post.reply_to] = post.post_id
    return last


def _longest(paths: dict[str, tuple[Turn, ...]]) -> list[tuple[Turn, ...]]:
    """Dialogues that are not the beginning of another one, so that no turn is taught twice."""
    inner = {path[-3].post.post_id for path in paths.values() if len(path) >= 4}
    return [path for post_id, path in paths.items() if len(path) >= 4 and post_id not in inner]


def _unused(thread: Thread, turns: dict[str, Turn], paths: dict[str, tuple[Turn, ...]]) -> list[tuple[str, str]]:
    unused = []
    for post in thread.posts[1:]:
        if turns[post.post_id].asks:
            continue
        if not turns[post.post_id].text:
            unused.append((f"{thread.key}#{post.post_id}", "empty_answer"))
        elif post.post_id not in paths:
            unused.append((f"{thread.key}#{post.post_id}", "not_an_answer"))
    return unused


def _record(thread: Thread, origin: Origin, asked: Question, path: tuple[Turn, ...]) -> Record:
    post, dialogue = path[-1].post, len(path) > 2
    marked = any(one.accepted or one.score is not None for one in thread.posts[1:])
    return Record(
        record_id=part_id(origin, thread.key, f"{'d' if dialogue else 'a'}{post.post_id}"),
        page_id=origin.page_id,
        source=origin.source,
        source_kind=origin.source_kind,
        kind="dialogue" if dialogue else "answer",
        url=post.url or thread.url or origin.url,
        title=clean.title(thread.title),
        licence=post.licence or thread.licence or origin.licence,
        author=post.author,
        created_at=post.created_at,
        edited_at=post.edited_at,
        instruction_edited_at=max((turn.post.edited_at for turn in path[:-1] if turn.post.edited_at), default=None),
        tags=thread.tags,
        score=post.score,
        accepted=post.accepted if marked else None,
        instruction=path[-2].text if dialogue else asked.instruction,
        input="" if dialogue else asked.details,
        output=path[-1].text,
        history=_history(asked, path) if dialogue else (),
    )


def _history(asked: Question, path: tuple[Turn, ...]) -> tuple[dict[str, str], ...]:
    said = [asked.whole, *(turn.text for turn in path[1:-2])]
    return tuple({"instruction": said[i], "output": said[i + 1]} for i in range(0, len(said), 2))


def vote_score(post: Post) -> int:
    """As Askell et al. 2021 score answers: log2(1 + votes) rounded, 1 more if accepted, -1 for negative votes."""
    votes = post.score or 0
    return -1 if votes < 0 else round(log2(1 + votes)) + post.accepted


def _pairs(thread: Thread, origin: Origin, asked: Question, answers: list[Turn]) -> list[Pair]:
    """The clearest preferences first, at most ten; the chosen answer is not one that people voted down."""
    found = []
    for one, other in combinations(answers, 2):
        better, worse = (one, other) if vote_score(one.post) > vote_score(other.post) else (other, one)
        gap = vote_score(better.post) - vote_score(worse.post)
        if gap >= 1 and vote_score(better.post) >= 0 and better.text != worse.text:
            found.append((-gap, better.post.post_id, worse.post.post_id, better, worse))
    found.sort(key=lambda pair: pair[:3])
    return [_pair(thread, origin, asked, better, worse) for *_, better, worse in found[:PAIRS_PER_QUESTION]]


def _pair(thread: Thread, origin: Origin, asked: Question, better: Turn, worse: Turn) -> Pair:
    chosen = better.post
    return Pair(
        pair_id=part_id(origin, thread.key, f"a{chosen.post_id}~a{worse.post.post_id}"),
        page_id=origin.page_id,
        source=origin.source,
        source_kind=origin.source_kind,
        url=chosen.url or thread.url or origin.url,
        title=clean.title(thread.title),
        licence=chosen.licence or thread.licence or origin.licence,
        author=chosen.author,
        created_at=chosen.created_at,
        instruction=asked.instruction,
        input=asked.details,
        chosen=better.text,
        rejected=worse.text,
        chosen_score=vote_score(chosen),
        rejected_score=vote_score(worse.post),
    )
