"""Which gallery answers searches that name none."""

from collections.abc import Iterable, Sequence

from service.defaults import Defaults
from service.errors import DefaultFixed
from service.galleries.threads.pools import GalleryPools

SEARCHES = frozenset({"retrieve", "sbir"})
"""Capabilities of models that search galleries. Each has a default gallery."""


class DefaultGalleries:
    """The default galleries. The disk is read in the pools' threads.

    Args:
        configured: the gallery that a setting names. It is the default for all searches.
    """

    def __init__(self, defaults: Defaults, *, pools: GalleryPools, configured: str | None = None) -> None:
        self._defaults, self._pools, self._configured = defaults, pools, configured

    async def get(self, capability: str) -> str | None:
        """Return the default gallery of a search. None if there was no such search yet."""
        return (await self.names()).get(capability)

    async def names(self) -> dict[str, str]:
        """Return the default galleries by capability."""
        if self._configured is not None:
            return dict.fromkeys(SEARCHES, self._configured)
        return await self._pools.opening.run("", self._defaults.names, "galleries")

    async def settle(self, capability: str, name: str) -> str:
        """Make a gallery the default of a search that has none. Return the default."""
        names = await self._pools.opening.run("", self._defaults.settle, "galleries", {capability: name})
        return names[capability]

    async def choose(self, name: str, capabilities: Iterable[str]) -> None:
        """Make a gallery the default of the searches that its model can answer.

        Raises:
            DefaultFixed: a setting names the default.
            StorageFull, StorageUnavailable.
        """
        if self._configured is not None:
            raise DefaultFixed(
                f"the setting IIAE_DEFAULT_GALLERY={self._configured} decides; change it and restart the"
                " service"
            )
        searches = [capability for capability in capabilities if capability in SEARCHES]
        await self._pools.opening.run("", self._defaults.choose, "galleries", name, searches)

    async def forget(self, name: str) -> None:
        """Leave no default with the name of a deleted gallery."""
        await self._pools.opening.run("", self._defaults.forget, "galleries", name)


def default_for(name: str, defaults: dict[str, str]) -> Sequence[str]:
    """Return the searches whose default is this gallery."""
    return [capability for capability in sorted(SEARCHES) if defaults.get(capability) == name]
