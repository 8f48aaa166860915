"""A model as the service holds it: a checkpoint on the device, with its name and version."""

from dataclasses import dataclass

from model.checkpoint import Manifest
from model.inference import Inference
from model.presets import Side
from service.errors import CapabilityMissing, DomainUnknown


@dataclass(frozen=True, eq=False, kw_only=True)
class Model:
    """Never changes: a new version is a new `Model`, and requests keep the one that they began with."""

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
        """Raises CapabilityMissing unless the model can do this."""
        if capability not in self.inference.capabilities:
            can = ", ".join(sorted(self.inference.capabilities))
            raise CapabilityMissing(f"The model {self.id!r} cannot {capability}; it can: {can}.")

    def side(self, domain: str | None) -> Side:
        """X or Y by the domain's name; X, the first one, without a name.

        Raises:
            DomainUnknown: neither is called so.
        """
        try:
            return self.inference.side(self.domains[0] if domain is None else domain)
        except KeyError:
            x, y = self.domains
            raise DomainUnknown(
                f"The model {self.id!r} has no domain {str(domain)[:80]!r}; its domains are {x!r} and {y!r}."
            ) from None

    def domain(self, side: Side) -> str:
        """The name of X or Y."""
        return self.domains[0 if side == "x" else 1]


@dataclass(frozen=True, kw_only=True)
class RejectedVersion:
    """A version that is not served; `reason` is a sentence."""

    id: str
    version: str
    reason: str
