"""A signal of posts about the site itself: its moderators, rules, tags and elections, how to post, who is new."""

import pyarrow as pa

from pipelines.signals.phrases import has_match
from schemas.signal import Signal

OPENING = 400  # characters of the question that are read

_PLACE = r"(?:forums?|community|communities|subreddits?|stack ?exchange|message ?boards?|newsgroups?|mailing lists?)"
_ENGLISH = (
    rf"(?i)\b(?:this|the|our|your|these) {_PLACE}['’]?s? (?:rules?|guidelines|moderators?|mods?|moderation|admins?"
    rf"|administrators?|staff"
    r"|software|theme|layout|design|search|policy|policies|scope|members?|users?|regulars|categor(?:y|ies)|faq"
    r"|maintenance|migration|downtime)\b"
    rf"|\b{_PLACE} (?:rules|guidelines|moderators?|moderation|admins?|announcements?|maintenance|downtime|outage"
    rf"|migration|suggestions?|feedback|etiquette)\b"
    rf"|\b(?:this|the|our) {_PLACE} (?:is|was|seems?|has been|will be|looks?) (?:\w+ )?(?:down|offline|slow|dead"
    rf"|broken|back|moving|moved|closed|closing|read-only|unavailable|migrating|inactive)\b"
    rf"|\bmoderators? (?:election|nomination|candidates?)|\belections?\b.{{0,40}}\bmoderators?\b"
    rf"|\bpro.?tem(?:pore)? mod"
    r"|\b(?:why|how come)\b.{0,30}\b(?:my|this) (?:question|post|answer)\b.{0,20}\b(?:closed|locked|down-?voted|flagged"
    r"|put on hold|migrated)\b|\b(?:why|how come) (?:was|were|has|did|is) (?:my|this) (?:question|post|answer|thread)"
    r" (?:been |get |got |being )?(?:closed|locked|deleted|removed|moved)\b"
    r"|\b(?:close|re-?open|delete)[- ]vot(?:e|es|ing)\b"
    r"|\b(?:down|up)-?votes? (?:on|without|for) "
    r"|\btag (?:synonyms?|wikis?|requests?|clean-?up|proposals?|merge)\b|\b(?:create|rename|merge|burninate|retag"
    r"|re-tag)\b.{0,30}\btags?\b.{0,40}\b(?:on this site|here)\b"
    r"|\b(?:on|off)[- ]topic (?:here|questions?|posts?)\b|\boff[- ]topic (?:on|for|in)\b"
    r"|\bis (?:this|it|that) (?:\w+ )?(?:on|off)[- ]topic\b"
    r"|\bmeta (?:posts?|questions?|site|discussion|thread)\b|\bsite (?:scope|self-evaluation)\b"
    rf"|\b(?:can(?:no|['’])?t|unable to|how (?:do|can|to|does)(?: one| i| you| we)?) (?:post|log ?in|sign ?(?:in"
    rf"|up)|register|reply|edit|upload|attach|embed|delete|quote|search|format|subscribe)\b.{{0,50}}\b(?:on|in|to"
    rf"|from|of|at) (?:this|these|the) {_PLACE}\b"
    rf"|\bmy (?:forum )?(?:avatar|signature|profile|username|account|password|reputation|karma)\b.{{0,30}}\b(?:here"
    rf"|on (?:this|the) {_PLACE})\b"
    r"|\b(?:issues?|problems?|bugs?|errors?|trouble|suggestions?|feedback|feature requests?) (?:with|on|in|for"
    r"|about) (?:this|the|our) (?:forums?|message ?boards?|subreddit)(?: ?/ ?site)?\b"
    r"|\b(?:this|the|our) (?:forums?|message ?board|subreddit)(?: ?/ ?site)?['’]?s? (?:sql|dump|backup|archives?"
    r"|dns|domain|servers?|hosting|certificate|database|url|emails?|notifications?"
    r"|log-?in|sign-?up|registration|captcha|spam|spammers?|bots?)\b|\b(?:who|where).{0,20}\bhosts? (?:this"
    r"|the) (?:forum|site|board)\b"
    rf"|^[^\n]*\bintroduc(?:e|ing) (?:yourself|yourselves|myself)\b|\bwelcome to (?:the|our"
    rf"|this)(?: new)? {_PLACE}\b|\b(?:please )?read (?:this|the rules|before) ?(?:first|before)? ?posting\b"
    rf"|^(?:hi|hello|hey|greetings)\b[^?.\n]{{0,40}}\b(?:new (?:here|member|user|to (?:this|the) {_PLACE})|newbie"
    rf"|introduction)\b[^?\n]{{0,20}}(?:\n|$)"
    r"|\b(?:our new|launch(?:ing)? (?:our|a new)) (?:forum|discord|subreddit|message board)\b|\b(?:forums?"
    r"|boards?) (?:has |have |was |is )?(?:moved|moving|migrat\w+) to\b|\breputation (?:cap|requirements?"
    r"|points?)\b.{0,30}\b(?:site|here|beta)|\bautomoderator\b|\bshadow-?ban"
)
_CHINESE = (
    r"(?:版主|吧务|管理员|站长)(?:选举|竞选|申请|招募|招聘|请问|你好|大大|帮|在吗|能不能)"
    r"|(?:^|[^出网车])(?:版|吧|坛|站)规(?:[^划模范格律定程则]|$)"
    r"|(?:申请|招募|招聘|竞选|求)(?:版主|吧主|管理员)"
    r"|(?:本|这个?|咱们?的?|我们的?|该)(?:论坛|社区|版块|板块|贴吧|坛子|版面|站)(?:的)?(?:规则|规定|管理|公告"
    r"|积分|等级|搜索|发帖|发贴|回帖|注册|登录|账号|帐号|头像|签名|编辑器|打不开|挂了|人气|怎么|为什么|是不是"
    r"|有没有|太|能不能|好冷清|改版)"
    r"|(?:论坛|社区|贴吧)(?:里|上|中)?(?:的)?(?:表情|公告|规则|规定|规范|改版|升级维护|维护|故障|积分|等级|发帖"
    r"|发贴|搜索功能|编辑器|账号|帐号|头像|签名|bug|BUG)"
    r"|(?:怎么|如何|为什么|为何|不能|无法|没法|怎样)(?:在论坛)?(?:发帖|发贴|回帖|回贴|删帖|删贴|结贴|结帖|给分|加分"
    r"|采纳|设为最佳|改头像|改昵称)"
    r"|新人(?:报到|报道|求关照)|新手(?:报到|报道)|^大家好.{0,12}(?:新来的|报到)|^[^\n]{0,12}自我介绍"
    r"|(?:我的)?(?:帖子|贴子|提问|问题)(?:被(?:删|封|屏蔽|锁|关闭|移动))"
)
_OTHERS = (
    r"(?i)\b(?:foren|forums?|board)-?regeln\b|\bmoderatoren?wahl\b|\b(?:dieses?|unser|im"
    r"|das) forum\b.{0,40}\b(?:regeln|moderator|admin|gesperrt|offline|umzug|wartung|angemeldet|registriert)"
    r"|\bstellt euch vor\b|\bvorstellungs?(?:runde|thread)\b|\bich bin (?:der|die|ein)? ?neue?r? hier\b"
    r"|\b(?:règles|charte|règlement|modérateurs?|admins?|administrateurs?) du forum\b|\bprésentez-vous\b"
    r"|\bce forum\b.{0,40}\b(?:règles|modérateur|compte|inscri)"
    r"|\b(?:reglas|normas|moderador(?:es)?|administrador(?:es)?) del foro\b|\bpreséntate\b"
    r"|\beste foro\b.{0,40}\b(?:reglas|normas|moderador|cuenta|registr)"
    r"|\b(?:regras|moderador(?:es)?|administrador(?:es)?) do fórum\b|\bapresente-se\b|\b(?:regole"
    r"|moderator[ei]|amministrator[ei]) del forum\b|\bpresentatevi\b"
    r"|правила (?:форума|сообщества|раздела)|(?:выборы|список) модератор|(?:этот|наш) форум.{0,40}(?:правил"
    r"|модератор|закры|переезж|работает)|представьтесь|давайте знакомиться"
    r"|(?:この|当)(?:フォーラム|掲示板)(?:の|は|で).{0,12}(?:ルール|規約|管理人|管理者|投稿|登録|閉鎖)"
    r"|自己紹介(?:スレ|トピ|を|してください|お願い)|管理人(?:さん|様|へ)"
    r"|가입 ?인사|자기 ?소개|(?:이|본|우리) (?:포럼|커뮤니티|게시판|카페)(?:의)? ?(?:규칙|규정|운영|관리자|공지)"
    r"|운영자님|관리자님"
)

_QUESTION = f"left(concat_ws(chr(10), instruction, input), {OPENING})"

SIGNALS = (
    Signal(
        "instruction_site_talk",
        pa.bool_(),
        " OR ".join(has_match(pattern, _QUESTION) for pattern in (_ENGLISH, _CHINESE, _OTHERS)),
        "asks about the site it stands on: moderators, rules, tags, elections, how to post, who is new",
    ),
)
