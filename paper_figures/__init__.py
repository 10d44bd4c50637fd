"""One file a figure: its parameters, data, drawing and claims. `python -m paper_figures` builds them all.

A file that assigns `PAPER` is a figure; its name begins with its wing. Of the others

* `papers` lists the numbered figures of the papers, `figure_map` says which file shows which of them, `choice` and
  `listing` are `--paper`, `--figure` and `--list`;
* `figure`, `parameters`, `sources`, `cache`, `build`, `worker`, `record`, `output` build one figure, `gallery` and
  `progress` several, `command` is the command line, `cpu_seconds` keeps what they took;
* `page`, `mathematics`, `theory_lines` write the page, `browser` looks at it;
* `verdicts`, `committees`, `networks`, `modular_networks`, `table_networks` and `li2_groups` are what several figures
  share.
"""
