"""records."""

import streamlit as st

st.title("records")
