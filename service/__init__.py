"""IIAE as a service: HTTP, batching, search and caching around trained checkpoints."""

from service.own_package import import_own

import_own("model")  # sets how OpenMP waits, before anything here loads torch or FAISS: see `model.openmp`
