"""The paths, a module for each thing."""
