"""A stand-in for the data set Cars: drawn cars in its published form, for when the real one cannot be had."""
