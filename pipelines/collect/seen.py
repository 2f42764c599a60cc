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


@dataclass
class Seen:
    """Counts of what a connector yields, changed or not. `gone`: pages that are no more."""

    pages: int = 0
    gone: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    example: str = ""  # the first failure that may pass, with its address

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
        return not self.pages and (self.missed or bool(self.gone))

    def tell(self, source: str, stands: bool) -> None:
        """Of a dead source. Raises WorkFailed, unless pages of it `stands` from before, which are used as they are.

        Where pages stand and others have gone, there is nothing to tell: later runs see only what has changed.
        """
        if stands and not self.missed:
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
        if may_pass(item.reason) and not self.example:
            self.example = f"{item.key}: {item.reason} {item.detail}".rstrip()[:300]

    def _commonest(self) -> str:
        return ", ".join(f"{count:,} {reason}" for reason, count in self.reasons.most_common(3))
