"""What somebody has, asked for by a form: where it is, what reads it, and all that it may be told."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import streamlit as st
from rich.filesize import decimal
from streamlit.delta_generator import DeltaGenerator

from dashboards import address, ask, drafting, texts, trying
from dashboards.drafting import Spots
from pipelines.catalog import described
from pipelines.curate.policy_file import to_toml
from pipelines.errors import WrongInput
from pipelines.flows import begin, served, uploads
from pipelines.messages import Message, tr

UPLOAD = "upload"
UPLOADS, KEPT = "uploads", "kept files"  # in the session: how many there were, and (folder, files, hidden ones)
HAVE = {
    "site": Message("a site"),
    "forum": Message("a forum"),
    "help-centre": Message("a help centre"),
    "files": Message("files or a folder"),
    "dump": Message("a dump"),
    "set": Message("a set of exchanges"),
    UPLOAD: Message("files to upload"),
}
PLACE_HELP = {
    "site": Message("The address of its first page, such as `https://docs.example/handbook/`."),
    "forum": Message("The address of a board, such as `https://forum.example/boards/baking/`."),
    "help-centre": Message("Its address, such as `https://support.example`."),
    "files": Message("The path of a file or folder on the machine of this dashboard."),
    "dump": Message("The path of the dump on the machine of this dashboard."),
    "set": Message("The path of the set on the machine of this dashboard."),
    UPLOAD: Message("Where what you have uploaded lies."),
}
DEFAULT, DEMO = "default", "demo"
POLICIES = {
    DEFAULT: Message("Answers that are whole, safe and of a stated licence; most of a well-kept site stays."),
    "strict": Message("Fewer and better: answers that explain, with votes where there are any, free of personal data."),
    "commercial": Message("What may be sold and published under any licence: share-alike texts stay out, too."),
}
ABOUT = ("name", "title", "licence")  # settings of every source, which have places of their own


def show() -> None:
    """The form, what a check finds, and the buttons that write."""
    have = address.tabs(tr("What you have"), "have", list(HAVE), lambda name: tr(HAVE[name]))
    if have == UPLOAD:
        show_upload()
        if not st.query_params.get("place"):
            return
    spots: Spots = {}
    with _spot(spots, "place"):
        place = address.text(tr("Where it is"), "place", help=tr(PLACE_HELP[have])).strip()
    if not place:
        st.caption(tr(PLACE_HELP[have]))
        return
    answers = ask_answers(have, place, spots)
    into, fresh = ask_recipe(answers, spots)
    policy = "" if into else ask_policy()
    web = ask_web() if begin.is_address(place) else {}
    drafting.show(replace(answers, web=web, policy=policy), into, fresh, spots)


def show_upload() -> None:
    """Files of the reader's machine come into a folder of their own; then they are as any folder is."""
    kinds = {"": tr("Files"), "folder": tr("A folder")}
    is_folder = address.tabs(tr("What is uploaded"), "bring", list(kinds), kinds.__getitem__) == "folder"
    label = tr("Files: {kinds}", kinds="DOCX, EPUB, HTML, IPYNB, JSONL, Markdown, PDF, PPTX, TXT, ZIP …")
    st.caption(
        tr("Choose a folder, or drop it here: all that is in it comes along.")
        if is_folder
        else tr("Choose as many as you like, or drop them here.")
    )
    key = f"files {st.session_state.setdefault(UPLOADS, 0)} {is_folder}"
    many: Any = "directory" if is_folder else True
    brought = st.file_uploader(label, accept_multiple_files=many, key=key, on_change=address.hold)
    if brought:
        size = decimal(sum(file.size for file in brought))
        label = tr("Upload these {number} files ({size})", number=len(brought), size=size)
        st.button(label, key="keep", icon=":material/upload:", type="primary", on_click=_keep, args=(brought,))
    folder, number, hidden = st.session_state.get(KEPT, ("", 0, 0))
    if folder and folder == st.query_params.get("place"):
        st.success(tr("{number} files lie in {folder} now.", number=number, folder=texts.plain(folder)))
        if hidden:
            st.caption(tr("{number} hidden files, such as those of `.git`, were left out.", number=hidden))


def _keep(brought: Any) -> None:
    address.hold()
    seen = [file for file in brought if not uploads.is_hidden(file.name)]
    try:
        folder = uploads.save(((file.name, file.getvalue()) for file in seen), ask.data_folder())
    except (WrongInput, OSError) as error:
        texts.refuse(texts.fault(error))
        return
    st.session_state[KEPT] = (str(folder), len(seen), len(brought) - len(seen))
    st.session_state[UPLOADS] += 1  # another widget, which is empty: what it held is brought
    address.put("place", str(folder))


def ask_answers(have: str, place: str, spots: Spots) -> begin.Answers:
    """What reads it, what it is called, its licence, and, folded, all that it may be told besides."""
    proposed = begin.propose(place, "files" if have == UPLOAD else have)
    connector = ask_connector(proposed, spots)
    (about,) = described.connectors(connector)
    cells = st.columns(2)
    with cells[0], _spot(spots, "name"):
        name = address.text(tr("Its name"), "called", placeholder=begin.name_of(place), help=_help(about, "name"))
    with cells[1], _spot(spots, "licence"):
        licence = address.text(tr("Its licence"), "licence", placeholder="CC-BY-4.0", help=tr(about.licence))
        if not licence.strip():
            st.caption(tr("Left empty, only what states a licence itself is kept."))
    saved_from = ""
    if begin.needs_address(place, connector):
        with _spot(spots, "from"):
            saved_from = address.text(tr("The address that it was saved from"), "from", placeholder="https://…")
    title, settings = ask_settings(about, place, spots)
    name = name.strip() or begin.name_of(place)
    return begin.Answers(place, connector, name, licence.strip(), saved_from.strip(), title.strip(), settings)


def ask_connector(proposed: str, spots: Spots) -> str:
    """What reads it: the proposed one, or another."""
    known = {one.name: one.says.split("\n\n") for one in described.connectors()}

    def say(name: str) -> str:
        return name or tr("{connector}, by its look", connector=proposed)

    with _spot(spots, "connector"):
        connector = address.choice(tr("What reads it"), "reads", ["", *known], say) or proposed
    first, *more = known[connector]
    st.caption(texts.plain(tr(first)))
    if more:
        with st.expander(tr("What {connector} reads", connector=connector)):
            for paragraph in more:
                st.markdown(tr(paragraph))
    return connector


def ask_settings(about: described.Described, place: str, spots: Spots) -> tuple[str, dict[str, Any]]:
    """The title, and the settings that are not left as they are."""
    taken = {begin.AT_ADDRESS.get(about.name), begin.AT_PATH.get(about.name), begin.FROM.get(about.name)}
    others = [each for each in about.settings if each.name not in (*ABOUT, *taken)]
    told: dict[str, Any] = {}
    with st.expander(tr("All that {connector} may be told", connector=about.name)):
        with _spot(spots, "title"):
            title = address.text(tr("Its title"), "title", help=_help(about, "title"))
        for setting in others:
            with _spot(spots, setting.name):
                told[setting.name] = ask_setting(setting)
    return title, {name: value for name, value in told.items() if value not in ("", [])}


def ask_setting(setting: described.Setting) -> Any:
    """One setting, as text or a list of texts; empty where nothing is said."""
    parameter = f"set.{setting.name}"
    default = "" if setting.default in (None, "", ()) else to_toml(setting.default)
    says = f"{tr(setting.says)} ({tr(setting.type)})"
    if setting.choices:
        shown: Callable[[str], str] = lambda name: name or tr("as it is: {value}", value=default or "–")  # noqa: E731
        return address.choice(setting.name, parameter, ["", *setting.choices], shown, help=says)
    if setting.many:
        told = address.lines(setting.name, parameter, "", placeholder=default, help=says, height=80)
        return [line.strip() for line in told.splitlines() if line.strip()]
    return address.text(setting.name, parameter, placeholder=default, help=says).strip()


def ask_recipe(answers: begin.Answers, spots: Spots) -> tuple[str, str]:
    """The recipe that gets it, "" for a new one, and the new one's name."""
    cells = st.columns(2)
    known = served.files()
    with cells[0], _spot(spots, "into"):
        into = address.choice(tr("Into the recipe"), "into", ["", *known], lambda name: name or tr("a new one"))
    fresh = ""
    if not into:
        with cells[1], _spot(spots, "fresh"):
            fresh = address.text(tr("Name of the new recipe"), "fresh", placeholder=answers.name).strip()
    return into, fresh or answers.name


def ask_policy() -> str:
    """What a new recipe keeps: "" is the default policy; a bundled one's name, or the file of a saved one."""
    names = [DEFAULT, *(name for name in trying.names() if name not in (DEFAULT, DEMO))]
    chosen = address.choice(tr("What is kept"), "policy", names)
    st.caption(tr(POLICIES.get(chosen, Message("A policy that was saved on this dashboard."))))
    return "" if chosen == DEFAULT else trying.file_of(chosen)


def ask_web() -> dict[str, Any]:
    """Keys of the recipe's [web] that are not left as they are."""
    says = {name: tr(text) for name, text in begin.web_keys().items()}
    with st.expander(tr("How it is asked")):
        contact = address.text("contact", "contact", help=says["contact"], placeholder="crawl@bakery.example").strip()
        delay = address.number("delay", "delay", help=says["delay"], placeholder="5")
        private = address.lines("allow_private", "private", "", help=says["allow_private"], height=80)
    hosts = [line.strip() for line in private.splitlines() if line.strip()]
    told = {"contact": contact, "allow_private": hosts}
    return {name: value for name, value in told.items() if value} | ({} if delay is None else {"delay": delay})


def _spot(spots: Spots, key: str) -> DeltaGenerator:
    """A place on the page that a fault of this key is told in later, below its field."""
    spots[key] = st.container()
    return spots[key]


def _help(about: described.Described, key: str) -> str:
    return next(tr(setting.says) for setting in about.settings if setting.name == key)
