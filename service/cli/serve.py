"""`iiae serve`: run the HTTP service."""

import os
from collections.abc import Iterable
from difflib import get_close_matches

from model.errors import UserError
from service.settings import Settings

SIMILAR = 0.9
"""Similarity from which a variable's name is a misspelled setting. Compose's variables are below 0.8."""


def settings_table() -> str:
    """Return all settings with their defaults, as a Markdown list for `iiae serve --help`."""
    rows = [
        f"- `IIAE_{name.upper()}` ({'' if field.default is None else field.default!s}): {field.description}"
        for name, field in Settings.model_fields.items()
    ]
    return "\n".join(rows)


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


def serve() -> None:
    """Serve models and galleries over HTTP, with the web page at /."""
    refuse_misspelled(os.environ)
    settings = Settings()
    from service.http.server import serve as run_server  # only this command needs the web framework

    run_server(settings)
