"""Threads for the blocking work of galleries. A gallery that stalls keeps only its own."""
