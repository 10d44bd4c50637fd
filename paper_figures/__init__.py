"""One file a figure: all its parameters, its data, its drawing and its claims. `python -m paper_figures` builds them."""
