"""Checkers that `make test` runs. They are not part of the package."""
