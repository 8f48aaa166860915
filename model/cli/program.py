"""A program of many commands, each of which is imported when it runs.

Most commands import torch, which takes more than a second. `--help`, `--version` and commands without torch
answer before that.
"""

import gc
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from types import ModuleType
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from model.allocator import keep_memory

STYLE: dict[str, Any] = {"rich_markup_mode": "markdown", "pretty_exceptions_enable": False}
"""How all commands print their help and their errors: arguments of `Typer`, which have several types."""


@dataclass(frozen=True)
class Entry:
    """Where a command is, and its line in the program's help.

    Attributes:
        module: the module to import.
        name: the command's function in the module, or a Typer of several commands.
        help: first line of the command's help.
        example: a call that the help shows; empty for none.
        epilog: name of a function in the module that returns what the help shows below; empty for none.
    """

    module: str
    name: str
    help: str
    example: str = ""
    epilog: str = ""

    def load(self) -> TyperCommand | TyperGroup:
        """Import the command."""
        module = import_without_collections(self.module)
        command = getattr(module, self.name)
        if isinstance(command, typer.Typer):
            return typer.main.get_group(command)
        parts = [f"Example: `{self.example}`"] if self.example else []
        parts += [getattr(module, self.epilog)()] if self.epilog else []
        single = typer.Typer(add_completion=False, **STYLE)
        single.command(epilog="\n\n".join(parts) or None)(command)
        loaded = typer.main.get_command(single)
        assert isinstance(loaded, TyperCommand)
        return loaded


def import_without_collections(name: str) -> ModuleType:
    """Import a module without garbage collections.

    Imports make little garbage, and collections would take a fifth of their time. Later collections leave out
    what was imported.
    """
    gc.disable()
    try:
        return import_module(name)
    finally:
        gc.freeze()
        gc.enable()


class ImportedCommand(TyperCommand):
    """A command that is imported when it runs or its help is asked for.

    Contexts are `Any`, because Typer carries its own copy of click and does not export its types.
    """

    def __init__(self, name: str, entry: Entry) -> None:
        super().__init__(name, help=entry.help)
        self.entry = entry

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """Parse the arguments as the imported command does, which then runs instead of this one."""
        command = self.entry.load()
        command.name = self.name
        return command.make_context(info_name, args, parent, **extra)


def program(entries: Mapping[str, Entry]) -> typer.Typer:
    """Return a program of these commands, by their names."""

    class Commands(TyperGroup):
        def __init__(self, **attributes: Any) -> None:
            super().__init__(**attributes)
            self.commands = {name: ImportedCommand(name, entry) for name, entry in entries.items()}

    app = typer.Typer(cls=Commands, no_args_is_help=True, **STYLE)
    app.callback()(_every_command)
    return app


def _version(wanted: bool) -> bool:
    if wanted:
        typer.echo(f"iiae {version('iiae')}")
        raise typer.Exit
    return wanted


def _every_command(
    _: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Sketch search and translation across two domains, on IIAE."""
    keep_memory()
