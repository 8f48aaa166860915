"""The models that are served: found in the store, watched, and swapped without a request noticing."""

import asyncio
import logging
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import torch
from anyio import CapacityLimiter, to_thread

from model.checkpoint import NAME, CheckpointError
from service.errors import CapabilityMissing, ModelNotFound, NameInvalid, NotReady
from service.registry.loading import load
from service.registry.model import Model, RejectedVersion
from service.registry.store import Candidate, find_candidates

__all__ = ["Model", "Registry", "RejectedVersion"]

logger = logging.getLogger(__name__)

RETRY_SECONDS = 30.0
"""After this long, what failed for want of memory or the like is tried again, though its files are the same."""


@dataclass(frozen=True)
class _Failure:
    reason: str
    retry_at: float  # infinite where only other files can help


class Registry:
    """Newest version that loads, of each name; the store's before the package's.

    A new version is loaded and tried out before it takes the old one's place, in one assignment; the old one
    lives as long as a request holds it. What does not load stays out, with the reason, until its files change.

    Args:
        store: folder of `<name>/<version>/`; need not exist.
        poll_seconds: how often to look at it.
        default: the model for requests that name none, where it can do what they ask.
    """

    def __init__(
        self, *, store: Path, device: torch.device, poll_seconds: float, default: str | None = None
    ) -> None:
        self._store = store
        self._device = device
        self._poll_seconds = poll_seconds
        self._default = default
        # Written by one scan at a time, in its thread; read from any. Replaced, never changed.
        self._models: dict[str, Model] = {}
        self._rejected: list[RejectedVersion] = []
        self._ready = False
        # Of the scans alone.
        self._served_from: dict[str, Candidate] = {}
        self._failures: dict[Candidate, _Failure] = {}
        self._one_scan = CapacityLimiter(1)
        self._watcher: asyncio.Task[None] | None = None

    @property
    def ready(self) -> bool:
        """Whether the store was looked at once."""
        return self._ready

    async def start(self) -> None:
        """Begins to watch; `ready` after the first look at the store, which `refresh` waits for."""
        self._watcher = asyncio.create_task(self._watch(), name="checkpoints")

    async def stop(self) -> None:
        if self._watcher is not None:
            self._watcher.cancel()
            await asyncio.gather(self._watcher, return_exceptions=True)
            self._watcher = None

    async def refresh(self) -> None:
        """Looks at the store now; returns when what was found is loaded or rejected."""
        await to_thread.run_sync(self._scan, limiter=self._one_scan)

    def models(self) -> list[Model]:
        """What is served, by name."""
        return [model for _, model in sorted(self._models.items())]

    def rejected(self) -> list[RejectedVersion]:
        """What lies there and is newer than what is served, or all there is of its name, and does not load."""
        return self._rejected

    def find(self, name: str) -> Model:
        """A model by its name.

        Raises:
            NameInvalid, ModelNotFound, NotReady.
        """
        if not NAME.fullmatch(name):
            raise NameInvalid(
                f"{name[:80]!r} cannot be a model's name: lower-case letters, digits, '.', '_' and '-', at most 64."
            )
        self._wait_for_first_scan()
        model = self._models.get(name)
        if model is None:
            reasons = [
                f"its version {rejected.version} is not served: {rejected.reason}"
                for rejected in self._rejected
                if rejected.id == name
            ]
            known = ", ".join(sorted(self._models)) or "none"
            raise ModelNotFound(
                "; ".join([f"There is no model {name!r}", *reasons[:1], f"there are: {known}."])
            )
        return model

    def get(self, name: str | None, *, capability: str) -> Model:
        """The named model; without a name the default or, by name, the first that can do this.

        Raises:
            NameInvalid, ModelNotFound, NotReady.
            CapabilityMissing: the named model cannot do this, or none can.
        """
        if name is not None:
            model = self.find(name)
            model.require(capability)
            return model
        self._wait_for_first_scan()
        able = [model for model in self.models() if capability in model.inference.capabilities]
        if not able:
            raise CapabilityMissing(
                f"No model here can {capability}; there are: {', '.join(sorted(self._models)) or 'none'}."
            )
        return next((model for model in able if model.id == self._default), able[0])

    def _wait_for_first_scan(self) -> None:
        if not self._ready:
            raise NotReady("The models are being loaded; try again shortly.")

    async def _watch(self) -> None:
        while True:
            try:
                await self.refresh()
            except Exception:  # one look that failed must not be the last one
                logger.exception("the store of checkpoints could not be looked at")
            await asyncio.sleep(self._poll_seconds)

    # In a worker thread from here on, one scan at a time.

    def _scan(self) -> None:
        found = find_candidates(self._store)
        there = {candidate for versions in found.values() for candidate in versions}
        self._failures = {
            candidate: failure for candidate, failure in self._failures.items() if candidate in there
        }
        rejected: list[RejectedVersion] = []
        for name in sorted(found | self._models):
            rejected += self._serve_newest(name, found.get(name, []))
        self._rejected = rejected
        self._ready = True

    def _serve_newest(self, name: str, versions: list[Candidate]) -> list[RejectedVersion]:
        """Serves the first of `versions` that loads, and returns those before it."""
        serving = self._served_from.get(name)
        rejected: list[RejectedVersion] = []
        for candidate in versions:
            if candidate == serving or self._try_to_serve(candidate):
                return rejected
            rejected.append(
                RejectedVersion(id=name, version=candidate.version, reason=self._failures[candidate].reason)
            )
            if serving is not None and candidate.folder == serving.folder:
                return rejected  # overwritten by something broken: what was loaded from it before is better than anything older
        self._models = {other: model for other, model in self._models.items() if other != name}
        if self._served_from.pop(name, None) is not None:
            logger.info("the model %s was removed", name)
        return rejected

    def _try_to_serve(self, candidate: Candidate) -> bool:
        """Loads a candidate in the place of what has its name; False where that fails, or did and nothing changed since."""
        known = self._failures.get(candidate)
        if known is not None and monotonic() < known.retry_at:
            return False
        try:
            if not NAME.fullmatch(candidate.name):
                raise CheckpointError(
                    "the folder's name cannot be a model's: lower-case letters, digits, '.', '_' and '-', at most 64"
                )
            model = load(candidate, self._device)
        except Exception as error:
            reason = str(error).replace(f"{candidate.folder}/", "") or type(error).__name__
            retry_at = float("inf") if isinstance(error, CheckpointError) else monotonic() + RETRY_SECONDS
            self._failures[candidate] = _Failure(reason, retry_at)
            if known is None:
                logger.warning(
                    "the checkpoint %s of %s is not served: %s", candidate.version, candidate.name, reason
                )
            return False
        self._models = {**self._models, candidate.name: model}
        self._served_from[candidate.name] = candidate
        logger.info("the model %s is now served in version %s", model.id, model.version)
        return True
