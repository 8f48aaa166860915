"""File names as text that can be printed, logged and sent."""

import os


def printable(name: str) -> str:
    """Return a file's name with the bytes that are not UTF-8 as hexadecimal escapes."""
    return os.fsencode(name).decode(errors="backslashreplace")
