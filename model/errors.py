"""What can be foreseen to go wrong: errors whose text is a sentence for a person, not a traceback."""


class UserError(Exception):
    """The base of `DataError`, `TrainingError`, `CheckpointError` and `WeightsUnavailable`."""
