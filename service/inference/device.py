"""Where the models run: the device that a deployment asks for, or the best that is there."""

import torch


class DeviceUnavailable(Exception):
    """The device asked for is not there; a sentence that says what is."""


def choose(name: str) -> torch.device:
    """`auto` is the first CUDA device where there is one, else the CPU; otherwise `cpu`, `cuda` or `cuda:N`.

    Raises:
        DeviceUnavailable: no such device here.
    """
    there = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if name == "auto":
        return torch.device("cuda", 0) if there else torch.device("cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        device = None
    if device is not None and device.type == "cpu":
        return torch.device("cpu")
    if device is not None and device.type == "cuda" and (device.index or 0) < there:
        return torch.device("cuda", device.index or 0)
    known = ["cpu", *(f"cuda:{index}" for index in range(there))]
    raise DeviceUnavailable(f"there is no device {name!r} here; there are: {', '.join(known)} (or auto)")


def forward_threads(asked: int | None) -> int:
    """CPU threads of a forward pass: as asked, or as many as torch would take. Call once, before any work.

    From here on every thread of this process computes alone, unless it calls torch.set_num_threads itself. GNU OpenMP
    gives each thread that computes in parallel helpers of its own, and has all of them sleep between two pieces of work
    once there are more than cores: a forward pass takes twice as long when another thread has helpers, even idle ones.
    """
    threads = asked or torch.get_num_threads()
    torch.set_num_threads(1)
    return threads
