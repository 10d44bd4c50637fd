"""`python -m paper_figures`: the command of `making.command`, with Ctrl-C in its hands from the beginning."""

from grok_theory import interruption

if __name__ == "__main__":
    interruption.take_over()  # before the imports below, which take long enough to be interrupted

from grok_theory.cli.answers import answer
from grok_theory.cli.process import alone
from paper_figures.making.command import app

if __name__ == "__main__":
    alone(lambda words: answer(app, words, "python -m paper_figures"))
