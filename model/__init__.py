"""IIAE: the science. PyTorch only; nothing here knows of the web, Redis or FAISS."""
