"""The embedding cache, in memory and in Redis."""
