"""The registry of loaded models. It watches the store and swaps in new versions while requests run."""

import asyncio
import logging
from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import torch
from anyio import CapacityLimiter, to_thread

from model.checkpoint import NAME, NAME_RULE, CheckpointError
from service.defaults import Defaults
from service.errors import CapabilityMissing, DefaultFixed, ModelNotFound, NameInvalid, NotReady
from service.file_names import printable
from service.registry.loading import load
from service.registry.model import Model, RejectedVersion
from service.registry.store import RELEASED, Candidate, find_candidates

__all__ = ["Model", "Registry", "RejectedVersion"]

logger = logging.getLogger(__name__)

RETRY_SECONDS = 30.0
"""Seconds until a failed load is retried if the checkpoint is not broken, as after a MemoryError."""


NAMELESS = frozenset({"analogy", "embed", "translate"})
"""Capabilities whose requests need not name a model. For the others, the gallery names it."""


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
        defaults: the models for other requests that name none.
    """

    def __init__(
        self,
        *,
        store: Path,
        device: torch.device,
        poll_seconds: float,
        default: str | None = None,
        defaults: Defaults | None = None,
    ) -> None:
        self._store = store
        self._device = device
        self._poll_seconds = poll_seconds
        self._default = default
        self._defaults = defaults or Defaults(None)
        # One scan at a time writes these, in a worker thread; any thread reads them. They are replaced, not
        # changed.
        self._models: dict[str, Model] = {}
        self._rejected: list[RejectedVersion] = []
        self._default_names: dict[str, str] = {}
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
        self.check_ready()
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
        """Return the named model. Without a name, return the default model for the capability.

        Raises:
            NameInvalid, ModelNotFound, NotReady.
            CapabilityMissing: the named model does not have the capability, or no model has.
        """
        if name is not None:
            model = self.find(name)
            model.require(capability)
            return model
        self.check_ready()
        default = self.default(capability)
        if default is None:
            raise CapabilityMissing(f"no model has the capability {capability!r}; {self._available()}")
        served = self._models.get(default)
        if served is None or capability not in served.inference.capabilities:
            raise ModelNotFound(
                f"the default model for {capability!r} is {default!r}, which is not served; name a model, or "
                f"choose another default with `iiae models default NAME`; {self._available()}"
            )
        return served

    def default(self, capability: str) -> str | None:
        """Return the name of the model for requests that name none. None if no model has the capability."""
        configured = self._models.get(self._default or "")
        if configured is not None and capability in configured.inference.capabilities:
            return configured.id
        return self._default_names.get(capability)

    def default_for(self, name: str) -> list[str]:
        """Return the capabilities for which a model answers requests that name none."""
        return sorted(capability for capability in NAMELESS if self.default(capability) == name)

    def make_default(self, name: str) -> Model:
        """Make a model the default for all that it can do. Blocks: it writes a file.

        Raises:
            NameInvalid, ModelNotFound, NotReady, StorageFull, StorageUnavailable.
            DefaultFixed: a setting names another default.
        """
        model = self.find(name)
        if self._default is not None:
            raise DefaultFixed(
                f"the setting IIAE_DEFAULT_MODEL={self._default} decides; change it and restart the service"
            )
        self._defaults.choose("models", name, model.inference.capabilities & NAMELESS)
        self._default_names = self._defaults.names("models")
        return model

    def _available(self) -> str:
        return f"available models: {', '.join(sorted(self._models)) or 'none'}"

    def check_ready(self) -> None:
        """Raise NotReady before the first scan of the store is complete."""
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
        packaged = {
            name
            for name, versions in candidates.items()
            if any(each.version == RELEASED for each in versions)
        }
        self._settle_defaults(packaged)
        self._ready = True

    def _settle_defaults(self, packaged: Container[str]) -> None:
        """Choose the first model of each capability that has no default: the package's first, then by name.

        A published model that is the first of its kind is the default from then on.
        """
        first: dict[str, str] = {}
        for name in sorted(self._models, key=lambda name: (name not in packaged, name)):
            for capability in self._models[name].inference.capabilities & NAMELESS:
                first.setdefault(capability, name)
        self._default_names = self._defaults.settle("models", first)

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
