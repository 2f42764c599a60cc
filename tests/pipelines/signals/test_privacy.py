"""What is taken for personal data or a secret, and what is left alone. All values are invented."""

import random
import string
from itertools import pairwise

import pytest

from pipelines.signals.privacy import redact, redact_record, spans
from tests.growth import grows_in_line

RANDOM = random.Random(7)


def letters(count: int, alphabet: str = string.ascii_letters + string.digits) -> str:
    return "".join(RANDOM.choice(alphabet) for _ in range(count))


FOUND = [
    ("write to jane.roe@mailbox.co.uk.", "EMAIL", "jane.roe@mailbox.co.uk"),
    ("邮箱wang.wu@qq.com，谢谢", "EMAIL", "wang.wu@qq.com"),
    ("jane [at] mailbox [dot] org", "EMAIL", "jane [at] mailbox [dot] org"),
    ("from 86.231.85.193 today", "IP", "86.231.85.193"),
    ("at http://91.12.44.7:8080/", "IP", "91.12.44.7"),
    ("2a02:8109:9a80:1f2c::1a3b down", "IP", "2a02:8109:9a80:1f2c::1a3b"),
    ("card 4532 7597 3454 5858 please", "CARD", "4532 7597 3454 5858"),
    ("4532759734545858", "CARD", "4532759734545858"),
    ("amex 3725-491820-37461", "CARD", "3725-491820-37461"),
    ("pay to DE44500105175407324931 now", "IBAN", "DE44500105175407324931"),
    ("IBAN GB33 BUKB 2020 1555 5555 55 is mine", "IBAN", "GB33 BUKB 2020 1555 5555 55"),
    ("call +49 30 901820 at noon", "PHONE", "+49 30 901820"),
    ("phone: (978) 645-9740 x114", "PHONE", "(978) 645-9740 x114"),
    ("手机号13812345679，随时联系", "PHONE", "13812345679"),
    ("her SSN is 455-99-6622.", "ID", "455-99-6622"),
    ("身份证号11010519491231002X。", "ID", "11010519491231002X"),
    ("SSN: 455996622", "ID", "455996622"),
    ("Codice fiscale RCCMNL83S18D969H", "ID", "RCCMNL83S18D969H"),
    ("CPF 390.533.447-05", "ID", "390.533.447-05"),
    ("NIR 2 95 10 99 126 111 93", "ID", "2 95 10 99 126 111 93"),
    ("hetu 131052-308T", "ID", "131052-308T"),
    ("my Aadhaar is 2341 2341 2346", "ID", "2341 2341 2346"),
    ("DNI 54362315K", "ID", "54362315K"),
    ("NHS number 943 476 5919", "ID", "943 476 5919"),
    ("National Insurance: AB 12 34 56 C", "ID", "AB 12 34 56 C"),
    ("護照號碼 passport E12345678", "ID", "E12345678"),
    ("身分證字號 A123456789", "ID", "A123456789"),
    ("HKID A123456(3)", "ID", "A123456(3)"),
    ("her JCB is 3589 0123 4567 8906", "CARD", "3589 0123 4567 8906"),
    ("Diners 30123456789019", "CARD", "30123456789019"),
    ("JCB of before: 213112345678904", "CARD", "213112345678904"),
    ("UnionPay 6212 3456 7890 1234 569", "CARD", "6212 3456 7890 1234 569"),
    ("josé@españa.es wrote", "EMAIL", "josé@españa.es"),
    ("an иван@почта.рф", "EMAIL", "иван@почта.рф"),
    ("用户@例子.公司", "EMAIL", "用户@例子.公司"),
    ("邮箱zhang＠qq.com，谢谢", "EMAIL", "zhang＠qq.com"),
    ("ｚｈａｎｇ＠ｑｑ．ｃｏｍ", "EMAIL", "ｚｈａｎｇ＠ｑｑ．ｃｏｍ"),
    ("座机010-62345678，周一打", "PHONE", "010-62345678"),
    ("（021）62345678", "PHONE", "（021）62345678"),
    ("办公室 0755-8234 5678 转", "PHONE", "0755-8234 5678"),
    ("curl -u admin:s3cr3tPw https://mill.org", "KEY", "s3cr3tPw"),
    ("curl -s \\\n  --user 'ann:hunter22' x", "KEY", "hunter22"),
    ("sshpass -p hunter22 ssh ann@mill", "KEY", "hunter22"),
    ("mysql -u root -phunter22 mill", "KEY", "hunter22"),
    ("wget --user=ann --password=hunter22 x", "KEY", "hunter22"),
    ("it begins with ghp_a1B2c3D4e5F6g7H8i9 and", "KEY", "ghp_a1B2c3D4e5F6g7H8i9"),
    ("curl -sSu admin:s3cr3tPw https://mill.org", "KEY", "s3cr3tPw"),
    ("docker login -u ann -p hunter22 hub.mill.org", "KEY", "hunter22"),
    ("openssl rsa -passin pass:hunter22 -in k.pem", "KEY", "hunter22"),
    ("smtp.login('ann', 'hunter22')", "KEY", "hunter22"),
    ("requests.get(url, auth=('ann', 'hunter22'))", "KEY", "hunter22"),
    ("PGPASSWORD=hunter22 psql", "KEY", "hunter22"),
    ("密码是 hunter22，请重置", "KEY", "hunter22"),
    ("密碼：hunter22", "KEY", "hunter22"),
    ("it begins with AKIA2E0A8F3B244C998 and", "KEY", "AKIA2E0A8F3B244C998"),
    ("手机１３８１２３４５６７９。", "PHONE", "１３８１２３４５６７９"),
    ("الهاتف +٤٩٣٠٩٠١٨٢٠", "PHONE", "+٤٩٣٠٩٠١٨٢٠"),
    ("请打 138 1234 5679", "PHONE", "138 1234 5679"),
    ("139-1234-5679 is mine", "PHONE", "139-1234-5679"),
    ("86-139-1234-5679", "PHONE", "86-139-1234-5679"),
    ("Tokyo 03-3224-5000", "PHONE", "03-3224-5000"),
    ("(852) 2345 6789 in Hong Kong", "PHONE", "(852) 2345 6789"),
    ("身份证１１０１０５１９４９１２３１００２Ｘ", "ID", "１１０１０５１９４９１２３１００２Ｘ"),
    ("卡号４５３２　７５９７　３４５４　５８５８", "CARD", "４５３２　７５９７　３４５４　５８５８"),
    ("从８６．２３１．８５．１９３登录", "IP", "８６．２３１．８５．１９３"),
    ("Thanks @miller_ann, that works", "HANDLE", "miller_ann"),
    ("谢谢@水车 的回答", "HANDLE", "水车"),
]


@pytest.mark.parametrize(("text", "kind", "value"), FOUND)
def test_personal_data_is_found_whole(text: str, kind: str, value: str) -> None:
    assert [(text[start:end], found) for start, end, found in spans(text)] == [(value, kind)]


SECRETS = [
    "AKIA" + letters(16, string.ascii_uppercase + string.digits),
    "ghp_" + letters(36),
    "github_pat_" + letters(60),
    "glpat-" + letters(20),
    "xoxb-" + letters(11, string.digits) + "-" + letters(24),
    "AIza" + letters(35),
    "sk-" + letters(48),
    "sk-proj-" + letters(64),
    "sk-ant-api03-" + letters(60),
    "sk_" + "live_" + letters(24),
    "hf_" + letters(34),
    "npm_" + letters(36),
    "SG." + letters(22) + "." + letters(43),
    "eyJ" + letters(20) + ".eyJ" + letters(40) + "." + letters(43),
    "-----BEGIN RSA PRIVATE KEY-----\n" + letters(64) + "\n" + letters(64) + "\n-----END RSA PRIVATE KEY-----",
]


BROKEN_KEYS = [
    "-----BEGIN RSA PRIVATE KEY-----\n" + letters(64) + "\n" + letters(30),
    "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\n" + letters(64) + "\n" + letters(64),
    letters(64) + "\n" + letters(40) + "\n-----END PRIVATE KEY-----",
]


@pytest.mark.parametrize("key", BROKEN_KEYS)
def test_a_key_that_breaks_off_is_found(key: str) -> None:
    assert redact(f"mine:\n{key}\n\nand so on") == "mine:\n<KEY_1>\n\nand so on"


@pytest.mark.parametrize("secret", SECRETS, ids=lambda secret: secret[:8])
@pytest.mark.parametrize("frame", ["{}", "my key is {} , right?", 'token = "{}"', "```\nexport KEY={}\n```"])
def test_keys_are_found_by_their_formats(secret: str, frame: str) -> None:
    text = frame.format(secret)
    assert secret not in redact(text)
    assert {kind for _, _, kind in spans(text)} == {"KEY"}


@pytest.mark.parametrize(
    "frame",
    [
        "api_key = '{}'",
        '"client_secret": "{}",',
        "AWS_SECRET_ACCESS_KEY={}",
        "password: {}",
        "Authorization: Bearer {}",
        "postgres://app:{}@db.internal:5432/app",
        "密码：{}",
    ],
)
def test_values_are_found_by_their_names(frame: str) -> None:
    secret = letters(32) + "7q"
    assert secret not in redact(frame.format(secret))


LEFT_ALONE = [
    "expires 1700000000, call at 1609459200000",
    "timestamp=1609459200123456",
    "log of 20210315123000, we called at 1609459200.123",
    "kernel 5.15.0.91, firefox 102.3.20.11, upgraded to 6.4.1.1, release 4.12.3.11",
    "networks 52.31.4.0 and 91.7.3.0",
    "curl -u user:password x; curl -u $USER:$PASS x; curl -u username:api_token x; curl -u admin: x",
    "docker run -p 8080:80 mill, mysql -p -u root, psql -p 5432, wget --password=$PW x",
    "user@example.com, you@yourdomain.com, noreply@site.org",
    "git clone git@github.com:org/repo.git",
    "icon@2x.png and @app.route and a@b",
    "the @property decorator and @media rules, `@njit` too, npm i @types/node react@18",
    "```python\n@miller\ndef mill(): ...\n```\n\n    @indented code",
    "@miller_ann",
    "https://www.rfc-editor.test/rfc/rfc5280#section-4.2.1.13",
    "ValueError: '192.168.500.129' does not appear to be an IPv4 address",
    "谢谢@水车你说得对我回去再试一下",
    "@lru_cache\ndef mill(): ...",
    "https://social.example/@ann/1 and https://medium.com/@ann",
    "commit 123456789, ISBN 978-3-16-148410-0, sin(123456789), the pan is 25 cm wide",
    "secret_hash = hashlib.sha256(key), api_key = client.get_key2(user1)",
    "设置强密码：为您的所有账户设置强密码，长度至少为8位。",
    "class sk-fading-circle-container-element, http://user:passwd-here@proxy.test",
    "192.168.0.1 10.0.0.7 127.0.0.1 172.16.3.4 255.255.255.0 203.0.113.9 8.8.8.8 1.2.3.4",
    "Chrome/86.0.4240.75 version 12.4.18.33 and section 1.2.3.4.5",
    "::1 fe80::1 std::vector a::b 12:34:56 2001:db8::1",
    "test cards 4242 4242 4242 4242, 4111111111111111, 371449635398431",
    "order 1234567890123456 of 2021-03-14 09:33:20",
    "GB82 WEST 1234 5698 7654 32 is the example IBAN",
    "id 123e4567-e89b-12d3-a456-426614174000 commit 3f786850e387550fdab836ed7e6dc881de23001b",
    "call foo(1234567) in 2019-2020, pages 100-200, 3.14159265358979",
    "api_key = 'YOUR_API_KEY_HERE_123'",
    'api_key = os.environ["OPENAI_API_KEY"]',
    "token = get_token_from_user(request)",
    "AKIAIOSFODNN7EXAMPLE",
    "password = 'password123'",
    "mysql://user:password@localhost/db",
    "-----BEGIN PRIVATE KEY----- is how such a file begins",
    "the secret: practise every day",
    "login('ann', 'password'), authorize('admin', 'read:users'), auth=('user', 'pass1')",
    "password: pa$$w0rd; password = 'Pass1234'; password_hash: sha256",
    "docker run -p 8080:80 mill; helm install -p x; docker login -u $USER -p $PASS",
    "rows: 150 2000 3000, 1３ and １２３４５６７",
    "parts 0815-12-4711 and 00-11-22",
    "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16",
    "SSN 123-45-6789",
    "systemctl enable wg-quick@wg0.service, then fstrim@home.timer",
    "订单号 20240115123456789，共 1024 元",
]


@pytest.mark.parametrize("text", LEFT_ALONE)
def test_what_belongs_to_nobody_is_left_alone(text: str) -> None:
    assert [(kind, text[start:end]) for start, end, kind in spans(text)] == []
    assert redact(text) == text


def test_one_value_has_one_name_in_all_fields() -> None:
    fields = ["Mail ann@mailbox.org or bob@mailbox.org", "", "ANN@mailbox.org said 86.231.85.193; bob@mailbox.org too"]
    assert redact_record(fields) == [
        "Mail <EMAIL_1> or <EMAIL_2>",
        "",
        "<EMAIL_1> said <IP_1>; <EMAIL_2> too",
    ]


def test_one_value_has_one_name_in_all_forms_of_digits() -> None:
    assert redact_record(["手机１３８１２３４５６７９", "手机13812345679"]) == ["手机<PHONE_1>", "手机<PHONE_1>"]


def test_spans_never_overlap_and_redaction_is_final() -> None:
    text = "postgres://ann:" + letters(20) + "@91.12.44.7/db ann@mailbox.org 4532759734545858 " * 3
    found = spans(text)
    assert all(left[1] <= right[0] for left, right in pairwise(found))
    assert spans(redact(text)) == []


ATTACKS = (
    "@ann, hi\n" * 20_000,
    "@ann, " * 30_000,
    "ssn 1 " * 30_000,
    "@" * 100_000,
    "1." * 50_000,
    "a" * 100_000 + "@",
    "-----BEGIN PRIVATE KEY-----" * 3_000,
    "1-" * 60_000,
)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack[:5])
def test_time_grows_with_the_text(attack: str) -> None:
    assert {kind for _, _, kind in spans(attack)} <= {"HANDLE"}
    assert grows_in_line(lambda: spans(attack[: len(attack) // 8]), lambda: spans(attack))
