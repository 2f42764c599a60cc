"""When something was last edited, as far as what a source says of it can be true."""

from datetime import datetime


def edited(stated: datetime | None, created_at: datetime | None) -> datetime | None:
    """The time that a source states, where it lies after `created_at`.

    Equal times are how many write that nothing was edited, and an earlier one is the clock of an import or a lie: it
    says nothing of when, so that it is taken for none, and the text, which may be good all the same, is kept.
    """
    return stated if stated is None or created_at is None or stated > created_at else None
