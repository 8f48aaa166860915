"""Made data sets that stand in for published ones that cannot be downloaded."""
