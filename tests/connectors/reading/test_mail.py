"""What mail programs write around a mail, in many languages; the author's own words stay."""

import pytest

from connectors.reading.mail import without_added, without_copies, without_endings
from connectors.reading.mail.attribution import attribution_lines, is_attribution
from connectors.reading.mail.copied import header_block

ANSWER = "Turn the cap out of the wind first."
ASKED = "How do I stop the mill?"

HEADERS = {
    "en": "From: Ana A\nSent: Monday, June 3, 2024 10:12\nTo: list\nSubject: Mill",
    "en apple": "From: Ana A <ana@l.example>\nSubject: Mill\nDate: 3 June 2024 at 10:12:00 CEST\nTo: list",
    "en wrapped": "From: Ana A\nSent: Monday, 3 June\nTo: one@l.example;\n two@l.example; a third\nSubject: Mill",
    "en reply-to": "From: Ana A\nReply-To: list\nDate: Monday, June 3, 2024\nTo: list\nSubject: Mill",
    "de": "Von: Ana A <ana@l.example>\nGesendet: Montag, 3. Juni 2024 10:12\nAn: list\nBetreff: Mühle",
    "fr": "De : Ana A\nEnvoyé : lundi 3 juin 2024 10:12\nÀ : list\nObjet : Moulin",
    "es": "De: Ana A\nEnviado el: lunes, 3 de junio de 2024 10:12\nPara: list\nCC: otros\nAsunto: Molino",
    "it": "Da: Ana A\nInviato: lunedì 3 giugno 2024 10:12\nA: list\nOggetto: Mulino",
    "pt": "De: Ana A\nEnviada em: segunda-feira, 3 de junho de 2024 10:12\nPara: list\nAssunto: Moinho",
    "nl": "Van: Ana A\nVerzonden: maandag 3 juni 2024 10:12\nAan: list\nOnderwerp: Molen",
    "ru": "От: Ана А <ana@l.example>\nОтправлено: 3 июня 2024 г. 10:12\nКому: list\nТема: Мельница",
    "pl": "Od: Ana A\nWysłano: poniedziałek, 3 czerwca 2024 10:12\nDo: list\nTemat: Młyn",
    "ja": "差出人: Ana A\n送信日時: 2024年6月3日 10:12\n宛先: list\n件名: 風車",
    "zh-Hans": "发件人： Ana A\n发送时间： 2024年6月3日 10:12\n收件人： list\n主题： 风车",
    "zh-Hant": "寄件者: Ana A\n寄件日期: 2024年6月3日 上午 10:12\n收件者: list\n主旨: 風車",
    "ko": "보낸 사람: Ana A\n보낸 날짜: 2024년 6월 3일 월요일 오전 10:12\n받는 사람: list\n제목: 풍차",
    "sv": "Från: Ana A\nSkickat: den 3 juni 2024 10:12\nTill: list\nÄmne: Kvarn",
    "da": "Fra: Ana A\nSendt: 3. juni 2024 10:12\nTil: list\nEmne: Mølle",
    "nb": "Fra: Ana A\nSendt: mandag 3. juni 2024 10:12\nTil: list\nKopi: andre\nEmne: Mølle",
    "fi": "Lähettäjä: Ana A\nLähetetty: maanantai 3. kesäkuuta 2024 10:12\nVastaanottaja: list\nAihe: Mylly",
    "cs": "Od: Ana A\nOdesláno: pondělí 3. června 2024 10:12\nKomu: list\nPředmět: Mlýn",
    "tr": "Kimden: Ana A\nGönderildi: 3 Haziran 2024 Pazartesi 10:12\nKime: list\nKonu: Değirmen",
    "uk": "Від: Ана А\nНадіслано: 3 червня 2024 р. 10:12\nКому: list\nТема: Млин",
    "hu": "Feladó: Ana A\nElküldve: 2024. június 3. 10:12\nCímzett: list\nTárgy: Malom",
    "ro": "De la: Ana A\nTrimis: luni, 3 iunie 2024 10:12\nCătre: list\nSubiect: Moară",
    "bg": "От: Ана А\nИзпратено: 3 юни 2024 г. 10:12\nДо: list\nОтносно: Мелница",
    "hr": "Šalje: Ana A\nPoslano: 3. lipnja 2024. 10:12\nPrima: list\nPredmet: Mlin",
    "sl": "Od: Ana A\nPoslano: ponedeljek, 3. junij 2024 10:12\nZa: list\nZadeva: Mlin",
    "sr": "Od: Ana A\nPoslato: 3. jun 2024. 10:12\nZa: list\nTema: Mlin",
    "sk": "Od: Ana A\nOdoslané: pondelok 3. júna 2024 10:12\nKomu: list\nPredmet: Mlyn",
    "lt": "Nuo: Ana A\nIšsiųsta: 2024 m. birželio 3 d. 10:12\nKam: list\nTema: Malūnas",
    "lv": "No: Ana A\nNosūtīts: 2024. gada 3. jūnijā 10:12\nKam: list\nTēma: Dzirnavas",
    "et": "Saatja: Ana A\nSaadetud: 3. juuni 2024 10:12\nAdressaat: list\nTeema: Veski",
    "ca": "De: Ana A\nEnviat: dilluns, 3 de juny de 2024 10:12\nPer a: list\nTema: Molí",
    "th": "จาก: Ana A\nส่ง: 3 มิถุนายน 2024 10:12\nถึง: list\nเรื่อง: กังหัน",
    "hi": "प्रेषक: Ana A\nदिनांक: 3 जून 2024 10:12\nप्रति: list\nविषय: चक्की",
    "fa": "از: Ana A\nارسال شده: 3 ژوئن 2024 10:12\nبه: list\nموضوع: آسیاب",
    "el": "Από: Ana A\nΣτάλθηκε: Δευτέρα, 3 Ιουνίου 2024 10:12\nΠρος: list\nΘέμα: Μύλος",
}


@pytest.mark.parametrize("headers", HEADERS.values(), ids=HEADERS)
@pytest.mark.parametrize("style", ["{0}: {1}", "*{0}:* {1}", "**{0}:** {1}  ", "**{0}** : {1}\\", "\n**{0}:** {1}"])
def test_a_mail_copied_below_its_headers_goes(headers: str, style: str) -> None:
    parted = [line.replace("：", ":").partition(":") for line in headers.split("\n")]
    styled = "\n".join(
        style.format(label.strip(), rest.strip()) if mark and label[:1] != " " else label
        for label, mark, rest in parted
    )
    lines = f"{ANSWER}\n\n________________________________\n{styled}\n\n{ASKED}".split("\n")
    assert without_copies(lines) == [ANSWER]


@pytest.mark.parametrize(
    "line",
    [
        "-----Original Message-----",
        "---------- Forwarded message ---------",
        "-----Ursprüngliche Nachricht-----",
        "-----Message d'origine-----",
        "-----Mensaje original-----",
        "-----Messaggio originale-----",
        "-----Mensagem original-----",
        "-----Oorspronkelijk bericht-----",
        "-----Исходное сообщение-----",
        "-----Wiadomość oryginalna-----",
        "-----Původní zpráva-----",
        "-----Ursprungligt meddelande-----",
        "-----Oprindelig meddelelse-----",
        "-----Alkuperäinen viesti-----",
        "-----Özgün İleti-----",
        "-----元のメッセージ-----",
        "------------------ 原始邮件 ------------------",
        "-----原始郵件-----",
        "-----원본 메시지-----",
    ],
)
def test_a_mail_copied_below_its_title_goes(line: str) -> None:
    assert without_copies([ANSWER, "", line, "Ana A", "", ASKED]) == [ANSWER]
    assert without_copies([line, ASKED]) == [ASKED]  # nothing above it tells which part is copied
    assert without_copies([ANSWER, "", line, "> how?", "", "So."]) == [ANSWER, "", "> how?", "", "So."]


OWN_HEADERS = {
    "code": "    From: ana@l.example\n    Date: Mon, 3 Jun 2024\n    To: list\n    Subject: x",
    "fence": "```\nFrom: ana@l.example\nDate: Mon, 3 Jun 2024\nTo: list\nSubject: x\n```",
    "raw": "Message-ID: <1@l.example>\nFrom: a@l.example\nDate: Mon, 3 Jun 2024\nMIME-Version: 1\nTo: list\nSubject: x",
    "two": "From: the mill\nTo: the house\n\nwalk along the dyke.",
    "list": "Time: 10:12\nPlace: the mill\nSubject: wind",
    "words": "To: whoever reads this. From: me.",
}


@pytest.mark.parametrize("own", OWN_HEADERS.values(), ids=OWN_HEADERS)
def test_headers_that_somebody_shows_stay(own: str) -> None:
    lines = [ANSWER, "", *own.split("\n")]
    assert without_copies(lines) == lines


def test_headers_that_somebody_announces_stay() -> None:
    lines = ["This is what I got:", "", *HEADERS["en"].split("\n"), "", "It is the fourth one."]
    assert without_copies(lines) == lines
    assert header_block(lines, 2) == 6


def test_headers_above_quote_marks_go_and_the_answers_between_stay() -> None:
    lines = [ANSWER, "", *HEADERS["de"].split("\n"), "> how?", "So.", "> and then?", "Then so."]
    assert without_copies(lines) == [ANSWER, "", "> how?", "So.", "> and then?", "Then so."]


ATTRIBUTIONS = """
On Mon, Jun 3, 2024 at 10:12 AM Ana A <ana@l.example> wrote:
On Mon, Jun 3, 2024 at 10:12 AM Ana A <ana@l.example>|wrote:
On Mon, Jun 3, 2024 at 10:12 AM|Ana A <ana@l.example> wrote:
On 6/3/24 10:12, Ana A wrote:
On 2024-06-03, ana <ana at l.example> wrote:
At 10:12 AM 6/3/2024 -0700, Ana wrote:
Ana A <ana@l.example> writes:
Ana A wrote:
Am 03.06.2024 um 10:12 schrieb Ana A:
Am Mo., 3. Juni 2024 um 10:12 Uhr schrieb Ana A <ana@l.example>:
Am Mo., 3. Juni 2024 um 10:12 Uhr schrieb Ana A <|ana@l.example>:
Ana A schrieb am 03.06.2024 10:12:
Le lun. 3 juin 2024 à 10:12, Ana A <ana@l.example> a écrit :
Le 03/06/2024 à 10:12, Ana A a écrit :
Le lundi 3 juin 2024 à 10:12:00 UTC+2, Ana A <ana@l.example> a|écrit :
El lun, 3 jun 2024 a las 10:12, Ana (<ana@l.example>) escribió:
El 3/6/24 a las 10:12, Ana A escribió:
Il giorno lun 3 giu 2024 alle ore 10:12 Ana A <ana@l.example> ha|scritto:
Il 03/06/2024 10:12, Ana A ha scritto:
Em seg., 3 de jun. de 2024 às 10:12, Ana A <ana@l.example> escreveu:
Em 03/06/2024 10:12, Ana A escreveu:
Op 03-06-2024 om 10:12 schreef Ana A:
Op ma 3 jun 2024 om 10:12 schreef Ana A <ana@l.example>:
пн, 3 июн. 2024 г. в 10:12, Ana A <ana@l.example>:
03.06.2024 10:12, Ана А пишет:
W dniu 3.06.2024 o 10:12, Ana A pisze:
pon., 3 cze 2024 o 10:12 Ana A <ana@l.example> napisał(a):
po 3. 6. 2024 v 10:12 odesílatel Ana A <ana@l.example> napsal:
Dne 3. 6. 2024 v 10:12 Ana A napsal(a):
Den 2024-06-03 kl. 10:12, skrev Ana A:
Den mån 3 juni 2024 kl 10:12 skrev Ana A <ana@l.example>:
Den man. 3. jun. 2024 kl. 10.12 skrev Ana A <ana@l.example>:
ma 3. kesäk. 2024 klo 10.12 Ana A (ana@l.example) kirjoitti:
Ana A kirjoitti 3.6.2024 klo 10.12:
Ana A <ana@l.example>, 3 Haz 2024 Pzt, 10:12 tarihinde şunu yazdı:
3.06.2024 10:12 tarihinde Ana A yazdı:
2024/06/03 10:12、Ana A のメール:
2024年6月3日(月) 10:12 Ana A <ana@l.example>:
On 2024/06/03 10:12, Ana A さんは書きました:
2024년 6월 3일 (월) 오전 10:12, Ana A <ana@l.example>님이 작성:
Ana A <ana@l.example> 于2024年6月3日周一 10:12写道：
在 2024-06-03 10:12:00，"Ana A" <ana@l.example> 写道：
Ana A <ana@l.example> 於 2024年6月3日 週一 上午10:12寫道：
пн, 3 черв. 2024 р. о 10:12 Ana A <ana@l.example> пише:
2024. jún. 3. 10:12, Ana A ezt írta:
Pe lun., 3 iun. 2024 la 10:12, Ana A <ana@l.example> a scris:
Στις 3/6/2024 10:12, Ana A έγραψε:
Vào Th 2, 3 thg 6, 2024 vào lúc 10:12 Ana A <ana@l.example> đã viết:
Pada Sen, 3 Jun 2024 pukul 10.12 Ana A <ana@l.example> menulis:
""".strip().split("\n")


@pytest.mark.parametrize("attribution", ATTRIBUTIONS)
def test_the_line_above_a_quote_is_known(attribution: str) -> None:
    lines = attribution.split("|")
    assert attribution_lines(lines) == len(lines)
    assert attribution_lines([ANSWER, "", *lines]) == len(lines)
    assert attribution_lines([ANSWER, *lines]) == len(lines)


@pytest.mark.parametrize(
    "own",
    [
        "On 3 June 2024 the log wrote:",
        "He wrote:",
        "As the manual writes:",
        "The compiler says:",
        "I tried it at 10:12 and the terminal printed:",
        "Please write to ana@l.example:",
        "In version 3.10 the manual writes:",
        "Since 2024 the file holds:",
        "Er schrieb:",
        "Il a écrit :",
        "Am 3.6.2024 schrieb das Programm in sein Protokoll, und zwar:",
        "文档写道：",
        "他写道：",
        "You need two lines, in 2024 as in 2023:",
        "Try this:",
        "This is what I wrote:",
    ],
)
def test_own_words_above_a_quote_stay(own: str) -> None:
    assert not is_attribution(own)
    assert attribution_lines([own]) == 0


DEVICES = """
Sent from my iPhone
Sent from my Samsung Galaxy smartphone.
Sent from Mail for Windows 10
Sent from Outlook for iOS<https://aka.ms/o0ukef>
Get [Outlook for iOS](https://aka.ms/o0ukef)
Get Outlook for Android<https://aka.ms/x>
Von meinem iPhone gesendet
Envoyé de mon iPhone
Enviado desde mi iPhone
Inviato da iPhone
Enviado do meu iPhone
Verstuurd vanaf mijn iPhone
Отправлено с iPhone
Wysłane z iPhone'a
iPhoneから送信
发自我的iPhone
從我的 iPhone 傳送
나의 iPhone에서 보냄
Skickat från min iPhone
Sendt fra min iPhone
Lähetetty iPhonesta
Odesláno z iPhonu
iPhone'umdan gönderildi
Virus-free. www.avast.com
Sent from my Android phone with K-9 Mail. Please excuse my brevity.
Sent from Spark
Enviado de Samsung Mobile
Отправлено из Яндекс.Почты
Изпратено от моя iPhone
Poslano s mog iPhonea
Poslano z mojega iPhonea
Poslato sa mog iPhonea
Išsiųsta iš mano iPhone
Enviat des del meu iPhone
Az iPhone-omról küldve
ส่งจาก iPhone ของฉัน
मेरे iPhone से भेजा गया
""".strip().split("\n")


@pytest.mark.parametrize("line", DEVICES)
def test_what_a_device_adds_goes(line: str) -> None:
    assert without_added([ANSWER, "", line]) == [ANSWER]


@pytest.mark.parametrize(
    "own",
    [
        "Sent from my iPhone, the mail shows twice.",
        "Sent from my Android phone with a script. It excuses nothing.",
        "Sent from my server. It is the third one, and it never arrives.",
        "发自内心的感谢，这个方法可以用。",
    ],
)
def test_a_sentence_that_begins_like_it_stays(own: str) -> None:
    assert without_added([ANSWER, "", own]) == [ANSWER, "", own]


SIGNATURES = {
    "closing": "Best regards,\nBo B\nMills & Co\n+49 30 1234",
    "apart": "Kind regards\n\n\tBo.",
    "one line": "Cheers, Bo",
    "alone": "Thanks!",
    "name": "Bo",
    "below a rule": "__\nBo B",
    "name and place": "Bo B\nMills & Co",
    "de": "Mit freundlichen Grüßen\nBo B",
    "fr": "Cordialement,\nBo",
    "es": "Saludos,\nBo",
    "ru": "С уважением,\nБо Б",
    "ja": "よろしくお願いします。",
    "zh": "谢谢！",
    "another's name": "Regards,\nMr Robert Miller",
    "device below": "Regards,\nBo\n\nSent from my iPhone",
}


@pytest.mark.parametrize("signature", SIGNATURES.values(), ids=SIGNATURES)
def test_a_signature_without_its_mark_goes(signature: str) -> None:
    assert without_added([ANSWER, "", *signature.split("\n")], "Bo B") == [ANSWER]


@pytest.mark.parametrize(
    "own",
    [
        "Thanks to the brake it stops.",
        "Thanks\nTry this and it works",
        "Best practice",
        "Best\n\nuse the second one.",
        "Regards,\nBo\n\nP.S. The brake slips when it is wet.",
        "Bo\nis short for Robert and says nothing.",
        "Bo B\n\n1. Turn the cap.",
        "Ana",
        "以上三种都可以",
    ],
)
def test_words_that_only_look_like_a_signature_stay(own: str) -> None:
    lines = [ANSWER, "", *own.split("\n")]
    assert without_added(lines, "Bo B") == lines


NOTES = [
    "This e-mail and any attachments are confidential and intended solely for the addressee. If you have received it in"
    " error, please notify the sender and delete it.",
    "CONFIDENTIALITY NOTICE\n\nThe information in this message is privileged, for the intended recipient only. Any use"
    " by others is prohibited; if you are not the intended recipient, destroy it.",
    "Diese E-Mail enthält vertrauliche Informationen. Wenn Sie nicht der richtige Adressat sind oder diese E-Mail"
    " irrtümlich erhalten haben, informieren Sie bitte den Absender und vernichten Sie sie.",
    "Ce message est confidentiel et établi à l'intention exclusive de ses destinataires. Si vous le recevez par"
    " erreur, merci de le détruire et d'avertir l'expéditeur.",
    "Este mensaje es confidencial y va dirigido a su destinatario. Si lo recibe por error, elimínelo y notifíquelo.",
    "Настоящее сообщение конфиденциально и предназначено адресату. Если вы получили его по ошибке, удалите его.",
    "本邮件含有保密信息，仅限于收件人使用。如您误收本邮件，请立即通知发件人并删除本邮件，禁止任何形式的使用。",
    "このメールには機密情報が含まれ、宛先の方のみを対象としています。誤って受信された場合は、削除してください。",
]


@pytest.mark.parametrize("note", NOTES)
def test_a_confidentiality_note_goes(note: str) -> None:
    assert without_added([ANSWER, "", *note.split("\n")]) == [ANSWER]


def test_an_answer_about_confidential_mail_stays() -> None:
    own = "A confidential mail has to be encrypted for each recipient, else the server can read it on its way to them."
    assert without_added([ANSWER, "", own]) == [ANSWER, "", own]


FOOTERS = [
    "_______________________________________________\nmill mailing list\nmill@l.example",
    '-- \nYou received this message because you are subscribed to the Google Groups "mill" group.\nTo stop',
    "-----------------------------------------------------------\nTo unsubscribe, e-mail: dev-unsubscribe@l.example",
    '--\nTo unsubscribe from this list: send the line "unsubscribe mill"',
    "-=-=-=-=-=-=-=-=-=-=-=-\nGroups.io Links: You receive all messages sent to this group.",
    "##############################\n\nTo unsubscribe from the MILL list, click:",
    "You received this message because you are subscribed to this group.\nTo stop: write",
    "mill mailing list -- mill@l.example\nTo unsubscribe send an email to mill-leave@l.example",
    "-- \nBo B\n2.34.1",
    "---\n[Visit Topic](https://d.example/t/1) or reply to this email to respond.\nMail mode is on.",
    "---\nVisit Topic or reply to this email to respond.\nTo unsubscribe from these emails, click here.",
    "—\nReply to this email directly, view it on GitHub <https://github.com/a/b/issues/1>, or unsubscribe.",
]


@pytest.mark.parametrize("footer", FOOTERS)
def test_a_footer_or_a_marked_signature_goes_and_answers_below_stay(footer: str) -> None:
    lines = [ANSWER, "", *footer.split("\n")]
    assert [line for line in without_endings(lines) if line] == [ANSWER]
    below = ["Ana A wrote:", "> how?", "So."]
    assert [line for line in without_endings([*lines, "", *below]) if line] == [ANSWER, *below]


@pytest.mark.parametrize(
    "own",
    [
        "-- \nselect 1;\n\nThis is the query.",
        "------\nlists.append(x)",
        "To unsubscribe from a topic, call `leave`.",
        "-----\nThe end.",
        "---\nVisit the topic of winds.",
        "—\nThe wind turns. Then the mill turns. It takes an hour.",
    ],
)
def test_a_rule_or_a_comment_ends_no_mail(own: str) -> None:
    lines = [ANSWER, "", *own.split("\n")]
    assert without_endings(lines) == lines
