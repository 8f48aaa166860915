"""Errors of training."""

from model.errors import UserError


class TrainingError(UserError):
    """A run cannot be started or resumed; the text says why."""
