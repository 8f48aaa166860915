"""A client of IIAE as a service: sketch search, and translation of images across two domains. Generated; see `clients/`."""

from .client import AsyncClient, Client
from .errors import ProblemError
from .types import Upload

__version__ = "0.1.0"
__all__ = ["AsyncClient", "Client", "ProblemError", "Upload"]
