"""Names of languages above blocks of code: the fence says them, and whatever else stands there stays."""

import pytest

from connectors import html

CODE = "<pre><code%s>ls -l</code></pre>"


@pytest.mark.parametrize(
    ("above", "named", "fence"),
    [
        (
            "<div><span class='language-name'>js</span><button>Copy to Clipboard</button></div>",
            " class='lang-js'",
            "javascript",
        ),
        ("<div class='codeHeader'><span>Bash</span><button>复制</button></div>", " class='lang-bash'", "bash"),
        ("<figcaption>C++</figcaption>", " class='language-cpp'", "cpp"),
        ("<p>Shell</p>", " class='language-bash'", "bash"),
        ("<div>PowerShell:</div>", "", "powershell"),
    ],
)
@pytest.mark.parametrize("frame", ["%s", "<div>%s</div>"])
def test_a_label_is_the_language_of_the_fence(above: str, named: str, fence: str, frame: str) -> None:
    page = f"<p>Say it so.</p><div>{above}{frame % (CODE % named)}</div>"
    assert html.to_markdown(page) == f"Say it so.\n\n```{fence}\nls -l\n```"


@pytest.mark.parametrize(
    "above",
    [
        "<p>Python</p>",
        "<p>Console</p>",
        "<h3>Bash</h3>",
        "<p>bash/run.sh</p>",
        "<p>Bash</p>or so",
        "<p>In Bash, say this.</p>",
        "<p>Name</p>",
    ],
)
def test_what_says_more_stays(above: str) -> None:
    text = html.to_markdown(f"<div>{above}{CODE % ' class=lang-bash'}</div>")
    assert text.startswith(html.to_markdown(f"<div>{above}</div>")) and text.endswith("```bash\nls -l\n```")


def test_a_list_of_tasks_tells_what_is_done() -> None:
    box = "<li><input type='checkbox' {}> wind the spring</li>"
    items = "".join(box.format(state) for state in ("disabled checked", "disabled", ""))
    assert html.to_markdown(f"<ul>{items}</ul>") == "- [x] wind the spring\n- [ ] wind the spring\n- wind the spring"
    ticked = "<li><span role='checkbox' aria-checked='{}'></span>wind it</li>"
    told = html.to_markdown(f"<ul>{ticked.format('true')}{ticked.format('false')}</ul>")
    assert told == "- [x] wind it\n- [ ] wind it"
    items = "<li class='checked' data-inline-task-id='1'>wind it</li><li data-inline-task-id='2'>oil it</li>"
    assert html.to_markdown(f"<ul>{items}</ul>") == "- [x] wind it\n- [ ] oil it"


def test_a_language_among_the_settings_of_a_highlighter() -> None:
    block = "<pre class='x' data-syntaxhighlighter-params='brush: bash; gutter: false'>ls</pre>"
    assert html.to_markdown(f"<div class='code panel'>{block}</div>") == "```bash\nls\n```"
    assert html.to_markdown("<div class='code panel'><pre>ls</pre></div>") == "```\nls\n```"
