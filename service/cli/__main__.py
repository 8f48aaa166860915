"""`python -m service.cli` is the program `iiae`."""

from service.cli.commands import main

main()
