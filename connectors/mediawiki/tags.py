"""Tags of wikitext by what becomes of what they hold: https://www.mediawiki.org/wiki/Help:Tags"""

# notes, pictures, forms, and what its author has struck out
SILENT = frozenset(
    (
        *("ref", "references", "gallery", "imagemap", "includeonly", "maplink", "mapframe", "templatestyles"),
        *("del", "s", "strike", "categorytree", "inputbox", "indicator", "section"),
    )
)
# what an extension draws of their text
DRAWN = frozenset(("timeline", "score", "hiero", "graph", "mscgen", "graphviz", "uml", "plantuml", "smiles"))
# what stands in these has lines of its own
BLOCKS = frozenset(
    (
        *("div", "center", "p", "blockquote", "noinclude", "includeonly", "onlyinclude", "translate", "poem"),
        *("tabber", "tab", "tabs"),
    )
)
CODE_BLOCKS = frozenset(("pre", "source", "syntaxhighlight"))
CODE = frozenset(("code", "tt", "kbd", "samp"))
