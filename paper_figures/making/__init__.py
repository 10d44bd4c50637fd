"""How figures are made: chosen, built, kept, listed, and shown on one page.

* `figure_map` says which file shows which numbered figure of a paper, `choice` and `listing` are `--paper`, `--figure`
  and `--list`;
* `parameters`, `sources`, `cache`, `build`, `worker`, `record`, `output` build one figure, `gallery` and `progress`
  several, `command` is the command line, `cpu_seconds` keeps what they took;
* `page`, `mathematics`, `theory_lines` write the page, `browser` looks at it.
"""
