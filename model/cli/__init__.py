"""The commands that train, measure and draw models; `iiae` offers them beside the service's commands."""
