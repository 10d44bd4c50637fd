"""The curves of every Problem and the names of their x: theory and runs give the same."""

__all__ = ["LOSSES", "SEQUENCES"]

LOSSES = ("icl_loss", "idg_loss")
SEQUENCES = "sequences_per_dim2"  # n/d^2
