"""Mails as programs send them, through the connector: what the author says stays, whole and with its context."""

import gzip
from pathlib import Path

import pytest

from connectors.mailing_list import MailingList
from schemas.document import Reject, Thread
from schemas.page import Page
from tests.connectors.recorded import OFFLINE

ASKED = "How do I stop the mill when the wind is too strong?"
ANSWER = "Turn the cap out of the wind, and only then put the brake on."
LINE = "From list at l.example  Mon Jun  3 10:00:00 2024\n"
QUESTION = (
    f"{LINE}Subject: Stop\nMessage-ID: <q@l>\nDate: Mon, 3 Jun 2024 10:00:00 +0200\nFrom: Ana A <a@l>\n\n{ASKED}\n\n"
)
HEAD = f"{LINE}Subject: Re: Stop\nMessage-ID: <r@l>\nDate: Mon, 3 Jun 2024 11:00:00 +0200\nFrom: Bo B <b@l>\n"
REPLY = f"{HEAD}In-Reply-To: <q@l>\n"


def read(path: Path, body: bytes | None = None) -> tuple[list[Thread], list[Reject]]:
    if body is not None:
        path.write_bytes(body)
    source = MailingList(name="mill", url="https://l.example/", path=path, licence="CC-BY-4.0")
    fetched = list(source.fetch(OFFLINE, None))
    found = [item for page in fetched if isinstance(page, Page) for item in source.parse(page)]
    rejects = [item for item in (*fetched, *found) if isinstance(item, Reject)]
    return [item for item in found if isinstance(item, Thread)], rejects


def answer(path: Path, mail: str) -> str:
    """What is left of `mail`, headers and text, that answers the question."""
    (thread,), _ = read(path, f"{QUESTION}{REPLY}{mail}".encode())
    return thread.posts[1].markdown if len(thread.posts) > 1 else ""


def html(markup: str) -> str:
    return f"MIME-Version: 1.0\nContent-Type: text/html; charset=utf-8\n\n{markup}\n"


def parts(kind: str, *texts: tuple[str, str]) -> str:
    made = "".join(f"--b\nContent-Type: text/{name}; charset=utf-8\n\n{text}\n" for name, text in texts)
    return f'MIME-Version: 1.0\nContent-Type: multipart/{kind}; boundary="b"\n\n{made}--b--\n'


def alternatives(plain: str, markup: str) -> str:
    return parts("alternative", ("plain", plain), ("html", markup))


FOOTER = "_______________________________________________\nmill mailing list\nmill@l.example"
OUTLOOK = "<p><b>Expéditeur :</b> Ana<br><b>Date :</b> 3 juin<br><b>X :</b> list</p>"
WHOLE: dict[str, str] = {
    "blank plain text": alternatives(" ", f"<p>{ANSWER}</p>"),
    "plain text that stands in": alternatives("Your program cannot show HTML.", f"<p>{ANSWER}</p>"),
    "plain text first": alternatives(ANSWER, "<p>Something else that nobody is to read, at twice the length</p>"),
    "footer in a part of its own": parts("mixed", ("html", f"<p>{ANSWER}</p>"), ("plain", FOOTER)),
    "outlook's box": html(f"<p>{ANSWER}</p><div style='border-top:solid #E1E1E1 1.0pt'>{OUTLOOK}</div><p>{ASKED}</p>"),
    "outlook's web box": html(f"<div>{ANSWER}</div><hr><div id='x_divRplyFwdMsg'>?: Ana</div><div>{ASKED}</div>"),
    "headers without boxes": html(
        f"<p>{ANSWER}</p><p><b>Von:</b> Ana</p><p><b>Gesendet:</b> 3.6.2024</p><p><b>An:</b> list</p><p>{ASKED}</p>"
    ),
    "gmail": html(
        f"<div>{ANSWER}</div><div class='gmail_quote'><div class='gmail_attr'>On Mon, Jun 3, 2024 at 10:00 AM Ana A"
        f" &lt;<a href='mailto:a@l.example'>a@l.example</a>&gt; wrote:<br></div><blockquote>{ASKED}</blockquote></div>"
    ),
    "signature in html": html(f"<p>{ANSWER}</p><div class='gmail_signature'>Bo, of the mills</div>"),
    "a device in html": html(f"<p>{ANSWER}</p><p>Get <a href='https://aka.ms/o'>Outlook for iOS</a></p>"),
    "flowed": "Content-Type: text/plain; format=flowed\n\n" + ANSWER.replace(", ", ", \n") + "\n",
    "flowed without spaces": (
        "Content-Type: text/plain; format=flowed; delsp=yes\n\nTurn the cap out of the w \nind, and only then  \n"
        "put the brake on.\n"
    ),
    "no quote marks": f"\n{ANSWER}\n\nOn Mon, Jun 3, 2024 at 10:00 AM Ana A <a@l.example> wrote:\n\n{ASKED}\n",
    "no quote marks, answer below": f"\nOn Mon, Jun 3, 2024, Ana A wrote:\n\n{ASKED}\n\n{ANSWER}\n",
    "headers, answer below": f"\nFrom: Ana A\nSent: 3 June 2024\nTo: list\nSubject: Stop\n\n{ASKED}\n\n{ANSWER}\n",
    "all at once": (
        f"\n{ANSWER}\n\nMit freundlichen Grüßen\nBo\n\nVon meinem iPhone gesendet\n\nAm 03.06.2024 schrieb Ana A\n"
        f"<a@l.example>:\n\n> {ASKED}\n\n{FOOTER}\n"
    ),
}


@pytest.mark.parametrize("mail", WHOLE.values(), ids=WHOLE)
def test_only_what_the_author_says_is_left(mail: str, tmp_path: Path) -> None:
    assert answer(tmp_path / "a.mbox", mail) == ANSWER


HEADER = "Monday, 3 June 2024 at 10:12"
ASKER = "Ana A &lt;<a href='mailto:a@l.example'>a@l.example</a>&gt;"
PROGRAMS: dict[str, str] = {
    "Outlook": f"""<div class="WordSection1"><p class="MsoNormal">{ANSWER}<o:p></o:p></p><p class="MsoNormal"><o:p>
        &nbsp;</o:p></p><p class="MsoNormal">Regards,<o:p></o:p></p><p class="MsoNormal">Bo B<o:p></o:p></p><div><div
        style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"><p class="MsoNormal"><b><span
        lang="EN-US">From:</span></b><span lang="EN-US"> {ASKER} <br><b>Sent:</b> {HEADER}<br><b>To:</b> l@l.example
        <br><b>Subject:</b> Stop<o:p></o:p></span></p></div></div><p class="MsoNormal">{ASKED}<o:p></o:p></p></div>""",
    "Gmail": f"""<div dir="ltr"><div>{ANSWER}</div></div><br><div class="gmail_quote gmail_quote_container"><div
        dir="ltr" class="gmail_attr">On {HEADER}, {ASKER} wrote:<br></div><blockquote class="gmail_quote"
        style="margin:0px 0px 0px 0.8ex"><div dir="ltr">{ASKED}</div></blockquote></div><br clear="all"><span
        class="gmail_signature_prefix">-- </span><br><div dir="ltr" class="gmail_signature">Bo<br>Mills Ltd</div>""",
    "Apple Mail": f"""<body style="line-break: after-white-space;">{ANSWER}<br id="lineBreakAtBeginningOfMessage">
        <div><br><blockquote type="cite"><div>On {HEADER}, {ASKER} wrote:</div><br
        class="Apple-interchange-newline"><div><div>{ASKED}</div></div></blockquote></div><br></body>""",
    "Yahoo": f"""<div class="ydp1a2b3cyahoo-style-wrap"><div dir="ltr" data-setdir="false">{ANSWER}</div><div
        dir="ltr"><br></div></div><div id="ydp4d5e6fyahoo_quoted_0123" class="ydp4d5e6fyahoo_quoted"><div><div>
        On {HEADER}:00 AM GMT+2, {ASKER} wrote:</div><div><br></div><div><div dir="ltr">{ASKED}</div>
        </div></div></div>""",
    "ProtonMail": f"""<div style="font-size: 14px;">{ANSWER}</div><div class="protonmail_signature_block"><div
        class="protonmail_signature_block-proton">Sent with <a href="https://proton.example/">Proton Mail</a> secure
        email.</div></div><div class="protonmail_quote">On {HEADER}, {ASKER} wrote:<br><br><blockquote
        class="protonmail_quote" type="cite">{ASKED}<br></blockquote><br></div>""",
}


def test_a_copy_that_yahoo_marks_goes_whatever_language_introduces_it(tmp_path: Path) -> None:
    markup = PROGRAMS["Yahoo"].replace("On ", "Skriv: ").replace(" wrote:", "").replace(ASKED, "Does the brake hold?")
    assert answer(tmp_path / "a.mbox", html(markup)) == ANSWER


@pytest.mark.parametrize("markup", PROGRAMS.values(), ids=PROGRAMS)
def test_html_of_mail_programs_keeps_only_the_answer(markup: str, tmp_path: Path) -> None:
    """As each program writes it; the question is told from the thread by other words, so that no repetition helps."""
    assert answer(tmp_path / "a.mbox", html(markup.replace(ASKED, "Does the brake hold?"))) == ANSWER


def test_answers_between_quoted_lines_keep_them(tmp_path: Path) -> None:
    mail = f"\nDen 3 juni 2024 kl. 10:00 skrev Ana A:\n> How do I stop it?\n\n{ANSWER}\n\n> And then?\n\nWait.\n\nBo\n"
    assert answer(tmp_path / "a.mbox", mail) == f"> How do I stop it?\n\n{ANSWER}\n\n> And then?\n\nWait."


def test_flowed_quotes_are_lines_again_and_a_paragraph_ends_where_the_mark_changes(tmp_path: Path) -> None:
    mail = "Content-Type: text/plain; format=flowed\n\n> How do I \n> stop it?\nLike \nthis.\n> And then? \nWait.\n"
    assert answer(tmp_path / "a.mbox", mail) == "> How do I stop it?\n\nLike this.\n\n> And then?\n\nWait."


def test_a_quoted_sentence_that_begins_with_from_is_whole(tmp_path: Path) -> None:
    mail = f"\nBo wrote:\n\n>>>From the tower you see\n> how the cap turns.\n\n{ANSWER}\n"
    assert answer(tmp_path / "a.mbox", mail) == f"> From the tower you see\n> how the cap turns.\n\n{ANSWER}"
    nested = f"\nBo wrote:\n\n>>>From the tower?\n> Yes, from there.\n\n{ANSWER}\n"
    assert answer(tmp_path / "b.mbox", nested) == f"> Yes, from there.\n\n{ANSWER}"


def test_what_a_text_refers_to_stays_below_its_signature(tmp_path: Path) -> None:
    note = "[1] https://mill.example/wind"
    own = f"{ANSWER[:-1]} [1]."
    assert answer(tmp_path / "a.mbox", f"\n{own}\n\nCheers,\n\n/ Bo\n\n{note}\n") == f"{own}\n\n{note}"
    assert answer(tmp_path / "b.mbox", f"\n{own}\n\n{note}\n\nCheers,\nBo\n") == f"{own}\n\n{note}"


def test_an_address_that_is_broken_at_the_end_of_a_line_gets_no_blank(tmp_path: Path) -> None:
    address = "[2] https://mill.example/of-the-north/how-to-stop-the-sails-develop\nment-and-more"
    assert answer(tmp_path / "a.mbox", f"\n{ANSWER}\n\n{address}\n") == f"{ANSWER}\n\n{address}"


def test_words_that_repeat_nothing_stay_below_an_attribution(tmp_path: Path) -> None:
    mail = f"\nThis is from my notes.\n\nOn Mon, Jun 3, 2024, Jan wrote:\n\nNever brake first.\n\n{ANSWER}\n"
    assert "Never brake first." in answer(tmp_path / "a.mbox", mail)


def test_a_file_without_the_line_that_parts_mails_is_one_mail(tmp_path: Path) -> None:
    (thread,), rejects = read(tmp_path / "a.eml", QUESTION.removeprefix(LINE).encode())
    assert (thread.title, thread.posts[0].author, thread.posts[0].markdown, rejects) == ("Stop", "Ana A", ASKED, [])


def test_what_stands_before_the_first_mail_is_told(tmp_path: Path) -> None:
    (thread,), rejects = read(tmp_path / "a.mbox", b"Archive of the mill\n\n" + QUESTION.encode())
    assert thread.posts[0].markdown == ASKED
    assert rejects == [Reject("a.mbox", "before_first_message", "1 lines")]


def test_a_sender_in_any_encoding_parts_mails(tmp_path: Path) -> None:
    odd = QUESTION.encode().replace(b"From list", b"From lu\xeds", 1)
    threads, rejects = read(tmp_path / "a.mbox", odd + odd.replace(b"<q@l>", b"<q2@l>"))
    assert (len(threads), rejects) == (2, [])


def test_a_folder_is_read_by_what_lies_in_it_and_the_rest_is_told(tmp_path: Path) -> None:
    maildir = tmp_path / "Maildir" / "cur"
    maildir.mkdir(parents=True)
    mails = {
        maildir / "1717401600.M1.host:2,S": QUESTION.removeprefix(LINE),
        tmp_path / "Inbox": QUESTION.replace("<q@l>", "<q2@l>"),
    }
    for path, mail in mails.items():
        path.write_text(mail)
    (tmp_path / "b.mbox.gz").write_bytes(gzip.compress(QUESTION.replace("<q@l>", "<q3@l>").encode()))
    for name in ("Inbox.msf", "notes.pdf", "README.md", ".hidden"):
        (tmp_path / name).write_text("x")
    threads, rejects = read(tmp_path)
    assert len(threads) == 3
    assert [(reject.key, reject.reason) for reject in rejects] == [
        ("Inbox.msf", "ignored_file"),
        ("notes.pdf", "ignored_file"),
        (tmp_path.name, "ignored_companions"),
    ]
