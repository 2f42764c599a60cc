"""What must not be learnt: insults, hatred, pornography, self-harm, instructions to do harm.

Toxicity is a probability by a small classifier (pipelines/signals/linear.py), trained on comments in English and
Chinese and, against false alarms, on technical text: killing a process is no threat. The others count phrases, each
with what makes it one: an incitement names whom, a dangerous request what for. What only sounds like one is taken out
first.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.signals.linear import load, scores
from pipelines.signals.phrases import count_beside
from schemas.signal import Signal

PIECE = 150  # bytes judged at a time: a long answer is as toxic as its worst part

# ---- what is meant otherwise ----
_HARMLESS = (
    r"(?i)\b(?:fork|zip|logic|time|bath|seed|photo|glitter|smoke|stink|decompression|google|truth|cherry"
    r"|hot cocoa)[ -]?bombs?\b"
    r"|\bbomb (?:calorimeter|squad|disposal|shelter|cyclone)s?\b|\b(?:bombs?|weapons?|guns?"
    r"|poisons?) in (?:the )?(?:game|level|minecraft|roblox|unity)\b"
    r"|\b(?:ethical|white[- ]hat|growth|life|bio|hack)-?hack(?:ing|ers?|s|athons?)?\b|\bsex (?:education|chromosomes?"
    r"|ratio|determination|cells?)\b"
    r"|\bsexual (?:reproduction|selection|dimorphism|health|orientation|education|assault|abuse|harassment|violence)\b"
    r"|\bsuicide (?:prevention|hotline|rates?|squad|inode|door|burn)\b|\bself-?harm (?:prevention|hotline)\b"
    r"|\bshoot(?:ing)? (?:your|my|our)sel(?:f|ves) in the (?:foot|leg)\b"
    r"|叉子炸弹|逻辑炸弹|压缩炸弹|炸弹人|自杀(?:预防|干预|率|热线|式)|预防自杀|性(?:教育|别|能|质|格|状|价比)|白帽黑客"
)
_GROUP = (
    r"(?:jews?|muslims?|christians?|catholics?|blacks|whites|(?:black|white)(?: people| men| women)|asians?|arabs?"
    r"|mexicans?|immigrants?|refugees|gays?"
    r"|lesbians?"
    r"|homosexuals?|trans(?:gender)?s?|women|men|girls|gypsies|indians?|chinese|africans?|foreigners|disabled)"
)
_GROUP_ZH = (
    r"(?:黑人|白人|黄种人|亚裔|犹太人|穆斯林|回族|日本人|韩国人|印度人|美国人|非洲人|越南人|同性恋|女人|男人|女的|男的|女权|外地人|农民工|乡下人"
    r"|河南人|东北人|上海人|新疆人|北京人|广东人|安徽人|江西人|台湾人|香港人|老外|洋人)"
)
_HATE = (
    rf"(?i)\b{_GROUP}(?: people| folks)? (?:are|is|were|deserve|should|must|need|ought)(?: (?:all|just|nothing but"
    rf"|only|really|to))*"
    r"(?: be)?(?: a| the| like)? ?(?:fucking |filthy |dirty |stupid )*"
    r"(?:vermin|animals|apes|monkeys|pigs|dogs|rats|cockroaches|parasites|subhumans?|sub-human|scum|filth|trash"
    r"|garbage|savages|inferior|disgusting"
    r"|a disease|a plague|exterminated|eradicated|killed|shot|hanged|gassed|deported|die|burned?|wiped out)\b"
    rf"|\b(?:kill|gas|hang|shoot|deport|exterminate|death to|get rid of|i hate)(?: all)?(?: the| those"
    rf"| these)? (?:fucking )?{_GROUP}\b"
    rf"|\b(?:filthy|dirty|stupid|fucking|goddamn|bloody) {_GROUP}\b"
    r"|\b(?:nigg(?:er|a)s?|faggots?|kikes?|chinks?|spics?|wetbacks?|towelheads?|ragheads?|trann(?:y|ies)|gooks?"
    r"|sand ?niggers?)\b"
    rf"|{_GROUP_ZH}(?:就是|都是|全是|真是|真|就|都|真的|果然|一群|一帮|很|太|他妈|最|是|些)+"
    r"(?:垃圾|畜生|废物|人渣|败类|蛆|猪|狗|猴子|猩猩|蝗虫|寄生虫|下贱|低等|劣等|该死|该杀|去死|恶心|贱|贱人|婊子|脑残|不是人)"
    rf"|(?:杀光|灭掉|赶走|消灭|弄死|杀死|滚出去)(?:所有|这些|那些|全部)?的?{_GROUP_ZH}|(?:垃圾|臭|贱|恶心的?|该死的){_GROUP_ZH}"
    r"|黑鬼|尼哥|(?:^|[^度])支那|棒子国|倭寇|小日本|阿三|白皮猪|黄皮猪|直男癌|仙女婊|田园女权|死基佬|死娘炮"
)
_SEXUAL = (
    r"(?i)\b(?:porn(?:o|os|hub|ography)?|blow ?jobs?|hand ?jobs?|cum ?shots?|cumming|creampie|gang ?bangs?|hentai"
    r"|milfs?|deepthroat"
    r"|masturbat\w+|dildos?|butt ?plugs?|strip ?tease|bdsm|bondage sex|nsfw|erotica|nudes"
    r"|naked (?:girls?|women|teens?|body)|(?:hard|big|huge|wet|tight) (?:cock|dick|pussy)|(?:suck|lick"
    r"|fuck)\w*(?: \w+)? (?:cock|dick|pussy|tits|ass)"
    r"|sex (?:toys?|tape|slave|scene|chat|cam)|oral sex|anal sex|have sex with|had sex with|sexually explicit)\b"
    r"|色情|黄片|黄色(?:网站|小说|视频)|av女优|女优|口交|肛交|做爱|性交|性爱|自慰|手淫|淫[荡水乱秽]|鸡巴|屌丝?照|奶子|裸照|裸聊|约炮|一夜情|卖淫|嫖娼"
    r"|操逼|肏|艹逼|乳交|射精|骚[货逼]|援交"
)
_SELF_HARM = (
    r"(?i)\b(?:kill(?:ing)?|hang(?:ing)?|harm(?:ing)?|starv(?:e|ing)|shoot(?:ing)?) (?:my|your)sel(?:f|ves)\b"
    r"|\b(?:end(?:ing)?|take|taking) (?:my|your) (?:own )?life\b|\bcommit(?:ting)? suicide\b"
    r"|\bi (?:want|wish|would like|need) to (?:die|be dead|cut myself|hurt myself)\b"
    r"|\b(?:better off|want to be|wish (?:i|you) (?:was|were)) dead\b|\b(?:painless|easy|quick|best) (?:way|ways|method"
    r"|methods) to die\b|\bslit(?:ting)? (?:my|your|their) wrists?\b"
    r"|\bsuicid(?:e (?:method|note|pact|plan)s?|al thoughts?|al ideation)\b"
    r"|(?:我|你|您|他|她|想|要|怎么|如何|去|怎样)(?:想|要|会|能|可以|打算)?自杀|自杀(?:方法|的方法|方式|的方式|遗书)|自残|割腕"
    r"|上吊(?:自杀|自尽|死)|跳楼(?:自杀|轻生|死)|(?:我|好|真|就)想死(?:[了啊。，！]|$)|不想活|活不下去|结束(?:自己的?|我的)生命|轻生|寻短见"
)
_HARMFUL_THINGS = (
    r"(?:pipe |nail |car |dirty |nuclear |petrol |home-?made )?(?:bombs?|explosives?|grenades?"
    r"|molotov(?: cocktails?)?|landmines?|ieds?|detonators?)"
    r"|nerve agents?|nerve gas|sarin|ricin|anthrax|mustard gas|chemical weapons?|biological weapons?|bio-?weapons?"
    r"|poison gas"
    r"|crystal meth|meth(?:amphetamine)?|crack cocaine|cocaine|heroin|fentanyl|mdma|lsd|ghost guns?|silencers?"
    r"|untraceable (?:gun|weapon)s?"
    r"|counterfeit (?:money|bills|notes)|fake (?:ids?|passports?|money)|ransomware|a? ?keylogger"
    r"|a? ?(?:computer )?virus that|malware|phishing (?:e-?mails?|sites?|pages?)"
)
_DANGER = (
    rf"(?i)\b(?:how (?:to|do i|can i|would i|could i)|ways? to|steps? to|instructions? (?:to|for)|recipe for"
    rf"|guide (?:to|for)|teach me (?:how )?to"
    rf"|help me(?: to)?|tell me how to|show me how to)\W+(?:\w+\W+){{0,3}}?"
    rf"(?:mak(?:e|ing)|build(?:ing)?|construct(?:ing)?|creat(?:e|ing)|synthesi[sz](?:e|ing)|cook(?:ing)?|produc(?:e"
    rf"|ing)|assembl(?:e|ing)|buy(?:ing)?|get|smuggl(?:e|ing)|write|spread)"
    rf"\W+(?:\w+\W+){{0,2}}?(?:{_HARMFUL_THINGS})\b"
    r"|\bhow (?:to|do i|can i|could i|would i) (?:\w+ )?(?:hack|break|get) (?:in)?to (?:some(?:one|body)(?:'s|s)?"
    r"|my (?:ex|girlfriend|boyfriend|wife|husband|neighbou?r|boss|friend)(?:'s|s)?|his|her|their|another"
    r"|other people's|a bank)\b"
    r"|\bhow (?:to|do i|can i|could i|would i) (?:\w+ )?(?:kill|murder|poison|kidnap|stab|strangle|blackmail|stalk"
    r"|drug|rape) (?:a (?:person|man|woman|human|girl|boy)|some(?:one|body)|him|her|people"
    r"|my (?:ex|girlfriend|boyfriend|wife|husband|neighbou?r|boss|mother|father|brother|sister|teacher|friend))\b"
    r"|\bhow (?:to|do i|can i) (?:\w+ )?(?:launder money|get away with (?:murder|it)|hide a (?:dead )?body"
    r"|dispose of a (?:dead )?body|rob a bank|steal (?:a car|credit cards?|an identity|someone's)|hot-?wire|shoplift"
    r"|evade the police|cook meth|pick someone's)\b"
    r"|(?:如何|怎么|怎样|教我|教你|告诉我|方法|步骤|帮我)[^。！？\n]{0,10}(?:制造|制作|做|造|配制|合成|提炼|购买|买到?|自制|走私|编写|写)[^。！？\n]{0,8}"
    r"(?:炸弹|炸药|手榴弹|燃烧瓶|雷管|毒气|沙林|蓖麻毒素|炭疽|生化武器|化学武器|神经毒剂|冰毒|海洛因|可卡因|摇头丸|毒品|枪支|假钞|假币|假身份证|假护照|勒索软件|木马病毒|钓鱼网站|钓鱼邮件)"
    r"|(?:如何|怎么|怎样|教我|告诉我)[^。！？\n]{0,6}(?:杀人|杀死(?:一个人|他|她|别人|老婆|丈夫|邻居)|毒死|下毒|绑架|勒死|强奸|洗钱|抢银行|毁尸灭迹|藏尸|逃避警察|盗刷|偷车|迷晕"
    r"|人肉搜索)"
    r"|(?:如何|怎么|怎样|教我|告诉我|帮我)[^。！？\n]{0,6}(?:黑进|入侵|破解|盗取|盗)(?:别人|他人|前女友|前男友|女朋友|男朋友|老婆|丈夫|同事|邻居|老板|银行)"
)
_PAIR = "concat_ws(chr(10), instruction_prose, input, output_prose)"


def toxicity(table: pa.Table) -> pa.Array:
    """Of the instruction with its input, and of the output: 0 to 1; null where there is no word."""
    asked = np.fmax(_probability(table["instruction_prose"]), _probability(table["input"]))
    told = _probability(table["output_prose"])
    names = ["instruction_toxicity", "output_toxicity"]
    return pa.StructArray.from_arrays([pa.array(values, from_pandas=True) for values in (asked, told)], names)


def _probability(column: pa.ChunkedArray) -> np.ndarray:
    return 1 / (1 + np.exp(-scores(pc.fill_null(column, ""), load("toxicity"), PIECE)[:, 0]))


def _phrases(pattern: str, text: str) -> str:
    return count_beside(pattern, _HARMLESS, text)


_TRAINED = "logistic regression on COLD, madlibs, Lilac's concepts and technical text: tests/accuracy/train.py"
SIGNALS = (
    Signal("instruction_toxicity", pa.float32(), toxicity, _TRAINED),
    Signal("output_toxicity", pa.float32(), toxicity, _TRAINED),
    Signal("output_hate", pa.int32(), _phrases(_HATE, "output_prose"), "a group with what is said of it, slurs"),
    Signal("output_sexual", pa.int32(), _phrases(_SEXUAL, "output_prose"), "explicit words, without those of medicine"),
    Signal("pair_self_harm", pa.int32(), _phrases(_SELF_HARM, _PAIR), "harm to oneself: wishes, methods"),
    Signal("pair_danger", pa.int32(), _phrases(_DANGER, _PAIR), "how to make weapons, drugs, malware; harm somebody"),
)
