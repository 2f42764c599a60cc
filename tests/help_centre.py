"""A help centre on loopback, as a firm's would be: articles in a section, and nothing about its licence."""

import json

from tests.connectors.web.site import Reply, Site, answer

ARTICLES = {
    "Descale the kettle": (
        "Fill the kettle to the upper mark with one part of vinegar and two parts of water. Let it stand for an "
        "hour, boil it once, and pour everything away. Rinse it twice with clear water before you make tea again."
    ),
    "Replace the filter": (
        "Switch the machine off and let it cool for ten minutes. Press the grey button beside the spout, and pull "
        "the old filter out towards you. Push the new one in until it clicks, then run a litre of water through "
        "it."
    ),
    "Set the clock": (
        "Hold the button with the bell until the hours blink. Turn the wheel to the right hour and press it once, "
        "then turn it to the minutes. The clock begins as soon as you press the wheel for the second time."
    ),
    "Return a machine": (
        "Pack the machine into its own box, with the cable and the tray beside it. Print the label from the page "
        "of your order, and stick it over the old one. The money is back on your card within five days."
    ),
    "Connect the kettle to your network": (
        "Open the app and choose the sign with the plus. Hold the lower button until the blue light blinks three "
        "times, then enter the password of your network. The light stays on once it is connected."
    ),
    "Clean the tray": (
        "Lift the tray out with both hands, since it may be full. Pour the water away, and wash the tray with a "
        "soft cloth and some soap. Dry it well before you put it back, or the sensor takes it for full again."
    ),
    "Change the language of the display": (
        "Open the settings with the wheel and go down to the flag, which is the third sign from above. Press it, "
        "choose your language from the list, and press it again. The machine starts anew by itself."
    ),
    "Stop the alarm": (
        "Press the round button once to stop the alarm for nine minutes. Press it for three seconds to stop it for"
        " the day, until the light goes out. To stop it for ever, take it out of the list of alarms in the app."
    ),
}


def help_centre() -> Site:
    """The site; enter it to have it listen."""
    return Site(otherwise=_reply)


def _reply(path: str) -> Reply:
    asked = path.partition("?")[0]
    if asked == "/":
        return answer(200, "<title>Help</title><h1>How can we help?</h1>")
    if asked == "/api/v2/help_center/en-us/articles.json":
        return answer(200, json.dumps(_articles()), content_type="application/json")
    if asked == "/api/v2/community/posts.json":
        return answer(200, json.dumps({"posts": []}), content_type="application/json")
    return answer(404)


def _articles() -> dict[str, object]:
    articles = [
        {
            "id": 500 + number,
            "html_url": f"https://kettle.example/hc/en-us/articles/{500 + number}",
            "author_id": 9,
            "section_id": 30,
            "created_at": "2023-05-01T07:53:01Z",
            "updated_at": "2023-05-02T07:53:01Z",
            "title": title,
            "body": f"<p>{text}</p>",
            "locale": "en-us",
        }
        for number, (title, text) in enumerate(ARTICLES.items())
    ]
    return {
        "articles": articles,
        "count": len(articles),
        "sections": [{"id": 30, "name": "Kettles"}],
        "users": [{"id": 9, "name": "Jo"}],
    }
