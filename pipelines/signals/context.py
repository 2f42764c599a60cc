"""Signals of texts that need what stood around them: the page before, the chapter, the reader's own screen."""

import pyarrow as pa

from pipelines.signals.phrases import has_match
from schemas.signal import Signal

OPENING = 200  # characters, and none of what follows code, a list or a table: there "the command above" is at hand

# Short ranges instead of \pL: the whole must fit into the memory that RE2 gives to a fast search.
_NO_LETTER = r"(?:^|[^A-Za-zЀ-ӿ가-힣])"  # RE2's \b knows ASCII only
_BEGINS = (
    r"(?:now|so|then|next|but|finally|again|okay|ok|great|alright|returning to|back to|this time)(?:,"
    r"| (?:you|we|our|let|i|it|add|open|run|the|create|go|to)\b)|now that\b"
    r"|(?:现在|接下来|然后|接着|那么)[，,]?(?:让|我们|使用|来)|(?:好了|好的|太棒了)[，,！!。]|继续[，,]"
    r"|(?:では|それでは|今度は)、|(?:이제|자,|그럼)[ ,]|(?:nun|jetzt|gut,|super,|ok,|dann|als nächstes)[ ,]"
    r"|(?:maintenant|bien|bon|ensuite|alors) ?,|maintenant que (?:nous|vous|tu|l['’]on|on) |(?:ora|adesso)[, ]"
    r"|(?:теперь|итак|затем|далее|давай|давайте)[, ]|(?:отлично|хорошо)[,!]"
)
# The beginning speaks of what the reader has just read, done or seen.
_LEANS_BACK = (
    rf"(?i)^[^\pL\pN]*(?:{_BEGINS})"
    r"|\b(?:as|like|what) (?:we|you|i)(?:['’]ve| have)? (?:just |already )*"
    r"(?:saw|seen|did|done|made|created|learned|learnt|used|wrote|written|added|discussed|built|installed|set up)\b"
    r"|(?:^|[^\sf]\s+|[^\s\w])(?:we|you)(?:['’]ve| have) (?:just|already|now|finally) \w+|\bnow that (?:we|you)\b"
    r"|\bwe\b[^.]{0,60}\bso far\b"
    r"|\byou(?:['’]ve|['’]re| have| are| were| had)\b[^.]{0,60}\bso far(?:[,;:.!?]| (?:is|are)\b|$)"
    r"|\bso far,? (?:we|you)\b|\b(?:we|you) \w+ (?:earlier|previously)\b"
    r"|\b(?:we|you) just \w+[^\We]ed\b|\b(?:remember|recall) (?:that|the|when|how|what|our|in|from) (?:we|our"
    r"|the previous|the last)\b"
    r"|\b(?:commands?|codes?|examples?|diagrams?|tables?|sections?|functions?|programs?|steps?) (?:shown |given "
    r"|listed |described )?above\b"
    r"|\bthe above (?:\w+ )?(?:commands?|codes?|examples?|diagrams?|tables?|sections?|functions?|programs?|steps?)\b"
    r"|\b(?:the|in|our) (?:previous|preceding) (?:\w+ )?(?:codes?|examples?|sections?|chapters?|steps?|lessons?|parts?"
    r"|figures?|exercises?|listings?|episodes?|tutorials?|paragraphs?)\b"
    r"|\b(?:in|from) (?:the|our) (?:previous|preceding) (?:\w+ )?(?:commands?|pages?)\b|\bin (?:the|our) last step\b"
    r"|\b(?:the|in our) last (?:section|chapter|lesson|example|exercise|episode|tutorial)\b"
    r"|\b(?:in|of|to|from|for|with|on) our (?:\w+ )?(?:example|case|app|application|project|program|script|blog"
    r"|template)s?\b|\b(?:in|of|for) our (?:site|website)\b"
    r"|\bin this (?:chapter|section|lesson|episode|tutorial),? (?:we|you|i)\b"
    r"|^the (?:above|(?:second|third|fourth|other) (?:way|method|approach|option|possibility"
    r"|solution|step"
    r"|alternative|technique|strategy|thing))\b|^(?:we|you) now (?:have|know|can|need)\b"
    r"|^let['’]s \w+(?: a look)?(?: at)? another\b|\bas (?:noted|described|mentioned|explained|discussed) previously\b"
    r"|上面(?:的)?(?:命令|代码|例子|示例|步骤|程序|内容|这)|(?:以上|上述)(?:的)?(?:步骤|方法|操作|命令|代码|例子|示例)|如上文|书接上文|(?:刚才|刚刚)的"
    r"|前面的(?:命令|代码|例子|示例|步骤|程序|内容|章节|部分)"
    r"|(?:前面|刚才|刚刚|先前)(?:我们|已|介绍|创建|安装|讲|提|说|写|看[到过]|学)"
    r"|之前(?:我们|已经|创建|安装|学|讲|提到|说过|写)|我们(?:已经(?:学|知道|了解|创建|安装|看|介绍|讲|有了|完成)"
    r"|刚刚|刚才)|还记得|到(?:目前|现在)为止[，,]?(?:我们|咱们|你|您|大家)|回到我们"
    r"|上に示し|上記の|先ほど|前の(?:章|節|例|ステップ)|ここまで|これまで(?:に|の)|앞에서|방금|지금까지"
    r"|\b(?:wie (?:wir|du|sie) (?:gesehen|gelernt)|(?:im|in der) (?:vorigen|vorherigen|letzten) (?:Abschnitt"
    r"|Kapitel|Teil|Schritt|Beispiel|Lektion|Übung)|oben (?:gezeigt"
    r"|genannt|beschrieben)|(?:haben wir|wir haben|was du|was wir) bisher )"
    r"|\bcomme (?:nous|vous) (?:l['’])?avons? vu|ci-dessus|chapitre précédent|section précédente|jusqu['’]à présent"
    r"|jusqu['’]ici|\bcomo (?:hemos visto|vimos)|capítulo anterior|sección anterior|hasta ahora"
    rf"|{_NO_LETTER}(?:위의|이전 (?:장|단계|예제)|как (?:мы|ты|вы) (?:уже )?(?:видел|узнал|говорил)"
    r"|в (?:прошлой|предыдущ)|выше(?:указан|приведён|приведен|описан))"
)
_BEGINNING = rf"regexp_replace(left(output, {10 * OPENING}), '(?s)(?:```|\n(?:[-*+|]|\d{{1,2}}\.) ).*', '')"

# "Let's say you have just finished editing": nobody has
_SUPPOSES = (
    r"(?i)\b(?:(?:let['’]s )?(?:say|suppose|imagine|assume)|perhaps|maybe|if|when|whenever|once|after)\b[^.]{0,30}"
    r"\b(?:we|you)(?:['’]ve| have)? (?:just|already|now|finally) \w+"
)
_OPENS = f"left(regexp_replace({_BEGINNING}, '`[^`\n]*`', ' ', 'g'), {OPENING})"
_SUPPOSED = "regexp_replace({text}, '{pattern}', ' ')".format(text=_OPENS, pattern=_SUPPOSES.replace("'", "''"))

SIGNALS = (
    Signal(
        "output_leans_back",
        pa.bool_(),
        f"CASE WHEN {has_match(_LEANS_BACK, _OPENS)} THEN {has_match(_LEANS_BACK, _SUPPOSED)} ELSE false END",
        "opens with what its reader has just read or done (`Now that we have …`, `the command above`)",
        6,
    ),
)
