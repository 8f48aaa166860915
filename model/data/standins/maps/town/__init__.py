"""A made town as vectors: what both the satellite picture and the map of a pair show."""
