"""The program `iiae`."""
