"""The demo: the pictures that ship in the package, and the gallery that is made of them."""
