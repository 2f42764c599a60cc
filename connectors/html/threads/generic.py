"""How quotes and what stands around code look on forums in general, for bodies of posts of no known engine."""

from connectors.html.threads.profiles import Profile

_CODE_LABELS = "starts-with(normalize-space(), 'Code') or contains(@class, 'title') or contains(@class, 'head')"
_LABELS = "contains('Quote: Zitat: Citation: Cita: Цитата: 引用:', normalize-space())"
_EDIT_NOTES = (
    "starts-with(normalize-space(), 'Last edited') or starts-with(normalize-space(), '本帖最后由')"
    " or (starts-with(normalize-space(), 'Edited ') and .//time)"
)
_QUOTES = (
    ".//blockquote | .//*[self::div or self::fieldset or self::table][contains(@class, 'quot')]"
    f" | .//div[contains(@class, 'Quote')] | .//div[div[1][{_LABELS}] and table]"
)
_QUOTED = "contains(@class, 'quot')"
_NAME_ALONE = (
    "string-length(normalize-space()) < 30 and not(contains(normalize-space(), ' '))"
    " and substring(normalize-space(), string-length(normalize-space())) = ':'"
)
_NOISE_NAMES = ("signature", "quoteheader", "quote-header", "quotetitle", "postedby", "attribution", "quote-author")
_NOISE = " | ".join(
    [
        ".//cite",
        *(f".//*[contains(@class, '{name}')]" for name in _NOISE_NAMES),
        ".//*[starts-with(normalize-space(), 'Click to expand')]",
        f".//*[string-length(normalize-space()) < 120][{_EDIT_NOTES}]",
        # a name alone over a quote: "ann:"
        f".//*[{_NAME_ALONE}][following-sibling::*[1][self::blockquote]]",
        f".//*[self::blockquote or {_QUOTED}]/*[1][{_NAME_ALONE}]",
        # what stands over a quote or over code: "Ann said:", "Code:", "Select all"
        ".//*[self::blockquote]/*[1][string-length(normalize-space()) < 60 and contains(normalize-space(), ' said:')]",
        ".//*[following-sibling::*[1][self::pre or self::code or .//pre or .//code]][not(.//pre)]"
        f"[string-length(normalize-space()) < 25][{_CODE_LABELS}]",
    ]
)
GENERIC = Profile(
    "generic",
    quote=_QUOTES,
    quote_body=(f"./div[1][{_LABELS}]/../table//td/div[last()]",),
    drop=_NOISE,
)
