"""Signals of texts that need what stood around them: the page before, the chapter, the reader's own screen."""

import pyarrow as pa

from pipelines.signals.phrases import has_match
from schemas.signal import Signal

OPENING = 200  # characters, and none of what follows code: there "the command above" is at hand

_FIRST = r"^[^\pL\pN]*"
# The beginning speaks of what the reader has just read, done or seen.
_LEANS_BACK = (
    rf"(?i){_FIRST}(?:now|so|then|next|but|finally|again|okay|ok|great|alright|returning to|back to|this time)(?:,"
    rf"| (?:that|you|we|our|let|i|it|add|open|run|the|what|create|go|to)\b)"
    r"|\b(?:as|like|what) (?:we|you|i)(?:['’]ve| have)? (?:just |already |only )*"
    r"(?:saw|seen|did|done|made|created|learned|learnt|used|wrote|written|added|discussed|built|installed|set up)\b"
    r"|\b(?:we|you)(?:['’]ve| have) (?:just|already|now|only|finally) \w+|\bnow that (?:we|you)\b|\b(?:we"
    r"|you)\b[^.]{0,60}\bso far\b|\bso far,? (?:we|you)\b"
    r"|\b(?:we|you) \w+ (?:earlier|previously|before)\b"
    r"|\b(?:we|you) just \w+[^\We]ed\b|\b(?:remember|recall) (?:that|the|when|how|what|our|in|from) (?:we|our"
    r"|the previous|the last)\b"
    r"|\b(?:commands?|codes?|examples?|diagrams?|tables?|sections?|functions?|programs?|steps?) (?:shown |given "
    r"|listed |described )?above\b"
    r"|\bthe above (?:\w+ )?(?:commands?|codes?|examples?|diagrams?|tables?|sections?|functions?|programs?|steps?)\b"
    r"|\b(?:the|in|our) (?:previous|preceding) (?:\w+ )?(?:commands?|codes?|examples?|sections?|chapters?|steps?"
    r"|pages?|lessons?|parts?"
    r"|figures?|exercises?|listings?|episodes?|tutorials?|paragraphs?)\b"
    r"|\b(?:the|in our) last (?:section|chapter|step|lesson|example|exercise|episode|tutorial)\b"
    r"|\b(?:in|of|to|from|for|with|on) our (?:\w+ )?(?:example|case|app|application|project|program|script|blog"
    r"|site|website|template)s?\b"
    r"|\bin this (?:chapter|section|lesson|episode|tutorial),? (?:we|you|i)\b"
    r"|上面(?:的)?(?:命令|代码|例子|示例|步骤|程序|内容|这)|如上文|书接上文|(?:前面|刚才|刚刚|先前)(?:的|我们|已"
    r"|介绍|创建|安装|讲|提|说|写|看|学)"
    r"|之前(?:我们|已经|创建|安装|学|讲|提到|说过|写)|我们(?:已经(?:学|知道|了解|创建|安装|看|介绍|讲|有了|完成)"
    r"|刚刚|刚才)"
    rf"|{_FIRST}(?:(?:现在|接下来|然后|接着|那么)[，,]?(?:让|我们|使用|来)|好了|好的|太棒了|继续)|还记得|到目前为止"
    rf"|回到我们"
    rf"|上に示し|上記の|先ほど|前の(?:章|節|例|ステップ)|ここまで|これまで(?:に|の)|{_FIRST}(?:では|それでは|今度は)、"
    rf"|위의|앞에서|이전 (?:장|단계|예제)|방금|지금까지|{_FIRST}(?:이제|자,|그럼)[ ,]"
    r"|\b(?:wie (?:wir|du|sie) (?:gesehen|gelernt)|(?:im|in der) (?:vorigen|vorherigen|letzten) |oben (?:gezeigt"
    r"|genannt|beschrieben)|bisher )"
    rf"|{_FIRST}(?:nun|jetzt|gut,|super,|ok,|dann|als nächstes) ?"
    r"|\bcomme (?:nous|vous) (?:l['’])?avons? vu|ci-dessus|chapitre précédent|section précédente|jusqu['’]à présent"
    r"|jusqu['’]ici"
    rf"|{_FIRST}(?:maintenant|bien|bon|ensuite|alors)[, ]"
    r"|как (?:мы|ты|вы) (?:уже )?(?:видел|узнал|говорил)|выше(?:указан|приведён|приведен|описан)|в (?:прошлой"
    r"|предыдущ)|до сих пор"
    rf"|{_FIRST}(?:теперь|итак|затем|далее|отлично|хорошо|давай)[, ]"
    rf"|\bcomo (?:hemos visto|vimos)|capítulo anterior|sección anterior|hasta ahora|{_FIRST}(?:ahora|bien|agora|ora"
    rf"|adesso)[, ]"
)

SIGNALS = (
    Signal(
        "output_leans_back",
        pa.bool_(),
        has_match(_LEANS_BACK, f"left(regexp_replace(split_part(output, '```', 1), '`[^`\n]*`', ' ', 'g'), {OPENING})"),
        "opens with what its reader has just read or done (`Now that we have …`, `the command above`)",
    ),
)
