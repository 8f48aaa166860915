"""The models that are served: found in the store, loaded, swapped."""
