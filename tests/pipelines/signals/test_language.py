"""Short texts and texts in two scripts: which language a reader would say they are in."""

import pytest

from pipelines.signals.language import detect

TEXTS = {
    "zh": (
        *(
            "推荐 Stack Overflow",
            "我用 Visual Studio Code 写 Python",
            "如何在 Ubuntu 上安装 Docker Compose？",
            "使用 Kubernetes",
        ),
        *(
            "《The Old Man and the Sea》的作者是谁？",
            "把 “The cat is on the mat” 翻译成中文",
            "Taylor Swift 是谁",
            "好的",
        ),
        *("怎么用 the command line 安装", "React Native 入门", "iPhone 15 Pro Max 评测", "GitHub Actions 配置", "東京"),
        *("求助：Ubuntu 22.04 安装 NVIDIA driver 失败 nvidia-smi not found",),
        *("for 循环", "提示 No space left on device", "import pandas as pd 报错", "Java 中的 if 语句"),
        *("解释一下 machine learning 和 deep learning 的区别", "Spring Boot 报错 NullPointerException", "C++ 指针"),
    ),
    "en": (
        *(
            "What does 人工智能 mean?",
            "Translate “人工智能是未来” into English.",
            "How do you pronounce 北京?",
            "Hello",
        ),
        *("The novel 《三体》 was written by Liu Cixin.", "The word 你好 means hello", "What does ありがとう mean?"),
        *("Compare ice cream and gelato.", "Create a new colour scheme", "Name a musical genre", "Tell us a joke"),
        *("Who is Jürgen Klopp?", "I miss 周杰伦 songs", "Click 保存, then wait", "Tall ships"),
        *("Who wrote 红楼梦?", "Thanks a lot!", "Yes, it is.", "Sort the list", "Name five fruits", "Use pip."),
    ),
    "ja": ("ありがとう", "Python は簡単です", "「Hello」は英語です"),
    "ko": ("안녕하세요", "Docker 설치 방법"),
    "de": ("Das Auto ist in Paris", "Guten Morgen", "Keine Zeit", "Wie geht es dir?", "Was bedeutet 人工智能?"),
    "fr": ("Bonjour tout le monde",),
    "es": ("El gato de Ana", "¿Cómo estás?", "Buenos días"),
    "uk": ("Доброго ранку",),
    "tr": ("Teşekkürler",),
    "vi": ("Cảm ơn bạn",),
    "hi": ("नमस्ते",),
    "und": ("git", "docker", "12 + 4", "", "https://mill.example/a", "foo_bar()", "🙂", "true"),
}
CASES = [(language, text) for language, texts in TEXTS.items() for text in texts]


@pytest.mark.parametrize(("language", "text"), CASES)
def test_a_short_or_mixed_text_is_in_the_language_of_its_small_words(language: str, text: str) -> None:
    assert detect(text)[0] == language


def test_letters_that_a_language_has_not_speak_against_it() -> None:
    assert detect("Świeży chleb")[0] == "pl"
    assert detect("їжа та вода")[0] == "uk"
