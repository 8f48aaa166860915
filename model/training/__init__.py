"""Train IIAE: the loop, its batches, recipes, averages and logs."""
