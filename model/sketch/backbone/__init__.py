"""The network that turns pixels into features."""
