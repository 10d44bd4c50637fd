"""The same Problems, run for real."""
