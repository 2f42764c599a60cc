"""A page with conversations in which questions, answers, errors and names of models are hostile, as the dashboard draws
them: `streamlit run` shows it."""

from dashboards import address, chatting
from dashboards.talk import Talk, Turn
from pipelines.flows.chat import Answer
from tests.soak.payloads import ALL, PAYLOADS

address.begin()
talk = Talk((ALL, "base"))
for number, text in enumerate((*PAYLOADS, ALL)):
    answers = {text: Answer(text, ended=True), "base": Answer(f"{text}.", error=text, ended=True)}
    talk.turns.append(Turn(text, (text, "base"), answers, named=True, better=text if number % 2 else ""))
for number, turn in enumerate(talk.turns):
    chatting.show_turn(ALL, talk, turn, number, named=True)
