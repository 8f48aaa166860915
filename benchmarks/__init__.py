"""Measurements of the model and of the service, one program a file: `python -m benchmarks.NAME`."""

import model as model  # sets how OpenMP waits, before a benchmark loads torch: see `model.openmp`
