"""A decoder for tests of its users."""

from service.images.budget import DecodedBudget
from service.inference.decoded_ahead import DecodedAhead
from service.inference.decoding import Decoder
from service.inference.workers import Workers


def decoder(workers: Workers, max_pixels: int = 10_000, max_bytes: int = 512_000_000) -> Decoder:
    """Return a decoder with a budget of its own."""
    return Decoder(workers=workers, budget=DecodedBudget(max_bytes), max_pixels=max_pixels, max_waiting=64)


def ahead(places: int = 64) -> DecodedAhead:
    """Return places of its own for decoded pictures."""
    return DecodedAhead(places=places, max_waiting=64)
