"""Personal identifiers in text: e-mail and IP addresses, phones, cards, bank accounts, national ids.

A pattern (RE2, linear time) finds candidates. A validator decides, by a checksum wherever there is one. Identifiers
that belong to nobody are left alone: documentation and private ranges, example domains, the card numbers that payment
services publish for tests.
"""

from collections.abc import Callable
from ipaddress import AddressValueError, IPv4Address, IPv6Address

import phonenumbers
import re2
import stdnum.iban
import stdnum.luhn

from pipelines.signals import national_ids

# A validator gets the text, start and end of the candidate; it returns where the identifier ends, or 0 if it is none.
Validator = Callable[[str, int, int], int]

EMAIL = (
    r"[A-Za-z0-9._%+\-]{1,64}(?:@| ?[\[(] ?at ?[\])] ?)"
    r"(?:[A-Za-z0-9\-]{1,63}(?:\.| ?[\[(] ?dot ?[\])] ?)){1,6}[A-Za-z]{2,24}"
)
IP4 = r"\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}"
IP6 = r"(?:[0-9A-Fa-f]{1,4}:){7}[0-9A-Fa-f]{1,4}|(?:[0-9A-Fa-f]{1,4}:){1,6}(?::[0-9A-Fa-f]{1,4}){1,6}"
CARD = r"\d{12,19}|\d{4}[ -]\d{4}[ -]\d{4}[ -]\d{1,7}|\d{4}[ -]\d{6}[ -]\d{4,5}"
IBAN = r"[A-Za-z]{2}\d{2}(?:[A-Za-z0-9]{11,30}|(?:[ -][A-Za-z0-9]{4}){2,7}(?:[ -][A-Za-z0-9]{1,4})?)"
PHONE = r"(?:\+|\(|\b)\d[\d ().\-]{5,18}\d(?: ?(?:x|ext\.? ?)\d{1,6})?"

_PLACEHOLDER_USERS = frozenset((
    "user", "username", "you", "your", "yourname", "your.name", "your_name", "your-name", "name", "someone",
    "somebody", "email", "foo", "bar", "git", "noreply", "no-reply", "example", "xxx",
))  # fmt: skip
_PLACEHOLDER_DOMAINS = (
    "example.com", "example.org", "example.net", "example.edu", "domain.com", "domain.tld",
    "yourdomain.com", "your-domain.com", "mydomain.com", "company.com", "yourcompany.com", "mycompany.com",
    "foo.com", "bar.com", "foo.bar", "test.com", "xxx.com", "host.com", "server.com", "site.com", "website.com",
    "users.noreply.github.com",
)  # fmt: skip
_NO_DOMAINS = frozenset((
    "example", "test", "invalid", "localhost", "local", "internal", "png", "jpg", "jpeg", "gif", "svg", "webp",
    "js", "css", "py", "md", "service", "socket", "timer", "mount", "slice", "scope", "xx",
))  # fmt: skip
_PUBLIC_RESOLVERS = frozenset((
    "8.8.8.8", "8.8.4.4", "1.1.1.1", "1.0.0.1", "9.9.9.9", "208.67.222.222", "208.67.220.220", "114.114.114.114",
    "223.5.5.5", "223.6.6.6",
))  # fmt: skip
_TEST_CARDS = frozenset((
    "4111111111111111", "4242424242424242", "4012888888881881", "4222222222222", "4000056655665556",
    "5555555555554444", "5105105105105100", "5200828282828210", "2223003122003222", "378282246310005",
    "371449635398431", "378734493671000", "6011111111111117", "6011000990139424", "30569309025904",
    "38520000023237", "3530111333300000", "3566002020360505", "4000000000000002", "4000000000000077",
))  # fmt: skip
_EXAMPLE_IBANS = frozenset((
    "GB82WEST12345698765432", "GB29NWBK60161331926819", "DE89370400440532013000",
    "FR1420041010050500013M02606",
))  # fmt: skip
_CARD_CUE = re2.compile(r"(?i)card|visa|master|maestro|amex|payment|卡|信用|支付")
_PHONE_CUE = re2.compile(
    r"(?i)call|phone|\btel|mobile|\bcell|fax|whatsapp|reach|answering|contact|sms|hotline|电话|手机|联系|致电|热线"
)
_PHONE_LABEL = re2.compile(
    r"(?i)(?:phone|\btel|fax|mobile|\bcell|desk|office|whatsapp|answering at|you at|call|电话|手机)[^\w\n]{0,4}$"
)
_PHONE_LABELLED = re2.compile(r"(?i)^[ \-,]{0,2}(?:fax|mobile|office|cell|desk|home)\b")
_DATE = re2.compile(
    r"(?:19|20)\d\d[-./ ]\d{1,2}[-./ ]\d{1,2}|\d{1,2}[-./]\d{1,2}[-./](?:19|20)\d\d|(?:19|20)\d\d ?- ?(?:19|20)\d\d"
)
_DOTTED = re2.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
_VERSION_CUE = re2.compile(r"(?i)(?:version|release|\bv|build|firmware|chrome|oid|section|clause|版本)[ :=/\-]*$")
_REGIONS = ("US", "GB", "CN", "DE", "FR", "NL", "AU", "IN")


def email(text: str, start: int, end: int) -> int:
    """Validate an e-mail address: return `end`, or 0 for placeholders and names of files."""
    user, _, domain = text[start:end].lower().replace(" ", "").replace("[at]", "@").replace("(at)", "@").partition("@")
    domain = domain.replace("[dot]", ".").replace("(dot)", ".")
    if user.strip(".") in _PLACEHOLDER_USERS or domain.rpartition(".")[2] in _NO_DOMAINS:
        return 0
    return 0 if any(domain == known or domain.endswith(f".{known}") for known in _PLACEHOLDER_DOMAINS) else end


def ip4(text: str, start: int, end: int) -> int:
    """Validate an IPv4 address: return `end`, or 0 for versions, private ranges and public resolvers."""
    if _is_part_of_longer(text, start, end, ".") or _VERSION_CUE.search(text[max(0, start - 16) : start]):
        return 0
    octets = text[start:end].split(".")
    try:
        address = IPv4Address(text[start:end])
    except AddressValueError:
        return 0
    placeholder = text[start:end] in _PUBLIC_RESOLVERS or all(len(octet) == 1 for octet in octets)
    placeholder = placeholder or octets in (["11", "22", "33", "44"], ["12", "34", "56", "78"])
    return end if address.is_global and not address.is_multicast and not placeholder else 0


def ip6(text: str, start: int, end: int) -> int:
    """Validate an IPv6 address: return `end`, or 0 for private ranges and names like `a::b`."""
    if _is_part_of_longer(text, start, end, ":"):
        return 0
    try:
        address = IPv6Address(text[start:end])
    except AddressValueError:
        return 0
    short = "::" in text[start:end]
    # `a::b` is a name in some programming languages: a shortened address must look like an allocated one
    if short and (text[start] not in "23" or text[start:end].count(":") < 3):
        return 0
    return end if address.is_global and not address.is_multicast else 0


def card(text: str, start: int, end: int) -> int:
    """Validate a card number by Luhn and issuer: return `end`, or 0 for numbers that are published for tests."""
    digits = _digits(text[start:end])
    if _is_part_of_longer(text, start, end, "./") or digits in _TEST_CARDS or len(set(digits)) < 3:
        return 0
    if not stdnum.luhn.is_valid(digits):
        return 0
    if _issued(digits):
        return end
    near = text[max(0, start - 60) : end + 40]
    return end if digits[0] in "3456" and _CARD_CUE.search(near) else 0


def _issued(digits: str) -> bool:
    """Has the number the first digits and the length of Visa, Mastercard, American Express, Discover, JCB …?"""
    length, two, four = len(digits), int(digits[:2]), int(digits[:4])
    if length == 16:
        return digits[0] == "4" or 51 <= two <= 55 or 2221 <= four <= 2720 or four == 6011 or two in (35, 65)
    if length == 15:
        return two in (34, 37)
    return (
        (length == 14 and two in (36, 38)) or (length in (16, 19) and two == 62) or (length == 13 and digits[0] == "4")
    )


def iban(text: str, start: int, end: int) -> int:
    """Validate an IBAN by checksum: return where it ends, or 0 for published examples."""
    if _is_part_of_longer(text, start, end, ""):
        return 0
    # following words may look like more groups, so the longest valid beginning counts
    while end - start >= 15:
        number = text[start:end].replace(" ", "").replace("-", "").upper()
        if stdnum.iban.is_valid(number):
            return 0 if number in _EXAMPLE_IBANS else end
        end -= 1
    return 0


def phone(text: str, start: int, end: int) -> int:
    """Validate a phone number by its label, or by the numbering plans of libphonenumber: return `end`, or 0."""
    value = text[start:end]
    digits = _digits(value)
    if (
        _is_part_of_longer(text, start, end, "/=#%")
        or not 7 <= len(digits) <= 20
        or len(set(digits)) < 3
        or _DATE.match(value)
    ):
        return 0
    if _DOTTED.fullmatch(value):
        return 0
    if _labelled(text, start, end):
        return end
    regions = _regions(value, text[max(0, start - 40) : start])
    return end if any(_valid_phone(value, region) for region in regions) else 0


def _labelled(text: str, start: int, end: int) -> bool:
    """Does a label right before or after a number in groups call it a phone number?"""
    grouped = not text[start:end].isdigit()
    before, after = text[max(0, start - 16) : start], text[end : end + 10]
    return grouped and bool(_PHONE_LABEL.search(before) or _PHONE_LABELLED.search(after))


def _regions(value: str, before: str) -> tuple[str | None, ...]:
    """Return the regions in which a number of this form may be valid.

    (None,): the number names its country (+49 …). (): nothing says that it is a phone number.
    """
    if value.startswith("+"):
        return (None,)
    if len(value) == 11 and value[0] == "1" and value[1] in "3456789" and value.isdigit():
        return ("CN",)
    if _PHONE_CUE.search(before):
        return _REGIONS
    return ("US",) if value.startswith("(") or value.count("-") == 2 else ()


def _valid_phone(value: str, region: str | None) -> bool:
    try:
        number = phonenumbers.parse(value, region)
    except phonenumbers.NumberParseException:
        return False
    fictional = "55501" in str(number.national_number)[3:8]  # 555-01xx, kept free for fiction
    return phonenumbers.is_valid_number(number) and not fictional


def _digits(value: str) -> str:
    return "".join(char for char in value if char.isdigit())


def _is_part_of_longer(text: str, start: int, end: int, marks: str) -> bool:
    """Is the candidate part of a longer word or number? `marks` join numbers of this kind."""
    before, after = text[start - 1 : start], text[end : end + 1]
    if _word(before) or _word(after):
        return True
    joined_after = after in marks and text[end + 1 : end + 2].isalnum() if after else False
    joined_before = before in marks and text[max(0, start - 2) : start - 1].isalnum() if before else False
    return joined_after or joined_before


def _word(char: str) -> bool:
    return char.isascii() and (char.isalnum() or char == "_")


# kind, trigger (a pattern that every candidate contains), candidates, validator; of two that overlap the earlier wins
DETECTORS: tuple[tuple[str, str, str, Validator], ...] = (
    ("EMAIL", r"@|[\[(] ?at ?[\])]", EMAIL, email),
    ("IBAN", r"[A-Za-z]{2}\d{2}[ \-]?[A-Za-z0-9]{4}", IBAN, iban),
    (
        "ID",
        r"\d-\d\d-\d{4}|\d{17}|\d{6}[-+AHM]|[A-Z]{6}\d\d|\.\d{3}-\d\d|\d \d\d \d{3}|756\.|\d{15}|\d\([\dA]\)",
        national_ids.FORM,
        national_ids.by_form,
    ),
    ("ID", national_ids.NAME, national_ids.NAMED, national_ids.by_name),
    ("CARD", r"\d{4}[ \-]?\d{4}[ \-]?\d{4}|\d{4}[ \-]\d{6}[ \-]\d{4}", CARD, card),
    ("IP", r"\d\.\d{1,3}\.\d{1,3}\.\d", IP4, ip4),
    ("IP", r":[0-9A-Fa-f]{0,4}:", IP6, ip6),
    (
        "PHONE",
        r"\d[ ().\-]{0,2}\d[ ().\-]{0,2}\d[ ().\-]{0,2}\d[ ().\-]{0,2}\d[ ().\-]{0,2}\d[ ().\-]{0,2}\d",
        PHONE,
        phone,
    ),
)
