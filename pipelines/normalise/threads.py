"""Threads → one record per answer, dialogues of several turns, and preference pairs from votes.

Every usable answer gives a record with its score. The policy decides later which are good enough.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, combinations
from math import log2

import re2

from pipelines.normalise import clean, courtesies
from pipelines.normalise.confirmations import confirmations
from pipelines.normalise.records import Extraction, Origin, licences, part_id
from schemas.document import Post, Thread
from schemas.record import Pair, Record

PAIRS_PER_QUESTION = 10  # as in the paired Stack Exchange sets of H4 and lvwerra
# Where posts do not say what they reply to, later ones reply to each other rather than to the question (seen in 1,000
# topics of a forum).
REPLIES_PER_QUESTION = 3

_ASKS = re2.compile(
    r"(?i)^(how|what|what's|why|when|where|which|who|whose|whom|is|are|am|was|were|do|does|did|can|could|should"
    r"|shall|will|would|"
    r"has|have|had|may|might|must|in what|in which|to what|at what|for what|for which|on what|from where)\b.*\s.*\s"
    r"|[?？]\s*$|(吗|呢|么|如何|怎么|怎样|怎麼|什么|什麼|为什么|為什麼|为何|哪个|哪些|哪里|是否|能否|可否|多少"
    r"|有没有|求解)"
)
# A post of links only, under a title that does not ask: the replies are about the linked pages.
_LINKS_ONLY = re2.compile(r"^\s*(?:(?:\[image\]|<?https?://[^\s<>]+>?|!?\[[^\]\n]*\]\([^\s)]*\))\s*)+\z")
# A first post that is itself a reply: an archive, or a saved page, begins in the midst of a talk.
_REPLIES = re2.compile(r"(?i)^\s*(?:re|aw|antw|sv|rif|odp|回复|答复)\s*(?:\[\d+\])?[:：]")
_QUOTED_LINE = re2.compile(r"(?m)^[ \t]*>[^\n]*$")
_QUOTED = re2.compile(r"^(?:[ \t]*>[^\n]*(?:\n\s*|$))+")
_NO_LETTERS = re2.compile(r"[^\pL\pN]+")
_SENTENCE_ENDS = (".", "?", "!", ":", "。", "？", "！", "：")


@dataclass(frozen=True, slots=True)
class Turn:
    """A post of a conversation, its text cleaned (the first's is the question's). `is_asker`: it is by the person who
    asks, and not an answer of theirs."""

    post: Post
    text: str
    is_asker: bool


@dataclass(frozen=True, slots=True)
class Question:
    """What a thread asks: the instruction, and the details that become its input."""

    instruction: str
    details: str

    @property
    def full_text(self) -> str:
        """Instruction and details together."""
        return "\n\n".join(text for text in (self.instruction, self.details) if text)


def extract(thread: Thread, origin: Origin) -> Extraction:
    """The records and pairs of one thread: answers in the order of their posts, then dialogues."""
    extraction = Extraction()
    if not thread.posts:
        extraction.rejects.append((thread.key, "no_posts"))
        return extraction
    question = build_question(thread.title, thread.posts[0].markdown)
    if not question.instruction:
        extraction.rejects.append((thread.key, "empty_question"))
        return extraction
    if _LINKS_ONLY.match(clean.safe(thread.posts[0].markdown)) and not _ASKS.search(clean.title(thread.title)):
        extraction.rejects.append((thread.key, "asks_nothing"))
        return extraction
    if _begins_midway(thread):
        extraction.rejects.append((thread.key, "asks_nothing"))
        return extraction
    turns = _turns(thread)
    paths = {post_id: path for post_id, path in _paths(thread, turns)}
    answers = [turns[post.post_id] for post in thread.posts[1:] if len(paths.get(post.post_id, ())) == 2]
    chosen = [(turns[thread.posts[0].post_id], answer) for answer in answers] + _longest_dialogues(paths)
    before = _answers_before(thread.posts, turns)
    thanked = confirmations(thread.posts)
    for path in chosen:
        own = path[-1].post.post_id
        record = _record(thread, origin, question, path)
        extraction.records.append(replace(record, thanked=thanked.get(own), answers_before=before.get(own)))
    extraction.rejects += _unused_answers(thread, turns, paths)
    extraction.pairs += _pairs(thread, origin, question, answers)
    if len(thread.posts) == 1:
        extraction.rejects.append((thread.key, "no_answer"))
    return extraction


def _begins_midway(thread: Thread) -> bool:
    """Whether the first post replies to another, by its title or by a quotation above its words, and asks nothing."""
    body, title = clean.safe(thread.posts[0].markdown), clean.title(thread.title)
    replies = _REPLIES.match(title) or (_QUOTED.match(body) and not _ASKS.search(title))
    return bool(replies) and not re2.search("[?？]", _QUOTED_LINE.sub("", body))


def build_question(title: str, body: str) -> Question:
    """The question of a thread, from its title and the Markdown of its first post.

    A title that asks by itself is the instruction, and the body its details. Any other title is put above the body. A
    title that is only the beginning of the body is dropped.
    """
    title, body = clean.title(title), courtesies.remove_courtesies(body)
    is_repeated = body.startswith(title) and (title.endswith(_SENTENCE_ENDS) or body[len(title) :][:1] in ("", "\n"))
    if is_repeated:
        body = body[len(title) :].lstrip(" \n.:?")
    elif " ".join(body.split()).startswith(title):
        title = ""
    if not body or not title:
        return Question(title or body, "")
    if _ASKS.search(title):
        return Question(title, body)
    return Question(f"{title}\n\n{body}", "")


def _turns(thread: Thread) -> dict[str, Turn]:
    """Post id → turn. The asker's own post is an answer when it is accepted, or a direct reply that has votes."""
    first = thread.posts[0]
    asked = _letters(first.markdown)
    authors = {post.author for post in thread.posts if post.author}
    turns = {}
    for post in thread.posts:
        by_asker = bool(first.author) and post.author == first.author
        is_answer = post.accepted or (post.reply_to == first.post_id and post.score is not None)
        turns[post.post_id] = Turn(
            post,
            "" if post is first else _without_question(clean.finished(_said(post, authors)), asked),
            post is first or (by_asker and not is_answer),
        )
    return turns


def _said(post: Post, authors: set[str]) -> str:
    return courtesies.remove_courtesies(post.markdown, authors)


def _without_question(text: str, asked: str) -> str:
    """An answer that begins by quoting half of the question or more, without that: the question stands before it."""
    quoted = _QUOTED.match(text)
    said = _letters(quoted[0]) if quoted else ""
    repeats = said and said in asked and 2 * len(said) >= len(asked)
    return text[quoted.end() :] or text if quoted and repeats else text


def _letters(markdown: str) -> str:
    return str(_NO_LETTERS.sub("", clean.safe(markdown))).casefold()


def _paths(thread: Thread, turns: dict[str, Turn]) -> Iterator[tuple[str, tuple[Turn, ...]]]:
    """The id of each answer, and the turns from the question to it.

    Asker and others alternate, and no turn is empty. Where posts have votes, a post without is a comment and does not
    answer the question.
    """
    parents = _parents(thread, turns)
    has_votes = any(post.score is not None for post in thread.posts)
    known: dict[str, tuple[Turn, ...]] = {thread.posts[0].post_id: (turns[thread.posts[0].post_id],)}
    for post in thread.posts[1:]:
        before = known.get(parents.get(post.post_id, ""))
        turn = turns[post.post_id]
        is_comment = has_votes and post.score is None and before and len(before) == 1
        if before and turn.text and before[-1].is_asker != turn.is_asker and not is_comment:
            known[post.post_id] = (*before, turn)
            if not turn.is_asker:
                yield post.post_id, known[post.post_id]


def _parents(thread: Thread, turns: dict[str, Turn]) -> dict[str, str]:
    """Post id → the id of the post that it replies to, where that is known.

    A post that says what it replies to is believed. Where several reply to one answer and none to a reply, they are
    read as one conversation below that answer. Where a post does not say, an answer replies to the asker's latest post,
    and the asker to the answer since then; after several answers that is unknown.
    """
    has_nested_replies = any(_is_below_an_answer(post, turns, thread.posts[0]) for post in thread.posts)
    parents: dict[str, str] = {}
    below: dict[str, str] = {}  # answer → the last turn of the conversation below it
    latest, since = thread.posts[0].post_id, list[str]()
    for post in thread.posts[1:]:
        is_asker = turns[post.post_id].is_asker
        if post.reply_to in turns:
            parents[post.post_id] = post.reply_to if has_nested_replies else _parent_in_conversation(post, turns, below)
        elif not is_asker and (len(since) < REPLIES_PER_QUESTION or post.accepted):
            parents[post.post_id] = latest
        elif is_asker and len(since) == 1:
            parents[post.post_id] = since[0]
        if is_asker:
            latest, since = post.post_id, []
        else:
            since.append(post.post_id)
    return parents


def _is_below_an_answer(post: Post, turns: dict[str, Turn], first: Post) -> bool:
    """Whether a post replies to a reply: where that is possible, posts say exactly what they reply to."""
    return post.reply_to in turns and turns[post.reply_to].post.reply_to not in ("", first.post_id)


def _parent_in_conversation(post: Post, turns: dict[str, Turn], below: dict[str, str]) -> str:
    """The id of the post that a comment replies to.

    All comments name the answer above them. Those of the asker and of the answer's author are read as a conversation.
    """
    answer = turns[post.reply_to]
    if answer.is_asker or not (turns[post.post_id].is_asker or post.author == answer.post.author):
        return post.reply_to
    last = below.get(post.reply_to, post.reply_to)
    below[post.reply_to] = post.post_id
    return last


def _longest_dialogues(paths: dict[str, tuple[Turn, ...]]) -> list[tuple[Turn, ...]]:
    """The dialogues that are not the beginning of a longer one, so that no turn is taught twice."""
    inner = {path[-3].post.post_id for path in paths.values() if len(path) >= 4}
    return [path for post_id, path in paths.items() if len(path) >= 4 and post_id not in inner]


def _unused_answers(
    thread: Thread, turns: dict[str, Turn], paths: dict[str, tuple[Turn, ...]]
) -> list[tuple[str, str]]:
    """(part, reason) for each post that is no answer."""
    unused = []
    for post in thread.posts[1:]:
        if turns[post.post_id].is_asker:
            continue
        if not turns[post.post_id].text:
            unused.append((f"{thread.key}#{post.post_id}", "empty_answer"))
        elif post.post_id not in paths:
            unused.append((f"{thread.key}#{post.post_id}", "not_an_answer"))
    return unused


def _record(thread: Thread, origin: Origin, question: Question, path: tuple[Turn, ...]) -> Record:
    post, dialogue = path[-1].post, len(path) > 2
    has_marks = any(answer.accepted or answer.score is not None for answer in thread.posts[1:])
    return Record(
        record_id=part_id(origin, thread.key, f"{'d' if dialogue else 'a'}{post.post_id}"),
        page_id=origin.page_id,
        source=origin.source,
        source_kind=origin.source_kind,
        kind="dialogue" if dialogue else "answer",
        url=post.url or thread.url or origin.url,
        title=clean.title(thread.title),
        licence=licences(_licence(turn.post, thread, origin) for turn in path),
        author=post.author,
        created_at=post.created_at,
        edited_at=post.edited_at,
        instruction_edited_at=max((turn.post.edited_at for turn in path[:-1] if turn.post.edited_at), default=None),
        tags=thread.tags,
        score=post.score,
        accepted=post.accepted if has_marks else None,
        instruction=path[-2].text if dialogue else question.instruction,
        input="" if dialogue else question.details,
        output=path[-1].text,
        history=_history(question, path) if dialogue else (),
    )


def _answers_before(posts: Sequence[Post], turns: dict[str, Turn]) -> dict[str, int]:
    """Post id → the posts before it that are not the asker's; empty where posts are not in order."""
    if not _are_in_order(posts):
        return {}
    counts = accumulate((not turns[post.post_id].is_asker for post in posts), initial=0)
    return {post.post_id: before for post, before in zip(posts, counts, strict=False)}


def _are_in_order(posts: Sequence[Post]) -> bool:
    """Whether posts stand as they were written; where no times tell, those with votes may stand by these."""
    times = [post.created_at for post in posts if post.created_at]
    return times == sorted(times) if times else all(post.score is None for post in posts[1:])


def _licence(post: Post, thread: Thread, origin: Origin) -> str:
    return post.licence or thread.licence or origin.licence


def _history(question: Question, path: tuple[Turn, ...]) -> tuple[dict[str, str], ...]:
    texts = [question.full_text, *(turn.text for turn in path[1:-2])]
    blank = {"reasoning": "", "tool_calls": ""}
    return tuple({"role": ("user", "assistant")[i % 2], "content": text} | blank for i, text in enumerate(texts))


def vote_score(post: Post) -> int:
    """The score of an answer as in Askell et al. 2021: log2(1 + votes), rounded, 1 more when accepted.

    -1 when the sum of votes is negative.
    """
    votes = post.score or 0
    return -1 if votes < 0 else round(log2(1 + votes)) + post.accepted


def _pairs(thread: Thread, origin: Origin, question: Question, answers: list[Turn]) -> list[Pair]:
    """The pairs with the largest difference of scores, largest first. The chosen answer has no negative score."""
    candidates = []
    for one, other in combinations(answers, 2):
        better, worse = (one, other) if vote_score(one.post) > vote_score(other.post) else (other, one)
        gap = vote_score(better.post) - vote_score(worse.post)
        if gap >= 1 and vote_score(better.post) >= 0 and better.text != worse.text:
            candidates.append((-gap, better.post.post_id, worse.post.post_id, better, worse))
    candidates.sort(key=lambda pair: pair[:3])
    return [_pair(thread, origin, question, better, worse) for *_, better, worse in candidates[:PAIRS_PER_QUESTION]]


def _pair(thread: Thread, origin: Origin, question: Question, better: Turn, worse: Turn) -> Pair:
    chosen = better.post
    return Pair(
        pair_id=part_id(origin, thread.key, f"a{chosen.post_id}~a{worse.post.post_id}"),
        page_id=origin.page_id,
        source=origin.source,
        source_kind=origin.source_kind,
        url=chosen.url or thread.url or origin.url,
        title=clean.title(thread.title),
        licence=licences(_licence(post, thread, origin) for post in (thread.posts[0], chosen, worse.post)),
        author=chosen.author,
        created_at=chosen.created_at,
        instruction=question.instruction,
        input=question.details,
        chosen=better.text,
        rejected=worse.text,
        chosen_score=vote_score(chosen),
        rejected_score=vote_score(worse.post),
    )
