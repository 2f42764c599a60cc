"""What a Prefect server does by itself about our runs: it ends those whose process is dead, and sends messages.

A run gives a sign of life every 30 s (`server.QUIET`). Where none came for DEAD_AFTER seconds, nobody is left to say
that it has failed, so the server does. Messages go to a webhook, for runs that failed or died and for sources of which
nothing was kept.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from pipelines.flows import server

server.prepare()

from prefect.automations import Automation  # noqa: E402
from prefect.blocks.webhook import Webhook  # noqa: E402
from prefect.client.schemas.objects import StateType  # noqa: E402
from prefect.events.actions import CallWebhook, ChangeFlowRunState  # noqa: E402
from prefect.events.schemas.automations import EventTrigger, Posture  # noqa: E402

DEAD_AFTER = 90  # seconds; three signs of life
NOTHING_KEPT = "gristmill.nothing-kept"  # the event that `definitions` sends for each such source
BLOCK = "gristmill-alerts"
OURS = {"prefect.resource.id": "prefect.tag.gristmill", "prefect.resource.role": "tag"}
RUN = "prefect.flow-run"
# How services want a text, in Jinja around what is said; each is JSON
FORMS = {
    "text": '{{"text": {{{{ ({says}) | tojson }}}}}}',  # Slack, Mattermost, Rocket.Chat, Google Chat
    "feishu": '{{"msg_type": "text", "content": {{"text": {{{{ ({says}) | tojson }}}}}}}}',
    "dingtalk": '{{"msgtype": "text", "text": {{"content": {{{{ ({says}) | tojson }}}}}}}}',  # and WeCom
}
FAILED = (
    '"Gristmill: " ~ flow.name ~ " " ~ flow_run.name ~ ": " ~ (flow_run.state.message or "") ~ " " ~ flow_run|ui_url'
)
NOTHING = '"Gristmill: " ~ event.payload.recipe ~ ": " ~ event.payload.source ~ ": " ~ event.payload.says'


def watch() -> str:
    """Have the server end runs whose process is dead. Returns the automation's name."""
    ended = {f"{RUN}.{state}" for state in ("Completed", "Failed", "Crashed", "Cancelled", "Paused", "Suspended")}
    trigger = _trigger(Posture.Proactive, {f"{RUN}.heartbeat", *ended}, timedelta(seconds=DEAD_AFTER))
    trigger.after = {f"{RUN}.heartbeat"}
    says = f"no sign of life for {DEAD_AFTER} s: its process is dead; the next run goes on where this one was"
    end = ChangeFlowRunState(state=StateType.CRASHED, name="Crashed", message=says)
    return _ensure("gristmill: end dead runs", says, trigger, end)


def alert(url: str, form: str) -> Iterator[str]:
    """Have the server send messages to a webhook, in one of FORMS. Yields the automations' names."""
    block = Webhook(method="POST", url=url, headers={"Content-Type": "application/json"})
    document: Any = block.save(BLOCK, overwrite=True)
    failed = _trigger(Posture.Reactive, {f"{RUN}.Failed", f"{RUN}.Crashed"})
    nothing = EventTrigger(expect={NOTHING_KEPT}, posture=Posture.Reactive, threshold=1, within=timedelta(0))
    for name, trigger, says in (("a run failed", failed, FAILED), ("nothing kept", nothing, NOTHING)):
        send = CallWebhook(block_document_id=document, payload=FORMS[form].format(says=says))
        yield _ensure(f"gristmill: {name}", f"Says so to the webhook {BLOCK}.", trigger, send)


def _trigger(posture: Posture, expect: set[str], within: timedelta = timedelta(0)) -> EventTrigger:
    """On events of our runs, by their tag, each run for itself."""
    return EventTrigger(
        expect=expect,
        match={"prefect.resource.id": f"{RUN}.*"},
        match_related=OURS,
        for_each={"prefect.resource.id"},
        posture=posture,
        threshold=1,
        within=within,
    )


def _ensure(name: str, says: str, trigger: EventTrigger, action: Any) -> str:
    """Create the automation, or bring the one of that name up to date."""
    wanted: Any = Automation(name=name, description=says, trigger=trigger, actions=[action])
    try:
        there: Any = Automation.read(name=name)
        wanted.id = there.id
        wanted.update()
    except ValueError:  # there is none of that name
        wanted.create()
    return name
