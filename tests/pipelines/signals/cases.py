"""What each signal measures, by example: signal, value, and the columns of a record."""

from typing import Any

import pytest

PLAIN = "The mill turns the grain into flour. It runs on water, and the stones are dressed every week."

CHINESE = "水车带动石磨，把谷物磨成面粉。磨盘每周都要修整一次，否则面粉会变粗。"

READY_MADE = {"source_kind": "instructions"}

FENCE = "Run it:\n\n```sh\nmake flour\n```\n"


def case(signal: str, expected: Any, output: str = PLAIN, **columns: Any) -> tuple[str, Any, dict[str, Any]]:
    return signal, expected, {"output": output, **columns}


def near(value: float) -> Any:
    return pytest.approx(value, abs=1e-3)


LENGTH = [
    case("output_chars", 2, "磨坊"),
    case("output_words", 18),
    case("output_words", 30, CHINESE),
    case("output_words", 0, ""),
    case("output_lines", 2, "one\n\n  \ntwo\n"),
    case("instruction_chars", 3, instruction="why"),
    case("instruction_words", 4, instruction="怎么磨面"),
    case("input_chars", 0),
    case("input_chars", 3, input="a b"),
    case("input_words", 2, input="a b"),
]

REPETITION = [
    case("output_unique_words", near(0.75), "a b c a"),
    case("output_unique_words", None, ""),
    case("output_repetition", 0.0),
    case("output_repetition", near(0.5), "we grind the grain today " * 2),
    case("output_repetition", near(0.9), "we grind the grain today " * 10),
    case("output_repetition", near(0.5), "把谷物磨成面粉吧" * 2),
    case("output_repetition", None, "```\n" + "we grind the grain today\n" * 9 + "```"),
    case("output_top_2gram", near(1.0), "go go go"),
    case("output_top_2gram", 0.0, "a b c d"),
    case("output_top_3gram", near(6 / 7), "a b c a b c d"),
    case("output_top_4gram", 0.0, "a b c a b c d"),
    case("output_dup_6gram", near(0.5), "one two three four five six " * 2),
    case("output_dup_7gram", 0.0, "one two three four five six " * 2),
    case("output_dup_8gram", near(0.5), "a b c d e f g h " * 2),
    case("output_dup_9gram", near(0.5), "a b c d e f g h i " * 2),
    case("output_dup_10gram", near(0.5), "a b c d e f g h i j " * 2),
]

CHARACTERS = [
    case("output_alpha_share", 1.0, "磨坊 mill"),
    case("output_alpha_share", near(0.5), "a1 b2"),
    case("output_alpha_share", None, " \n"),
    case("output_digit_share", near(0.75), "a123"),
    case("output_upper_share", near(0.25), "Mill"),
    case("output_symbol_share", near(0.5), "a# b|"),
    case("output_symbol_share", 0.0, "Yes, “really” — (是的)。"),
    case("output_space_share", near(0.5), "a b "),
    case("output_sentences", 2),
    case("output_sentences", 2, CHINESE),
    case("output_sentences", 1, "Version 3.11 of e.x.y?!"),
    case("output_curly_brackets", 2, "a {b} c\n```\n{{}}\n```"),
    case("output_hash_marks", near(1.0), "# a #b"),
    case("output_ellipses", near(1.0), "well... then…"),
    case("output_newline_ratio", near(0.5), "a\nb"),
    case("output_mean_word", near(3.0), "ab abcd 字字"),
    case("output_mean_word", None, "只有汉字"),
    case("output_longest_word", 4, "ab abcd"),
    case("output_letter_words", near(0.5), "mill 42"),
    case("output_stop_words", 2, "the grain and flour"),
    case("output_stop_words", 3, "我在磨坊的里面"),
]

LINES = [
    case("output_dup_lines", 0.0),
    case("output_dup_lines", near(0.5), "a\nb\n a \nb"),
    case("output_dup_line_chars", near(3 / 7), "ccc\nd\nccc"),
    case("output_dup_paragraphs", near(1 / 3), "a\nb\n\nc\n\na\nb"),
    case("output_dup_paragraph_chars", near(2 / 5), "a\nb\n\nc\n\na\nb"),
    case("output_bullet_lines", near(0.5), "- one\ntwo\n* three\n-4"),
    case("output_ellipsis_lines", near(0.5), "so...\ndone."),
    case("output_terminal_lines", near(0.75), "Done.\n**Really!**\n好。\nno"),
    case("output_short_lines", near(0.5), "short\n" + PLAIN),
    case("output_lorem", True, "Lorem ipsum dolor"),
    case("output_lorem", False),
    case("output_javascript_lines", 1, "Enable JavaScript.\nThen mill."),
]

CODE = [
    case("output_code_share", 0.0),
    case("output_code_share", near(11 / 30), FENCE),
    case("output_open_fence", False, FENCE),
    case("output_open_fence", True, "```\nx"),
]

PAIRING = [
    case("pair_overlap", near(0.5), "grain", instruction="grain flour"),
    case("pair_overlap", 1.0, "把面粉磨好", instruction="磨面粉"),
    case("pair_overlap", None, instruction="?!"),
    case("output_equals_question", True, "What is  flour", instruction="What is flour?"),
    case("output_equals_question", True, "The mill turns", instruction="Rewrite it.", input="The mill turns."),
    case("output_equals_question", True, "我去商店。", instruction="翻译成英语", input="我去商店"),
    case("output_equals_question", False, "A, b and c.", instruction="Add commas.", input="a b and c"),
    case("output_equals_question", False, "The mill turns.", instruction="Add punctuation.", input="The mill turns"),
    case("output_equals_question", True, "The mill turn", instruction="Correct the grammar.", input="The mill turn"),
    case("output_equals_question", False, "oat, rye", instruction="Sort alphabetically.", input="oat, rye"),
    case("output_equals_question", False, "Run", instruction="Give the past participle.", input="Run"),
    case("output_equals_question", False),
    case("output_equals_question", False, ">>> {}\n{}", instruction="Make an empty dictionary."),
    case("instruction_question", True, instruction="How do I mill grain"),
    case("instruction_question", True, instruction="石磨怎么修"),
    case("instruction_question", False, instruction="Mill the grain."),
]

PHRASES = [
    case("output_boilerplate", 0),
    case("output_boilerplate", 0, "The file begins with a table of contents. It is short."),
    case("output_boilerplate", 2, "We use cookies. Subscribe to our letters."),
    case("output_boilerplate", 2, "版权所有，点击这里查看"),
    case("output_self_reference", 0),
    case("output_self_reference", 1, "As mentioned above, the stone turns."),
    case("output_self_reference", 1, "As Peter said, use water."),
    case("output_self_reference", 1, "The other answers are wrong."),
    case("output_self_reference", 1, "The flow of grain is illustrated in the following diagram."),
    case("output_self_reference", 1, "如上所述，石磨要修整。"),
    case("output_self_reference", 0, "The water flows from above. See the `see above` option."),
    case("output_identity", 0),
    case("output_identity", 0, "GPT-3 was developed by OpenAI. GPT-3 由 OpenAI 开发。"),
    case("output_identity", 1, "I was trained by OpenAI."),
    case("output_identity", 1, "我是由 OpenAI 开发的助手。"),
    case("output_identity", 1, "As an AI language model, I mill."),
    case("output_identity", 1, "作为一个人工智能，我会磨面。"),
    case("output_identity", 1, "Being a language model, I cannot see your mill."),
    case("output_identity", 0, "Many bots open with “As an AI language model, I cannot”, which users dislike."),
    case("output_identity", 0, "As an AI assistant, Siri answers questions. GPT-4 has a knowledge cutoff in 2023."),
    case("output_identity", 0, "他常说“作为一个人工智能，我不能回答”。作为人工智能的先驱，图灵提出了测试。"),
    case("output_refusal", True, "I'm sorry, but I cannot help with that."),
    case("output_refusal", True, "抱歉，我无法回答这个问题。"),
    case("output_refusal", False, "Sorry for the delay. Turn the stone slowly."),
    case("output_truncated", False),
    case("output_truncated", False, FENCE),
    case("output_truncated", True, "You need the following:"),
    case("output_truncated", True, "Grind the wheat;"),
    case("output_truncated", False, "Call > mill.turn();"),
    case("output_announces", True, "In this chapter you will learn how a mill turns. Let's start!"),
    case("output_announces", True, "Grinding has two steps, detailed in the following sections."),
    case("output_announces", True, "> Part of this section is based on the tutorial of Ann."),
    case("output_announces", True, "本章将介绍石磨的用法。"),
    case("output_announces", True, "В этой главе ты узнаешь, как работает мельница."),
    case("output_announces", False),
    case("output_announces", False, CHINESE),
    case("output_announces", False, "This section of the stone wears out. In this guide rail, look for cracks."),
    case("output_announces", False, "In this section we show it:\n```sh\nmake flour\n```"),
    case("output_no_answer", True, "It's not an answer to your question, but stones are heavy."),
    case("output_no_answer", True, "Sorry, this does not directly answer your question about stones."),
    case("output_no_answer", True, "这不是对你的回答，只是想说石磨很重。"),
    case("output_no_answer", False),
    case("output_no_answer", False, CHINESE),
    case("output_no_answer", False, "The mill does not answer to the wind. There is not an easy answer here."),
    case("output_images", 1, "[image] The mill", instruction="What is it? [image]"),
    case("output_truncated", True, "The miller and the"),
    case("output_truncated", False, "The mill is gone :("),
    case("output_truncated", True, "The mill ("),
    case("output_truncated", False, "Er sagte: „Das Korn ist trocken. “"),
    case("output_truncated", False, "SELECT * FROM mills WHERE stones > 2;"),
    case("output_truncated", False, "int stones = 2;\nreturn stones;"),
    case("output_truncated", False, "SELECT name FROM mills\nORDER BY age\nLIMIT 5;"),
    case("output_truncated", False, "font-size: 20px;"),
    case("output_truncated", False, "Please send flour.\n\nSincerely,", **READY_MADE),
    case("output_truncated", False, "Name:\nMill:\nStones:", **READY_MADE),
    case("output_truncated", False, "of", instruction="Fill in: afraid ___ the dark, in or of?", **READY_MADE),
    case("output_truncated", True, "1, 2, 4, 5, 10, and", instruction="What divides 20?", **READY_MADE),
    case("output_truncated", True, "首先，磨面粉，", **READY_MADE),
    case("output_truncated", False, "首先，磨面粉，"),  # posts in Chinese end so
    case("output_truncated", True, "Run:\n```\nmake"),
    case("output_html_residue", 3, "<div>flour &amp; bran</div>"),
    case("output_html_residue", 3, "flour: <div>&amp; bran</div>.", **READY_MADE),
    case("output_html_residue", 0, "<b>flour</b> <i>bran</i>", instruction="Write it in HTML", **READY_MADE),
    case("output_html_residue", 0, "<table>\n<tr><td>flour</td></tr>\n</table>", **READY_MADE),
    case("output_html_residue", 4, "&lt;p&gt;&lt;b&gt;", instruction="写一个 HTML 网页", **READY_MADE),
    case("output_html_residue", 0, "Use `<div>` when a < b.\n```\n<p>\n```"),
    case("output_bbcode_residue", 0, "Take `[code]x[/code]` or a[b] and a[/a].\n```\n[b]x[/b]\n```"),
    case("output_bbcode_residue", 2, "[code]turn(mill)[/code] and [URL=x]y[/URL]"),
    case("output_mojibake", 0, "Café, naïve, São Paulo, ÂGE"),
    case("output_mojibake", 2, "CafÃ© and itâ€™s"),
    case("output_thanks", True, "Thanks, that worked!"),
    case("output_thanks", True, "谢谢楼主"),
    case("output_thanks", True, "mark"),
    case("output_thanks", True, "+1"),
    case("output_thanks", False, "Mark wants to go to Hawaii."),
    case("output_thanks", False, "+12145558444"),
    case("output_thanks", False, "Thanks to the water the stone turns. " * 9),
    case("output_asks", 0.0),
    case("output_asks", 1.0, "Which mill? What does it grind?"),
    case("output_asks", 0.5, "Which mill do you mean?\nThe new one grinds rye."),
    case("output_asks", 0.5, "你用的是哪种石磨？新的可以磨黑麦。"),
    case("output_asks", 0.0, "> Which mill?\n\nThe new one, at http://mill.example/?grain=rye&fine=1"),
    case("output_asks", 0.0, "Turn it.\n```\nwhat? why? how?\n```"),
    case("output_asks", 0.0, ""),
    case("output_code_names", 0, "Turn the stone, then clean it (twice). Ask Ann/Bob."),
    case("output_code_names", 5, "Call grind() or `mill -x`, set mill_speed, see Mill::turn and grainSize."),
    case("output_code_names", 2, "Do this:\n```\nmill.turn(); grind_all\n```"),
    case("output_helpless", 0, kind="answer"),
    case("output_helpless", 2, "Can you post your code? I'll have a look.", kind="answer"),
    case("output_helpless", 0, "Can you post your code? I'll have a look."),
    case("output_helpless", 0, "> Can you post your code?\n\nTurn the stone.", kind="dialogue"),
    case("output_helpless", 1, "把你的代码贴出来看看。", kind="answer"),
    case("output_helpless", 0, "请把代码写在磨盘旁边。", kind="answer"),
    case("output_template_tokens", 0),
    case("output_template_tokens", 2, "<|im_start|>user", instruction="[INST] mill"),
]

LANGUAGE = [
    case("instruction_language", "en", instruction="How does a water mill grind the grain?"),
    case("output_language", "en"),
    case("output_language", "zh", CHINESE),
    case("output_language", "ja", "水車が石臼を回して粉を挽きます。"),
    case("output_language", "ko", "물레방아가 곡식을 빻습니다."),
    case("output_language", "de", "Die Mühle dreht sich im Wasser und mahlt das Korn zu Mehl."),
    case("output_language", "und", "42"),
    case("output_language", "zh", "运行命令 `make flour`：\n```\nthe quick brown fox jumps over the lazy dog\n```"),
    case("output_script", "Hans", CHINESE),
    case("output_script", "Hant", "水車帶動石磨，把穀物磨成麵粉。"),
    case("language_match", True, instruction="How does a water mill grind the grain?"),
    case("output_language", "und", r"$$\sqrt{NOT} = e^{(\frac{i \pi}{4} I_2 - \frac{i \pi}{4} \sigma_x)}$$"),
    case("language_match", False, CHINESE, instruction="How does a water mill grind the grain?"),
    case("language_match", None, "42", instruction="How does a water mill grind the grain?"),
]

READING = [
    case(
        "output_reading_ease", pytest.approx(206.835 - 1.015 * 6 - 84.6 * 1.0, abs=0.01), "The cat sat on the mat. " * 2
    ),
    case("output_reading_ease", None, CHINESE),
    case("output_reading_ease", None, "Too short."),
    case("output_sentence_words", near(6.0), "The cat sat on the mat. " * 2),
    case("output_sentence_words", near(15.0), CHINESE),
    case("output_type_token", near(5 / 12), "The cat sat on the mat. " * 2),
    case("output_type_token", near(0.1), " ".join("abcdefghij"[k % 5] * 3 for k in range(500))),
    case("output_type_token", None, "Too short."),
]

DOMAIN = [
    case("domain", "food", "Grind the beans and pour the water slowly.", instruction="How do I brew coffee?"),
    case("domain", "food", "面团要揉十分钟。", instruction="怎么做面包？"),
    case("domain", "software", "Set the variable before the loop.", instruction="Why does my script raise an error?"),
    case("domain", "software", "先检查日志。", instruction="服务器报错，程序崩溃"),
    case("domain", "general", "Yes.", instruction="Is it?"),
]


CONTEXT = [
    case("pair_context", 0),
    case("output_leans_back", False),
    case("output_leans_back", False, "Boot it from files that you can download from our archive site."),
    case("output_leans_back", False, "It shows the operations you have done so far on the image."),
    case("output_leans_back", True, "All the mills you have seen so far are slow."),
    case("output_leans_back", False, "So that others can grind, send them the stone."),
    case("output_leans_back", False, "Im letzten Jahrhundert wurde der bisher benutzte Stein ersetzt."),
    case("output_leans_back", True, "Now that you have a mill, grind the grain."),
    case("output_leans_back", True, "As we have seen, stones wear."),
    case("output_leans_back", True, "Now you can start the mill."),
    case("output_leans_back", True, "Finally, close the gate."),
    case("output_leans_back", True, "The command above grinds the grain."),
    case("output_leans_back", True, "The above approach can be used with rye as well."),
    case("output_leans_back", True, "The second way of milling is by hand."),
    case("output_leans_back", True, "We now have a wheel and two stones."),
    case("output_leans_back", True, "Let's have a look at another mill."),
    case("output_leans_back", False, "The second stone turns."),
    case("output_leans_back", False, "Run `mill`:\n\n```sh\nmill\n```\n\nThe command above grinds the grain."),
    case("output_leans_back", False, "So far they have been made of stone."),
    case("output_leans_back", False, "The best flour you can buy so far is white."),
    case("output_leans_back", True, "We have milled grain so far."),
    case("output_leans_back", False, "到目前为止，磨盘都是用石头做的。"),
    case("output_leans_back", True, "到目前为止，我们已有了磨盘。"),
    case(
        "output_leans_back", False, "Mills differ:\n\n- Stone\n- Steel\n\nThe table above says how the above steps go."
    ),
    case("output_leans_back", False, "Now what does a mill need? Grain and wind."),
    case("output_leans_back", False, "Nowadays mills are made of steel. Remember that you need grain."),
    case("output_leans_back", True, "上面的命令会把谷物磨成面粉。"),
    case("output_leans_back", True, "现在，让我们来磨面粉。"),
    case("output_leans_back", False, "磨盘每周修整一次。之前的版本没有磨盘。"),
    case("output_leans_back", True, "Wie wir gesehen haben, mahlt die Mühle Korn."),
    case("output_leans_back", True, "ここまでで粉ができました。"),
    case("output_leans_back", False, "밀가루는 밀로 만듭니다. 이제 갈아 보세요."),
    *(
        case("output_leans_back", True, text)
        for text in (
            "Nun, das Korn liegt im Sack.",
            "Als nächstes mahlen wir das Korn.",
            "Maintenant, versez le grain. ",
            "Maintenant que nous avons un moulin, versez le grain.",
            "好了，磨面粉吧。",
            "继续，把面粉装袋。",
            "前面的例子里没有磨盘。",
            "Это было в прошлой главе.",
            "Как мы видели, жернова стираются.",
            "다음과 같습니다. 위의 예제는 밀가루입니다.",
            "In the previous command the grain was named.",
            "The stone was dressed in the last step.",
            "Adesso versate il grano.",
        )
    ),
    *(
        case("output_leans_back", False, text)
        for text in (
            "Nunmehr mahlt die Mühle Korn.",
            "Jetztzeit heißt die Mühle.",
            "Bien que le moulin soit vieux, il tourne.",
            "Bon appétit dit le meunier.",
            "Alors que le vent tourne, le moulin aussi.",
            "Bien hecho, la harina es blanca.",
            "Ahora se muele el grano con electricidad.",
            "好的面粉要用好的麦子。",
            "继续教育由磨坊提供。",
            "从前面看，磨坊很高。前面的磨坊更高。",
            "Мельница до сих пор мелет зерно.",
            "Для выводов предыдущих лет муки мало.",
            "Хорошо смолотая мука бела.",
            "단위의 밀가루를 씁니다.",
            "You have only one stone. Nothing we ground before was white.",
            "If you have already built a mill, grind the grain.",
            "`!!` runs the previous command. A link leads to the previous page.",
            "The last step is to close the gate.",
        )
    ),
    *(
        case("instruction_site_talk", False, instruction=text)
        for text in (
            "How do I change the site theme of a static mill page?",
            "Which board members may vote? The board rules are old.",
            "How do I list sub categories in the shop?",
            "How do I check which topic a mill talks on topic in Kafka?",
            "Is the consumer on topic for grain or on topic in flour?",
            "Why is my account locked by the mill's database?",
            "Why was the comment removed by the minifier?",
            "Why does the topic get deleted by the broker?",
            "Why is my thread suspended in the grinder?",
            "How do I rename a git tag for a question of order?",
            "这个网站怎么用脚本抓取？",
            "出版规范有哪些？网站规划怎么做？",
            "如何升级为企业版？",
            "管理员请求权限的弹窗怎么去掉？",
            "为什么账号被锁在数据库里？",
            "Wo sind die Regeln des Spiels?",
            "Comment nommer les administrateurs du site dans WordPress ?",
        )
    ),
    *(
        case("instruction_site_talk", True, instruction=text)
        for text in (
            "Why was this thread locked?",
            "Why is my post about mills put on hold?",
            "Is a question on flour off-topic for you?",
            "Are mills on topic here?",
            "Please rename the tag mills on this site",
            "The message board is down again",
            "管理员请问怎么改名",
            "请先看版规",
            "Les règles du forum",
        )
    ),
    case("instruction_site_talk", False, instruction="How do I add tags to a grain sack? Which mill won the election?"),
    case("instruction_site_talk", True, instruction="Why was my question closed as off-topic?"),
    case("instruction_site_talk", True, instruction="2024 moderator election"),
    case("instruction_site_talk", True, instruction="Tag synonym request: flour and meal"),
    case("instruction_site_talk", True, instruction="Forum rules, please read before posting"),
    case("instruction_site_talk", True, instruction="The forum is down again"),
    case("instruction_site_talk", True, instruction="How do I post pictures on this forum?"),
    case("instruction_site_talk", True, instruction="Introduce yourself!"),
    case("instruction_site_talk", False, instruction="Hello, I am new to mills. How do I dress a stone?"),
    case("instruction_site_talk", False, instruction="How do I let users post pictures on my own forum?"),
    case("instruction_site_talk", True, instruction="新人报到"),
    case("instruction_site_talk", True, instruction="本站积分怎么获得"),
    case("instruction_site_talk", True, instruction="我的帖子被删了，怎么回事？"),
    case("instruction_site_talk", False, instruction="新人求助：网站登录功能怎么实现？论坛上的教程看不懂"),
    case("instruction_site_talk", True, instruction="Forenregeln: bitte lesen"),
    case("instruction_site_talk", True, instruction="Правила форума"),
    case("instruction_site_talk", True, instruction="自己紹介スレッド"),
]
