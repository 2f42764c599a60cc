"""The latest snapshot, written for a trainer by a button and taken home as one file."""

from pathlib import Path
from typing import Any

import streamlit as st
from rich.filesize import decimal

from dashboards import address, ask, texts
from pipelines.errors import WorkFailed, WrongInput
from pipelines.flows import exporting
from pipelines.messages import tr

LARGEST = 200_000_000  # bytes of a download, which the dashboard holds in memory
WRITTEN = "written for a trainer"  # in the session: (folder, lines of each file) or (folder, why not)


def show(recipe: str) -> None:
    """For whom, the button, what was written, the download."""
    way = address.choice(tr("For which trainer, or in which format"), "for", exporting.WAYS)
    out = exporting.folder(recipe, way, ask.data_path())
    look: dict[str, Any] = {"icon": ":material/output:", "on_click": _write, "args": (recipe, way, out)}
    st.button(tr("Write it for {trainer}", trainer=way), **look)
    folder, told = st.session_state.get(WRITTEN, ("", {}))
    if folder == str(out):
        show_written(told)
    if exporting.packed(out).exists():
        show_download(recipe, way, out)
    st.caption(tr("This command does the same:"))
    st.code(exporting.command(recipe, way), language="bash")


def _write(recipe: str, way: str, out: Path) -> None:
    """Before the page is drawn: a draw may be broken off amid writing."""
    address.hold()
    try:
        told: dict[str, int] | str = exporting.write(recipe, way, ask.data_path())
    except (WrongInput, WorkFailed, OSError) as error:
        told = texts.fault(error)
    st.session_state[WRITTEN] = (str(out), told)


def show_written(told: dict[str, int] | str) -> None:
    """The lines of each file, or why there are none."""
    if isinstance(told, str):
        st.error(told)
        return
    for name, lines in told.items():
        st.markdown(tr("{file}: {lines} lines", file=f"**{texts.plain(name)}**", lines=f"{lines:,}"))
    if not any(told.values()):
        st.warning(tr("This snapshot holds nothing of that kind: such as pairs, which come from votes."))


def show_download(recipe: str, way: str, out: Path) -> None:
    """Where it lies, and a button that brings it, where it is not too large."""
    file = exporting.packed(out)
    size = file.stat().st_size
    st.caption(tr("It lies in {folder} on the machine of this dashboard.", folder=texts.plain(str(out))))
    if size > LARGEST:
        st.caption(tr("At {size} it is too large to come through the browser.", size=decimal(size)))
        return
    who = str(st.session_state.get("who", ""))
    pressed: dict[str, Any] = {"on_click": _note, "args": (recipe, way, who), "icon": ":material/download:"}
    label = tr("Download it ({size})", size=decimal(size))
    st.download_button(label, file.read_bytes, file.name, "application/zip", **pressed)


def _note(recipe: str, way: str, who: str) -> None:
    address.hold()
    exporting.note_download(recipe, way, ask.data_path(), who)
