"""The program `iiae`: one module for each command of the service, joined in `service.cli.commands`."""
