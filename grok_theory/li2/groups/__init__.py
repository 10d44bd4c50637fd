"""Finite groups and their representations, from the multiplication table alone."""
