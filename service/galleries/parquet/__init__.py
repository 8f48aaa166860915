"""One gallery as one Parquet file: embeddings, thumbnails, labels and, on request, the photos themselves."""
