"""The registry of loaded models. It watches the store and swaps in new versions while requests run."""

import asyncio
import logging
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import torch
from anyio import CapacityLimiter, to_thread

from model.checkpoint import NAME, NAME_RULE, CheckpointError
from service.errors import CapabilityMissing, ModelNotFound, NameInvalid, NotReady
from service.file_names import printable
from service.registry.loading import load
from service.registry.model import Model, RejectedVersion
from service.registry.store import Candidate, find_candidates

__all__ = ["Model", "Registry", "RejectedVersion"]

logger = logging.getLogger(__name__)

RETRY_SECONDS = 30.0
"""Seconds until a failed load is retried if the checkpoint is not broken, as after a MemoryError."""


@dataclass(frozen=True)
class _Failure:
    reason: str
    retry_at: float  # infinity if a retry needs changed files


class Registry:
    """Serves the newest version of each model that can be loaded. The store has priority over the package.

    A new version is loaded and run once before it replaces the old one, in one assignment. The old version
    stays in memory while a request uses it. A version that does not load is rejected until its files change.

    Args:
        store: folder of `<name>/<version>/`. It need not exist.
        device: where models are loaded.
        poll_seconds: interval between two scans of the store.
        default: model for requests that name none, if it has the requested capability.
    """

    def __init__(
        self, *, store: Path, device: torch.device, poll_seconds: float, default: str | None = None
    ) -> None:
        self._store = store
        self._device = device
        self._poll_seconds = poll_seconds
        self._default = default
        # One scan at a time writes these, in a worker thread; any thread reads them. They are replaced, not
        # changed.
        self._models: dict[str, Model] = {}
        self._rejected: list[RejectedVersion] = []
        self._ready = False
        # Only scans use these.
        self._served_from: dict[str, Candidate] = {}
        self._failures: dict[Candidate, _Failure] = {}
        self._one_scan = CapacityLimiter(1)
        self._watcher: asyncio.Task[None] | None = None

    @property
    def ready(self) -> bool:
        """Whether the first scan of the store is complete."""
        return self._ready

    async def start(self) -> None:
        """Start to watch the store. The registry is `ready` after the first scan; `refresh` waits for it."""
        self._watcher = asyncio.create_task(self._watch(), name="checkpoints")

    async def stop(self) -> None:
        if self._watcher is not None:
            self._watcher.cancel()
            await asyncio.gather(self._watcher, return_exceptions=True)
            self._watcher = None

    async def refresh(self) -> None:
        """Scan the store now, and load or reject all new versions."""
        await to_thread.run_sync(self._scan, limiter=self._one_scan)

    def models(self) -> list[Model]:
        """Return the served models, sorted by name."""
        return [model for _, model in sorted(self._models.items())]

    def rejected(self) -> list[RejectedVersion]:
        """Return the versions that did not load and would be preferred to the served ones."""
        return self._rejected

    def find(self, name: str) -> Model:
        """Return a model by its name.

        Raises:
            NameInvalid, ModelNotFound, NotReady.
        """
        if not NAME.fullmatch(name):
            raise NameInvalid(f"{name[:80]!r} is not a valid model name; {NAME_RULE}")
        self._check_ready()
        model = self._models.get(name)
        if model is None:
            reasons = [
                f"; its version {rejected.version} is rejected: {rejected.reason}"
                for rejected in self._rejected
                if rejected.id == name
            ]
            raise ModelNotFound(f"there is no model {name!r}{''.join(reasons[:1])}; {self._available()}")
        return model

    def get(self, name: str | None, *, capability: str) -> Model:
        """Return the named model. Without a name, return the default or the first model with the capability.

        Raises:
            NameInvalid, ModelNotFound, NotReady.
            CapabilityMissing: the named model does not have the capability, or no model has.
        """
        if name is not None:
            model = self.find(name)
            model.require(capability)
            return model
        self._check_ready()
        capable = [model for model in self.models() if capability in model.inference.capabilities]
        if not capable:
            raise CapabilityMissing(f"no model has the capability {capability!r}; {self._available()}")
        return next((model for model in capable if model.id == self._default), capable[0])

    def _available(self) -> str:
        return f"available models: {', '.join(sorted(self._models)) or 'none'}"

    def _check_ready(self) -> None:
        if not self._ready:
            raise NotReady("the models are being loaded; try again in a few seconds")

    async def _watch(self) -> None:
        while True:
            try:
                await self.refresh()
            except Exception:  # the watcher must survive, to scan again
                logger.exception("the store of checkpoints could not be scanned")
            await asyncio.sleep(self._poll_seconds)

    # The methods below run in a worker thread, one scan at a time.

    def _scan(self) -> None:
        candidates = find_candidates(self._store)
        existing = {candidate for versions in candidates.values() for candidate in versions}
        self._failures = {
            candidate: failure for candidate, failure in self._failures.items() if candidate in existing
        }
        rejected: list[RejectedVersion] = []
        for name in sorted(candidates | self._models):
            rejected += self._serve_newest(name, candidates.get(name, []))
        self._rejected = rejected
        self._ready = True

    def _serve_newest(self, name: str, versions: list[Candidate]) -> list[RejectedVersion]:
        """Serve the first version that loads, and return the rejected ones before it."""
        current = self._served_from.get(name)
        rejected: list[RejectedVersion] = []
        for candidate in versions:
            if candidate == current or self._try_to_serve(candidate):
                return rejected
            rejected.append(
                RejectedVersion(
                    id=printable(name),
                    version=printable(candidate.version),
                    reason=printable(self._failures[candidate].reason),
                )
            )
            if current is not None and candidate.folder == current.folder:
                # A broken version has overwritten the served one. The one in memory is still the newest.
                return rejected
        self._models = {other: model for other, model in self._models.items() if other != name}
        if self._served_from.pop(name, None) is not None:
            logger.info("the model %s was removed from the store; it is no longer served", name)
        return rejected

    def _try_to_serve(self, candidate: Candidate) -> bool:
        """Load a version and replace the served one. Returns False if it fails, now or in an earlier scan."""
        previous = self._failures.get(candidate)
        if previous is not None and monotonic() < previous.retry_at:
            return False
        try:
            if not NAME.fullmatch(candidate.name):
                raise CheckpointError(f"the folder's name is not a valid model name; {NAME_RULE}")
            if not candidate.version.isprintable():
                raise CheckpointError("the folder's name has bytes that are not text; rename it")
            model = load(candidate, self._device)
        except Exception as error:
            reason = str(error).replace(f"{candidate.folder}/", "") or type(error).__name__
            retry_at = float("inf") if isinstance(error, CheckpointError) else monotonic() + RETRY_SECONDS
            self._failures[candidate] = _Failure(reason, retry_at)
            if previous is None:
                logger.warning(
                    "version %s of the model %s is rejected: %s",
                    printable(candidate.version),
                    printable(candidate.name),
                    printable(reason),
                )
            return False
        self._models = {**self._models, candidate.name: model}
        self._served_from[candidate.name] = candidate
        logger.info("the model %s is now served in version %s", model.id, model.version)
        return True
