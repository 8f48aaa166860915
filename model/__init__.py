"""IIAE: the science. PyTorch only; nothing here depends on the web service, Redis or FAISS."""

import os

from model.openmp import wait_asleep

wait_asleep(os.environ)
