"""The same Problem, run for real."""
