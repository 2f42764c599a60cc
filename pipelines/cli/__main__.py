"""`python -m pipelines.cli` is the `gristmill` command."""

from pipelines.cli import main

main()
