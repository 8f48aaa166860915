"""HTTP: the app, what a request goes through, and one route file for each group of calls."""
