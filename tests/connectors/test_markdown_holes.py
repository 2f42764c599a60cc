"""Of what a dialect of Markdown holds beside text: each kind is read, or leaves a hole, or says nothing to a reader."""

from pathlib import Path

import pytest
import re2

from connectors.markdown import Markdown, components, directives, shortcodes
from connectors.markdown.tags import paired
from schemas.document import Article
from schemas.hole import hole
from schemas.page import Page
from tests.connectors.recorded import OFFLINE


def site(folder: Path, text: str, name: str = "page.md") -> str:
    """The sections of `name` with this text, in a site of which `folder` holds the rest."""
    (folder / name).write_text(text)
    source = Markdown(name="site", folder=folder, licence="MIT")
    (page,) = (item for item in source.fetch(OFFLINE, None) if isinstance(item, Page) and item.key == name)
    found = [document for document in source.parse(page) if isinstance(document, Article)]
    return "\n\n".join(section.markdown for article in found for section in article.sections)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('See {{< figure src="a.png" caption="Its stones" >}}{{< icon "star" >}} here.', "See Its stones here."),
        ('See {{< youtube abc >}} {{< video src="https://v.example/1" >}}.', "See {0}youtube.com/watch?v=abc{1} {2}."),
        ('{{< gist jo 7 >}} {{< x user="jo" id="1" >}}', "gist.github.com/jo/7 x.com/jo/status/1"),
        ("a{{< br >}}b", "a  \nb"),
        ('a {% trans "Hello there" %} b', "a Hello there b"),
        ('a {% cycle "odd" "even" %} b', f"a {hole('shortcode', 'cycle odd even')} b"),
        ('a {{< tabs "x" >}} b', f"a {hole('shortcode', 'tabs x')} b"),
        ("a {{< cards >}}b{{< /cards >}} c", "a b c"),
        ('a {{< swagger src="x.json" >}} b', f"a {hole('shortcode', 'swagger')} b"),
        (
            '{{< tab header="Go" >}}run{{< /tab >}} or {{< tab header="C" >}}walk{{< /tab >}}',
            "**Go** run or **C** walk",
        ),
        ("a {{ 'x' | escape }} {{ 'now' | date: '%Y' }} b", "a x " + hole("placeholder", "'now'") + " b"),
        ('get {% file src="files/a.pdf" %}', "get a.pdf"),
        ("a {{ v }} [b](https://x.example/{{< odd >}}/c)", f"a {hole('placeholder', 'v')} b"),
    ],
)
def test_shortcodes(tmp_path: Path, text: str, expected: str) -> None:
    found = site(tmp_path, text)
    for address in ("https://www.youtube.com/watch?v=abc", "https://v.example/1"):
        expected = expected.replace("{0}youtube.com/watch?v=abc{1}", f"[{address}]({address})", 1)
        expected = expected.replace("{2}", f"[{address}]({address})", 1) if "v.example" in address else expected
    for address in ("https://gist.github.com/jo/7", "https://x.com/jo/status/1"):
        found = found.replace(f"[{address}]({address})", address.removeprefix("https://"))
    assert found == expected


LAYOUTS = {
    "badge": '<span class="b">{{ .Get 0 }}</span>',
    "box": '{{- /* a box */ -}}\n<div>\n    <p>{{ .Get "title" | default "Box" }}:</p>\n    {{ .Inner }}\n</div>',
    "since": '{{ with .Get "v" }}since {{ . | safeHTML }}{{ else }}always{{ end }}',
    "kind": '{{ $k := .Get "type" }}{{ if eq $k "a" }}A{{ else if not $k }}none{{ else }}other{{ end }}',
    "release": "v{{ .Site.Params.release }} of {{ .Page.Title }}",
    "loop": "{{ range .Params }}{{ . }}{{ end }}",
    "drawn": '<div id="{{ .Get 0 }}"></div><script>draw()</script>',
    "again": "{{< again >}}",
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a {{< badge new >}} b", "a new b"),
        ('{{% box title="T" %}}\nA **b**.\n{{< badge c >}}\n{{% /box %}}', "T:\n\nA **b**. c"),
        ("{{< box >}}a {{< box >}}b{{< /box >}}{{< /box >}}", "Box:\n\na\n\nBox:\n\nb"),
        ('{{< since v="1.2" >}}, {{< since >}}', "since 1.2, always"),
        ('{{< kind type="a" >}} {{< kind type="b" >}} {{< kind >}}', "A other none"),
        ("{{< release >}}", "v7 of Mills"),
        ("a {{< loop x >}} b", f"a {hole('shortcode', 'loop x')} b"),
        ("a {{< drawn x >}} b", f"a {hole('shortcode', 'drawn x')} b"),
        ("a {{< again >}} b", f"a {hole('shortcode', 'again')} b"),
        ("`{{</* badge x */>}}` `{{< badge y >}}`", "`{{< badge x >}}` `{{< badge y >}}`"),
    ],
)
def test_a_site_says_itself_what_its_shortcodes_show(tmp_path: Path, text: str, expected: str) -> None:
    for name, template in LAYOUTS.items():
        path = tmp_path / "layouts" / "_shortcodes" / f"{name}.html"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(template)
    (tmp_path / "hugo.toml").write_text("[params]\nrelease = 7")
    assert site(tmp_path, f"---\ntitle: Mills\n---\n{text}") == expected


def test_templates_of_a_site_are_no_pages(tmp_path: Path) -> None:
    for name in ("layouts/_shortcodes/a.md", "archetypes/default.md", "docs/layouts/grid.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("Text.")
    found = Markdown(name="site", folder=tmp_path, licence="MIT").fetch(OFFLINE, None)
    assert [(item.key, getattr(item, "reason", "")) for item in found] == [
        *(("archetypes/default.md", "not_content"), ("docs/layouts/grid.md", "")),
        ("layouts/_shortcodes/a.md", "not_content"),
    ]


@pytest.mark.parametrize(
    ("tag", "shown"), [("{% filename %}a.txt{% endfilename %}\n", hole("placeholder", "book.v")), ("", "{{ book.v }}")]
)
def test_a_gitbook_fills_its_variables_in_code_too(tmp_path: Path, tag: str, shown: str) -> None:
    assert f"mill~={shown}" in site(tmp_path, f"{tag}```\nmill~={{{{ book.v }}}}\n```\n")


def test_a_section_gives_values_to_the_pages_below_it(tmp_path: Path) -> None:
    below = tmp_path / "v2" / "deep"
    below.mkdir(parents=True)
    (tmp_path / "v2" / "_index.md").write_text("---\ncascade:\n  release: 2.1\n  params: {port: 80}\n---\nLead.")
    text = "Get {{< param release >}} on {{< param port >}}, not {{< param other >}}."
    assert site(tmp_path, text, "v2/deep/page.md") == f"Get 2.1 on 80, not {hole('placeholder', 'other')}."
    assert "80" not in site(tmp_path, text, "page.md")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A <Badge text='v2' /> b<svg-image src='a.svg' alt='x' />", "A v2 b"),
        ('<YouTubeVideo videoId="x" />', "[https://www.youtube.com/watch?v=x](https://www.youtube.com/watch?v=x)"),
        ('<Image src="a.png" caption="Its stones" />', "Its stones"),
        (
            'See <YouTube id="abc" />.',
            "See [https://www.youtube.com/watch?v=abc](https://www.youtube.com/watch?v=abc).",
        ),
        ('<Since v="2.1" />', "Since 2.1"),
        (
            '<Step title="First">Do it.</Step>\n<Step title="Then">Stop.</Step>',
            "**First**\n\nDo it.\n\n**Then**\n\nStop.",
        ),
        ("Which?\n\n<Quiz>\n<Option>One</Option>\n<Option right>Two</Option>\n</Quiz>", "Which?\n\n- One\n- Two"),
        ("A <HomePage rows={x} /> b", f"A {hole('component', 'HomePage')} b"),
        ("A {1 + 1} b {`c`}", f"A {hole('placeholder', '1 + 1')} b c"),
        (
            "A {rows.map(row => <b>{row.name}</b>)} b",
            f"A {hole('placeholder', 'rows.map(row => <b>{row.name}</b>)')} b",
        ),
        ("## A {#id}\n\nText \\{so\\} {{ v }}.", f"Text {{so}} {hole('placeholder', 'v')}."),
    ],
)
def test_components_and_expressions(tmp_path: Path, text: str, expected: str) -> None:
    assert site(tmp_path, text, "page.mdx") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('!!! note "T"\n    Text.\n{ .annotate }\n\nAfter.', "**T**\n\nText.\n\nAfter."),
        ("Press ++ctrl+alt++, :material-check: C++ and g++.", "Press `ctrl`+`alt`, C++ and g++."),
        ("==marked== ^^new^^ H~2~O x^2^, a == b == c", "marked new H₂O x², a == b == c"),
        ("{++add++}{--cut--}{>>why<<} {~~old~>new~~} `==x==`", "add new `==x==`"),
        (
            "::: code-group\n```js [a.js]\nx\n```\n```ts [b.ts]\ny\n```\n:::",
            "**a.js**\n\n```javascript\nx\n```\n\n**b.ts**\n\n```typescript\ny\n```",
        ),
        ('```py title="x [y]"\nz\n```', "```python\nz\n```"),
        ("See ![[nothing]] here, ![[a.png]].", f"See {hole('include', 'nothing')} here, ."),
        ("```{autoclass} a.B\n```", hole("directive", "autoclass a.B")),
        ("```{embed} #cell\n```", hole("directive", "embed #cell")),
        ("> Said.\n^said\n\nx^2 ^a b", "> Said.\n\nx^2 ^a b"),
        (":::{line-block}\nOne\nTwo\n:::\n\nEnd.", "One  \nTwo\n\nEnd."),
        ("```{rubric} Title\n```", "**Title**"),
        ("```{exercise-start}\n```\nDo it.\n```{exercise-end}\n```", "Do it."),
    ],
)
def test_marks_of_other_dialects(tmp_path: Path, text: str, expected: str) -> None:
    assert site(tmp_path, text) == expected


def test_an_include_by_any_name_is_found(tmp_path: Path) -> None:
    (tmp_path / "content" / "embeds").mkdir(parents=True)
    (tmp_path / "content" / "embeds" / "part.md").write_text("Part *text*.")
    (tmp_path / "content" / "embeds" / "a.yaml").write_text("a: 1")
    text = (
        'A.\n\n{{< embed-md "part.md" >}}\n\n{{< embed-yaml "a.yaml" >}}\n\n{{< embed-md "https://x.example/y.md" >}}'
    )
    shown = site(tmp_path, text)
    assert shown.startswith("A.\n\nPart *text*.\n\n```yaml\na: 1\n```\n\n") and "x.example" in shown


@pytest.mark.parametrize("name", sorted(shortcodes.SILENT))
def test_silent_shortcodes_say_nothing(tmp_path: Path, name: str) -> None:
    assert site(tmp_path, f"a {{% {name} %}} b" if not name.startswith("end") else "a b") == "a b"


@pytest.mark.parametrize("name", sorted(components.SILENT))
def test_silent_components_say_nothing_but_what_they_hold(tmp_path: Path, name: str) -> None:
    assert site(tmp_path, f"a <{name} of='x' /> b", "page.mdx") == "a b"


@pytest.mark.parametrize("name", sorted(directives.SILENT))
def test_silent_directives_say_nothing(tmp_path: Path, name: str) -> None:
    assert site(tmp_path, f"a\n\n```{{{name}}} x\n```\n\nb") == "a\n\nb"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"Of \(x^2 + 1\) and \(n\) and \[y = \frac{1}{2}\] too.", r"Of $x^2 + 1$ and $n$ and $y = \frac{1}{2}$ too."),
        (r"Doubled \\(a_1\\) as well.", "Doubled $a_1$ as well."),
        ("See\n\n\\[\ny_1 = *z*\n\\]\n\nend", "See\n\n$$\ny_1 = *z*\n$$\n\nend"),
        (r"Not \[0\], \[x\], \(see below\) nor \(unclosed.", "Not [0], [x], (see below) nor (unclosed."),
        (r"Code `\(x^2\)` stays.", r"Code `\(x^2\)` stays."),
    ],
)
def test_formulas_between_brackets_keep_their_backslashes(tmp_path: Path, text: str, expected: str) -> None:
    assert site(tmp_path, text) == expected


@pytest.mark.parametrize(
    ("opened", "closed", "left"),
    [
        ("{% comment %}", "{% endcomment %}", ""),
        ("{{< comment >}}", "{{< /comment >}}", ""),
        ("{% for a in b %}", "{% endfor %}", hole("shortcode", "for a in b ")),
    ],
)
def test_pairs_are_read_and_what_is_not_closed_is_not_followed(opened: str, closed: str, left: str) -> None:
    tags = f"one {opened}x{closed} two {opened}{opened}x{closed} three"
    assert shortcodes.read(tags, {}) == f"one {left} two {left} three"
    looked = list[int]()
    pair, closing = re2.compile(r"(?s)<.*?>"), re2.compile(">")
    assert paired(pair, closing, lambda found: str(looked.append(found.end())), "<a> <b> <" + "<" * 9) == (
        "None None <" + "<" * 9
    )
    assert looked == [3, 7]
