"""Personal identifiers in text: e-mail and IP addresses, phones, cards, bank accounts, national ids.

A pattern (RE2, linear time) finds candidates. A validator decides, by a checksum wherever there is one. Identifiers
that belong to nobody are left alone: documentation and private ranges, example domains, the card numbers that payment
services publish for tests.
"""

import unicodedata
from collections.abc import Callable
from ipaddress import AddressValueError, IPv4Address, IPv6Address

import phonenumbers
import re2
import stdnum.iban
import stdnum.luhn

from pipelines.signals import national_ids

# A validator gets the text, start and end of the candidate; it returns where the identifier ends, or 0 if it is none.
Validator = Callable[[str, int, int], int]

MAX_USER = 64  # characters before the @: RFC 5321
# letters of names and hosts: Latin with marks, Greek, Cyrillic and full-width ones, but no Han, which may stand before
_LETTER = r"A-Za-z0-9\x{c0}-\x{24f}\x{370}-\x{52f}\x{1e00}-\x{1eff}\x{ff10}-\x{ff19}\x{ff21}-\x{ff3a}\x{ff41}-\x{ff5a}"
_HAN_DOMAINS = r"中国|中國|公司|网络|網絡|网址|在线|商城|集团|台湾|台灣|香港|한국"
EMAIL = (  # counted repetitions of so many letters would make an automaton of 60,000 states
    rf"[{_LETTER}._%+\-]+(?:[@＠]| ?[\[(] ?at ?[\])] ?)"
    rf"(?:[{_LETTER}\-\p{{Han}}]+(?:[.．]| ?[\[(] ?dot ?[\])] ?))+"
    r"(?:[A-Za-z\x{ff21}-\x{ff3a}\x{ff41}-\x{ff5a}]{2,24}|\p{Cyrillic}{2,10}|\p{Greek}{2,6}|" + _HAN_DOMAINS + r")"
    rf"|\p{{Han}}+[@＠](?:[{_LETTER}\-\p{{Han}}]+[.．])+(?:[A-Za-z]{{2,24}}|{_HAN_DOMAINS})"
)
IP4 = r"\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}"
IP6 = r"(?:[0-9A-Fa-f]{1,4}:){7}[0-9A-Fa-f]{1,4}|(?:[0-9A-Fa-f]{1,4}:){1,6}(?::[0-9A-Fa-f]{1,4}){1,6}"
CARD = (
    r"\d{12,19}|\d{4}[ \x{a0}.\-]\d{4}[ \x{a0}.\-]\d{4}[ \x{a0}.\-](?:\d{4}[ \x{a0}.\-]\d{1,3}|\d{1,7})"
    r"|\d{4}[ \-]\d{6}[ \-]\d{4,5}|\d{6}[ \-]\d{13}"
)
IBAN = r"[A-Za-z]{2}\d{2}(?:[A-Za-z0-9]{11,30}|(?:[ -][A-Za-z0-9]{4}){2,7}(?:[ -][A-Za-z0-9]{1,4})?)"
PHONE = r"(?:\+|[(（]|\b)\d[\d ().\-（）－]{5,18}\d(?: ?(?:x|ext\.? ?)\d{1,6})?"

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
# first digits from, to, and lengths: ISO/IEC 7812 as the issuers publish it; shorter Maestro numbers need a word nearby
_ISSUERS = (
    *(("4", "4", (13, 16, 19)), ("51", "55", (16,)), ("2221", "2720", (16,))),  # Visa, Mastercard
    *(("34", "34", (15,)), ("37", "37", (15,))),  # American Express
    *(("6011", "6011", (16, 19)), ("644", "649", (16, 19)), ("65", "65", (16, 19))),  # Discover
    *(("3528", "3589", (16, 19)), ("2131", "2131", (15,)), ("1800", "1800", (15,))),  # JCB
    *(("300", "305", (14,)), ("3095", "3095", (14,)), ("36", "36", (14, 19)), ("38", "39", (14,))),  # Diners Club
    *(("62", "62", (16, 17, 18, 19)), ("81", "81", (16, 19))),  # UnionPay
    *(("5018", "5018", (16, 19)), ("5020", "5020", (16, 19)), ("5038", "5038", (16, 19)), ("5893", "5893", (16, 19))),
    *(("6304", "6304", (16, 18, 19)), ("6759", "6759", (16, 18, 19)), ("6761", "6763", (16, 18, 19))),  # Maestro
    *(("2200", "2204", (16,)), ("508", "508", (16,)), ("60", "60", (16,)), ("9792", "9792", (16,))),  # Mir, RuPay, Troy
)
_CARD_CUE = re2.compile(r"(?i)card|visa|master|maestro|amex|payment|卡|信用|支付")
_PHONE_CUE = re2.compile(
    r"(?i)call|phone|\btel|mobile|\bcell|fax|whatsapp|reach|answering|contact|sms|hotline|my (?:new )?number"
    r"|电话|電話|手机|手機|联系|聯絡|致电|热线|座机|微信"
)
_PHONE_LABEL = re2.compile(
    r"(?i)(?:phone|\btel|fax|mobile|\bcell|desk|office|whatsapp|answering at|you at|call|电话|電話|手机"
    r"|手機)[^\w\n]{0,4}$"
)
_PHONE_LABELLED = re2.compile(r"(?i)^[ \-,]{0,2}(?:fax|mobile|office|cell|desk|home)\b")
_DATE = re2.compile(
    r"(?:19|20)\d\d[-./ ]\d{1,2}[-./ ]\d{1,2}|\d{1,2}[-./]\d{1,2}[-./](?:19|20)\d\d|(?:19|20)\d\d ?- ?(?:19|20)\d\d"
)
_DOTTED = re2.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
_VERSION_CUE = re2.compile(
    r"(?i)(?:version|release|\b(?:v|ver|rev|build|firmware|chrome|edge|safari|firefox|opera|jdk|java|kernel|python|windows"
    r"|driver|package|patch|update|upgraded? (?:to|from)|oid|section|clause)|版本|内核|固件)[ :=/\-]*[\"'`]?$"
)
_LANDLINE = re2.compile(r"[(（]?0(?:10|2\d|[3-9]\d{2})[)） －\-]{1,2}[2-8](?:\d{6,7}|\d{3}[ \-]\d{4})")
_MOBILE = re2.compile(
    r"(?:(?:\+|00)?86[ \-]?)?1[3-9]\d([ \-]?)\d{4}[ \-]?\d{4}"
)  # of China, in groups; group 1: between
_NEAR_ASIA = re2.compile(r"[(（](?:852|853|886|86|81|82)[)）][ \-]?\d[\d \-]+")
_TRUNK = re2.compile(r"0\d{1,3}-\d{2,4}-\d{4}")  # Japan, Korea, Taiwan
_BESIDE_HAN = re2.compile(r"\p{Han}[^\w\n]{0,4}$")
_EPOCH = re2.compile(
    r"1\d{9}(?:\.\d{1,6}|\d{3}|\d{6})?|20[0-9]\d(?:0[1-9]|1[0-2])[0-3]\d(?:[0-2]\d[0-5]\d(?:[0-5]\d)?)?"
)
_REGIONS = ("US", "GB", "CN", "DE", "FR", "NL", "AU", "IN")


def email(text: str, start: int, end: int) -> int:
    """Validate an e-mail address: return `end`, or 0 for placeholders and names of files."""
    user, _, domain = (
        unicodedata.normalize("NFKC", text[start:end])
        .lower()
        .replace(" ", "")
        .replace("[at]", "@")
        .replace("(at)", "@")
        .partition("@")
    )
    domain = domain.replace("[dot]", ".").replace("(dot)", ".")
    if len(user) > MAX_USER or user.strip(".") in _PLACEHOLDER_USERS or domain.rpartition(".")[2] in _NO_DOMAINS:
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
    # an address that ends in .0 is a network or a version
    placeholder = text[start:end] in _PUBLIC_RESOLVERS or all(len(octet) == 1 for octet in octets) or octets[3] == "0"
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
    if _is_part_of_longer(text, start, end, "./=") or digits in _TEST_CARDS or len(set(digits)) < 3:
        return 0
    if not stdnum.luhn.is_valid(digits):
        return 0
    if _issued(digits):
        return end
    near = text[max(0, start - 60) : end + 40]
    return end if digits[0] in "23456" and _CARD_CUE.search(near) else 0


def _issued(digits: str) -> bool:
    """Has the number the first digits and the length of an issuer's?"""
    return any(low <= digits[: len(low)] <= high and len(digits) in lengths for low, high, lengths in _ISSUERS)


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
    if _DOTTED.fullmatch(value) or (_EPOCH.fullmatch(value) and not _chinese_mobile(value)):
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
    if _chinese_mobile(value) or _LANDLINE.fullmatch(value) or _grouped_mobile(value, before):
        return ("CN",)
    if _TRUNK.fullmatch(value):
        return ("JP", "KR", "TW")
    if _PHONE_CUE.search(before):
        return _REGIONS
    return ("US",) if value.startswith("(") or value.count("-") == 2 else ()


def _chinese_mobile(value: str) -> bool:
    return len(value) == 11 and value[0] == "1" and value[1] in "3456789" and value.isdigit()


def _grouped_mobile(value: str, before: str) -> bool:
    """Is it one of China with hyphens or its country's number, or in groups beside a word of Chinese?"""
    groups = _MOBILE.fullmatch(value)
    return bool(groups) and (groups[1] != " " or value.startswith(("86", "00")) or bool(_BESIDE_HAN.search(before)))


def _valid_phone(value: str, region: str | None) -> bool:
    if _NEAR_ASIA.fullmatch(value):  # a country's number in brackets
        value, region = f"+{_digits(value)}", None
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
    ("EMAIL", r"[@＠]|[\[(] ?at ?[\])]", EMAIL, email),
    ("IBAN", r"[A-Za-z]{2}\d{2}[ \-]?[A-Za-z0-9]{4}", IBAN, iban),
    (
        "ID",
        r"\d-\d\d-\d{4}|\d{17}|\d{6}[-+AHM]|[A-Z]{6}\d\d|\.\d{3}-\d\d|\d \d\d \d{3}|756\.|\d{15}|\d\([\dA]\)",
        national_ids.FORM,
        national_ids.by_form,
    ),
    ("ID", national_ids.NAME, national_ids.NAMED, national_ids.by_name),
    ("CARD", r"\d{4}[ \x{a0}.\-]?\d{4}[ \x{a0}.\-]?\d{4}|\d{4}[ \-]\d{6}[ \-]\d{4}", CARD, card),
    ("IP", r"\d\.\d{1,3}\.\d{1,3}\.\d", IP4, ip4),
    ("IP", r":[0-9A-Fa-f]{0,4}:", IP6, ip6),
    (
        "PHONE",
        r"\d[ ().\-（）－]{0,2}" * 6 + r"\d",
        PHONE,
        phone,
    ),
)
