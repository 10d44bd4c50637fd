"""The command, called in this process."""

import pytest

from grok_theory import cli


@pytest.fixture
def run(capsys):
    """Call the command in this process: (exit code, stdout, stderr)."""

    def call(*words):
        with pytest.raises(SystemExit) as left:
            cli.main(list(words))
        said = capsys.readouterr()
        return left.value.code or 0, said.out, said.err

    return call
