"""The public doors that `benchmarks.robustness` knocks at, one file a room."""
