"""Start of the program `iiae`, also as `python -m service.cli`."""

from service.cli.commands import main as main

if __name__ == "__main__":
    main()
