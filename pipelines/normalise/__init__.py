"""Pages → training records and preference pairs.

A connector parses a page into documents (threads, articles, ready-made exchanges). This stage makes records of them, by
the same rules for all sites.

- `stage` runs it, in worker processes: a page that crashes one costs only itself. `parse` turns one page into rows.
- `threads`, `articles` and `exchanges` make records of each kind of document; `records` holds what they share.
- `headings`, `exercises` and `code` read an article's sections; `phrasing` writes the question that a section answers.
- `clean`, `courtesies` and `bbcode` remove what is not worth reading.
"""

from pipelines.normalise.stage import VERSION, run

__all__ = ["VERSION", "run"]
