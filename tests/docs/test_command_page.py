"""The page of the command names the options there are: none that is not, and every one of every command."""

import re
from pathlib import Path

import pytest

from grok_theory.cli import known_words
from grok_theory.cli.commands import COMMANDS

ROOT = Path(__file__).parents[2]
HEAD, *SECTIONS = re.split(r"^## ", (ROOT / "docs" / "command_line.md").read_text(), flags=re.M)
SECTION = {text.partition("\n")[0]: text for text in SECTIONS}
OPTION = re.compile(r"(?<![\w-])--[a-z][\w-]*")
ANYWHERE = {"--help", "--debug"}
# Said once for all, before the table of exit codes; and for those that read a log.
EVERYWHERE = {"--json", "--plot", "--no-plot", "--seed"}
READ_LOGS = ("delay", "forecast", "overlay", "fit")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINE = re.compile(r"^grok-theory [a-z].*?(?= {2,}#|$)|`(grok-theory [a-z][^`\n]*)`", re.M)


def said_of(command):
    """The options that the page names for a command: in its row of the table and in its section."""
    row = re.search(rf"^\| `grok-theory {command}\b.*$", HEAD, re.M)
    assert row, command
    more = (ROOT / "docs" / "figures.md").read_text().partition("\n## ")[0] if command == "figures" else ""
    return set(OPTION.findall(row[0] + SECTION.get(command, "") + more))


def test_what_is_said_of_all_is_said():
    assert set(OPTION.findall(HEAD)) >= ANYWHERE | EVERYWHERE


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_is_described_and_none_that_is_not_there(command):
    true = set(known_words.options(command))
    shared = set(OPTION.findall(SECTION["Logs"])) if command in READ_LOGS else set()
    said = said_of(command)
    assert said - true - ANYWHERE == set()
    assert true - said - shared - ANYWHERE - EVERYWHERE == set()


def test_a_log_is_read_with_the_same_options_everywhere():
    shared = set(OPTION.findall(SECTION["Logs"]))
    for command in READ_LOGS:
        gone = shared - set(known_words.options(command))
        assert gone <= ({"--train-rising", "--test-rising"} if command in ("overlay", "fit") else set()), command


def unknown(text):
    """What the lines `grok-theory ...` of a text name that is no command, or no option of the command."""
    found = []
    for line in LINE.finditer(text.replace("\\\n", " ")):
        _, command, *words = (line[1] or line[0]).split()
        true = {*known_words.options(command), *ANYWHERE} if command in COMMANDS else set()
        found += [name for name in OPTION.findall(" ".join(words)) if name not in true]
        found += [] if command in COMMANDS else [command]
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_lines_of_a_page_name_what_there_is(page):
    assert unknown(page.read_text()) == []


def test_a_line_that_is_wrong_is_noticed():
    text = "`grok-theory solve x.Y --tims 1`\ngrok-theory slve x.Y \\\n  --plot a.png"
    assert unknown(text) == ["--tims", "--plot", "slve"]
