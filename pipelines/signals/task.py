"""What use of a model a record is an example of: the seven tasks of an instruction model, and other.

Rules, the first that fits wins: how the record was made (`kind`), then what the instruction asks for.
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
    r"|optimi[sz]e|rewrite)\b[^.?!\n]{0,80}"
    r"\b(?:functions?|scripts?|programs?|class|code|method|query|regex|regular expression|sql|algorithm|html"
    r"|css|javascript|python|java|c\+\+|bash|shell|php|api|command)\b"
    r"|(?:写|编写|实现|创建|生成|设计|补全|修复|优化|开发)[^。？！\n]{0,30}(?:函数|代码|程序|脚本|算法|查询|正则|类\b|SQL|Python|Java|HTML|接口)"
)
_CREATIVE = (
    r"(?i)\b(?:write|compose|create|generate|craft|make up|come up with|tell|invent|imagine|pen|draft|produce"
    r"|give)\b[^.?!\n]{0,60}"
    r"\b(?:poems?|story|stories|haikus?|songs?|lyrics|limericks?|jokes?|slogans?|taglines?|fairy ?tales?"
    r"|novels?|plot|screenplay|monologue|riddles?|sonnets?|raps?|fables?|verses?|puns?|metaphors?|similes?"
    r"|fiction|opening line|character)\b"
    r"|(?:写|创作|编|作|讲|构思|想象|续写)[^。？！\n]{0,30}(?:诗|故事|小说|歌词|歌曲|剧本|散文|笑话|口号|广告语|标语|对联|童话|寓言|谜语|开头|情节|独白|俳句|绝句)"
)
_AUTOMATION = (
    r"(?i)^\W*(?:please |can you |could you )?(?:classify|categori[sz]e|extract|convert|translate|summari[sz]e"
    r"|rewrite|re-?write|rephrase|paraphrase|edit|sort|order|arrange|format|reformat|correct|identify|detect"
    r"|parse|label|tag|rank|replace|remove|delete|insert|count|calculate|compute|transform|combine|merge|split"
    r"|simplify|shorten|condense|transcribe|proofread|match|fill|find|select|choose|determine|automate|schedule"
    r"|rearrange|reorder|turn|change|add|assign|evaluate|estimate|solve|group|predict|analy[sz]e)\b"
    r"|^\W*(?:请|帮我|将|把|对)?[^。？！\n]{0,12}(?:分类|归类|提取|抽取|翻译|总结|概括|归纳|摘要|改写|重写|转换|转化|排序|排列|格式化|纠正|更正|修改|校对|识别|标注"
    r"|替换|删除|计算|统计|简化|缩写|润色|填空|匹配|判断|找出|选择|合并|编辑|求解|分析)"
)
_EDUCATION = (
    r"(?i)\b(?:explain|describe|teach|define|compare|contrast|illustrate|discuss|outline|elaborate|clarify"
    r"|demonstrate)\b|difference between|(?:step[- ]by[- ]step|tutorial|lesson|for beginners)"
    r"|解释|说明|介绍|讲解|阐述|描述|比较|对比|区别|定义|教程|举例|论述|讨论"
)
_GENERATE = (
    r"(?i)\b(?:write|generate|create|draft|compose|produce|list|suggest|give|provide|propose|brainstorm"
    r"|recommend|design|develop|construct|make|name|formulate|plan|outline|come up|prepare|share|tell|offer"
    r"|show|state)\b"
    r"|写|生成|撰写|列出|列举|提供|给出|起草|设计|制定|推荐|建议|想出|构造|创建|制作|编制|提出|准备|告诉|说出"
)

_ASK = r"(?i)^\W*(?:what|how|why|when|where|who|which)\b|什么|怎么|如何|为什么|哪"

TASK = rf"""
CASE
  WHEN kind = 'dialogue' OR len(history) > 0 THEN 'dialogue'
  WHEN kind = 'code' OR regexp_matches(instruction_prose, '{_CODE}')
    OR (length(output_prose) < 0.4 * length(output) AND kind = 'answer') THEN 'code_generation'
  WHEN regexp_matches(instruction_prose, '{_CREATIVE}') THEN 'creative_writing'
  WHEN kind = 'how_to' AND length(output_prose) < 0.9 * length(output) THEN 'task_automation'
  WHEN kind IN ('how_to', 'explanation') THEN 'education'
  WHEN kind IN ('answer', 'question') THEN 'question_answering'
  WHEN regexp_matches(instruction_prose, '{_AUTOMATION}') THEN 'task_automation'
  WHEN regexp_matches(instruction_prose, '[?？]\s*$') THEN 'question_answering'
  WHEN regexp_matches(instruction_prose, '{_EDUCATION}') THEN 'education'
  WHEN regexp_matches(instruction_prose, '{_GENERATE}') THEN 'text_generation'
  WHEN regexp_matches(instruction_prose, '{_ASK}') THEN 'question_answering'
  ELSE 'other'
END
"""

SIGNALS = (Signal("task", pa.string(), TASK, "rules on kind, verbs and the share of code; English and Chinese"),)
