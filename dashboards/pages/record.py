"""record."""

import streamlit as st

st.title("record")
