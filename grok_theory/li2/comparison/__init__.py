"""Trained networks beside the theory of their own starts: their features, and what each ingredient does."""

from ...rooms import show_public_names
from .found_features import TrainedFeatures, trained_features
from .role_table import Role, Roles, roles

__all__ = ["Role", "Roles", "TrainedFeatures", "roles", "trained_features"]

show_public_names(globals())
