"""How OpenMP's threads wait for each other: asleep. It must be set before torch or FAISS is loaded.

By default a GNU OpenMP thread that waits at a barrier first spins for 3 ms. If another process takes one of
the cores, the threads spin until the scheduler runs the last of them, at each of a network's layers. A search
then takes many times as long (`python -m benchmarks.busy_neighbour`).

An OpenMP library reads the environment when it is loaded, and has no function to change this later. torch and
faiss bring one library each. So `model/__init__.py` calls `wait_asleep`: Python runs that file before any
other module of the package, and so before any line that imports torch. `service` and `benchmarks` import
`model` first for the same reason. No other module has an effect at import.
"""

from collections.abc import MutableMapping

POLICY = "OMP_WAIT_POLICY"
"""OpenMP's own variable. With PASSIVE, GNU's library spins 0 times; LLVM's and Intel's sleep after 0 ms."""


def wait_asleep(environment: MutableMapping[str, str]) -> None:
    """Set the wait policy to PASSIVE, unless the operator has set one.

    An operator's GOMP_SPINCOUNT or KMP_BLOCKTIME has an effect too: the libraries prefer them to the policy.
    """
    environment.setdefault(POLICY, "PASSIVE")
