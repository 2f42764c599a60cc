"""Pages → training records and preference pairs.

A connector has said what a page holds (a thread, an article, a ready-made exchange); here it becomes records, once for
all sites. `threads`, `articles` (with `headings` and `code`) and `exchanges` make them; `clean` and `courtesies` keep
what is worth reading; `phrasing` asks the question; `stage` runs it in workers that a hostile page cannot take along.
"""

from pipelines.normalise.stage import VERSION, run

__all__ = ["VERSION", "run"]
