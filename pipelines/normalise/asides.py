"""What a course says beside its subject, in many languages.

Whose text a page is, that a film says the same, and at the end of a part that its reader did well, is ready for the
next one, or should begin.
"""

import re2

from pipelines.normalise.clean import last_sentence

_LONGEST = 400  # characters of a paragraph on whose text a page is, with its addresses
_LONGEST_END = 150  # characters of a last sentence that leads on
_CLOSED = r"[\s!?.,:;()。！？、，：～~^_*–—…\p{So}\x{fe0f}-]*$"

# Whose text a page is, and that a film says the same: a part of the course, and what is said of it.
_CREDITS = (
    r"[Tt]his (?:section|chapter|part|tutorial|page|lesson|article) (?:is|was) (?:(?:largely|mostly|partly|heavily) )?"
    r"(?:based on|covered in|adapted from|taken from)\b",
    r"\b[Dd]iese[rsm]? (?:Kapitel|Abschnitt|Teil|Tutorial|Lektion)s?\b.*\b(?:Videos?\b|basier|beruh)",
    r"\b[Cc]e(?:tte)? (?:chapitre|section|partie|tutoriel|leçon)\b.*(?:\bvidéo\b|inspir|\bbasée?|\badaptée?|\btirée?)",
    r"\b[Ee]st[ea] (?:capítulo|sección|parte|tutorial|lección)\b.*(?:\bv[ií]deo\b|\bbasad|\badaptad)",
    r"\b(?:[DdNn]?[Ee]st[ea]) (?:capítulo|seção|secção|parte|tutorial|lição)\b.*(?:\bvídeo\b|\bbasead|\badaptad)",
    r"\b[Qq]uest[oa] (?:capitolo|sezione|parte|tutorial|lezione)\b.*(?:\bvideo\b|\bbasat|\badattat|\btratt[oa] da)",
    r"\b[Dd](?:it|eze) (?:hoofdstuk|sectie|deel|tutorial|les)\b.*(?:\bvideo\b|gebaseerd)",
    r"(?:[Ээ]т\p{L}+ (?:глав|раздел|подраздел|част|руководств|урок)|[Цц]\p{L}+ (?:глав|розділ|частин|урок))\p{L}*.*"
    r"(?:видео|відео|основан|засновано|базується)",
    r"この(?:章|チャプター|セクション|パート|チュートリアル|節|レッスン).*(?:動画|ビデオ|ベースに|もとに|基に|基づ)",
    r"(?:이|본) (?:장|섹션|튜토리얼|부분|챕터|강의).*(?:영상|기반|바탕)|집에서 .*(?:영상|비디오)",
    r"(?:本|这一?)(?:章|节|教程|部分|课).*(?:视频|基于|改编自|参考自)",
)
_CREDIT = re2.compile(rf"(?m)^(?:> ?)*[^\n]{{0,120}}(?:{'|'.join(_CREDITS)})[^\n]*$(?:\n> ?$)*")
_BLANKS = re2.compile(r"\n(?:[ \t>]*\n){2,}")
_CREDIT_CUE = re2.compile(
    r"(?i)video|vídeo|vidéo|видео|відео|動画|ビデオ|영상|비디오|视频|base|basa|basi|beruh|inspir|ada[pt]t|taken from"
    r"|covered in"
    r"|tir[ée]|tratt|основан|засновано|базується|ベースに|もとに|基に|基づ|기반|바탕|基于|改编自|参考自"
)
_CHEERS = re2.compile(
    r"(?i)^[^\pL\pN]*(?:congrat(?:s|ulations)|(?:very )?well done|(?:great|good|nice) (?:job|work)|awesome"
    r"|ya+y|hoo?ra+y|woohoo"
    r"|that['’]s (?:it|all)(?: for now)?|(?:pretty )?(?:cool|easy|simple|neat|nice),? (?:huh|right|eh|isn['’]t it)"
    r"|how cool is that|makes sense|(?:are you )?ready(?: (?:for|to) [^.!?\n]{0,60})?"
    r"|(?:and )?(?:now )?(?:it['’]s )?(?:now )?time (?:to|for) [^.!?\n]{1,60}|good luck|have fun|enjoy"
    r"|you (?:did it|(?:totally )?rock)"
    r"|(?:herzlichen )?glückwunsch|gratulation|super|toll|klasse|prima|das war['’]?s(?: schon)?|gut gemacht"
    r"|viel (?:spaß|erfolg|glück)|(?:cool|einfach|toll),? (?:oder|nicht(?: wahr)?|was)|alles klar|bereit (?:für|zum"
    r"|zu) [^.!?\n]{0,60}"
    r"|félicitations|bravo|génial|(?:cool|facile|simple|pas mal),? non|bonne chance|et voilà"
    r"|c['’]est tout(?: pour (?:le moment|l['’]instant))?|ce n['’]est pas cool,? ça|yep|prête?s? (?:pour"
    r"|à) [^.!?\n]{0,60}|amusez-vous bien"
    r"|felicidades|enhorabuena|genial|muy bien|bien hecho|buena suerte|eso es todo|(?:fácil|genial),? ¿?(?:no|verdad)"
    r"|parabéns|muito bem|boa sorte|é isso(?: aí)?|(?:legal|fácil),? (?:né|não é|certo)|divirta-se"
    r"|congratulazioni|complimenti|ottimo(?: lavoro)?|buona fortuna|è tutto|(?:facile|bello),? (?:no|vero)"
    r"|gefeliciteerd|goed gedaan|veel (?:plezier|succes)|dat is alles|gratulacje|brawo|powodzenia|to wszystko"
    r"|поздравля(?:ем|ю)|отлично|здорово|молодец|ура|круто|удачи|вот и вс[её]|на этом вс[её]|успехов"
    r"|(?:здорово|круто|просто|легко),? (?:правда|да|не так ли)|вітаємо|чудово|удачі|успіхів|ось і все"
    r"|おめでとう(?:ございます)?|やった(?:ね)?|よくできました|すごい(?:ですね)?|素晴らしい(?:ですね)?|がんばって(?:ね"
    r"|ください)?"
    r"|(?:よし|さあ|では|それでは)[、,]?次は[^。！？\n]{1,30}ましょう|お疲れさま(?:でした)?|簡単ですね|イェーイ"
    r"|うまくでき(?:ていますね|ましたね)"
    r"|축하(?:해요|합니다|드립니다)|잘했어요|야호|멋지(?:지|죠)(?: 않나요)?|대단(?:해요|하죠)|여기까지 ?(?:입니다"
    r"|예요|이에요)|(?:참 )?쉽죠"
    r"|행운을 빌어요|파이팅"
    r"|太(?:棒|好|酷)了|真(?:棒|不错)|恭喜(?:你|您|大家)?|[干做]得(?:好|漂亮|不错)|祝(?:你|您|大家)?好运|加油"
    r"|就(?:是)?这样|大功告成|准备好[^。！？\n]{0,20}了吗"
    r"|click here (?:to|for) [^.!?\n]{0,60}|点击(?:这里|此处)[^。！？\n]{0,20}|[:;]-?[)DP]|\p{So}+"
    r"|很?(?:酷|简单|容易|优雅)吧|很?(?:酷|简单|容易)[，,] ?(?:对吧|不是吗|对吗))" + _CLOSED
)
# The next part of a course, named in the last sentence of this one. English and Chinese are `pointers.py`'s.
_NEXT_PART = re2.compile(
    r"(?i)\b(?:nächste[nms]?|folgende[nms]?) (?:Kapitel|Abschnitt|Teil|Schritt|Lektion|Übung)\b"
    r"|(?:chapitre|section|partie|étape|leçon|exercice) (?:suivante?|prochaine?)\b"
    r"|\bprochaine? (?:chapitre|section|partie|étape|leçon|exercice)\b"
    r"|\b(?:próxim[oa]|siguiente) (?:capítulo|sección|parte|paso|lección|ejercicio|apartado)\b"
    r"|\b(?:capítulo|sección|parte|lección|apartado) siguiente\b"
    r"|\b(?:próxim[oa]|seguinte) (?:capítulo|seção|secção|parte|passo|lição|exercício)\b"
    r"|\bprossim[oa] (?:capitolo|sezione|parte|passo|lezione|esercizio)\b|\bvolgende (?:hoofdstuk|sectie|deel|stap"
    r"|les)\b"
    r"|następn\p{L}+ (?:rozdzia|sekcj|częś|krok|lekcj)|следующ\p{L}+ (?:глав|раздел|част|шаг|урок|упражнени)"
    r"|наступн\p{L}+ (?:розділ|глав|частин|крок|урок)|次の(?:章|チャプター|ステップ|セクション|パート|節|レッスン|課)"
    r"|다음 (?:장|단계|챕터|내용|강의|섹션|예제)"
)
_BEGINS = re2.compile(
    r"(?i)^[^\pL\pN]*(?:los geht['’]?s|auf geht['’]?s|las+t? uns (?:loslegen|anfangen|beginnen|starten|weitermachen"
    r"|es ausprobieren)"
    r"|allons-y|c['’]est parti|essayons(?: ça)?|commençons|voyons (?:ça|cela)|vamos(?: (?:a ello|allá|lá|nessa"
    r"|começar|a empezar))?"
    r"|comencemos|empecemos|probémoslo|veámoslo|andiamo|iniziamo|cominciamo|proviamo(?:lo)?|laten we beginnen"
    r"|zaczynajmy"
    r"|поехали|вперёд|вперед|начнём|начнем|приступим|давай(?:те)? (?:попробуем|начнём|начнем|приступим"
    r"|посмотрим)(?: его| её| это)?"
    r"|почнемо|почнімо|(?:さあ|では|それでは)[、,]?(?:始めましょう|やってみましょう|見て(?:み|いき)ましょう"
    r"|試してみましょう|次へ進みましょう)"
    r"|(?:자,? ?)?(?:이제 )?(?:시작해(?: ?봅시다| ?볼까요|요)|시작합시다|해 ?봅시다|해 ?볼까요|알아 ?봅시다"
    r"|알아 ?볼까요))" + _CLOSED
)

# "Here is an example." and no example: what it shows was a picture, or stands on another page.
_SHOWS = re2.compile(
    r"(?i)^[^\pL\pN]*(?:here(?:['’]s| is| are)|below (?:is|are)|voici|hier (?:ist|sind|ein)|aquí (?:está|tienes?|hay)"
    r"|ecco|以下是|下面是|这里是)[^.!?:：。！？\n]{0,100}[.!:：。！]?$"
)


def without_credits(text: str) -> str:
    """Prose without paragraphs that only say whose text a page is, or which film says the same."""
    if not _CREDIT_CUE.search(text):
        return text
    kept = _CREDIT.sub(lambda found: found[0] if len(found[0]) > _LONGEST else "", text)
    return _BLANKS.sub("\n\n", kept).lstrip("\n>") if kept != text else text


def without_cheers(text: str) -> str:
    """`text` without last sentences that only cheer, begin, show nothing or lead on, if others stay."""
    text = text.rstrip()
    while True:
        start = last_sentence(text)
        last = text[start:].strip()
        leads_on = len(last) <= _LONGEST_END and (_NEXT_PART.search(last) or _BEGINS.match(last))
        if not text[:start].strip() or not last or not (leads_on or _CHEERS.match(last) or _SHOWS.match(last)):
            return text
        text = text[:start].rstrip()


def without_asides(text: str) -> str:
    """Prose (see `markdown.on_prose`) without any of these."""
    return without_cheers(without_credits(text))
