"""A signal of parts of a course: they speak of its other parts, and of what its reader has made there.

Who reads one of them alone has neither. "Next section" and "previous step" are not counted: manuals say so too. Only
parts of pages are measured; a thread and an exchange have no chapters.
"""

import pyarrow as pa

from pipelines.signals.phrases import count_matches
from schemas.signal import Signal

_ENGLISH = (
    r"\b(?:previous|preceding|earlier|next|last|coming|upcoming|later) (?:\w+ )?(?:chapters?|tutorials?|lessons?"
    r"|episodes?|exercises?)\b|\bthis (?:tutorial|lesson|episode|course|workshop)\b"
    r"|\bour (?:(?:new|first|own|little|simple|example|web|django|python|current|existing) )*(?:blog|app"
    r"|application|project|site|website|web ?page|template)\b"
    r"|\bwe(?:['’]ve| have) already (?:\w+ed|seen|made|done|built|written|learnt|set)\b"
    r"|\bwe(?:['’]re| are) (?:building|making|creating)\b"
    r"|\b(?:you|we) (?:\w+ )?(?:installed|created|wrote|made|learn(?:ed|t)|set up|built|defined|added|saw|used"
    r"|did) (?:earlier|before|previously|above)\b|\b(?:do you )?remember (?:when|how|what|our) (?:we|you)\b"
    r"|\byour (?:coach|instructor|teacher|mentor)s?\b|\b(?:for )?readers at home\b"
)
_GERMAN = (
    r"\b(?:vorig|vorherig|vorangegangen|letzt|nächst|vorhergehend|früher|später)e[nmrs]? (?:\w+ )?(?:Kapiteln?"
    r"|Lektion(?:en)?|Übung(?:en)?|Tutorials?)\b"
    r"|\bdiese[ms]? (?:Tutorials?|Kapitels?|Kurs|Lektion|Workshop)\b"
    r"|\bunsere?[nmrs]? (?:\w+ )?(?:Blog|App|Anwendung|Applikation|Projekt|Website|Webseite|Seite|Template|Site)\b"
    r"|\berinner(?:st|t|e|n) (?:du dich|ihr euch|Sie sich|wir uns)\b"
    r"|\bwir (?:haben|hatten) (?:\w+ ){0,3}(?:bereits|schon|zuvor|vorhin)\b"
    r"|\bhaben wir (?:\w+ ){0,3}(?:bereits|schon|zuvor|vorhin)\b"
    r"|\b(?:zuvor|vorhin) (?:\w+ )?(?:erstellt|erzeugt|geschrieben|installiert|angelegt|gesehen|gelernt|besucht"
    r"|definiert|hinzugefügt)\w*\b|\bbisher\b|\b(?:deine|deiner|deinen) (?:Trainerin|Coach|Trainer)\b"
    r"|\bLeser(?:innen)? zu Hause\b"
)
_FRENCH = (
    r"(?:chapitres?|exercices?|leçons?|tutoriels?) (?:précédent|prochain|antérieur|suivant)e?s?\b"
    r"|\b(?:précédent|prochain|dernier|dernière)e?s? (?:chapitre|exercice|leçon|tutoriel)s?\b"
    r"|\b(?:ce|cet) (?:tutoriel|chapitre|cours|atelier)\b"
    r"|\b(?:notre|nos) (?:\w+ )?(?:blog|appli|application|projet|site|template|page)s?\b"
    r"|(?:souvenez|rappelez|rappelles|souviens)[- ](?:vous|toi|tu)\b|\bvous (?:souvenez|rappelez)\b"
    r"|\b(?:nous avons|on a) (?:déjà|bien\b)|\bcomme (?:nous|on) (?:l['’])?(?:avons|a) (?:déjà )?(?:vu|fait|dit)\b"
    r"|\bjusqu['’](?:à présent|ici|à maintenant)\b|\bvotre coach\b|\blect(?:rices|eurs) à la maison\b"
    r"|\btout à l['’]heure\b"
)
_SPANISH = (
    r"\b(?:capítulo|ejercicio|lección|tutorial)(?:e?s)? (?:anterior|previ[oa]|próxim[oa])(?:e?s)?\b"
    r"|(?:próxim[oa]|últim[oa]|siguiente)s? (?:capítulo|ejercicio|lección|tutorial)s?\b"
    r"|\b(?:este|del?) (?:tutorial|capítulo|curso|taller)\b"
    r"|\bnuestr[oa]s? (?:\w+ )?(?:blog|app|aplicación|proyecto|sitio|página|plantilla)s?\b"
    r"|\b(?:recuerdas|te acuerdas)\b|\bcomo (?:ya )?hemos visto\b|\bcomo vimos\b|\bhasta ahora\b"
    r"|\b(?:ya )?hemos (?:creado|aprendido|instalado|escrito|hecho)\b"
)
_PORTUGUESE = (
    r"\b(?:capítulo|exercício|lição|tutorial)s? (?:anterior|próxim[oa])(?:e?s)?\b"
    r"|(?:próxim[oa]|últim[oa])s? (?:capítulo|exercício|lição|tutorial)\b"
    r"|\b(?:este|neste|deste) (?:tutorial|capítulo|curso)\b"
    r"|\bnoss[oa]s? (?:\w+ )?(?:blog|app|aplicação|aplicativo|projeto|site|página)s?\b|\bcomo (?:já )?vimos\b"
    r"|\baté agora\b|\blembra (?:d[eoa]|que|quando)\b"
)
_ITALIAN = (
    r"\b(?:capitol[oi]|esercizio|lezion[ei]) (?:precedent[ei]|prossim[oaie])\b"
    r"|\b(?:prossim[oa]|ultim[oa]) (?:capitolo|esercizio|lezione)\b"
    r"|\bquesto (?:tutorial|capitolo|corso)\b"
    r"|\bnostr[oaie] (?:\w+ )?(?:blog|app|applicazione|progetto|sito|pagina)\b|\bcome abbiamo (?:già )?visto\b"
    r"|\babbiamo già|\bfinora\b"
)
_DUTCH = (
    r"\b(?:vorige?|volgende?|laatste) (?:\w+ )?(?:hoofdstuk|les|oefening)(?:ken|en)?\b"
    r"|\b(?:dit|deze) (?:tutorial|hoofdstuk|cursus|les)\b"
    r"|\b(?:onze|ons) (?:\w+ )?(?:blog|app|applicatie|project|site|website|pagina)\b"
    r"|\bzoals (?:we|je|u) (?:\w+ )?(?:gezien|zagen)\b|\bwe hebben (?:al|eerder)\b|\btot nu toe\b"
)
_POLISH = (
    r"(?:poprzedni|następn|ostatni|wcześniejsz)\p{L}+ (?:rozdzia|lekcj|ćwicze)\p{L}*"
    r"|\bnasz\p{L}* (?:\p{L}+ )?(?:blog|stron|aplikacj|projekt)\p{L}*|\bjak już (?:wiesz|wiemy|widziel)"
    r"|\bdo tej pory\b|\bpamiętasz\b"
)
_RUSSIAN = (
    r"(?:предыдущ|прошл|следующ|последн)\p{L}+ (?:глав|упражнени|урок)\p{L}*"
    r"|этом (?:руководств|учебник|урок|курс)\p{L}*|это руководство"
    r"|(?:^|[^\p{L}])наш\p{L}* (?:\p{L}+ )?(?:блог|сайт|приложени|проект|страниц|шаблон)\p{L}*"
    r"|(?:^|[^\p{L}])мы (?:уже|ранее|раньше|недавно)|помнишь|помните"
    r"|как (?:мы|ты|вы) (?:уже )?(?:видел|узнал|знае|помни)|до этого момента|тво(?:й|его|ему|им) тренер"
    r"|проходящих руководство дома"
)
_JAPANESE = (
    r"(?:前|次|この前|これまで|前回|次回)の(?:章|チャプター|レッスン|課)|さっき|先ほど"
    r"|(?:^|[^る以直])前回|次回|すでに(?:学|作成し)"
    r"|覚えて(?:い)?ま(?:すか|すよね)|(?:学|習)(?:び|い)ました|私(?:たち|達)の(?:ブログ|サイト|アプリ|プロジェクト)"
    r"|この(?:チュートリアル|チャプター|パート|章)"
    r"|(?:チャプター|チュートリアル)(?:を|に|で|の|は)"
)
_KOREAN = (
    r"(?:이전|다음|앞|지난|저번|마지막|이번)(?:의)? ?(?:장|챕터|단원|강의)(?:[을를에의과와은는이가으로 .!?]|$)"
    r"|앞에서|지난번"
    r"|기억(?:하|나)[^.]{0,4}(?:나요|죠|지요|요\?)|우리(?:의)? (?:블로그|웹 ?사이트|사이트|앱|프로젝트|애플리케이션)"
    r"|튜토리얼|코치에게|배웠"
)
_CHINESE = (
    r"(?:[上前]一?|下一|之前的?|后面的?|前面的?)(?:章|课|讲|教程)|刚才|还记得|记得我们"
    r"|我们(?:的|这个)(?:博客|网站|应用|项目|应用程序)"
    r"|(?:本|这个|这篇|在这?本?)教程|我们(?:已经|之前|前面)|到目前为止|到现在为止|你的?指导|教练|本书|前几?章"
    r"|第 ?[0-9一二三四五六七八九十]+ ?章"
)
# One after another: together they outgrow the memory that RE2 gives to a fast search, and take thrice as long.
_LATIN = "|".join((_ENGLISH, _GERMAN, _FRENCH, _SPANISH, _PORTUGUESE, _ITALIAN, _DUTCH, _POLISH))
# Boxes and quotations aside: "skip this if you have done it before" stands beside the subject.
_TEXT = (
    "CASE WHEN kind IN ('explanation', 'how_to', 'question')"
    " THEN regexp_replace(output_prose, '(?m)^>[^\n]*$', '', 'g') ELSE '' END"
)
_COUNT = " + ".join(
    count_matches(pattern, _TEXT)
    for pattern in (f"(?i){_LATIN}", f"(?i){_RUSSIAN}", f"{_JAPANESE}|{_KOREAN}|{_CHINESE}")
)

SIGNALS = (
    Signal(
        "output_course_talk",
        pa.int32(),
        _COUNT,
        "phrases of a course about its other parts and what was made there (`our blog`), in twelve languages",
        3,
    ),
)
