"""The registry, with real checkpoints that are published, broken, repaired and removed."""

import asyncio
import gc
import json
import os
import shutil
import weakref
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from published_models import CPU, IMAGES, SKETCHES, add

from model.iiae import IIAE
from model.sealed_json import seal
from service.defaults import Defaults
from service.errors import CapabilityMissing, DefaultFixed, ModelNotFound, NameInvalid, NotReady
from service.registry import registry as registry_module
from service.registry import store as store_module
from service.registry.loading import load
from service.registry.registry import Model, Registry


def scan(registry: Registry) -> Registry:
    asyncio.run(registry.refresh())
    return registry


@pytest.fixture
def registry(store: Path) -> Registry:
    return Registry(store=store, device=CPU, poll_seconds=0.01)


@pytest.fixture
def attempts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The versions that the registry tried to load, in order."""
    attempted: list[str] = []

    def counted(candidate: store_module.Candidate, device: torch.device) -> Model:
        attempted.append(candidate.version)
        return load(candidate, device)

    monkeypatch.setattr(registry_module, "load", counted)
    return attempted


def served_versions(registry: Registry) -> dict[str, str]:
    return {model.id: model.version for model in registry.models()}


def reasons(registry: Registry) -> dict[str, str]:
    return {rejected.version: rejected.reason for rejected in registry.rejected()}


def test_not_ready_before_the_first_scan(registry: Registry) -> None:
    assert not registry.ready
    with pytest.raises(NotReady):
        registry.get(None, capability="translate")
    with pytest.raises(NotReady):
        registry.find("digits")
    scan(registry)
    assert registry.ready
    with pytest.raises(ModelNotFound):
        registry.find("digits")


def test_loads_and_serves_only_the_newest_version(
    registry: Registry, store: Path, attempts: list[str]
) -> None:
    versions = [add(store).name for _ in range(3)]
    scan(registry)
    assert served_versions(registry) == {"digits": versions[2]}
    assert attempts == [versions[2]]
    scan(registry)
    assert attempts == [versions[2]]  # no file changed, so nothing is loaded again
    model = registry.find("digits")
    manifest = json.loads((store / "digits" / versions[2] / "manifest.json").read_text())
    assert (model.digest, model.domains) == (manifest["weights_sha256"], ("cd", "cb"))


def test_new_version_replaces_the_old_one_which_stays_usable(registry: Registry, store: Path) -> None:
    add(store)
    old = scan(registry).find("digits")
    pixels = torch.zeros(1, 3, 32, 32)
    before = old.inference.shared("x", pixels)
    newer = add(store)
    new = scan(registry).find("digits")
    assert new.version == newer.name
    assert new.digest != old.digest
    assert torch.equal(old.inference.shared("x", pixels), before)
    networks = weakref.ref(old.inference.iiae)
    del old
    gc.collect()
    assert networks() is None  # the old version's memory is free


def text_instead_of_a_manifest(folder: Path) -> None:
    (folder / "manifest.json").write_text("{not json")


def no_weights(folder: Path) -> None:
    (folder / "weights.safetensors").unlink()


def half_the_weights(folder: Path) -> None:
    weights = folder / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[: weights.stat().st_size // 2])


def other_format(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(seal(manifest | {"format": 999})))


def wrong_digest(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(seal(manifest | {"weights_sha256": "0" * 64})))


def other_width(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(
        json.dumps(seal(manifest | {"preset": manifest["preset"] | {"width": 0.25}}))
    )


@pytest.mark.parametrize(
    "damage",
    [text_instead_of_a_manifest, no_weights, half_the_weights, other_format, wrong_digest, other_width],
)
def test_broken_newer_version_is_rejected_with_the_reason(
    registry: Registry, store: Path, attempts: list[str], damage: Callable[[Path], None]
) -> None:
    older, broken = add(store), add(store)
    intact = store.parent / "intact"
    shutil.copytree(broken, intact)
    damage(broken)
    scan(registry)
    assert served_versions(registry) == {"digits": older.name}
    assert list(reasons(registry)) == [broken.name]
    assert len(reasons(registry)[broken.name]) > 20
    assert str(store) not in reasons(registry)[broken.name]  # hides the server's paths from clients
    scan(registry)
    assert attempts == [broken.name, older.name]  # not loaded again without a change
    shutil.copytree(intact, broken, dirs_exist_ok=True)
    scan(registry)
    assert served_versions(registry) == {"digits": broken.name}
    assert not registry.rejected()


def test_model_with_nan_outputs_is_rejected(registry: Registry, store: Path) -> None:
    def damage(iiae: IIAE) -> None:
        next(iiae.p["y"].parameters()).data.fill_(float("nan"))

    folder = add(store, damage=damage)
    assert "not numbers" in reasons(scan(registry))[folder.name]
    with pytest.raises(ModelNotFound, match="not numbers"):
        registry.find("digits")


def test_overwritten_version_is_reloaded_or_stays_in_memory_if_broken(
    registry: Registry, store: Path
) -> None:
    add(store)
    newest, other = add(store), add(store, name="other")
    before = scan(registry).find("digits")
    shutil.copytree(other, newest, dirs_exist_ok=True)
    after = scan(registry).find("digits")
    assert (after.version, after.digest) == (newest.name, registry.find("other").digest)
    assert after.digest != before.digest
    wrong_digest(newest)
    assert scan(registry).find("digits") is after  # not replaced by the older version
    assert list(reasons(registry)) == [newest.name]


def test_removed_version_is_replaced_by_the_older_one(registry: Registry, store: Path) -> None:
    older, newer = add(store), add(store)
    scan(registry)
    shutil.rmtree(newer)
    assert served_versions(scan(registry)) == {"digits": older.name}
    shutil.rmtree(older)
    assert served_versions(scan(registry)) == {}


def test_folder_with_an_invalid_name_is_rejected(registry: Registry, store: Path) -> None:
    folder = add(store)
    shutil.move(folder.parent, store / "My Model")
    scan(registry)
    assert served_versions(registry) == {}
    assert "name" in reasons(registry)[folder.name]


def fifo_as_manifest(folder: Path) -> None:
    (folder / "manifest.json").unlink()
    os.mkfifo(folder / "manifest.json")


def fifo_as_weights(folder: Path) -> None:
    (folder / "weights.safetensors").unlink()
    os.mkfifo(folder / "weights.safetensors")


def device_as_weights(folder: Path) -> None:
    (folder / "weights.safetensors").unlink()
    (folder / "weights.safetensors").symlink_to("/dev/zero")


@pytest.mark.timeout(30)  # opening a FIFO waits forever
@pytest.mark.parametrize("damage", [fifo_as_manifest, fifo_as_weights, device_as_weights])
def test_a_file_that_is_not_regular_does_not_stop_other_models(
    registry: Registry, store: Path, damage: Callable[[Path], None]
) -> None:
    blocked = add(store, "a-digits")
    damage(blocked)
    other = add(store, "b-digits")
    assert served_versions(scan(registry)) == {"b-digits": other.name}
    assert "not a regular file" in reasons(registry)[blocked.name]
    newer = add(store, "b-digits")
    assert served_versions(scan(registry)) == {"b-digits": newer.name}


@pytest.mark.parametrize("kind", ["model", "version"])
def test_folders_with_names_that_are_not_utf8_are_rejected(
    registry: Registry, store: Path, kind: str
) -> None:
    folder = add(store)
    moved = folder if kind == "version" else folder.parent
    os.rename(os.fsencode(moved), os.path.join(os.fsencode(moved.parent), b"caf\xe9"))
    assert served_versions(scan(registry)) == {}
    [rejected] = registry.rejected()
    assert "caf\\xe9" in (rejected.version if kind == "version" else rejected.id)
    assert "name" in rejected.reason
    repr(registry.rejected()).encode()  # it can be sent


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "Digits", "a" * 65, "a/b", "digits\n"])
def test_invalid_names_are_refused(registry: Registry, name: str) -> None:
    scan(registry)
    with pytest.raises(NameInvalid):
        registry.get(name, capability="translate")


def test_get_chooses_by_capability_and_default(store: Path) -> None:
    for name, preset in [("b-digits", IMAGES), ("c-digits", IMAGES), ("a-sketches", SKETCHES)]:
        add(store, name, preset)
    registry = scan(Registry(store=store, device=CPU, poll_seconds=1))
    assert registry.get(None, capability="translate").id == "b-digits"
    assert registry.get(None, capability="embed").id == "a-sketches"
    assert registry.get("c-digits", capability="translate").id == "c-digits"
    with pytest.raises(CapabilityMissing, match="retrieve, sbir"):
        registry.get("a-sketches", capability="translate")
    with pytest.raises(CapabilityMissing):
        registry.get(None, capability="fly")
    with pytest.raises(ModelNotFound, match="a-sketches, b-digits, c-digits"):
        registry.get("d", capability="translate")
    chosen = scan(Registry(store=store, device=CPU, poll_seconds=1, default="c-digits"))
    assert chosen.get(None, capability="translate").id == "c-digits"
    assert chosen.get(None, capability="embed").id == "c-digits"


def test_a_new_model_is_no_default_until_it_is_chosen(store: Path, tmp_path: Path) -> None:
    def registry() -> Registry:
        return Registry(store=store, device=CPU, poll_seconds=1, defaults=Defaults(tmp_path))

    def default(registry: Registry) -> str:
        return registry.get(None, capability="translate").id

    add(store, "m-digits", IMAGES)
    running = scan(registry())
    add(store, "c-cars5", IMAGES)
    assert [default(scan(each)) for each in (running, registry())] == ["m-digits", "m-digits"]
    assert running.default_for("m-digits") == ["analogy", "embed", "translate"]
    other = scan(registry())
    running.make_default("c-cars5")
    assert [default(scan(each)) for each in (running, other, registry())] == ["c-cars5"] * 3
    shutil.rmtree(store / "c-cars5")
    with pytest.raises(ModelNotFound, match="default model for 'translate' is 'c-cars5'"):
        default(scan(running))
    assert running.get("m-digits", capability="translate").id == "m-digits"


def test_a_setting_decides_before_a_chosen_model(store: Path) -> None:
    for name in ("b-digits", "c-digits"):
        add(store, name, IMAGES)
    registry = scan(Registry(store=store, device=CPU, poll_seconds=1, default="c-digits"))
    assert (registry.default_for("b-digits"), len(registry.default_for("c-digits"))) == ([], 3)
    with pytest.raises(DefaultFixed, match="IIAE_DEFAULT_MODEL=c-digits"):
        registry.make_default("b-digits")


def test_load_is_retried_after_a_memory_error(
    registry: Registry, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = add(store)

    def fail(candidate: store_module.Candidate, device: torch.device) -> Model:
        raise MemoryError

    monkeypatch.setattr(registry_module, "load", fail)
    scan(registry)
    assert reasons(registry) == {folder.name: "MemoryError"}
    monkeypatch.setattr(registry_module, "load", load)
    assert served_versions(scan(registry)) == {}  # not yet
    monkeypatch.setattr(registry_module, "RETRY_SECONDS", 0.0)
    monkeypatch.setattr(registry_module, "load", fail)
    registry._failures.clear()
    scan(registry)
    monkeypatch.setattr(registry_module, "load", load)
    assert served_versions(scan(registry)) == {"digits": folder.name}


def test_no_request_fails_while_versions_appear_break_and_disappear(registry: Registry, store: Path) -> None:
    async def check() -> None:
        versions = {add(store).name}
        await registry.start()
        while not registry.ready:
            await asyncio.sleep(0.01)
        answered_by, done = set[str](), asyncio.Event()
        pixels = torch.zeros(1, 3, 32, 32)

        async def ask() -> None:
            while not done.is_set():
                model = registry.get("digits", capability="translate")
                answered_by.add(model.version)
                assert (await asyncio.to_thread(model.inference.shared, "x", pixels)).isfinite().all()

        requests = [asyncio.create_task(ask()) for _ in range(2)]
        for number in range(4):
            if number == 1:
                broken = await asyncio.to_thread(add, store.parent / "aside")
                wrong_digest(broken)
                broken.rename(store / "digits" / broken.name)
                continue
            folder = await asyncio.to_thread(add, store)
            versions.add(folder.name)
            async with asyncio.timeout(20):
                while folder.name not in answered_by:
                    await asyncio.sleep(0.005)
        shutil.rmtree(folder)
        async with asyncio.timeout(20):
            while registry.find("digits").version == folder.name:
                await asyncio.sleep(0.005)
        done.set()
        await asyncio.gather(*requests)
        await registry.stop()
        assert answered_by <= versions

    asyncio.run(check())


def test_watcher_survives_a_failed_scan(
    registry: Registry, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = add(store)

    async def check() -> None:
        def fail(store: Path) -> dict[str, list[store_module.Candidate]]:
            raise OSError("the volume is away")

        with monkeypatch.context() as patched:
            patched.setattr(registry_module, "find_candidates", fail)
            await registry.start()
            await asyncio.sleep(0.05)
            assert not registry.ready
        async with asyncio.timeout(10):
            while served_versions(registry) != {"digits": folder.name}:
                await asyncio.sleep(0.01)
        await registry.stop()

    asyncio.run(check())


def test_store_has_priority_over_the_package(
    registry: Registry, store: Path, shipped: Path, tmp_path: Path
) -> None:
    shipped.mkdir()
    original = add(tmp_path / "elsewhere")
    shutil.copytree(original, shipped / "digits")
    assert served_versions(scan(registry)) == {"digits": original.name}
    own = add(store)
    assert served_versions(scan(registry)) == {"digits": own.name}
    shutil.rmtree(own)
    assert served_versions(scan(registry)) == {"digits": original.name}
