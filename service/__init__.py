"""IIAE as a service: HTTP, batching, search and caching around trained checkpoints."""

import model as model  # sets how OpenMP waits, before anything here loads torch or FAISS: see `model.openmp`
