"""The commands that hand on what was made: a snapshot to other trainers, a model to other servers."""

import logging
from pathlib import Path
from typing import Annotated, Literal

import typer

from pipelines.cli.commands import app
from pipelines.cli.options import DATA, Data, ExportFormat, Trainer
from pipelines.errors import WrongInput
from pipelines.messages import tr

__all__ = ["app"]

log = logging.getLogger("gristmill")


@app.command()
def export(
    recipe: Annotated[str, typer.Argument(help="Whose latest snapshot.")],
    out: Annotated[Path, typer.Argument(help="The JSON Lines file to write; - is stdout. With --for, a folder.")],
    kind: Annotated[
        ExportFormat | None, typer.Option("--format", help="The shape of a line. [default: messages]")
    ] = None,
    trainer: Annotated[
        Trainer | None, typer.Option("--for", help="Write all that this trainer reads, with its settings.")
    ] = None,
    split: Annotated[
        Literal["train", "validation", "test"] | None,
        typer.Option(help="Which part. [default: train; with --for, train and validation]"),
    ] = None,
    data: Data = DATA,
) -> None:
    """Write the latest snapshot as JSON Lines in the shape that a trainer reads.

    Example: [bold]gristmill export demo out --for llamafactory[/bold]
    """
    from pipelines.publish import trainers
    from pipelines.publish.export import export_file

    if trainer and split:
        raise WrongInput("--split: --for writes train and validation; leave it out")
    if trainer:
        for name, lines in trainers.write(recipe, data, trainer, out, kind).items():
            log.info(tr("{file}: {lines} lines", file=out / name, lines=lines))
    else:
        written = export_file(recipe, data, kind or "messages", out, split or "train")
        log.info(tr("{file}: {lines} lines", file=out, lines=written))


@app.command()
def gguf(
    model: Annotated[str, typer.Argument(help="A recipe's name with a model in the data folder, or a model folder.")],
    out: Annotated[Path, typer.Argument(help="The file to write; a Modelfile for Ollama is written beside it.")],
    precision: Annotated[
        Literal["f32", "f16", "q8_0"], typer.Option(help="How a weight is kept: in 32, 16 or 8.5 bits.")
    ] = "q8_0",
    data: Data = DATA,
) -> None:
    """Write a model as one GGUF file, for llama.cpp and Ollama.

    Example: [bold]gristmill gguf demo demo.gguf[/bold]
    """
    from pipelines.models.base import require_train

    require_train()
    from pipelines.serve import llama_cpp

    modelfile = llama_cpp.export(model, data, out, precision)
    log.info(tr("{file}: written, and {modelfile} for `ollama create NAME -f`", file=out, modelfile=modelfile))
