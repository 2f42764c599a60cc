"""Secrets in text: keys and tokens by the formats that their providers publish, and values whose name says so.

An obvious example (EXAMPLE, your_key_here, xxxx, ${KEY}) is no secret.
"""

import math
from collections import Counter

import re2

# Formats as providers document them; the whole match is the secret. Facts compared with the rules of gitleaks 8.
FORMATS = (
    r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b|\bABSK[A-Za-z0-9+/]{100,}={0,2}",  # Amazon
    r"\bgh[pousr]_[A-Za-z0-9]{36,255}\b|\bgithub_pat_[A-Za-z0-9_]{22,255}\b",
    r"\bgl(?:pat|ptt|rt|dt|soat|cbt|ft|imt|agent|oas)-[A-Za-z0-9_\-.]{20,}|\bGR1348941[A-Za-z0-9_\-]{20}",
    r"\bxox[abeoprs]-[A-Za-z0-9\-]{10,}|\bxapp-\d-[A-Z0-9]+-\d+-[a-z0-9]{16,}"
    r"|https://hooks\.slack\.com/(?:services|workflows)/T[A-Za-z0-9]+/[AB][A-Za-z0-9]+/[A-Za-z0-9/]{16,}"
    r"|https://discord(?:app)?\.com/api/webhooks/\d{15,20}/[A-Za-z0-9_\-]{50,}",
    r"\bAIza[A-Za-z0-9_\-]{35}|\bya29\.[A-Za-z0-9_\-]{20,}|\bGOCSPX-[A-Za-z0-9_\-]{20,}",
    r"\bsk-[A-Za-z0-9_\-]{20,}",  # of many who serve models
    r"\b(?:gsk|xai|pplx|r8|nvapi|csk|fw|tgp_v1)[_\-][A-Za-z0-9_\-]{32,}|\b[a-f0-9]{32}\.[A-Za-z0-9]{16}\b"  # models
    r"|\bhf_[A-Za-z0-9]{30,}|\bapi_org_[A-Za-z0-9]{30,}",
    r"\b[sr]k_(?:live|test|prod)_[A-Za-z0-9]{10,}|\bwhsec_[A-Za-z0-9+/]{24,}"  # payments
    r"|\bsq0(?:atp|csp|idp)-[A-Za-z0-9_\-]{22,}|\bEAAA[A-Za-z0-9_\-]{50,}|\bEZ[AT]K[A-Za-z0-9]{54}",
    r"\beyJ[A-Za-z0-9_\-]{8,}\.eyJ[A-Za-z0-9_\-]{8,}\.[A-Za-z0-9_\-]{8,}",  # JSON Web Tokens
    r"(?s:-----BEGIN [A-Z ]{0,20}PRIVATE KEY(?: BLOCK)?-----.*?-----END [A-Z ]{0,20}PRIVATE KEY(?: BLOCK)?-----)"
    r"|\bAGE-SECRET-KEY-1[A-Z0-9]{58}"
    # broken off before its end, or begun after its head
    r"|-----BEGIN [A-Z ]{0,20}PRIVATE KEY(?: BLOCK)?-----(?:\s+[A-Za-z\-]+: [^\n]{1,100})*"
    r"(?:(?:\s|\\n)*[A-Za-z0-9+/=]{16,})+"
    r"|(?:\b[A-Za-z0-9+/=]{40,}\s+)+[A-Za-z0-9+/=]*\s*-----END [A-Z ]{0,20}PRIVATE KEY(?: BLOCK)?-----",
    # long prefixes belong to nothing else, so a broken-off key counts too
    r"\b(?:gh[pousr]_|github_pat_|glpat-|xox[bpas]-|sk-(?:proj|ant)-|[sr]k_live_|hf_|npm_|AIzaSy|ya29\.a0)[A-Za-z0-9_\-]{8,}"
    r"|\bAKIA[A-Z0-9]{10,15}\b",
    r"\bnpm_[A-Za-z0-9]{36}\b|\bpypi-[A-Za-z0-9_\-]{50,}|\brubygems_[a-f0-9]{48}\b|\bdckr_[po]at_[A-Za-z0-9_\-]{27,}",
    r"\bdo[opr]_v1_[a-f0-9]{64}\b|\bhvs\.[A-Za-z0-9_\-]{24,}|\bpul-[a-f0-9]{40}\b"
    r"|\b[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_\-]{60,}"
    r"|\bdp\.(?:pt|st|ct)\.[A-Za-z0-9._]{40,}|\bfm[12]_[A-Za-z0-9+/]{40,}|\bsbp_[a-f0-9]{40}\b|\bpscale_(?:tkn|pw"
    r"|oauth)_[A-Za-z0-9_.\-]{32,}"
    r"|\bHRKU-[A-Za-z0-9_\-]{36,}|\bnf[pco]_[A-Za-z0-9_\-]{36,}|\brnd_[A-Za-z0-9]{28,}",
    r"\bSG\.[A-Za-z0-9_\-]{16,32}\.[A-Za-z0-9_\-]{16,64}|\bkey-[0-9a-f]{32}\b|\b(?:SK|AC)[0-9a-f]{32}\b"  # mail, SMS
    r"|\b[a-f0-9]{32}-us\d{1,2}\b|\bxkeysib-[a-f0-9]{64}-[A-Za-z0-9]{16}|\bre_[A-Za-z0-9]{8}_[A-Za-z0-9]{24}\b",
    r"\b\d{8,10}:AA[A-Za-z0-9_\-]{32,33}"
    r"|\b[MNO][A-Za-z0-9_\-]{23,25}\.[A-Za-z0-9_\-]{6}\.[A-Za-z0-9_\-]{27,38}",  # chat
    r"\bshp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}\b|\bdapi[a-f0-9]{32}\b|\bpat[A-Za-z0-9]{14}\.[a-f0-9]{64}\b"
    r"|\bfigd_[A-Za-z0-9_\-]{40,}"
    r"|\blin_(?:api|oauth)_[A-Za-z0-9]{32,}|\bntn_[A-Za-z0-9]{40,}|\bsecret_[A-Za-z0-9]{43}\b"
    r"|\bPMAK-[a-f0-9]{24}-[a-f0-9]{34}\b"
    r"|\bATATT3[A-Za-z0-9_\-=]{150,}|\bATBB[A-Za-z0-9]{28,}|\bsl\.(?:u\.)?[A-Za-z0-9_\-]{130,}"
    r"|\bcfpat-[A-Za-z0-9_\-]{40,}",
    r"\bNRAK-[A-Z0-9]{27}\b|\bsntry[su]_[A-Za-z0-9+/=_\-]{40,}|\bgl(?:sa|c)_[A-Za-z0-9+/=_]{32,}"
    r"|\bdt0[a-z]\d{2}\.[A-Z0-9]{24}\.[A-Z0-9]{64}",
    r"\bLTAI[A-Za-z0-9]{12,24}\b|\bAKID[A-Za-z0-9]{32}\b|\bAKLT[A-Za-z0-9]{30,}"
    r"|\bbce-v3/ALTAK-[A-Za-z0-9]{21}/[a-f0-9]{40}\b",  # Chinese clouds
)
# A name of a secret, then its value: group 1.
NAMED = (
    r"(?i)(?:api[_ -]?key|secret|token|passw(?:or)?d|passwd|passphrase|pwd|credential|account[_-]?key"
    r"|access[_-]?key|private[_-]?key"
    r"|密码|密碼|口令|密钥|密鑰|令牌)[A-Za-z0-9_]{0,20}[\"'`]?(?:\s|\*){0,3}(?::=|=>|==?|:|：| is |为"
    r"|是)\s{0,3}[\"'`]?([!#$%&*+./0-9:=?@A-Z\\^_a-z|~\-]{8,200})"
)
BEARER = r"(?i)\b(?:bearer|basic|token)\s+([A-Za-z0-9._~+/\-]{20,400}=*)"
CONNECTION = r"[A-Za-z][A-Za-z0-9+.\-]{1,20}://[^\s:/@\"']{0,80}:([^\s@/\"'<>]{3,100})@"
# The password of a command: group 1.
COMMAND = (
    r"\b(?:curl|http|https|wget|lftp|smbclient)\b(?:[^\n|;]|\\\r?\n)*?"
    r"\s(?:-[A-Za-z]*[uU]|-a|--user|--proxy-user|--auth)[ =]?[\"']?"
    r"[^\s:\"'/]{1,80}:([^\s\"'\\]{3,100})"
    r"|\b(?:wget|mysql(?:dump|admin)?|mariadb|mongo(?:sh|dump)?|psql|docker|svn|redis-cli|sqlcmd|ldap\w+|twine|rclone)\b"
    r"(?:[^\n|;]|\\\r?\n)*?"
    r"\s--?(?:(?:http-|ftp-|proxy-)?pass(?:word)?|pass)[ =][\"']?([^\s\"'\\\-][^\s\"'\\]{2,100})"
    r"|\b(?:docker|podman|az|helm registry|oc|cf|ibmcloud|nerdctl) login\b[^\n|;]*?"
    r"\s-p[ =]?[\"']?([^\s\"'\\\-][^\s\"'\\]{2,100})"
    r"|\bpass:([^\s\"'\\$<{]{4,100})"
    r"|\bsshpass\s+-p[ =]?[\"']?([^\s\"'\\]{3,100})"
    r"|\bredis-cli\b[^\n|;]*?\s-a[ =]?[\"']?([^\s\"'\\]{3,100})"
    r"|\bmysql(?:dump|admin)?\b[^\n|;]*?\s-p[\"']?([^\s\"'\\\-][^\s\"'\\]{2,100})"
)
COMMAND_TRIGGER = (
    r"\b(?:curl|https?|wget|lftp|smbclient|mysql|mariadb|mongo|psql|docker|svn|redis-cli|sqlcmd|ldap\w+|twine|rclone"
    r"|podman|az|helm|oc|cf|ibmcloud|nerdctl|sshpass|openssl)[^\n]*\s-"
)
# A name and a password that code signs in with: group 1.
CALL = (
    r"(?i)(?:log_?in|log_?on|auth\w*|credentials?|sign_?in)\s*[=(]\s*\(?\s*[\"'][^\"'\n]{1,80}[\"']\s*,"
    r"\s*[\"']([^\"'\s]{6,100})[\"']"
)
FORMAT_TRIGGER = (
    r"A[KSBC][IC]A|ABSK|gh[pousr]_|github_pat_|\bgl[a-z]{1,5}[\-_]|GR1348|xox|xapp-|hooks\.slack|api/webhooks|AIza"
    r"|ya29|GOCSPX"
    r"|sk-|gsk_|xai-|pplx-|r8_|nvapi-|csk-|fw_|tgp_v1|[0-9a-f]{32}[.\-]|api_org|[sr]k_|whsec_|sq0|EAAA|EZ[AT]K|eyJ"
    r"|PRIVATE KEY|AGE-SECRET"
    r"|hf_|npm_|pypi-|rubygems_|dckr_|do[opr]_v1|hvs\.|pul-|atlasv1|dp\.[psc]t|fm[12]_|sbp_|pscale_|HRKU-|nf[pco]_|rnd_"
    r"|SG\.|key-|SK[0-9a-f]{8}|AC[0-9a-f]{8}|xkeysib|re_[A-Za-z0-9]{8}_|:AA|[MNO][A-Za-z0-9_\-]{23}|shp[acps]|dapi"
    r"|\bpat[A-Za-z0-9]{14}\."
    r"|figd_|lin_|ntn_|secret_|PMAK-|ATATT3|ATBB|\bsl\.|cfpat-|NRAK-|sntry|dt0|LTAI|AKID|AKLT|ALTAK"
)
NAMED_TRIGGER = r"(?i)key|secret|token|passw|passphrase|pwd|credential|密码|密碼|口令|密钥|密鑰|令牌"

ENTROPY = 3.0  # bits per character below which a named value is a word, not a key
ENTROPY_OF_CHOSEN = (
    2.4  # of a password, which people choose: `hunter22` has 2.75, and eight characters never more than 3
)
NAME = 40  # characters before a value in which its name is looked for
_PASSWORD = re2.compile(
    r"(?i)(?:passw(?:or)?d|passphrase|pwd|密码|密碼|口令)(?:\s*\(\w+\))?[\"'`]?(?:\s|\*)*"
    r"(?::=|=>|==?|:|：| is |为|是)\s*[\"'`]?$"
)
_EXAMPLE = re2.compile(
    r"(?i)example|your|x{4}|\*\*\*|\.\.\.|placeholder|change[_-]?me|dummy|sample|insert|redacted|foobar|p[a@][s$]{2}w[o0]rd|^pass_?123"
    r"|123456789|abcdef"
    r"|eyJzdWIiOiIxMjM0NTY3ODkw|environ|getenv|process\.|config\.|settings\.|secrets?\.|\$\{|\{\{|%s|0{8}"
)
_UUID = re2.compile(r"(?i)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_CODE = re2.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+")
_URL = re2.compile(r"(?i)https?://|www\.|/[a-z]+/[a-z]+")


def by_format(text: str, start: int, end: int) -> int:
    """Validate a value in a key's format: return `end`, or 0.

    A value that says it is an example, has no digit, or has an entropy below ENTROPY (`sk-fading-circle-before`) is 0.
    """
    value = text[start : min(end, start + 200)]
    return 0 if _is_example(value) or not any(char.isdigit() for char in value[4:]) or entropy(value) < ENTROPY else end


def by_name(text: str, start: int, end: int) -> int:
    """Validate a value after the name of a secret: return `end`, or 0.

    A real value mixes letters and digits, has an entropy of ENTROPY or more (ENTROPY_OF_CHOSEN where people choose it),
    and is no placeholder, URL or UUID.
    """
    value = text[start:end]
    if text[end : end + 1] == "(" or _CODE.fullmatch(value):
        return 0
    if _is_example(value) or _UUID.fullmatch(value) or _URL.search(value):
        return 0
    chosen = _PASSWORD.search(text[max(0, start - NAME) : start])
    return end if _is_mixed(value) and entropy(value) >= (ENTROPY_OF_CHOSEN if chosen else ENTROPY) else 0


def in_call(text: str, start: int, end: int) -> int:
    """Validate a password that code signs in with: return `end`, or 0 for a word (`login("ann", "password")`)."""
    return in_command(text, start, end) if _is_mixed(text[start:end]) else 0


def _is_mixed(value: str) -> bool:
    return any(char.isdigit() for char in value) and any(char.isalpha() for char in value)


def in_connection(text: str, start: int, end: int) -> int:
    """Validate a value between user and host: return `end`, or 0 if it only names a password."""
    value = text[start:end]
    words = ("port", "user", "root", "admin")
    called = any(word in value.lower() for word in ("pass", "pw", "secret")) and not any(map(str.isdigit, value))
    return 0 if _is_example(value) or called or value.lower() in words else end


def in_command(text: str, start: int, end: int) -> int:
    """Validate the password of a command: return `end`, or 0 for a variable or a word for one (`user:pass`)."""
    value = text[start:end]
    if value[0] in "$<{[%" or value.lower() in (
        "pass",
        "pwd",
        "token",
        "key",
        "api_key",
        "api_token",
        "apikey",
        "x-oauth-basic",
    ):
        return 0
    return in_connection(text, start, end)


def _is_example(value: str) -> bool:
    return len(set(value)) < 4 or bool(_EXAMPLE.search(value))


def entropy(value: str) -> float:
    """Return the Shannon entropy of the characters, in bits per character."""
    return -sum(count / len(value) * math.log2(count / len(value)) for count in Counter(value).values())


# kind, trigger (a pattern that every candidate contains), candidates (the last group, else the match), validator
DETECTORS = (
    ("KEY", FORMAT_TRIGGER, "|".join(FORMATS), by_format),
    ("KEY", "://[^/ \n]*@", CONNECTION, in_connection),
    ("KEY", NAMED_TRIGGER, NAMED, by_name),
    ("KEY", COMMAND_TRIGGER, COMMAND, in_command),
    ("KEY", r"(?i)(?:log_?in|log_?on|auth\w*|credentials?|sign_?in)\s*[=(]\s*\(?\s*[\"']", CALL, in_call),
    ("KEY", "(?i)bearer|basic|token", BEARER, by_name),
)
