"""What the name of a font tells."""

import re2

MONOSPACED = re2.compile(
    r"(?i)mono|courier|consol|menlo|monaco|typewriter|inconsolata|cmtt|cmsltt|source ?code|andale|lucida ?(?:console"
    r"|sans ?typewriter)|fira ?code|cascadia|nimbusmon|letter ?gothic|fixedsys|terminal"
)
