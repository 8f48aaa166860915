"""The device and the CPU threads that the models use."""

import torch

from model.errors import UserError


class DeviceUnavailable(UserError):
    """The requested device does not exist. The message lists the devices that do."""


def select_device(name: str) -> torch.device:
    """Return the device for a name: `auto`, `cpu`, `cuda` or `cuda:N`. `auto` prefers CUDA to the CPU.

    Raises:
        DeviceUnavailable: this machine has no such device.
    """
    cuda_devices = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if name == "auto":
        return torch.device("cuda", 0) if cuda_devices else torch.device("cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        device = None
    if device is not None and device.type == "cpu":
        return torch.device("cpu")
    if device is not None and device.type == "cuda" and (device.index or 0) < cuda_devices:
        return torch.device("cuda", device.index or 0)
    available = ["auto", "cpu", *(f"cuda:{index}" for index in range(cuda_devices))]
    raise DeviceUnavailable(f"this machine has no device {name!r}; use one of: {', '.join(available)}")


def configure_threads(requested: int | None) -> int:
    """Limit torch to one thread everywhere, and return the number of threads for the forward pass.

    Call this once, before any other work. Afterwards, a thread that calls torch computes alone unless it
    calls `torch.set_num_threads` itself, as the engine's forward thread does.

    GNU OpenMP gives each thread that computes in parallel its own helper threads. If there are more helpers
    in total than cores, each sleeps between two operations. A forward pass then takes twice as long, even if
    the other helpers are idle (`benchmarks/forward_threads.py`).

    Args:
        requested: threads of a forward pass; None means torch's default.
    """
    threads = requested or torch.get_num_threads()
    torch.set_num_threads(1)
    return threads
