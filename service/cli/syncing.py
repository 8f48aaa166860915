"""Sync galleries with their folders, once or as long as the folders change."""

import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import Event
from types import FrameType

from rich.console import Console

from model.images.formats import is_picture
from model.inference import Inference
from service.cli.checkpoints import load_model
from service.cli.sync_output import embedding_progress, print_report
from service.errors import GalleryNotFound, ServiceError
from service.galleries.collection import Galleries
from service.galleries.gallery import Gallery
from service.galleries.sync.following import followed, sync_folder
from service.galleries.sync.records import Folder, SyncOptions, SyncRefused
from service.galleries.sync.watch import RESCAN_SECONDS, RETRY_SECONDS, changes
from service.registry.model import Model


class Syncer:
    """Syncs galleries of a home folder. A model is loaded when there is something to embed.

    Args:
        max_pixels: maximum number of pixels of a photo.
        as_json: whether to print one line of JSON for each folder.
    """

    def __init__(
        self, home: Path, device: str, options: SyncOptions, *, max_pixels: int, as_json: bool
    ) -> None:
        self.galleries = Galleries(home / "galleries")
        self._home, self._device, self._options, self._as_json = home, device, options, as_json
        self._max_pixels = max_pixels
        self._models: dict[str, Model] = {}
        self._refusals: dict[tuple[str, Path], str] = {}  # why the last sync of a folder was refused

    def use(self, model: Model) -> None:
        """Use a model that is loaded already."""
        self._models[model.digest] = model

    def sync(self, gallery: Gallery, folder: Folder, *, quiet: bool = False) -> None:
        """Sync a gallery with a folder, and print what was done.

        Args:
            quiet: print nothing if nothing was done.
        """
        with embedding_progress() as on_progress:
            report = sync_folder(
                gallery,
                folder,
                lambda: self._inference(gallery),
                is_picture=is_picture,
                max_pixels=self._max_pixels,
                options=self._options,
                on_progress=on_progress,
            )
        if report.did_something or not quiet:
            print_report(report, gallery.name, folder.path, as_json=self._as_json)

    def sync_all(self, names: list[str], only: Path | None = None, *, quiet: bool = False) -> bool:
        """Sync galleries with all their folders. Say once what is refused, and go on.

        Args:
            only: of the folders, only this one.

        Returns:
            Whether nothing was refused.
        """
        before, self._refusals = self._refusals, {}
        for name, folder in self._folders(names):
            if only is not None and folder.path != only:
                continue
            try:
                self.sync(self.galleries.open(name), folder, quiet=quiet)
            except GalleryNotFound:
                raise
            except (SyncRefused, ServiceError) as error:
                key = name, folder.path
                self._refusals[key] = str(error)
                if before.get(key) != str(error):
                    _warn(f"{name}: {error}")
        return not self._refusals

    def watch(self, names: list[str], stop: Event, only: Path | None = None) -> None:
        """Sync galleries whenever their folders change, until `stop` is set.

        `force` and `again` are for the first sync alone.
        """
        quiet = False
        while not stop.is_set():
            folders = self._paths(names, only)
            for _ in changes(folders, besides=self.galleries.root.resolve(), wait=self._wait, stop=stop):
                self.sync_all(names, only, quiet=quiet)
                self._options = replace(self._options, force=False, again=False)
                quiet = True
                if folders != self._paths(names, only):
                    break

    def _wait(self) -> float:
        return RETRY_SECONDS if self._refusals else RESCAN_SECONDS

    def _paths(self, names: list[str], only: Path | None) -> list[Path]:
        return [folder.path for _, folder in self._folders(names) if only in (None, folder.path)]

    def _folders(self, names: list[str]) -> Iterator[tuple[str, Folder]]:
        for name in names:
            for folder in followed(self.galleries.open(name)):
                yield name, folder

    def _inference(self, gallery: Gallery) -> Inference:
        """Return the model that embedded a gallery. Raises GalleryOutdated if it is another one by now."""
        if gallery.spec.digest not in self._models:
            model = load_model(self._home, gallery.spec.model, self._device)
            gallery.check_checkpoint(model)
            self.use(model)
        return self._models[gallery.spec.digest].inference


def until_interrupted(run: Callable[[Event], None]) -> None:
    """Run until Ctrl+C or SIGTERM, the usual ends of `--watch`.

    The signal raises KeyboardInterrupt. Python loses an exception raised in a callback of native code,
    so the signal also sets the event, which ends the run at its next look.
    """
    stop = Event()

    def interrupt(number: int, frame: FrameType | None) -> None:
        stop.set()
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with suppress(KeyboardInterrupt):
            run(stop)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    Console(stderr=True).print("stopped")


def _warn(message: str) -> None:
    Console(stderr=True).print(message, style="red", markup=False, highlight=False, soft_wrap=True)
