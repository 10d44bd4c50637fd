"""One file a figure: its parameters, data, drawing and claims. `python -m paper_figures` builds them all.

A file that assigns `PAPER` is a figure; its name begins with its wing. Of the others

* `figure` is what a figure file is made of, `papers` the list of the numbered figures of the papers;
* `verdicts`, `committees`, `eigenvector_labels`, `networks`, `modular_networks`, `table_networks` and `li2_groups` are
  what several figures share;
* `making` builds them.
"""
