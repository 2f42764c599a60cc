"""A small site as the Stack Exchange API answers for it."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from connectors.web.transport import HTTPResponse
from tests.connectors.recorded import RecordedTransport, json_page

OWNER = {"display_name": "Ines &amp; Bo", "user_id": 5}


def question(number: int, **more: Any) -> dict[str, Any]:
    """A question with one answer, which is accepted, and a comment below each; asked `number` days after 2020 began."""
    asked = 1_577_836_800 + number * 86_400
    comment = {"comment_id": 900 + number, "post_id": number, "body_markdown": "Which &quot;oven&quot;?"}
    answer = {
        "answer_id": 500 + number,
        "body": f"<p>Bake it <em>{number}</em> minutes.</p>",
        "score": number,
        "is_accepted": True,
        "creation_date": asked + 60,
        "owner": OWNER,
        "content_license": "CC BY-SA 4.0",
        "comments": [{**comment, "comment_id": 700 + number, "post_id": 500 + number, "body_markdown": "Works."}],
    }
    return {
        "question_id": number,
        "title": f"How long is loaf &#39;{number}&#39; baked?",
        "body": "<p>In a <code>steel</code> tin.</p>",
        "tags": ["bread", "oven"],
        "score": -1,
        "creation_date": asked,
        "last_activity_date": asked + 60,
        "accepted_answer_id": 500 + number,
        "owner": OWNER,
        "content_license": "CC BY-SA 4.0",
        "answers": [answer],
        "comments": [comment],
        **more,
    }


QUESTIONS = tuple(question(number) for number in range(1, 4))


@dataclass
class StackAPI:
    """`questions` two to a page, newest activity first, as `max` and `min` allow; no page beyond the third."""

    questions: tuple[dict[str, Any], ...] = QUESTIONS
    said: dict[str, Any] = field(default_factory=dict)  # what every listing says besides

    def __call__(self, url: str) -> HTTPResponse:
        params = dict(parse_qsl(urlsplit(url).query))
        if urlsplit(url).path == "/2.3/filters/create":
            return json_page({"items": [{"filter": "!made", "included_fields": params["include"].split(";")}]})
        assert params["filter"] == "!made" and params["site"] == "stack.example"
        low, high = int(params.get("min", 0)), int(params.get("max", 1 << 40))
        found = [item for item in self.questions if low <= item["last_activity_date"] <= high]
        found.sort(key=lambda item: -item["last_activity_date"])
        place = (int(params["page"]) - 1) * 2
        more = place + 2 < len(found)
        return json_page({"items": found[place : place + 2], "has_more": more, **self.said})


def stack_api(*questions: dict[str, Any], **said: Any) -> RecordedTransport:
    """A transport to a site of these questions, or of three."""
    return RecordedTransport(otherwise=StackAPI(questions or QUESTIONS, said))
