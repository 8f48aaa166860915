from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..models.model_metrics import ModelMetrics


@dataclass(frozen=True, kw_only=True)
class Model:
    """A model that is served."""

    id: str
    """by which requests name it"""
    version: str
    """of the checkpoint that is served"""
    preset: str
    """the settings that it was made with"""
    domains: list[str]
    """X and Y"""
    image_size: int
    """height and width to which pictures are brought, in pixels"""
    metrics: ModelMetrics
    """as measured when it was made"""
    capabilities: list[str]
    """among `analogy`, `embed`, `retrieve`, `sbir`, `translate`"""
    digest: str
    """SHA-256 of the weights; galleries name it"""
    trained_on: str
    """the data that it has learnt from"""
    terms: str
    """what those data allow"""
    device: str
    """what it runs on"""

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
            digest=data["digest"],
            trained_on=data["trained_on"],
            terms=data["terms"],
            device=data["device"],
        )
