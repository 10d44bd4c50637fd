"""One file a figure: its parameters, data, drawing and claims. `python -m paper_figures` builds them all."""
