"""Re-embed a gallery with another checkpoint while it is searched."""
