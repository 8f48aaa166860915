"""Photos: stored, indexed, searched."""
