"""One module for each group of operations. A route parses a request, calls a use case and returns."""
