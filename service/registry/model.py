"""A loaded model: a checkpoint on the device, with its name and version."""

from dataclasses import dataclass

from model.inference import Inference
from model.manifest import Manifest
from model.presets import Side
from service.errors import CapabilityMissing, DomainUnknown


@dataclass(frozen=True, eq=False, kw_only=True)
class Model:
    """One version of a model. A new version is a new `Model`; running requests keep the old one."""

    id: str
    version: str
    digest: str
    manifest: Manifest
    inference: Inference

    @property
    def domains(self) -> tuple[str, str]:
        """The names of X and Y."""
        return self.inference.preset.domains

    def require(self, capability: str) -> None:
        """Raise CapabilityMissing if the model does not have this capability."""
        if capability not in self.inference.capabilities:
            capabilities = ", ".join(sorted(self.inference.capabilities))
            raise CapabilityMissing(
                f"model {self.id!r} does not have the capability {capability!r}; it has {capabilities}"
            )

    def side(self, domain: str | None) -> Side:
        """Return the side of a domain by its name. None means the first domain, X.

        Raises:
            DomainUnknown: the model has no domain of this name.
        """
        try:
            return self.inference.side(self.domains[0] if domain is None else domain)
        except KeyError:
            x, y = self.domains
            raise DomainUnknown(
                f"model {self.id!r} has no domain {str(domain)[:80]!r}; its domains are {x!r} and {y!r}"
            ) from None

    def domain(self, side: Side) -> str:
        """Return the name of X or Y."""
        return self.domains[0 if side == "x" else 1]


@dataclass(frozen=True, kw_only=True)
class RejectedVersion:
    """A version of a model that could not be loaded, with the reason."""

    id: str
    version: str
    reason: str
