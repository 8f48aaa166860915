"""Start of the program `iiae`, also as `python -m service.cli`."""

import gc


def main() -> None:
    """Run `iiae`.

    Garbage is not collected while modules are imported: they make little, and collections would take a fifth
    of the start. Later collections leave out what was imported.
    """
    gc.disable()
    from service.cli.commands import main as run

    gc.freeze()
    gc.enable()
    run()


if __name__ == "__main__":
    main()
