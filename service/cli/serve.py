"""`iiae serve`: run the HTTP service."""

import os
import socket
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Annotated, Any

import typer

from model.errors import UserError
from service.settings import Settings

SIMILAR = 0.9
"""Similarity from which a variable's name is a misspelled setting. Compose's variables are below 0.8."""

Host = Annotated[
    str | None, typer.Option(help="Address to listen on, instead of IIAE_HOST.", show_default=False)
]
Port = Annotated[
    int | None,
    typer.Option(
        min=0, max=65_535, help="Port to listen on, instead of IIAE_PORT; 0 chooses one.", show_default=False
    ),
]


def settings_help() -> str:
    """Return all settings with their defaults, as Markdown for `iiae serve --help`."""
    rows = [
        f"- `IIAE_{name.upper()}` ({_default(name)}): {field.description}"
        for name, field in Settings.model_fields.items()
    ]
    return "Settings come from the environment:\n\n" + "\n".join(rows)


def _default(name: str) -> str:
    value = Settings.model_fields[name].get_default(call_default_factory=True, validated_data={})
    return "" if value is None else str(value)


def refuse_misspelled(variables: Iterable[str]) -> None:
    """Refuse a variable such as IIAE_API_KEY. Ignoring it would serve without keys.

    Raises:
        UserError: a variable is not a setting, but nearly has a setting's name.
    """
    settings = [f"IIAE_{name.upper()}" for name in Settings.model_fields]
    for variable in sorted(variables):
        if variable.startswith("IIAE_") and variable not in settings:
            for meant in get_close_matches(variable, settings, n=1, cutoff=SIMILAR):
                raise UserError(f"{variable} is not a setting; write {meant}, or unset the variable")


def settings_for(host: str | None, port: int | None) -> Settings:
    """Return the settings of the environment, with another address if options name one.

    Raises:
        UserError: a variable has a misspelled name.
        ValidationError: a setting is wrong.
    """
    refuse_misspelled(os.environ)
    given: dict[str, Any] = {"host": host, "port": port}
    return Settings(**{name: value for name, value in given.items() if value is not None})


def refuse_taken_port(settings: Settings) -> None:
    """Refuse an address that cannot be listened on, before models are loaded.

    Raises:
        UserError: another program listens there, the port is reserved, or this machine has no such address.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((settings.host, settings.port))
            trial.listen(1)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise UserError(
                f"the service cannot listen on {settings.host} port {settings.port}: {reason}; "
                "choose another one with --port or IIAE_PORT"
            ) from error


def serve(host: Host = None, port: Port = None) -> None:
    """Serve models and galleries over HTTP, with the web page at /."""
    settings = settings_for(host, port)
    refuse_taken_port(settings)
    from service.http.server import serve as run_server  # only this command needs the web framework

    run_server(settings)
