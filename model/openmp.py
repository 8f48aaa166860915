"""How OpenMP's threads wait for each other: they soon sleep. It must be set before torch or FAISS is loaded.

By default a GNU OpenMP thread that waits at a barrier first spins for 3 ms. If another process takes one of
the cores, the threads spin until the scheduler runs the last of them, at each of a network's layers. A search
then takes many times as long. But a thread that sleeps at once wakes up late at the next layer, which costs a
quarter of a search on an idle machine. So threads spin for a few microseconds, then sleep
(`python -m benchmarks.busy_neighbour` measures all three).

An OpenMP library reads the environment when it is loaded, and has no function to change this later. torch and
faiss bring one library each. So `model/__init__.py` calls `wait_asleep`: Python runs that file before any
other module of the package, and so before any line that imports torch. `service` and `benchmarks` import
`model` first for the same reason. No other module has an effect at import.
"""

from collections.abc import MutableMapping

POLICY = "OMP_WAIT_POLICY"
"""OpenMP's own variable. With PASSIVE, LLVM's and Intel's libraries sleep at once."""
SPINS = "GOMP_SPINCOUNT"
"""The variable of GNU's library: how often a thread looks before it sleeps. 300,000 by default, for 3 ms."""
SHORT_SPIN = "1000"


def wait_asleep(environment: MutableMapping[str, str]) -> None:
    """Set the wait policy to PASSIVE after a short spin, unless the operator has set something else.

    An operator's GOMP_SPINCOUNT or KMP_BLOCKTIME has an effect too: the libraries prefer them to the policy.
    """
    environment.setdefault(POLICY, "PASSIVE")
    if environment[POLICY].upper() == "PASSIVE":
        environment.setdefault(SPINS, SHORT_SPIN)
