"""Secrets in text: keys and tokens by the formats their providers publish, and values that a name gives away.

Whatever a person would call an example (EXAMPLE, your_key_here, xxxx, ${KEY}) is none.
"""

import math
from collections import Counter

import re2

# Formats as providers document them; the whole match is the secret.
FORMATS = (
    r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b",  # Amazon
    r"\bgh[pousr]_[A-Za-z0-9]{36,255}\b|\bgithub_pat_[A-Za-z0-9_]{22,255}\b",
    r"\bglpat-[A-Za-z0-9_\-]{20,}",
    r"\bxox[abeoprs]-[A-Za-z0-9\-]{10,}"
    r"|https://hooks\.slack\.com/services/T[A-Za-z0-9]+/B[A-Za-z0-9]+/[A-Za-z0-9]{16,}",
    r"\bAIza[A-Za-z0-9_\-]{35}|\bya29\.[A-Za-z0-9_\-]{20,}|\bGOCSPX-[A-Za-z0-9_\-]{20,}",
    r"\bsk-[A-Za-z0-9_\-]{20,}",  # OpenAI, Anthropic and those who followed them
    r"\b[sr]k_(?:live|test)_[A-Za-z0-9]{16,}|\bwhsec_[A-Za-z0-9+/]{24,}",  # Stripe
    r"\beyJ[A-Za-z0-9_\-]{8,}\.eyJ[A-Za-z0-9_\-]{8,}\.[A-Za-z0-9_\-]{8,}",  # JSON Web Tokens
    r"(?s:-----BEGIN [A-Z ]{0,20}PRIVATE KEY(?: BLOCK)?-----.*?-----END [A-Z ]{0,20}PRIVATE KEY(?: BLOCK)?-----)",
    r"\bhf_[A-Za-z0-9]{30,}|\bnpm_[A-Za-z0-9]{36}\b|\bpypi-[A-Za-z0-9_\-]{50,}|\bdop_v1_[a-f0-9]{64}\b",
    r"\bSG\.[A-Za-z0-9_\-]{16,32}\.[A-Za-z0-9_\-]{16,64}|\bkey-[0-9a-f]{32}\b|\b(?:SK|AC)[0-9a-f]{32}\b",  # mail, SMS
    r"\b\d{8,10}:AA[A-Za-z0-9_\-]{32,33}|\b[MNO][A-Za-z0-9_\-]{23,25}\.[A-Za-z0-9_\-]{6}\.[A-Za-z0-9_\-]{27,38}",
    r"\bshp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}\b|\bdapi[a-f0-9]{32}\b|\bLTAI[A-Za-z0-9]{12,24}\b|\bAKID[A-Za-z0-9]{32}\b",
)
# A name that holds secrets, then its value: group 1.
NAMED = (
    r"(?i)(?:api[_ -]?key|secret|token|passw(?:or)?d|passwd|passphrase|pwd|credential|account[_-]?key"
    r"|access[_-]?key|private[_-]?key"
    r"|密码|口令|密钥|令牌)[A-Za-z0-9_]{0,20}[\"'`]?(?:\s|\*){0,3}(?::=|=>|==?|:|：| is |为"
    r"|是)\s{0,3}[\"'`]?([^\s\"'`,;<>(){}\[\]]{8,200})"
)
BEARER = r"(?i)\b(?:bearer|basic|token)\s+([A-Za-z0-9._~+/\-]{20,400}=*)"
CONNECTION = r"[A-Za-z][A-Za-z0-9+.\-]{1,20}://[^\s:/@\"']{0,80}:([^\s@/\"'<>]{3,100})@"
FORMAT_TRIGGER = (
    r"A[KSBC][IC]A|gh[pousr]_|github_pat_|glpat-|xox|hooks\.slack|AIza|ya29|GOCSPX|sk-|[sr]k_|whsec_|eyJ"
    r"|PRIVATE KEY|hf_|npm_|pypi-|dop_v1"
    r"|SG\.|key-|SK[0-9a-f]{8}|AC[0-9a-f]{8}|:AA|[MNO][A-Za-z0-9_\-]{23}|shp[acps]|dapi|LTAI|AKID"
)
NAMED_TRIGGER = r"(?i)key|secret|token|passw|passphrase|pwd|credential|密码|口令|密钥|令牌"

ENTROPY = 3.0  # bits per character below which a named value is a word, not a key
_EXAMPLE = re2.compile(
    r"(?i)example|your|xxx|\*\*\*|\.\.\.|placeholder|change[_-]?me|dummy|sample|insert|redacted|foobar|password"
    r"|123456789|abcdef"
    r"|environ|getenv|process\.|config\.|settings\.|secrets?\.|\$\{|\{\{|%s|0{8}"
)
_UUID = re2.compile(r"(?i)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_URL = re2.compile(r"(?i)https?://|www\.|/[a-z]+/[a-z]+")


def by_format(text: str, start: int, end: int) -> int:
    return 0 if _is_example(text[start : min(end, start + 200)]) else end


def by_name(text: str, start: int, end: int) -> int:
    """Could a value under a telling name be a real one: letters and digits mixed, hardly a word, no placeholder?"""
    value = text[start:end]
    if _is_example(value) or _UUID.fullmatch(value) or _URL.search(value):
        return 0
    mixed = any(char.isdigit() for char in value) and any(char.isalpha() for char in value)
    return end if mixed and entropy(value) >= ENTROPY else 0


def in_connection(text: str, start: int, end: int) -> int:
    """What stands between user and host is a password unless it is called one."""
    value = text[start:end]
    words = ("pass", "pwd", "pw", "port", "secret", "user", "root", "admin")
    return 0 if _is_example(value) or value.lower() in words else end


def _is_example(value: str) -> bool:
    return len(set(value)) < 4 or bool(_EXAMPLE.search(value))


def entropy(value: str) -> float:
    """Shannon entropy of the characters, in bits per character."""
    return -sum(count / len(value) * math.log2(count / len(value)) for count in Counter(value).values())


# kind, what any candidate holds, candidates (the last group, else the match), validator
DETECTORS = (
    ("KEY", FORMAT_TRIGGER, "|".join(FORMATS), by_format),
    ("KEY", "://[^/ \n]*@", CONNECTION, in_connection),
    ("KEY", NAMED_TRIGGER, NAMED, by_name),
    ("KEY", "(?i)bearer|basic|token", BEARER, by_name),
)
