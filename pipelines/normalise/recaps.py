"""What a section says of other sections before its subject: who reads it alone has not read those.

A first sentence that tells what the section before did or what this one will do goes, where enough stands after it that
does not go on from it; so does "As mentioned above," before what was mentioned. German turns words around after such a
clause, and is left as it is.
"""

import re2

LEFT, LEFT_WIDE = 200, 80  # characters that stay at least, of Latin and of Chinese, Japanese or Korean
_LONGEST = 250  # characters of a sentence that goes
_PARTS = (
    r"(?:sub)?(?:sections?|chapters?|articles?|pages?|guides?|documents?|tutorials?|lessons?|parts?|posts?|topics?)"
)
_SAID = (
    r"(?:mentioned|described|discussed|noted|explained|seen|saw|shown|said|stated|covered|introduced|outlined|defined"
    r"|demonstrated|indicated|pointed out|learned|learnt|specified|listed|alluded to|hinted(?: at)?)"
)
_WHERE = (
    r"(?:above|earlier|before|previously|already|briefly|so far"
    rf"|(?:in|at|from) the (?:previous|preceding|last|earlier|first|beginning|introduction|start|outset)(?: {_PARTS})?"
    rf"(?: of this {_PARTS})?)"
)
_WHO = (
    r"(?:(?:was|were|has been|have been|we(?:['’]ve| have)?|you(?:['’]ve| have)?|i(?:['’]ve| have)?|already|just"
    r"|briefly|previously) )*"
)
# "As mentioned above, the mill": what stands before the subject of a sentence
_CLAUSE = re2.compile(
    rf"(?m)(?P<before>^|[.!?] |^[-*+] )(?:(?i:as|like) (?i:{_WHO}{_SAID}(?: {_WHERE})+|{_WHO}{_SAID}),"
    r"|Comme (?:(?:nous|on) l['’](?:avons|a) |indiqué |cela a été |il a été )?(?:déjà )?(?:vu|décrit|mentionné|indiqué"
    r"|expliqué|dit|évoqué|précisé|montré)e?s? (?:plus haut|précédemment|ci-dessus|auparavant),"
    r"|Como (?:ya )?(?:se |hemos |fue )?(?:visto|vimos|mencionó|mencionado|indicó|indicado|dijimos|dicho|describió"
    r"|descrito)(?: anteriormente| antes| arriba| más arriba),"
    r"|Como (?:já )?(?:foi )?(?:visto|mencionado|descrito|dito)(?: anteriormente| acima| antes),"
    r"|Come (?:già )?(?:detto|visto|menzionato|descritto|accennato)(?: sopra| in precedenza| prima),"
    r"|Как (?:уже )?(?:было )?(?:сказано|упомянуто|упоминалось|описано|отмечалось|отмечено|говорилось|показано)"
    r"(?: выше| ранее| раньше),) (?P<next>\S)"
)
_WIDE_CLAUSE = re2.compile(
    r"(?:正?如|就?像)(?:我们)?(?:上文|前文|上面|前面|之前|上一?[节章])(?:中)?(?:我们)?(?:已经?)?(?:所|曾)?(?:述"
    r"|说|示|见|提到|介绍|讨论|看到"
    r"|讲到|说明|描述)(?:过|的)?(?:那样|一样)?[，,]\s*"
    r"|(?:上で|前に)(?:述べ|説明し|見)た(?:よう|とおり)(?:に)?、"
)
# "…, as described above." and "(described above)"
_WITHIN = re2.compile(
    rf"(?i)(?:, as {_WHO}{_SAID} (?:above|earlier|previously|before),?(?P<next>[ .;)])"
    rf"| \((?:as )?(?:already |just )?{_SAID} (?:above|below|earlier|previously|before|later)\))"
)
# A first sentence on the section before, on this one, or on what its reader has done
_RECAPS = re2.compile(
    r"(?i)^(?:(?:so far|until now|up to now|up until now|thus far|previously"
    r"|earlier),? (?:in this \w+,? )?(?:we|you|i)\b"
    rf"|in (?:the|our) (?:previous|preceding|last|earlier|first) {_PARTS}(?: \w+)?,? (?:we|you|i|it was)\b"
    rf"|the (?:previous|preceding|last) {_PARTS}(?: on \S+)? (?:described?|explained|showed|discussed|covered"
    rf"|introduced)"
    rf"|(?:in|during) (?:this|the (?:current|present)) {_PARTS},? (?:we|you|i)(?:['’]ll| will| are going to| shall)?\b"
    rf"|this {_PARTS} (?:(?:will|also|briefly|only) )?(?:covers?|shows?|explains?|describes?|discuss(?:es)?|introduces?"
    r"|contains?|documents?|details?|outlines?|provides?|presents?|lists?|gives?|walks?|demonstrates?|deals?"
    r"|talks?|is about)\b"
    rf"|(?:welcome to|by the end of) (?:this|the|our) {_PARTS}"
    r"|dans (?:ce|cet|cette) (?:chapitre|section|partie|page|article|guide),? (?:nous|vous|on)\b"
    r"|en (?:este|esta) (?:capítulo|sección|parte|página|artículo|guía),? "
    r"|in diese[mr] (?:Kapitel|Abschnitt|Teil|Artikel|Anleitung) (?:wird|werden|wirst|lernen|lernst|zeigen|geht"
    r"|erfahren"
    r"|erfährst|beschreiben|erklären|sehen)\b"
    r"|in questo (?:capitolo|articolo|paragrafo)|in questa (?:sezione|parte|guida)"
    r"|в (?:этой|данной) (?:главе|части|статье)|в (?:этом|данном) (?:разделе|уроке|руководстве))"
)
_WIDE_RECAPS = re2.compile(
    r"^(?:在?(?:上|前)(?:一|面的?)?[节章篇](?:中|里)?[，,]?(?:我们|你)|(?:在)?(?:本|这一?)(?:[章节篇]|教程|指南"
    r"|文档|文章?|页)(?:中|里)?[，,]?"
    r"(?:我们)?(?:将|会|主要|介绍|讲|说明|描述|讨论|来|学习|涵盖|展示)|本文(?:将|主要|介绍|描述|讨论|说明)"
    r"|この(?:章|節|セクション|ページ|チュートリアル|ガイド)(?:では|は)|이 ?(?:장|섹션|페이지|문서|가이드"
    r"|튜토리얼)(?:에서는|은|는))"
)
# A sentence of prose, not a list, a table or code
_BEGINS = re2.compile(r"^[\pL\pN`\"“*_(\[]")
# What goes on from the sentence before it
_GOES_ON = re2.compile(
    r"(?i)^[^\pL\pN]*(?:it|they|this|these|that|those|he|she|its|their|both|such|there|then|however|but|and|or|so|also"
    r"|here|thus|hence|therefore|instead|otherwise|another|the (?:latter|former|same|following|next)"
    r"|for (?:this|that|example"
    r"|instance)|in (?:this|that|addition|particular|the (?:previous|next|following|last))|to do (?:this|so"
    r"|that)|now|next"
    r"|let(?:['’]s| us)|we|you(?:['’]ll| will)|first(?:ly)?|finally|note|cela|cette|ces?|il|elle|ils|elles|mais"
    r"|et|das|dies(?:e[rsmn]?)?"
    r"|es|sie|er|aber|und|esto|est[ae]s?|pero|y|это|эт[оаиу]т?|он[аои]?|но|и|questo|questa|ma|e)(?:[^\pL]|$)"
)
_WIDE_GOES_ON = re2.compile(
    r"^[^\pL\pN]*(?:它|这|那|此|该|其|但|而|然后|接着|因此|所以|不过|同时|另外|首先|我们|これ|それ|その|この"
    r"|また|まず|이|그|또)"
)
_FIRST = re2.compile(r"^[^\n]{3,}?(?:[.!?][”’\"')]*(?:\s|\z)|[。！？][”』」]*)")
_WIDE = re2.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}]")
_LABEL = re2.compile(
    r"(?i)^[*_]*(?:note|notes|warning|important|caution|tip|hint|attention|info|注意|提示|说明|警告|hinweis"
    r"|achtung|remarque"
    r"|nota|примечание|внимание)[:：]?[*_]*[:：]?\n\n"
)
_CUE = re2.compile(
    r"(?i) (?:above|earlier|previous|previously|before|below|later)\b|\b(?:as|like) \w|[Cc]omm?[eo] |Как "
    r"|[像如]|よう|とおり"
)


def without_recaps(text: str) -> str:
    """Prose of a section (see `markdown.on_prose`) without them, and without a label such as "Note" above it."""
    text = _LABEL.sub("", text)
    first = _FIRST.match(text)
    if first and _is_recap(text, first.end()):
        text = text[first.end() :].lstrip()
    return _without_clauses(text) if _CUE.search(text) else text


def _is_recap(text: str, end: int) -> bool:
    """Whether the sentence up to `end` only speaks of parts of a text, and what follows does without it."""
    wide = bool(_WIDE.search(text[:end]))
    rest = text[end:].lstrip()
    if end > _LONGEST or len(rest) < (LEFT_WIDE if wide else LEFT):
        return False
    if wide:
        return bool(_WIDE_RECAPS.match(text)) and not _WIDE_GOES_ON.match(rest)
    return bool(_RECAPS.match(text)) and not _GOES_ON.match(rest) and bool(_BEGINS.match(rest))


def _without_clauses(text: str) -> str:
    text = _WITHIN.sub(lambda found: found["next"] or "", text)
    text = _CLAUSE.sub(lambda found: f"{found['before']}{found['next'].upper()}", text)
    return str(_WIDE_CLAUSE.sub("", text))
