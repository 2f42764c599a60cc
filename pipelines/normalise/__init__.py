"""Pages → training records and preference pairs.

A connector has said what a page holds (a thread, an article, a ready-made exchange); here it becomes records, once for
all sites: `threads`, `articles` and `exchanges` make them, `clean` keeps what is worth reading, `phrasing` asks the question,
and `stage` runs it over a source's pages in workers that a hostile page cannot take along.
"""

from pipelines.normalise.stage import VERSION, run

__all__ = ["VERSION", "run"]
