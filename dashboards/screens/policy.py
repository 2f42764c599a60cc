"""policy."""

import streamlit as st

st.title("policy")
