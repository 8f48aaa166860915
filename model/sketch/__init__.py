"""Sketch search: a backbone turns pixels into features, and IIAE encodes the features to zs."""
