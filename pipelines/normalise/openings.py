"""The word at the beginning of a section that only says that another came before: "Now, run the server." """

import re2

from pipelines.normalise.headings import ZH_VERB, is_imperative

_LINK = re2.compile(
    r"(?i)^(?:now|next|then|finally|lastly|so|again|okay|ok|alright|all right|great|perfect|after that)[,!]? +(\pL)"
)
_CHINESE_LINK = re2.compile(rf"^(?:现在|接下来|然后|接着|最后|好了|好的)[，,！!]?\s*((?:请|需要|可以)?{ZH_VERB})")


def without_link(text: str) -> str:
    """`text` without that word, where it stands before what to do: the rest says the same to whoever reads it alone."""
    found = _CHINESE_LINK.match(text)
    if found:
        return text[found.start(1) :]
    found = _LINK.match(text)
    rest = text[found.end() - 1 :] if found else ""
    return rest[0].upper() + rest[1:] if rest and is_imperative(rest.partition("\n")[0]) else text
