"""Readers: one file for each published form of paired data, one interface (`model.data.pairs.Pairs`)."""
