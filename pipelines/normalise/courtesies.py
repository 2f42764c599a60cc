"""Removes what people write around an answer: greetings, thanks, signatures, and references to other posts."""

from collections.abc import Collection
from functools import lru_cache, partial

import re2

from pipelines.normalise import bbcode, clean

# Whole sentences only. The patterns come from several hundred real posts in both languages.
_GREETING = re2.compile(
    r"(?i)^(?:hi|hello|hey|dear|greetings|good (?:morning|afternoon|evening|day)|howdy)"
    r"(?:[ ,]+(?:all|everyone|everybody|there|guys|folks|friends|community|sirs?|team|experts|world|people"
    r"|again)){0,3} *"
    r"(?:!+|,|\.+|:\)|\n)\s*"
    r"|^welcome to (?:the|our|these|this) (?:forums?|board|community|site)[!.,]*(?: :[a-z_]{2,30}:)?\s*(?:\n|$|[.!] ?)"
    r"|^(?:[Hh]i|[Hh]ello|[Hh]ey|[Dd]ear) @?\pL[\w.\-]{1,24}(?:,|!|\n)\s*"
    r"|^(?:hallo|moin|servus|guten (?:tag|morgen|abend)|bonjour|bonsoir|salut|hola|buen[oa]s (?:días|tardes|noches)"
    r"|buenas|olá|oi"
    r"|bom dia|boa (?:tarde|noite)|ciao|salve|buon(?:giorno|asera)|hoi|goede(?:morgen|middag|navond)|cześć|witam"
    r"|dzień dobry|hej"
    r"|merhaba|selam|привет|здравствуйте|добрый (?:день|вечер)|доброе утро|всем привет|вітаю|доброго дня)"
    r"(?: (?:zusammen|alle|allerseits|leute|à tous(?: et à toutes)?|tout le monde|a todos|a tutti|todos|pessoal"
    r"|galera|ragazzi|allemaal"
    r"|wszystkim|всем|все|народ|усім))?\s*[!,.:]+\s*"
    r"|^(?:こんにちは|こんばんは|はじめまして|初めまして|お世話になっております|안녕하세요|안녕하십니까"
    r"|반갑습니다)[\s,，、。.!！~～]+"
    r"|^(?:大家好|各位好|你们好|你好|您好|各位大神|各位大佬|各位高手|大神们好|哈喽|嗨)[\s,，。.!！~～:：、]+"
)
_MENTION = re2.compile(r"^(@[\pL\pN_.\-]*[\pL\pN_]|\[@[^\]\n]{1,40}\]\([^)\s]*\))([,:，：]| *\n)?\s*")
_NOT_IN_NAMES = re2.compile(r"^\[?@|\]\(.*$|[\s_.\-]")
SHORTEST_NAME = 3  # letters that tell whom a mention calls (Stack Exchange's rule)
_QUOTE_MARK = re2.compile(r"(?i)\[/?quote[^\]\n]{0,80}\]")
_REPORTING_VERB = (
    r"(?:said|says|mentioned|mentions|noted|notes|pointed out|points out|explained|explains|answered|commented|stated"
    r"|suggested)"
)
_LEAD_IN = re2.compile(
    r"(?i)^(?:(?:just )?as (?:@?[\w.\-]+|(?:the )?(?:others?|other answers?|previous answers?)|someone|everyone"
    r"|already)"
    r"(?: (?:else|above|below))?(?: (?:have|has|had))?(?: (?:also|already|correctly|rightly))? "
    rf"{_REPORTING_VERB}(?: (?:above|below|before|earlier|already|correctly|previously|here))?"
    r"(?: in (?:the|his|her|their|your|a) (?:answers?|comments?|post))?(?: (?:above|below))?,\s+"
    r"|(?:just )?to (?:add|expand) (?:to|on) (?:@?[\w.\-]+(?: [\w.\-]+)?'s"
    r"|the (?:other|previous|above|existing|accepted)) (?:answers?|comments?)[,;:]\s+"
    r"|正如楼上(?:所说|说的)?[,，]\s*|如楼上所说[,，]\s*|同意楼上[,，。]\s*|楼上正解[,，。]\s*)"
)
_EDIT_MARK = re2.compile(
    r"(?im)^[ \t]*(?:\*{1,3}|_{1,2}|#{1,6} )?[\[(]?(?:edit(?:ed)?|updated?|addendum|编辑|更新"
    r"|补充)(?: ?#?\d{1,2})?[\])]?"
    r"(?:\*{1,3}|_{1,2})? ?[:：](?:\*{1,3}|_{1,2})?[ \t]*"
)
# What an author says of having edited, which is no part of the answer.
_EDIT_NOTE = re2.compile(
    r"(?im)^[ \t]*(?:\*{1,3}|_{1,2})?[\[(]?(?:edit(?:ed)?|编辑)(?: ?#?\d{1,2})?[\])]?(?:\*{1,3}|_{1,2})? ?[:：]?"
    r"(?:\*{1,3}|_{1,2})?[ \t]*"
    r"(?:(?:just )?(?:fix(?:ed|ing)?|correct(?:ed|ing|ion)?|improv(?:ed|ing)|clarif(?:ied|ying)|chang(?:ed|ing)"
    r"|remov(?:ed|ing)|for)(?: (?:an?|the|some|my|few|minor|small|little|up))* ?)?"
    r"(?:typos?|formatting|grammar|spelling|wording|links?|broken links?|title|tags?|punctuation|错别字|格式|排版)"
    r"[.!。！]?[ \t]*$"
)
# The same for thanks that an author sends to those who voted: "Edit: wow, thanks for the gold, kind stranger!"
_EDIT_THANKS = re2.compile(
    r"(?im)^[ \t]*(?:\*{1,3}|_{1,2})?[\[(]?(?:edit(?:ed)?|updated?|eta|编辑"
    r"|更新)(?: ?#?\d{1,2})?[\])]?(?:\*{1,3}|_{1,2})? ?[:：\-–—]?"
    r"(?:\*{1,3}|_{1,2})?[ \t]*"
    r"(?:(?:wow|omg|whoa|woah|holy [a-z]+|well|ok(?:ay)?|hey|also|and)[,.!]* )*(?:(?:many |much "
    r"|a lot of |a big )?(?:thanks|thank you|thx|ty)"
    r"|(?:rip|there goes) my inbox|谢谢|感谢)[^\n`]{0,80}?"
    r"(?:votes?|upvotes?|upvoting|voting|gold|silver|platinum|awards?|stranger|karma|badges?|likes?"
    r"|front ?page|responses|replies|点赞|赞|投票)"
    r"[^.\n`]{0,60}[.!。！]*[ \t:)]*$"
)
# What each of the three begins with
_EDITED = re2.compile(r"(?im)^[ \t]*(?:\*{1,3}|_{1,2}|#{1,6} )?[\[(]?(?:edit|update|addendum|eta|编辑|更新|补充)")
_THANKS = (
    r"(?:many |much |a lot of )?(?:thanks|thank you|thankyou|thx|ty|tia|cheers|regards|best|best wishes"
    r"|sincerely|yours)"
    r"(?:,? (?:you|so much|very much|a lot|a bunch|a million|again|all|everyone|everybody|guys|in advance"
    r"|regards|wishes"
    r"|for (?:any|the|your|all|reading|helping|taking)(?: \w+){0,6}))*"
)
_OTHER_CLOSING = (
    r"thanks (?:in advance (?:to|for)|for) [^.!?\n]{1,80}",
    r"(?:kind|best|warm) regards",
    r"(?:i )?(?:hope|hoping|hopefully),? (?:(?:that|this|it|these|i|i have|i've|is|was|will|can|has|have|answer"
    r"|all|of) )*"
    r"(?:helps?|helped|helpful|useful|answers?|answered|clear|clears|clarif(?:ies|y|ied)|cleared|addresses"
    r"|makes sense)[^.!?\n]{0,50}",
    r"i(?:'d| would|'ll| will) be (?:happy|glad) to (?:answer|help|clarify|expand|elaborate)[^.!?\n]{0,60}",
    r"(?:any|all) (?:help|suggestions?|advice|ideas?|hints?|pointers?|thoughts|insights?|comments|input"
    r"|guidance|feedback)"
    r"[^.!?\n]{0,60}(?:appreciated|welcome|great|helpful|good|nice)",
    r"(?:please )?let me know (?:if|whether|what) [^.!?\n]{0,80}",
    r"(?:please )?feel free to (?:ask|comment|correct|edit|contact|reach|let me know)[^.!?\n]{0,80}",
    r"good luck|happy (?:coding|hacking|brewing)|please help(?: me)?(?: out)?|help(?: me)?,? please",
    r"i(?:'d| would) (?:really )?(?:appreciate|be grateful for) (?:any|some) [^.!?\n]{0,60}",
    r"welcome to [^.!?\n]{0,40}(?:stack ?exchange|site|forum|community|se)|sorry for my (?:bad |poor )?english"
    r"|my apologies",
    r"(?:viele|liebe|beste|schöne|freundliche|mit (?:freundlichen|besten)) grü(?:ß|ss)en?|gru(?:ß|ss)|mfg|lg|vg"
    r"|(?:vielen |besten |schon mal )?danke?(?: (?:im voraus|schon mal|euch|dir|ihnen|an alle))*"
    r"|(?:ich )?hoffe,? (?:das|es|dass es|dir)[^.!?\n]{0,20} (?:hilft|geholfen|weiter)[^.!?\n]{0,20}",
    r"merci(?: (?:d['’]avance|beaucoup|à tous|bien|pour votre aide|de votre aide))*|cordialement|bien à vous"
    r"|bonne (?:journée|soirée)"
    r"|(?:j['’])?(?:espère|en espérant) (?:que|avoir)[^.!?\n]{0,40}(?:aide|aidé|utile)[^.!?\n]{0,10}",
    r"(?:muchas |mil )?gracias(?: (?:de antemano|por adelantado|por (?:la|su|tu) ayuda|a todos))*"
    r"|(?:un )?saludos?(?: cordiales)?"
    r"|espero (?:que|haber)[^.!?\n]{0,30}(?:ayud|sirv|útil)[^.!?\n]{0,15}",
    r"(?:muito )?obrigad[oa](?: (?:desde já|pela ajuda|a todos))*|valeu|abraços?|atenciosamente|espero ter ajudado",
    r"grazie(?: (?:mille|in anticipo|a tutti|dell['’]aiuto))*|(?:cordiali )?saluti|un saluto|spero (?:di"
    r"|che)[^.!?\n]{0,30}(?:aiut|util)[^.!?\n]{0,10}",
    r"(?:alvast )?(?:bedankt|dank(?: je| u)?)|(?:met vriendelijke |vriendelijke )?groet(?:en|jes)?|pozdrawiam|dzięki"
    r"|z góry (?:dzięki|dziękuję)",
    r"(?:заранее |большое |всем )?спасибо(?: (?:заранее|за (?:помощь|ответы?)|всем|большое))*|заранее благодар\p{L}+"
    r"|с уважением"
    r"|надеюсь,? (?:это |что )?помо\p{L}+|удачи|(?:щиро |заздалегідь )?дякую(?: заздалегідь)?",
    r"(?:どうぞ)?(?:よろしく|宜しく)お願い(?:いた|致)?し(?:ます|申し上げます)|ありがとうございま(?:す|した)"
    r"|助かりました|以上(?:です|、よろしくお願いします)"
    r"|감사합니다|고맙습니다|수고하세요|도움이 되(?:었으면|길|셨으면)[^.!?\n]{0,12}|(?:답변 )?부탁드(?:립니다|려요)",
)
_CLOSING = re2.compile(
    rf"(?i)^[\s*_\-–—~>]*(?:{_THANKS}|{'|'.join(_OTHER_CLOSING)})[\s.!,:;)(\-^*_~。！、\p{{So}}\x{{fe0f}}]*$"
    r"|^[\s*_\-–—~>]*(?:先?谢谢(?:大家|各位|你|您|了|啦)*|多谢(?:了|各位|大家)?|感谢(?:各位|大家|您)?|不胜感激"
    r"|谢了|先谢了"
    r"|希望(?:对你|能|这)?(?:有所|有)?(?:帮助|帮到你)|希望对(?:你|您|大家)有(?:所)?帮助|望采纳|求助|求指教|跪求"
    r"|在线等|请指教|祝好"
    r"|求(?:大神|大佬|高手)(?:指点|解答|帮忙)?)[\s。.!！,，~～^_]*$"
)
_SIGNED = re2.compile(
    r"(?i)(?:^|\n)[ \t]*(?:cheers|(?:kind |best |warm )?regards|best|sincerely|yours|(?:many )?thanks"
    r"|thank you)[,.!]?[ \t]*\n+"
    r"[ \t]*[^\n.,:;!?()\[\]`\x{FDD0}-\x{FDEF}]{1,30}\s*$"
)
_SIGNATURE = re2.compile(
    r"^[ \t]*(?:--|—|–|-|~) ?[^\s\d.,:;!?()\[\]`*_$\x{FDD0}-\x{FDEF}][^\n\d,:;!?()\[\]`*_$\x{FDD0}-\x{FDEF}]{1,30}$"
)


def remove_courtesies(markdown: str, authors: Collection[str] = ()) -> str:
    """The Markdown of one post, cleaned, without greeting, thanks, signature and lead-ins such as "As Ann said,".

    `authors` are those of the thread: who is called by name at the beginning is one of them.
    """
    called = frozenset(map(_plain_name, authors))
    return clean.settled_on_prose(clean.safe(markdown), partial(_clean_post, called))


def _clean_post(called: Collection[str], text: str) -> str:
    text = clean.without_marks(bbcode.to_markdown(text))
    text = _without_closing(_without_opening(text, called))
    if _EDITED.search(text):
        text = _EDIT_MARK.sub("", _EDIT_THANKS.sub("", _EDIT_NOTE.sub("", text)))
    return _QUOTE_MARK.sub("", text) if "[" in text else text


def _without_opening(text: str, called: Collection[str]) -> str:
    text = _after(_GREETING, text.lstrip())
    mention = _MENTION.match(text) if text.startswith(("@", "[@")) else None
    if mention and (mention.group(2) or _is_called(mention.group(1), called)):
        text = text[mention.end() :]
    shorter = _after(_LEAD_IN, text)
    return shorter[:1].upper() + shorter[1:] if shorter != text else text


def _after(opening: "re2._Regexp[str]", text: str) -> str:
    """`text` without what `opening`, a pattern for its beginning, finds there."""
    found = opening.match(text)
    return text[found.end() :] if found else text


def _is_called(name: str, called: Collection[str]) -> bool:
    """Whether the name is an author's, or its beginning. `@media` at the start of a sentence may be its subject."""
    name = _plain_name(name)
    return len(name) >= SHORTEST_NAME and any(author.startswith(name) for author in called)


@lru_cache(maxsize=1024)  # each post of a thread asks for all of its authors
def _plain_name(name: str) -> str:
    return str(_NOT_IN_NAMES.sub("", name).casefold())


def _without_closing(text: str) -> str:
    """`text` without its closing sentences; the last is removed first."""
    text = text.rstrip()
    text = _SIGNED.sub("", text) if "\n" in text else text
    while text:
        start = clean.last_sentence(text)
        last = text[start:].strip()
        if not (_CLOSING.match(last) or _is_signature(text, start, last)):
            break
        text = text[:start].rstrip()
    return text


def _is_signature(text: str, start: int, last: str) -> bool:
    """Whether the last line is a signature. That stands alone after a blank line; in a list it would be an item."""
    return text.endswith("\n\n", 0, start) and bool(_SIGNATURE.match(last))
