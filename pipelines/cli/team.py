"""The commands for a team's server: the dashboard alone, and what the Prefect server watches for."""

import os
import sys
from typing import Annotated, Literal

import typer

from pipelines.cli.commands import print_json
from pipelines.cli.options import DATA, AsJson, Data, Recipes
from pipelines.cli.planning import app
from pipelines.errors import WorkFailed
from pipelines.messages import tr

__all__ = ["app"]


@app.command()
def dashboard(
    recipes: Recipes = None,
    host: Annotated[
        str, typer.Option(help="Address to listen on; others than loopback need a password or a proxy.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65_535, help="Port to listen on.")] = 8501,
    url: Annotated[
        str, typer.Option(envvar="GRISTMILL_DASHBOARD_URL", help="How people reach it, where that is another address.")
    ] = "",
    user_header: Annotated[
        str, typer.Option(help="Header in which a proxy that signs people in names them, such as X-Forwarded-User.")
    ] = "",
    proxy: Annotated[
        list[str] | None,
        typer.Option(help="Address or network of that proxy; from elsewhere the header is not believed."),
    ] = None,
    data: Data = DATA,
) -> None:
    """The dashboard alone, for a team: runs start on the Prefect server that PREFECT_API_URL or a login names.

    Beyond loopback it asks for a name and the password in GRISTMILL_PASSWORD, or believes a proxy.

    Example: [bold]gristmill dashboard demo --url https://mill.example --user-header X-Forwarded-User[/bold]
    """
    from pipelines.flows import local_servers, served, server, sign_in

    access = sign_in.Access(host, url, user_header, tuple(proxy or ()), os.environ.get(sign_in.PASSWORD, ""))
    access = sign_in.checked(access)
    served.announce(recipes or ["demo", "python"])
    os.environ["GRISTMILL_DATA"] = str(data.absolute())
    server.prepare()
    if server.named():
        from pipelines.flows import connection

        connection.export()
    print(tr("Dashboard   {url}", url=url or f"http://{host}:{port}"), flush=True)
    sys.argv = sys.argv[:1]  # Streamlit would hand the rest to the page
    local_servers.run_dashboard(port, access)


@app.command()
def alerts(
    url: Annotated[
        str, typer.Argument(help="A webhook to send messages to; without one, only dead runs are ended.")
    ] = "",
    form: Annotated[
        Literal["text", "feishu", "dingtalk"],
        typer.Option(help="What the webhook takes: text (Slack, Mattermost), feishu, or dingtalk (WeCom too)."),
    ] = "text",
    as_json: AsJson = False,
) -> None:
    """Have the Prefect server end runs whose process is dead, and send a message where a run failed or nothing of a
    source was kept. Give it again to change it.

    Example: [bold]gristmill alerts https://chat.example/hooks/abc[/bold]
    """
    from pipelines.flows import server

    server.prepare()
    if not server.named():
        raise WorkFailed("no Prefect server is named: start `gristmill up`, or set PREFECT_API_URL")
    from pipelines.flows import automations, connection

    connection.check()
    made = [automations.watch(), *(automations.alert(url, form) if url else ())]
    print_json(made) if as_json else print("\n".join(made))
