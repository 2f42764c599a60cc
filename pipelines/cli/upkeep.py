"""The commands that keep a data folder right: what must be forgotten goes, and what rots is found."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.commands import print_json
from pipelines.cli.exports import app
from pipelines.cli.options import DATA, AsJson, Data
from pipelines.errors import WorkFailed, WrongInput, printable
from pipelines.messages import Message, tr

__all__ = ["app"]


@app.command()
def forget(  # noqa: PLR0913, PLR0917 (its options are the words of the command)
    url: Annotated[str, typer.Option(help="An address, and all below it.")] = "",
    author: Annotated[str, typer.Option(help="A name, as sources write it.")] = "",
    record: Annotated[str, typer.Option(help="A record_id.")] = "",
    source: Annotated[str, typer.Option(help="The author at this source only; else everywhere.")] = "",
    reason: Annotated[str, typer.Option(help="Why, for the list; it must not say whom.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would go, and change nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Enter what is found nowhere here too, without asking.")] = False,
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Erase an address, an author or a record everywhere, for ever: pages, records, snapshots and cache, and no later
    run brings it back. Models that have learnt from it are listed, and where it was exported to.

    Example: [bold]gristmill forget --author "Ada L." --reason "asked for it on 3 May"[/bold]
    """
    from pipelines import forget as forgetting
    from pipelines.storage import lease

    request = forgetting.Request(url, author, record, source, reason)
    forgetting.check(request, data)
    with lease.lock_data(data):
        found = forgetting.prepare(request, data)
        if found.is_of_nothing and not (yes or dry_run):
            _ask_for_an_entry(data)
        report = found.report if dry_run else forgetting.carry_out(found)
    if as_json:
        print_json(asdict(report))
    else:
        print("\n".join(forgetting.report_lines(report, dry_run=dry_run)))


def _ask_for_an_entry(data: Path) -> None:
    """Raises: WrongInput without a terminal to ask at, typer.Abort where the answer is no."""
    nothing = Message("{data}: nothing here is of it, and an entry in the list stays for ever", data=data)
    if not sys.stdin.isatty():
        raise WrongInput("{nothing}; if it is spelt as it should be, say --yes", nothing=nothing)
    typer.confirm(tr("{nothing}. Enter it?", nothing=nothing), abort=True, err=True)


@app.command()
def verify(
    seal: Annotated[
        bool, typer.Option("--seal", help="Hash what has no hash yet, such as files of earlier releases, as it is.")
    ] = False,
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Compare every file with its hash: what stages have made, manifests, logs, lists, checkpoints, the web cache.

    Example: [bold]gristmill verify[/bold]
    """
    from pipelines.catalog import verify as verifying
    from pipelines.storage import lease

    report = verifying.verify(data)
    if not report.files:
        raise WorkFailed("{data}: nothing to verify: no stage has finished here; is --data right?", data=data)
    if as_json:
        print_json(asdict(report))
    for fault in [] if as_json else report.faults:
        print(printable(f"{fault.path}: {tr(fault.fault)}; {tr(fault.cure)}"))
    if report.faults:
        raise WorkFailed("{data}: {number} damaged", data=data, number=len(report.faults))
    if seal:
        with lease.lock_data(data):
            verifying.seal_all(data)
    elif not as_json:
        for path, number in sorted(report.not_hashed.items()):
            says = Message("{path}: not hashed ({number}); `gristmill verify --seal` takes it as it is")
            print(printable(tr(says, path=path, number=number)))
    if not as_json:
        print(tr("{files:,} files are what was written", files=report.files))
