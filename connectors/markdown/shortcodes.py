"""Shortcodes of Hugo, and tags of Liquid, Nunjucks and GitBook, as the text that readers see.

What stands between two of them stays; so do the texts they are given. One that holds no text is a hole, unless it is
known to be layout (`SILENT`) or to decide something (`if`).
"""

from pathlib import PurePath

import re2

from connectors.markdown.tags import TEXTS, TITLES, Arguments, arguments, paired
from schemas.hole import hole

# navigation, looks, settings of the generator: none says anything to a reader
SILENT = frozenset(
    [
        *("toc", "table_of_contents", "render_toc", "else", "anchor", "clear", "clearfix", "hr", "pagebreak", "spacer"),
        *("assign", "increment", "decrement", "layout", "seo", "feed_meta", "extends", "block", "endblock", "import"),
        *("set", "load", "csrf_token", "autoescape", "endautoescape", "spaceless", "with", "endwith", "endcapture"),
        *("next-prev", "prev-next", "share", "comments", "analytics", "children", "subpages", "page-list"),
        *("list-children", "list-pages-in-section", "render-list-of-pages-in-section"),
    ]
)
# pictures; what stands below one is text
_PICTURES = frozenset(
    [
        *("figure", "img", "image", "picture", "icon", "octicon", "fa", "fas", "fab", "gallery", "carousel"),
        *("thumbnail", "avatar", "badge-icon", "imgproc", "screenshot", "logo"),
    ]
)
# boxes around what others say; one that encloses nothing but is given something draws that by itself
_BOXES = frozenset(
    [
        *("row", "col", "column", "columns", "section", "cardpane", "cards", "card-grid", "grid", "steps", "stepper"),
        *("tabs", "tab-set", "tabpane", "rawhtml", "button-group", "accordion", "accordions", "content-ref"),
    ]
)
# what a site embeds of another, by its address there
_ADDRESSES = {
    "youtube": "https://www.youtube.com/watch?v={}",
    "vimeo": "https://vimeo.com/{}",
    "gist": "https://gist.github.com/{}",
    "instagram": "https://www.instagram.com/p/{}",
    "asciinema": "https://asciinema.org/a/{}",
    "codepen": "https://codepen.io/pen/{}",
    "x": "https://x.com/{}",
    "tweet": "https://x.com/{}",
}
_LINKS = frozenset(
    [
        "ref",
        "relref",
        "link",
        "post_url",
        "url",
        "siteurl",
        "baseurl",
        "rel-link",
        "abslink",
        "static",
        "relurl",
        "absurl",
    ]
)
_ASIDES = frozenset(
    [
        "note",
        "tip",
        "info",
        "warning",
        "danger",
        "caution",
        "important",
        "alert",
        "callout",
        "hint",
        "notice",
        "admonition",
        "attention",
        "success",
        "error",
        "warn",
        "question",
        "example",
        "quote",
    ]
)
# whose title is needed to tell them from those beside them
_LABELLED = frozenset(
    ("tab", "tabitem", "tab-item", "details", "expand", "collapse", "spoiler", "accordion-item", "step")
)
_KINDS = ("type", "style", "kind", "status", "icon")
_CODE = frozenset(("highlight", "code", "prism", "codeblock", "mermaid", "chroma", "code-block", "syntax"))
_VERSION = re2.compile(
    r"(?i)^(new|added|since|introduced|deprecated|removed|changed|available|updated)([-_]?(?:in|since|from))?$"
)
_WORD = re2.compile(
    r"(?i)(?:^|[-_])(?:term|glossary|abbr|kbd|key|button|badge|label|tag|menu|ui|file|filename|path|text)$"
)
_HEADINGS = {
    "whatsnext": "What's next",
    "prerequisites": "Before you begin",
    "cleanup": "Clean up",
    "seealso": "See also",
}
_BRANCHES = frozenset(("if", "ifversion", "unless", "case", "ifchanged"))
# Pairs, each with what closes it
_COMMENTS = tuple(
    (re2.compile(f"(?s){opens}.*?{closes}"), re2.compile(closes))
    for opens, closes in (
        (r"\{%-?\s*comment\b", r"\{%-?\s*endcomment\s*-?%\}"),
        (r"\{\{[<%]\s*comment\s*[%>]\}\}", r"\{\{[<%]\s*/comment\s*[%>]\}\}"),
        (r"\{\{-?\s*/\*", r"\*/\s*-?\}\}"),
        (r"\{#", r"#\}"),
    )
)
_END_LOOP = re2.compile(r"\{%-?\s*end(?:for|tablerow)\s*-?%\}")
_LOOP = re2.compile(r"(?s)\{%-?\s*(for|tablerow)\b([^%]*)-?%\}.*?\{%-?\s*end(?:for|tablerow)\s*-?%\}")
_BRANCH = re2.compile(r"\{%-?\s*(end)?(if|ifversion|unless|case|elsif|elseif|elif|else|when)\b[^%]*-?%\}")
_OF_CODE = "highlight|prism|mermaid|code|code-?block|code-?toggle|code-example"
_CLOSES_CODE = rf"(?:\{{%-?|\{{\{{[<%])\s*/?\s*(?:end)?(?:{_OF_CODE})\s*(?:-?%\}}|[>%]\}}\}})"
_CODED = re2.compile(
    rf"(?s)(?:\{{%-?|\{{\{{[<%])\s*({_OF_CODE})(?:\s+([^\n{{}}]*?[^\n{{}}/\s]))?\s*(?:-?%\}}|[>%]\}}\}})\n?(.*?){_CLOSES_CODE}"
)
_END_CODED = re2.compile(_CLOSES_CODE)
_TAG = re2.compile(
    r"(?s)\{\{(?:<|%)[ \t\n-]*(?P<close>/?)[ \t\n]*(?P<name>[\w./-]+)(?P<rest>.*?)[ \t\n]*/?[ \t\n-]*(?:>|%)\}\}"
    r"|\{%-?[ \t\n]*(?P<tag>[\w.-]+)(?P<words>.*?)[ \t\n]*-?%\}"
    r"|\{\{(?P<value>[^{}]*?)\}\}|\{\*(?P<taken>[^\n]*?)\*\}"
)
_GITBOOK_SECTION = re2.compile(r'(?s)<!--\s*sec data-title="([^"\n]*)".*?-->')
_DECORATION = re2.compile(r"(?i)(?:^|[._-])(?:icon|emoji|logo|badge|glyph)s?$")
# filters of Liquid that leave the words of a text as they are
_HARMLESS = ("escape", "h", "markdownify", "safe", "strip", "relative_url", "absolute_url", "url", "raw", "t")
_LITERAL = re2.compile(r"""^\s*(?:"([^"]*)"|'([^']*)')""")


def code_first(text: str) -> str:
    """`text` with fenced blocks in place of tags around code. Comes before code is hidden."""
    text = str(_GITBOOK_SECTION.sub(r"\n**\1**\n", text))
    return paired(_CODED, _END_CODED, _fence, text) if "{%" in text or "{{" in text else text


def _fence(found: "re2._Match") -> str:
    given = arguments(found[2] or "")
    if "\n" not in found[3].strip("\n") and "```" in found[3]:
        return str(found[0])
    if "```" in found[3]:  # GitBook's `code` is around a fence
        title = given.first(TITLES)
        return f"\n**{title}**\n\n{found[3]}\n" if title else f"\n{found[3]}\n"
    language = "mermaid" if found[1] == "mermaid" else given.named.get("lang") or next(iter(given.listed), "")
    return f"\n```{language}\n{found[3].rstrip()}\n```\n"


def read(text: str, about: dict[str, object]) -> str:
    """`text`, its code hidden, with text for shortcodes; `about` is the front matter, which some of them show."""
    if "{{" not in text and "{%" not in text and "{*" not in text and "{#" not in text:
        return text
    for comment, closing in _COMMENTS:
        text = paired(comment, closing, lambda _: "", text)
    text = paired(_LOOP, _END_LOOP, lambda found: hole("shortcode", f"{found[1]} {found[2]}"), text)
    text = _first_branches(text)
    found_tags = list(_TAG.finditer(text))
    closed = {found["name"] for found in found_tags if found["close"]}
    closed |= {(found["tag"] or "").removeprefix("end") for found in found_tags if (found["tag"] or "")[:3] == "end"}
    pieces, done = list[str](), 0
    for found in found_tags:
        pieces += [text[done : found.start()], _shown(text, found, closed, about)]
        done = found.end()
    return "".join([*pieces, text[done:]])


def _first_branches(text: str) -> str:
    """Of what an `if` or `case` decides the first branch is read: the others say the same for other readers."""
    pieces, done, branches = list[str](), 0, list[int]()
    for found in _BRANCH.finditer(text):
        if all(branch == 1 for branch in branches):
            pieces.append(text[done : found.start()])
        done = found.end()
        if found[1]:
            branches = branches[:-1]
        elif found[2] in _BRANCHES:
            branches.append(int(found[2] != "case"))
        elif branches:
            branches[-1] += 1
    return "".join(pieces) + text[done:]


def _shown(text: str, found: "re2._Match", closed: set[str], about: dict[str, object]) -> str:
    before = text[max(0, found.start() - 2) : found.start()]
    in_address = before == "](" or (before[-1:] in "\"'" and text[: found.start()][-8:-1].rstrip().endswith("="))
    if found["value"] is not None:
        return _value(found["value"], about, in_address or _in_address(text, found.start()))
    if found["taken"] is not None:
        return hole("include", found["taken"].split()[0] if found["taken"].split() else "")
    name, rest = (found["name"] or found["tag"]), (found["rest"] if found["name"] else found["words"])
    if found["close"] or (found["tag"] or "").startswith("end"):
        return ""
    line_start = text.rfind("\n", 0, found.start()) + 1
    stops = text.find("\n", found.end())
    alone = (
        not text[line_start : found.start()].strip(" \t>")
        and not text[found.end() : stops if stops >= 0 else None].strip()
    )
    given = arguments(rest or "")
    if name in _LINKS or in_address:
        return next(iter((*given.listed, *given.named.values())), "") if name in _LINKS else ""
    if name in closed:
        return _opening(name, given, alone)
    return _single(name, given, about)


def _in_address(text: str, start: int) -> bool:
    """Whether `start` lies in the target of a link, or in an address."""
    line = text[max(text.rfind("\n", 0, start), start - 300) + 1 : start]
    target = line[line.rfind("](") + 2 :] if "](" in line else line[line.rfind('="') + 2 :] if '="' in line else ""
    return bool(target or line.endswith(("](", '="'))) and not any(sign in target for sign in ')" ')


def _opening(name: str, given: Arguments, alone: bool) -> str:
    """What a tag that another closes says before that which stands between the two."""
    title = given.first(TITLES) or next((word for word in given.quoted if any(map(str.isalpha, word))), "")
    kind = next((given.named[key] for key in _KINDS if given.named.get(key, "").lower() in _ASIDES), name.lower())
    listed = next((word for word in given.listed if word.lower() in _ASIDES), "")
    if name in (*SILENT, *_BOXES, *_PICTURES) and not given.named.get("title"):
        title = ""
    if name.lower() in _ASIDES and (not title or title.lower() in _ASIDES):
        title = (listed or kind).capitalize()
    if not title or (not alone and name not in _LABELLED):
        return ""
    return f"\n**{title.strip(' *')}**\n" if alone else f"**{title.strip(' *')}** "


def _single(name: str, given: Arguments, about: dict[str, object]) -> str:
    """The text of a tag that stands by itself."""
    if name == "heading":
        word = next(iter(given.listed), "")
        return _HEADINGS.get(word, word.replace("-", " ").replace("_", " ").capitalize())
    if name in ("param", "params"):
        key = next(iter(given.listed), "")
        return _known(key, about) or hole("placeholder", key)
    if "feature-state" in name:
        return f"Feature state: {' '.join([*given.named.values(), *given.listed])}"
    if name in ("embed", *_ADDRESSES, "video") and (address := _address(name, given)):
        return f"<{address}>"
    shown = given.first((*TEXTS, *TITLES)) if name not in ("include", "render", "partial") else ""
    if not shown and _says_nothing(name, given):
        return "<br>" if name == "br" else ""
    return shown or _unnamed(name, given)


def _says_nothing(name: str, given: Arguments) -> bool:
    if name in _BOXES | _ASIDES:
        return not given.named and not given.listed
    return name in SILENT | _BRANCHES | _PICTURES | {"br"}


def _address(name: str, given: Arguments) -> str:
    """Where that lies which a tag embeds; "" where it is not told."""
    for word in (*given.named.values(), *given.listed):
        if word.startswith(("http://", "https://")):
            return word
    if name not in _ADDRESSES:
        return ""
    parts = [given.named[key] for key in ("user", "id") if given.named.get(key)] or [word for word in given.listed[:2]]
    if name in ("x", "tweet") and len(parts) > 1:
        parts.insert(1, "status")
    return _ADDRESSES[name].format("/".join(parts[:1] if name in ("youtube", "vimeo") else parts)) if parts else ""


def _unnamed(name: str, given: Arguments) -> str:
    """The text of a tag that names none: a term, a version, words in quotes; else a hole."""
    if name == "glossary_tooltip":
        return given.named.get("term_id", "").replace("-", " ") or hole("shortcode", name)
    if name == "file" and given.named.get("src"):
        return PurePath(given.named["src"]).name
    if given.listed and (_VERSION.match(name) or _WORD.search(name)):
        words = " ".join(given.listed)
        return words if _WORD.search(name) else f"{name.replace('-', ' ').replace('_', ' ').capitalize()} {words}"
    words = next((word for word in given.quoted if " " in word.strip()), "")
    return words or hole(
        "include" if name.startswith(("include", "readfile")) else "shortcode", f"{name} {' '.join(given.listed)}"
    )


def _value(expression: str, about: dict[str, object], in_address: bool) -> str:
    """What `{{ expression }}` stands for: a literal, a word of the front matter, else a hole."""
    literal = _LITERAL.match(expression)
    if literal and all(each.split(":")[0].strip() in _HARMLESS for each in expression[literal.end() :].split("|")[1:]):
        return literal[1] or literal[2] or ""
    name = expression.partition("|")[0].strip().removeprefix("page.").removeprefix("$frontmatter.")
    if in_address or _DECORATION.search(name):
        return ""
    return _known(name, about) or hole("placeholder", name)


def _known(name: str, about: dict[str, object]) -> str:
    """The text that the front matter has under `name`, a path with dots; also among MyST's substitutions."""
    for table in (about, about.get("params"), about.get("substitutions"), about.get("myst"), _substitutions(about)):
        value: object = table
        for step in name.split("."):
            value = value.get(step) if isinstance(value, dict) else None
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            return str(value)
    return ""


def _substitutions(about: dict[str, object]) -> object:
    myst = about.get("myst")
    return myst.get("substitutions") if isinstance(myst, dict) else None
