"""A press counts where it began: a page that is drawn anew may move a button, or put another in its place, between the
press of the mouse and its release, and a browser sees no click then."""

import streamlit as st

_PRESSES = st.components.v2.component(
    "presses",
    js="""
    const PRESSED = "button, a[href], label"
    const DRAGGED = 8 // pixels

    // what stands in the place of a button that is gone: by its key, else by its words
    function again(pressed) {
      if (pressed.part.isConnected) return pressed.part
      const within = pressed.key ? document.querySelectorAll(`.${CSS.escape(pressed.key)}`) : [document]
      const found = [...within].flatMap((part) => [...part.querySelectorAll(PRESSED)])
      const same = found.filter((part) => part.tagName === pressed.part.tagName && part.textContent === pressed.words)
      return same.length === 1 ? same[0] : null
    }

    export default function () {
      let pressed = null
      const down = (event) => {
        const part = event.button === 0 && event.target.closest?.(PRESSED)
        if (!part) return (pressed = null)
        const keyed = [...(part.closest("[class*=st-key-]")?.classList ?? [])]
        const key = keyed.find((name) => name.startsWith("st-key-"))
        pressed = { part, key, words: part.textContent, x: event.clientX, y: event.clientY }
      }
      const up = (event) => {
        const was = pressed
        pressed = null
        if (!was || Math.hypot(event.clientX - was.x, event.clientY - was.y) > DRAGGED) return
        if (was.part.isConnected && was.part.contains(event.target)) return // the browser makes a click of it
        again(was)?.click()
      }
      document.addEventListener("pointerdown", down, true)
      document.addEventListener("pointerup", up, true)
      return () => {
        document.removeEventListener("pointerdown", down, true)
        document.removeEventListener("pointerup", up, true)
      }
    }
    """,
)


def watch() -> None:
    """Call it once, on every page."""
    _PRESSES(key="presses")
