"""What a run has seen of a source: whether something is still to be had, and whether the source is dead."""

import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from connectors.base import may_pass
from pipelines.errors import WorkFailed
from pipelines.messages import Message, tr
from schemas.document import Reject
from schemas.page import GONE_STATUSES, Page

log = logging.getLogger("gristmill")
# reasons why an address cannot be asked as it is written; a site that stays away (`robots`, `opt_out`) is none of these
_UNASKABLE = frozenset(("refused_address", "bad_url", "bad_encoding"))


def failed(reason: str) -> bool:
    """Whether a reject says that an address could not be had, now or ever, and not that the site wants it so."""
    return may_pass(reason) or reason in _UNASKABLE or reason.startswith("http_")


@dataclass
class Seen:
    """Counts of what a connector yields, changed or not. `gone`: pages that are no more."""

    pages: int = 0
    gone: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    example: str = ""  # the first failure, with its address

    def watch(self, fetched: Iterable[Page | Reject]) -> Iterator[Page | Reject]:
        """Passes on what is fetched, and counts it."""
        for item in fetched:
            self._count(item)
            yield item

    @property
    def missed(self) -> bool:
        """Whether a reject says that something could not be had that may be had another time."""
        return any(map(may_pass, self.reasons))

    @property
    def is_dead(self) -> bool:
        """Nothing came, and not because there is nothing or because the site asks machines to stay away: no address
        could be asked, or each has gone."""
        return not self.pages and (bool(self.gone) or any(map(failed, self.reasons)))

    def tell(self, source: str, stands: bool) -> None:
        """Of a source of which no page came. Raises WorkFailed where it is dead, unless pages of it `stands` from
        before, which are used as they are; one that has nothing or stays away is warned of.

        Where pages stand and others have gone, there is nothing to tell: later runs see only what has changed.
        """
        if stands and not self.missed:
            return
        if not self.is_dead:
            why = self._commonest() or Message("it lists none")
            log.warning(tr("warning: source {source}: no page came ({why})", source=source, why=why))
            return
        gone = Message("every address has gone (404 or 410)")
        why = f"{self.example} ({self._commonest()})" if self.example else gone
        says = Message("source {source}: nothing could be had: {why}", source=source, why=why)
        if not stands:
            raise WorkFailed("{says}; `gristmill check` asks its addresses", says=says)
        log.warning(tr("warning: {says}; its pages of before are used", says=says))

    def _count(self, item: Page | Reject) -> None:
        if isinstance(item, Page):
            self.gone += item.status in GONE_STATUSES
            self.pages += item.status not in GONE_STATUSES
            return
        self.reasons[item.reason] += 1
        if failed(item.reason) and not self.example:
            self.example = f"{item.key}: {item.reason} {item.detail}".rstrip()[:300]

    def _commonest(self) -> str:
        return ", ".join(f"{count:,} {reason}" for reason, count in self.reasons.most_common(3))
