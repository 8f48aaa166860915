"""IIAE: the science. PyTorch only; nothing here depends on the web service, Redis or FAISS."""
