"""The curves of every Problem, in their order: theory and runs give the same."""

__all__ = ["CORRELATED_CURVES", "CURVES", "DEEP_CURVES", "NETWORK_CURVES", "ONE_PASS_CURVES"]

CURVES = ("train_loss", "test_loss", "weight_norm", "test_bias", "test_variance", "train_bias")
DEEP_CURVES = ("train_loss", "test_loss", "weight_norm", "upper_norm")
CORRELATED_CURVES = ("train_loss", "test_loss", "weight_norm")
NETWORK_CURVES = ("scale", "train_loss", "l1_norm", "weight_error", "test_loss")
ONE_PASS_CURVES = ("train_loss", "test_loss", "distance", "weight_norm")
