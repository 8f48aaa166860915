"""HTTP: one file for each group of calls; a route parses, delegates and returns."""
