"""The whole road as one command, and the only code that imports Prefect (`definitions`)."""
