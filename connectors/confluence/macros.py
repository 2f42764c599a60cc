"""Macros by name. What is not listed here and holds no text is not known, and leaves a hole."""

from schemas.hole import hole

# Lists that the wiki makes anew for every reader, places, looks, and what only an editor uses
# fmt: off
SILENT = frozenset((
    "toc", "toc-zone", "anchor", "children", "childrens", "pagetree", "pagetreesearch", "recently-updated",
    "recently-updated-dashboard", "recently-used-labels", "contentbylabel", "content-by-label", "contentbyuser",
    "attachments", "gallery", "blog-posts", "livesearch", "search", "page-index", "index", "navmap", "navitabs",
    "listlabels", "labels-list", "popular-labels", "related-labels", "contributors", "contributors-summary",
    "create-from-template", "create-space-button", "change-history", "profile", "profile-picture", "network",
    "favpages", "userlister", "spaces", "spacegraph", "space-attachments", "space-details", "space-jump",
    "global-reports", "tasks-report-macro", "task-report", "tasklist", "detailssummary", "details-summary",
    "add-page", "add-comment", "copy-page", "delete", "rate", "survey", "poll", "vote", "comments", "dashboard",
    "html-include", "style", "css", "stylesheet", "javascript", "script", "clickable", "bgcolor", "color",
    "colour", "section", "column", "div", "span", "center", "align", "indent", "hidden", "hidden-data", "float",
    "clear", "viewport", "horizontal-rule", "hr", "br", "space", "nbsp", "composition-setup", "deck", "card",
    "table-plus", "table-filter", "table-row", "table-cell", "excerpt", "noautolinks", "no-print", "export",
    "scrollbar", "scroll-bookmark", "scroll-ignore", "scroll-pagebreak", "scroll-only", "scroll-title",
    "scroll-exportbutton", "pagebreak", "page-break", "print-page", "redirect", "alias", "cache", "cheese",
    "multi-excerpt", "multiexcerpt", "menulink", "menuitem", "linkpage", "breadcrumbs", "builder-show", "builder-hide",
    "metadata-list", "show-to", "hide-from", "visibility", "pageapproval", "workflow", "watchers", "like", "share",
    "im", "loremipsum", "include-css", "google-analytics", "iconmap", "image-map", "lightbox", "slideshow",
    "nolink", "ul", "ol", "li", "table", "tr", "td", "th", "tbody", "thead", "h1", "h2", "h3", "h4", "h5", "h6", "p",
    "b", "i", "u", "font", "big", "small", "sub", "sup", "style-rule",
))
# fmt: on
_INCLUDES = ("include", "include-page", "excerpt-include", "excerpt-inlcude", "multiexcerpt-include", "page-include")


def unread(name: str, target: str = "") -> str:
    """What stands in place of a macro of this name without text of its own: "" for a silent one, else a hole."""
    if name in SILENT:
        return ""
    return hole("include", target or name) if name in _INCLUDES else hole("macro", name)
