"""The web of a test: what was put in comes out, and anything else is not there."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from connectors.base import Response, WebError


@dataclass
class ReplayWeb:
    """Answers by URL; `asked` lists each request with its version, `rested` until when it was told to rest."""

    answers: dict[str, Response]
    asked: list[tuple[str, str]] = field(default_factory=list)
    expected: int = 0
    rested: list[datetime] = field(default_factory=list)

    def get(self, url: str, *, version: str = "") -> Response:
        self.asked.append((url, version))
        if url not in self.answers:
            raise WebError(url, "not_found")
        return self.answers[url]

    def expect(self, items: int) -> None:
        self.expected = items

    def rest(self, url: str, until: datetime) -> None:
        self.rested.append(until)


def json_answer(url: str, value: Any, status: int = 200) -> Response:
    return Response(url, status, json.dumps(value).encode(), media_type="application/json")
