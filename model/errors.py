"""Errors that a user can understand and fix; commands print their text instead of a traceback.

UserError
├── CheckpointError       model.checkpoint
├── CurvesError           model.evaluation.curves
├── DataError             model.data.pairs
├── FileDamaged           model.storage
├── PictureError          model.images.errors
├── TrainingError         model.training.run
└── WeightsUnavailable    model.sketch.backbone.efficientnet
"""


class UserError(Exception):
    """The base of all errors whose text is written for the user."""
