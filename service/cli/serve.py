"""`iiae serve`: run the HTTP service."""

from service.settings import Settings


def settings_table() -> str:
    """Return all settings with their defaults, as a Markdown list for `iiae serve --help`."""
    rows = [
        f"- `IIAE_{name.upper()}` ({'' if field.default is None else field.default!s}): {field.description}"
        for name, field in Settings.model_fields.items()
    ]
    return "\n".join(rows)


def serve() -> None:
    """Serve models and galleries over HTTP, with the web page at /."""
    from service.http.server import serve as run_server  # only this command needs the web framework

    run_server(Settings())
