"""The markup of pages before Confluence 4."""

import pytest

from connectors.confluence import wiki_markup


@pytest.mark.parametrize("blank", [" ", "\t", "\u3000", "\xa0", "\u2003"])
def test_lines_of_the_old_markup_may_be_indented_by_any_blank(blank: str) -> None:
    lines = ("h2. Kettle", "* one", "# two", "", "bq. said", "|a|b|", "----", "end")
    assert wiki_markup.to_html("\n".join(blank + line for line in lines)) == wiki_markup.to_html("\n".join(lines))
