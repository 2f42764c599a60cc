"""Dumps, archives and saved answers, read as streams."""
