from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..models.model_metrics import ModelMetrics


@dataclass(frozen=True, kw_only=True)
class Model:
    """A model that is served."""

    id: str
    """Id of the model."""
    version: str
    """Version of the checkpoint that is served."""
    preset: str
    """Name of the preset that the model was trained with."""
    domains: list[str]
    """The model's two domains, X and Y."""
    image_size: int
    """Height and width in pixels to which images are resized."""
    metrics: ModelMetrics
    """Metrics of the model, measured after training."""
    capabilities: list[str]
    """What the model can do: some of `analogy`, `embed`, `retrieve`, `sbir`, `styles` and `translate`. Without `styles`, an image has one translation."""
    default_for: list[str]
    """Capabilities for which the model answers requests that name no model: some of `analogy`, `embed` and `translate`. The first model that has a capability becomes its default, and stays it until another one is chosen."""
    digest: str
    """SHA-256 of the weights. A gallery belongs to one digest."""
    trained_on: str
    """Data set that the model was trained on."""
    terms: str
    """Terms of use of the training data."""
    device: str
    """Device that runs the model."""

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Model:
        """Read JSON. Unknown fields are ignored."""
        return cls(
            id=data["id"],
            version=data["version"],
            preset=data["preset"],
            domains=[each for each in data["domains"]],
            image_size=data["image_size"],
            metrics=dict(data["metrics"]),
            capabilities=[each for each in data["capabilities"]],
            default_for=[each for each in data["default_for"]],
            digest=data["digest"],
            trained_on=data["trained_on"],
            terms=data["terms"],
            device=data["device"],
        )
