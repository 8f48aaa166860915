"""Keep galleries in step with the folders that they follow (`iiae index`, `iiae sync`)."""
