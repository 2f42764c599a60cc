"""The task of a record: one of the seven uses of an instruction model, or other.

The first rule that fits wins: how the record was made (`kind`), then what the instruction asks for.
"""

import pyarrow as pa

from schemas.signal import Signal

TASKS = (
    "question_answering",
    "text_generation",
    "code_generation",
    "dialogue",
    "task_automation",
    "education",
    "creative_writing",
    "other",
)

_CODE = (
    r"(?i)\b(?:write|implement|create|generate|code|develop|build|construct|design|complete|refactor|debug|fix"
    r"|optimi[sz]e|rewrite)\b(?:[^.?!\n]|\.\w){0,80}"
    r"\b(?:functions?|scripts?|programs?|class|code|method|query|regex|regular expression|sql|algorithm|html"
    r"|css|javascript|typescript|python|java|c\+\+|bash|shell|php|api|command"
    r"|(?:http|web|tcp|express) server|node\.js|ruby|golang)\b"
    r"|\b(?:convert|translate|find|output|result|comments?|traverse|detect|fix|read)\b[^.?!\n]{0,80}"
    r"\b(?:html|css|sql|latex|markdown|regex|formula|code|for loop|function)\b|\bleetcode\b|\bsyntax error"
    r"|(?:写|编写|实现|创建|生成|设计|补全|修复|优化|开发)[^。？！\n]{0,30}(?:函数|代码|程序|[^告]脚本|算法|查询|正则|类(?:[^\p{Han}]|的|$)|SQL|Python|Java|HTML|接口)"
)
# A code that is worn, and a query that is a letter.
_NO_PROGRAM = (
    r"(?i)\b(?:dress|zip|postal|area|promo|promotional|discount|coupon|bar|qr|colou?r|hex(?:adecimal)?|morse|moral|building"
    r"|country|access|secret|ethics) codes?\b|\bvoice commands?\b|\bcodes? of (?:conduct|ethics)\b|\bquery letter\b"
    r"|算法(?:公平|偏见|歧视|伦理)|程序(?:员|界面)"
)
# The answer begins as a program, without a fence.
_PROGRAM = (
    r"^\s*(?:\"\"\"|def \w+\(|import \w+|from \w+ import|#include|#!/|<\?php|public (?:static )?(?:class|void|int)"
    r"|class \w+[:({]"
    r"|function \w+\(|(?:const|let|var) \w+ =|SELECT [^\n]*\bFROM\b|CREATE TABLE|print\()"
)
# A script that people speak is no program.
_SPOKEN = (
    r"(?i)\bscripts?\b[^.?!\n]{0,40}\b(?:dialogues?|conversations?|plays?|scenes?|videos?|movies?|commercials?|films?|skits?"
    r"|podcasts?|sitcoms?|comed\w+|speech|presentation|characters?|interview)\b"
    r"|\b(?:dialogue|movie|film|tv|video|radio|play|comedy|commercial|speech|ad) scripts?\b"
    r"|(?:对话|电影|视频|喜剧|演讲|广告|话剧|短片)[^。\n]{0,6}(?:脚本|剧本)|(?:脚本|剧本)[^。\n]{0,12}(?:对话|电影|视频|喜剧|演讲)"
)
_MARKUP = r"(?i)<(?:html|!doctype|head|body|div|table|form|style|svg)\b"
_CREATIVE = (
    r"(?i)\b(?:write|recreate|compose|create|generate|craft|make up|come up with|tell|invent|imagine|pen|draft|produce"
    r"|give|construct|develop|complete|design|add|think of)\b[^.?!\n]{0,60}"
    r"\b(?:poems?|story|stories|haikus?|songs?|lyrics|limericks?|jokes?|slogans?|taglines?|fairy ?tales?"
    r"|novels?|plot|screenplay|monologue|riddles?|sonnets?|raps?|fables?|verses?|puns?|metaphors?|similes?"
    r"|fiction|opening line|(?:(?:an?|main|fictional|new|two|three|four|five) (?:\w+ )?)characters?|alliterations?"
    r"|conversation|proverb|puzzle|descriptive sentence"
    r"|romantic sentence)\b"
    r"|\bmake up\b"
    r"|(?:写|创作|创造|发明|编|作|给我|分享|建立|展开|讲|说|构思|想象|续写|生成|创建|设计)[^。？！\n]{0,30}(?:诗|对话|故事|小说|歌词|歌曲|剧本|散文|笑话|口号|广告语|标语|对联|童话|寓言|谜语|开头|情节|独白|俳句"
    r"|绝句|幽默|用户名|广告脚本|比喻|首[^。\n]{0,20}歌)"
)
_PLEASE = r"^\W*(?:please |can you |could you |you (?:need|have) to |you should |your task is to )?"
_AUTOMATION = (
    rf"(?i){_PLEASE}(?:classify|categori[sz]e|extract|convert|translate|summari[sz]e"
    r"|rewrite|re-?write|rephrase|reword|restate|paraphrase|edit|sort|order|arrange|format|reformat|correct|detect"
    r"|parse|label|tag|rank|replace|remove|delete|insert|count|compute|transform|combine|merge|split"
    r"|simplify|shorten|condense|transcribe|proofread|match|fill|automate|schedule|concatenate|solve|solving"
    r"|re-?arrange|reorder|reverse|transfer|improve|turn|change|assign|group|predict|assess|link|retrieve|derive|select|evaluate)\b"
    r"|^\W*complete the (?:following )?(?:sentence|equation|analogy|phrase|proverb|pattern|sequence|word)\b"
    r"|\b(?:classify|categori[sz]e|rewrite|summari[sz]e|translate) (?:it|them|the|this|that|whether)\b"
    r"|^\s*(?:请|帮我|将|把|对|根据)?[^。，？！\n]{0,12}(?:分类|归类|提取|抽取|翻译|总结|概括|归纳|摘要|改写|重写|转换|转化|排序|排列|格式化"
    r"|纠正|更正|修改|校对|标注|替换|删除|统计|简化|缩写|润色|填空|匹配|合并|编辑|求解|添加以下|评分|缺失的词|[翻反]转|改变以下|重新排列)"
    r"|^\s*(?:请)?[按对将把在][^。？\n]{0,80}(?:排序|分类|排列|翻译成|翻译为)"
)
# A list of some length is generated, whatever verb asks for it; one thing that is named is an answer.
_COUNT = (
    r"(?:two|three|four|five|six|seven|eight|nine|ten|twelve|fifteen|twenty|\d+|some|several|a few|lists?|multiple)"
)
_LIST = (
    rf"(?i){_PLEASE}(?:list|name|enumerate|brainstorm|suggest|mention|state|choose|think of|tell me|give(?: me)?"
    rf"|provide|generate|create|make|come up with|find|recommend) (?:\w+ ){{0,2}}?{_COUNT}\b"
    rf"|{_PLEASE}(?:list|enumerate)\b|^\s*(?:请|帮我)?(?:列出|列举|罗列|枚举)"
    r"|^\s*(?:请|帮我)?(?:说出|举出|举|提供|给出|写出|指出|找出|推荐|建议|生成|创建|创作|选择|想出|提出)[^。，？\n]{0,12}?"
    r"(?:[两三四五六七八九十几多]|[2-9]|\d\d)\s*(?:个|种|条|点|项|件|本|部|位|首|家|款|句|篇|道|类|名)"
    r"|^[^。？\n]{0,20}[两三四五六七八九十]\s*(?:个|种|条|项)(?:步骤|方法|建议|原因|好处|技巧|例子)。?\s*$"
)
# A text of its own, whatever it is about: an article, a title, a reply.
_COMPOSED = (
    r"(?:构思|想出|拟定?|起|取|生成|创建|写|提供)[^。？！\n]{0,30}(?:标题|名称|名字|主题句|题目)"
    r"|^\s*(?:请|帮我)?(?:撰写|写|起草)一?(?:篇|段|封|份)|^\s*(?:请|帮我)?(?:回复|答复)"
)
_ONE = (
    r"^\s*(?:请)?(?:说出|告诉我|指出|提供一[个种位]|给出一[个种位])|[同近反]义词|是对还是错"
    r"|^[^，。？\n]{2,20}的[^，。？\n]{0,6}(?:特点|措施|策略|名字|名称|原因|方法|步骤|好处)。?\s*$"
)
_ABSTRACT = r"(?i)\b(?:summary|synopsis|abstract) (?:of|for)\b|\bsummari[sz](?:e|ing)\b|摘要|概要"
_SUMMARY = r"(?i)\bsummari[sz]e\b|概括|总结|归纳"
_THIS = (
    r"(?i)\b(?:following|this|these|given|above|below|article|passage|paragraph|text|story|sentence)\b"
    r"|以下|下[列面]|这|给定|文章|段落|文本|故事|句子|上述"
)
_EXCERPT = (
    r"(?i)^\W*given (?:the following|this|an?|the|two|three|four|five|\d+)"
    r" (?:sentences?|text|paragraphs?|passage|words?|phrases?|article"
    r"|input)\b"
    r"|^\s*给[定出](?:以下|下[列面]|一[个段句]|两个)?(?:的)?(?:句子|文本|段落|单词|短语|文章|输入)"
)
_TAKEN = (
    r"^\s*(?:请)?从[^。\n]{0,40}(?:找出|提取|选出|选择|挑选)|填写|填入|分组|^[\d\s()+*/×÷=.?-]+$|_{3}"
    r"|^\s*在[^。\n]{0,40}中[^。\n]{0,6}(?:确定|识别|找出|标出|查找)"
)
_ASKS_IN_CHINESE = r"(?:什么|哪|如何|怎么|怎样|为什么|多少|吗|是否)[^。？\n]*？\s*$"
# These verbs need something to work on; without it the instruction asks for a fact.
_LOOK = (
    rf"(?i){_PLEASE}(?:identify|find|determine|calculate|choose|analy[sz]e|tell (?:me )?(?:if|whether)|judge|decide"
    rf"|check"
    r"|estimate|review|add|locate|search|name|indicate|take|read|think of|give the"
    r"|output|multiply|divide|subtract|research|recap|look up)\b"
    r"|^\s*(?:请|帮我)?(?:根据[^。\n]{0,30})?(?:识别|鉴定|判断|找出|选择|确定|计算|分析|评估|评价|猜测|估算|查找|找到|寻找|求出?|命名|研究|输出)|^\s*将[\d\s]+(?:除以|乘以|加上|减去)"
)
_EXPLAIN = rf"(?i){_PLEASE}(?:explain|describe|define|compare|contrast|discuss)\b"
_GIVEN = (
    r"(?i)^\W*(?:given|based on|using|from|in this task|for each|on the basis|take|read|you (?:are|will be) given)\b"
    r"|^\s*(?:根据|给定|基于|从)"
)
_ANSWER = (
    r"(?i)\banswer the (?:following )?(?:multiple|question)|multiple choice|select the correct option"
    r"|回答(?:以下|下列|这个|下面的?)?[^。，？\n]{0,12}问题"
)
_EDUCATION = (
    r"(?i)\b(?:explain|describe|teach|define|compare|contrast|illustrate|discuss|outline|elaborate|clarify"
    r"|demonstrate|differentiate|distinguish|detail|trace|advise)\b"
    r"|difference between|definition of|instructions? for|\btips? (?:on|for)|(?:step[- ]by[- ]step"
    r"|tutorial|lesson|for beginners)|\bsteps (?:for|to|of|in)\b"
    r"|解释|概述|区分|形容|说明|介绍|讲解|阐述|描述|比较|对比|区别|定义|教程|举例|论述|讨论"
)
_GENERATE = (
    r"(?i)\b(?:write|generate|create|draft|compose|produce|list|suggest|give|provide|propose|brainstorm"
    r"|recommend|design|develop|construct|make|name|formulate|plan|outline|come up|prepare|share|tell|offer"
    r"|show|state|synthesi[sz]e|invent|compile|structure|gather|devise|retell|recite|greet|ask|build)\b"
    r"|写|生成|撰写|列出|列举|提供|给出|起草|设计|制定|推荐|建议|想出|构造|创建|创造|创作|制作|编制|提出|准备|告诉|说出|举|发表|发布|辩论|头脑风暴|造句|给我|构建|建立|陈述|分享|发明"
)

_WRITE = (
    r"(?i)\b(?:write|compose|draft|create|come up|generate|suggest|tagline|title|headline)\b|写[^该这此]|生成|创建|撰写"
    r"|标题|建议"
)
_ASK = r"(?i)^\W*(?:what|how|why|when|where|who|which)\b|什么|怎么|如何|为什么|哪"

_WORKS_ON = r"(input <> '' OR regexp_matches(instruction_prose, '[:：“”\"\n]'))"

TASK = rf"""
CASE
  WHEN kind = 'dialogue' OR len(history) > 0 THEN 'dialogue'
  WHEN kind = 'exchange' AND regexp_matches(instruction_prose, '{_SPOKEN}') THEN 'creative_writing'
  WHEN kind = 'code'
    OR (regexp_matches(instruction_prose, '{_CODE}') AND NOT regexp_matches(instruction_prose, '{_NO_PROGRAM}'))
    OR (kind = 'exchange' AND regexp_matches(output, '{_PROGRAM}'))
    OR (kind = 'exchange' AND regexp_matches(output, '{_MARKUP}') AND regexp_matches(instruction_prose, '{_GENERATE}'))
    OR (length(output_prose) < 0.4 * length(output) AND kind = 'answer') THEN 'code_generation'
  WHEN input <> '' AND regexp_matches(instruction_prose, '{_ABSTRACT}') THEN 'task_automation'
  WHEN regexp_matches(instruction_prose, '{_CREATIVE}') THEN 'creative_writing'
  WHEN kind = 'how_to' AND length(output_prose) < 0.9 * length(output) THEN 'task_automation'
  WHEN kind IN ('how_to', 'explanation') THEN 'education'
  WHEN kind IN ('answer', 'question') THEN 'question_answering'
  WHEN regexp_matches(instruction_prose, '{_ANSWER}') THEN 'question_answering'
  WHEN regexp_matches(instruction_prose, '{_COMPOSED}') THEN 'text_generation'
  WHEN {_WORKS_ON} AND regexp_matches(instruction_prose, '{_EXCERPT}')
    AND NOT regexp_matches(instruction_prose, '{_WRITE}') THEN 'task_automation'
  WHEN regexp_matches(instruction_prose, '{_TAKEN}') THEN 'task_automation'
  WHEN NOT {_WORKS_ON} AND regexp_matches(instruction_prose, '{_LIST}') THEN 'text_generation'
  WHEN NOT {_WORKS_ON} AND regexp_matches(instruction_prose, '{_ONE}|{_ASKS_IN_CHINESE}') THEN 'question_answering'
  WHEN NOT {_WORKS_ON} AND regexp_matches(instruction_prose, '{_SUMMARY}')
    AND NOT regexp_matches(instruction_prose, '{_THIS}') THEN 'question_answering'
  WHEN regexp_matches(instruction_prose, '{_AUTOMATION}') THEN 'task_automation'
  WHEN regexp_matches(instruction_prose, '{_LOOK}') THEN
    CASE WHEN {_WORKS_ON} THEN 'task_automation' ELSE 'question_answering' END
  WHEN regexp_matches(instruction_prose, '{_EXPLAIN}') THEN 'education'
  WHEN regexp_matches(instruction_prose, '[?？]\s*$') THEN 'question_answering'
  WHEN input <> '' AND regexp_matches(instruction_prose, '{_GIVEN}')
    AND NOT regexp_matches(instruction_prose, '{_GENERATE}') THEN 'task_automation'
  WHEN regexp_matches(instruction_prose, '{_EDUCATION}') THEN 'education'
  WHEN regexp_matches(instruction_prose, '{_GENERATE}') THEN 'text_generation'
  WHEN regexp_matches(instruction_prose, '{_ASK}') THEN 'question_answering'
  WHEN input <> '' THEN 'task_automation'
  ELSE 'other'
END
"""

SIGNALS = (Signal("task", pa.string(), TASK, "rules on kind, verbs and the share of code; English and Chinese", 5),)
