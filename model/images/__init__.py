"""Read picture files. Training, indexing and the service all read them with `model.images.decode`."""
