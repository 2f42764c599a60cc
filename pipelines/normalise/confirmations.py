"""What the person who asked said of an answer: whether it helped.

Boards without votes have no other word on it. Of 316 exchanges of boards that were read, 61 of 98 were good where
the asker thanked and 82 of 218 elsewhere (`tests/accuracy/exchanges.tsv`).
"""

import re
from collections.abc import Sequence

import re2

from pipelines.normalise import clean
from schemas.document import Post

_NEAR = 3  # posts after an answer in which a word on it comes, where posts do not say what they reply to
_READ = 400  # characters: thanks stand first
_QUOTED = re.compile(r"(?m:^[ \t]*>[^\n]*$)|(?s:```.*?```)")
_EDGE = r"(?:\A|\z|[^\pL\pN])"  # \b of RE2 knows ASCII only
_THANKS = re2.compile(
    rf"(?i){_EDGE}(?:thanks|thank (?:you|u)|thx|cheers|works? (?:now|great|fine|well|perfectly|like a charm)"
    r"|(?:that|this|it) (?:worked|works|did it|did the trick|helped|fixed|solved)|solved|fixed|helpful|got it"
    r"|perfect|exactly what|awesome|makes sense"
    r"|danke|merci|gracias|obrigad[oa]|grazie|bedankt|dzięki|teşekkürler|спасибо|дякую|благодарю"
    rf"){_EDGE}"
    r"|谢谢|謝謝|感谢|感謝|多谢|多謝|解决了|解決了|可以了|搞定|有帮助|ありがとう|解決しました|감사합니다|고맙습니다"
)
_DENIES = re2.compile(
    rf"(?i){_EDGE}(?:(?:does ?n[o'’]?t|did ?n[o'’]?t|not|never) (?:really )?(?:work|help|solve|fix)"
    r"|no luck|still (?:not|no|get|got|have|having|the same|fail)|same (?:error|problem|issue|result)|in advance"
    r"|funktioniert nicht|ne (?:marche|fonctionne) pas|no funciona|не (?:работает|помогло))"
    r"|(?:not|n['’]t) (?:yet )?(?:solved|fixed)|没用|沒用|不行|还是(?:不|没|报错)|還是(?:不|沒)|没有解决|未解决"
)


def confirmations(posts: Sequence[Post]) -> dict[str, bool]:
    """Post id → whether the asker, the author of the first post, says that the answer helped.

    The first word on an answer counts. An answer is missing where the asker says nothing after it, or is unknown.
    """
    asker = posts[0].author
    own = {post.post_id for post in posts if asker and post.author == asker}
    told: dict[str, bool] = {}
    for at, post in enumerate(posts[1:], 1):
        if post.post_id in own:
            helped = _helped(post.markdown)
            told |= {answer: helped for answer in _meant(posts, at) if answer not in told and answer not in own}
    return told


def _meant(posts: Sequence[Post], at: int) -> list[str]:
    """The ids of the answers that a post of the asker speaks of: the one that it replies to, or those close above."""
    named = posts[at].reply_to
    return [named] if named not in ("", posts[0].post_id) else [post.post_id for post in posts[max(1, at - _NEAR) : at]]


def _helped(markdown: str) -> bool:
    said = _QUOTED.sub("", clean.safe(markdown)).strip()[:_READ]
    return bool(_THANKS.search(said)) and not _DENIES.search(said)
