"""Macros by name. What is not listed here and holds no text is not known, and leaves a hole."""

from collections.abc import Callable

from schemas.hole import hole

# Lists of pages and people that the wiki makes anew for every reader, places, looks, pictures, and what only an editor
# uses. What stands within one of them is read all the same.
# fmt: off
SILENT = frozenset((
    "toc", "toc-zone", "anchor", "children", "childrens", "pagetree", "pagetreesearch", "recently-updated",
    "recently-updated-dashboard", "recently-used-labels", "contentbylabel", "content-by-label", "contentbyuser",
    "attachments", "gallery", "convertedtoblock", "content-by-user", "spacejump", "rw-pagetree", "blog-posts",
    "livesearch", "search", "page-index", "index", "navmap", "navitabs", "listlabels", "labels-list",
    "popular-labels", "related-labels", "contributors", "contributors-summary", "create-from-template",
    "create-space-button", "change-history", "profile", "profile-picture", "network", "favpages", "userlister",
    "spaces", "spacegraph", "space-attachments", "space-details", "space-jump", "global-reports",
    "tasks-report-macro", "task-report", "tasklist", "detailssummary", "details-summary", "add-page", "add-comment",
    "copy-page", "delete", "rate", "comments", "dashboard", "style", "css", "stylesheet", "javascript", "script",
    "clickable", "bgcolor", "color", "colour", "section", "column", "div", "span", "center", "align", "indent",
    "hidden-data", "float", "clear", "viewport", "horizontal-rule", "hr", "br", "space", "nbsp", "table-plus",
    "table-filter", "excerpt", "noautolinks", "no-print", "export", "scrollbar", "scroll-bookmark", "scroll-ignore",
    "scroll-pagebreak", "scroll-only", "scroll-exportbutton", "pagebreak", "page-break", "print-page", "redirect",
    "alias", "cache", "cheese", "multiexcerpt", "menulink", "menuitem", "linkpage", "breadcrumbs", "builder-show",
    "builder-hide", "show-to", "hide-from", "visibility", "pageapproval", "workflow", "watchers", "like", "share",
    "im", "include-css", "google-analytics", "iconmap", "image-map", "lightbox", "slideshow", "nolink", "ul", "ol",
    "li", "table", "tr", "td", "th", "tbody", "thead", "h1", "h2", "h3", "h4", "h5", "h6", "p", "b", "i", "u",
    "font", "big", "small", "sub", "sup", "style-rule",
))
# fmt: on
_INCLUDES = (
    "include",
    "html-include",
    "include-page",
    "excerpt-include",
    "excerpt-inlcude",
    "multiexcerpt-include",
    "page-include",
)


# The setting in which a macro without text says something, by its name; others may have an address or words.
_WORDS = {"status": "title", "jira": "key", "lozenge": "title", "iframe": "src"}
_WORDS |= dict.fromkeys(("view-file", "viewpdf", "viewdoc", "viewxls", "viewppt", "pdf", "office-word"), "name")
_SAID = ("url", "text", "label")


def said(name: str, setting: Callable[[str], str]) -> str:
    """What a macro shows by one of its settings, which `setting` gives by name; "" for nothing."""
    return next((words for key in (_WORDS.get(name, ""), *_SAID) if key and (words := setting(key))), "")


def unread(name: str, target: str = "") -> str:
    """What stands in place of a macro of this name without text of its own: "" for a silent one, else a hole."""
    if name in SILENT:
        return ""
    return hole("include", target or name) if name in _INCLUDES else hole("macro", name)
