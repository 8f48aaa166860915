"""The registry of models: finds checkpoints, loads them, and swaps in new versions."""
