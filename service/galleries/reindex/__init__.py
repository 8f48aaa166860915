"""Re-embedding a gallery with another checkpoint."""
