ModelMetrics = dict[str, float]
