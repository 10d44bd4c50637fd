"""The built site: every page there, links and anchors lead somewhere, formulas drawn, nothing asked of a network."""

import json
import re
from pathlib import Path

import pytest

from docs import build as builder
from docs.making import docstrings, markup, mathematics, search
from docs.making.links import Links, check_anchors
from docs.making.pages import Page
from paper_figures.figure import catalogue

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("site")


@pytest.fixture(scope="module")
def site(folder):
    return {path.name: path.read_text() for path in builder.build(folder)}


@pytest.fixture(scope="module")
def links(site):
    return {name: Links(text) for name, text in site.items()}


def test_every_page_is_there_with_a_title_and_a_way_to_every_other(site, links):
    sources = [*(ROOT / "docs").rglob("*.md"), ROOT / "CHANGELOG.md", ROOT / "CONTRIBUTING.md"]
    assert {f"{page.stem}.html" for page in sources} <= set(site)
    assert {"index.html", "gallery.html", "api_linear.html", "api_grok_theory.html"} <= set(site)
    for name, text in site.items():
        assert re.search(r"<title>\S.* · grok_theory</title>", text), name
        assert not re.search(r"\[\[(TITLE|NAVIGATION|KIND|CONTENT)\]\]", text), name
        assert set(site) <= set(links[name].used), name


def test_every_link_and_anchor_leads_somewhere(site, links, folder):
    for name, page in links.items():
        for target in page.used:
            where, _, anchor = target.partition("#")
            if "://" in where or where.startswith("mailto:"):
                continue
            other = where or name
            if other in links:
                assert not anchor or anchor in links[other].anchors, (name, target)
            elif other.startswith("../"):
                assert (ROOT / other.removeprefix("../")).exists(), (name, target)
            else:
                assert (folder / other).exists(), (name, target)


def test_nothing_is_asked_of_a_network(site, links, folder):
    for name, text in site.items():
        assert not re.search(r"<(iframe|object|embed)\b|@import", text), name
        assert not [t for t in re.findall(r'(?:src|<link[^>]* href)="([^"]*)"', text) if "://" in t], name
    for name in builder.ASSETS:
        text = (folder / name).read_text()
        assert "http" not in text
        assert "fetch(" not in text


def test_the_search_finds_every_heading(site, folder):
    text = (folder / "search_index.js").read_text()
    sections = json.loads(text.removeprefix("window.SECTIONS = ").removesuffix(";\n"))
    addresses = {address for _, _, address, _ in sections}
    assert "formulas.html#linearlate_test_loss" in addresses
    assert "api_linear.html#solve" in addresses
    assert any("double descent" in words for _, _, _, words in sections)
    for address in addresses:
        assert address.partition("#")[0] in site


def test_mathematics_is_drawn_and_can_be_read_aloud(site):
    shown = re.findall(r'<svg class="math" role="img" aria-label="([^"]*)"', site["formulas.html"])
    assert len(shown) >= 60
    assert any(r"\dfrac" in label for label in shown)
    assert "$`" not in site["verify_your_formula.html"]
    assert site["verify_your_formula.html"].count('class="math"') >= 2


def test_a_formula_that_cannot_be_drawn_is_named():
    with pytest.raises(mathematics.BadMathematics, match=r"cannot draw \\frac\{1\}"):
        mathematics.drawn(r"\frac{1}")


def test_a_link_to_nowhere_is_named_with_its_page():
    page = Page("compare.html", "A", "[b](nowhere.md)", ROOT / "docs" / "compare.md")
    with pytest.raises(markup.DeadLink, match=r"docs/compare\.md links to nowhere\.md"):
        markup.rendered(page.text, builder.linker(page, [page]))


def test_a_link_to_a_heading_that_has_gone_is_named():
    pages = {"a.html": '<a href="b.html#there">', "b.html": '<h2 id="there"><a href="#gone">'}
    with pytest.raises(markup.DeadLink, match=r"b\.html links to #gone, but there is no such heading"):
        check_anchors(pages)
    check_anchors({"a.html": pages["a.html"], "b.html": '<h2 id="there">'})


def test_marks_of_commands_are_not_shown():
    assert markup.rendered("one\n\n<!-- made by a command -->\n\ntwo\n", str)[0] == "<p>one</p>\n<p>two</p>\n"


def test_headings_get_the_anchors_of_github():
    _, headings = markup.rendered("# A `b` c\n\n## What's new?\n\n## What's new?\n", str)
    assert headings == [(1, "A b c", "a-b-c"), (2, "What's new?", "whats-new"), (2, "What's new?", "whats-new-1")]


def test_the_reference_has_every_public_name(site):
    import grok_theory as gt

    for room in ("linear", "best_of_k", "kernels", "observables", "li2"):
        anchors = Links(site[f"api_{room}.html"]).anchors
        for name in getattr(gt, room).__all__:
            thing = getattr(getattr(gt, room), name)
            if callable(thing):
                assert name.lower() in anchors, (room, name)


def test_docstrings_become_markdown():
    text = docstrings.markdown_of("First.\n\n>>> f(1)\n2\n\nLast.")
    assert text == "First.\n\n```python\n>>> f(1)\n2\n```\n\nLast."


def test_sections_of_docstrings_become_lists():
    text = "First.\n\nParameters\n----------\nx, y : float\n    > 0, and\n    when.\nz\n    Any.\n\n"
    text += "Returns\n-------\nfloat\n    The sum.\n\nExamples\n--------\n>>> f(1)\n2"
    lists = "First.\n\n**Parameters**\n\n* **`x`**, **`y`** : `float`\\\n  \\> 0, and\n  when.\n* **`z`**\\\n  Any.\n\n"
    lists += "**Returns**\n\n* `float`\\\n  The sum.\n\n**Examples**\n\n"
    assert docstrings.markdown_of(text) == lists + "```python\n>>> f(1)\n2\n```"


def test_definitions_in_docstrings_become_lists():
    text = "First.\n\nLoss\n    Mean of squares,\n    without 1/2.\nTime\n    Steps.\n\nA sentence:\n\n    a = b\n"
    lists = (
        "First.\n\n* **Loss**\\\n  Mean of squares,\n  without 1/2.\n* **Time**\\\n  Steps.\n\nA sentence:\n\n    a = b"
    )
    assert docstrings.markdown_of(text) == lists


def test_a_problem_shows_its_fields_and_defaults(site):
    text = site["api_linear.html"]
    row = r"<td><code>inr</code></td>\s*<td>INR = s0\^2/se\^2</td>\s*<td>[^<]*</td>\s*<td>noise variances</td>"
    assert re.search(row, text)
    assert "remedy=" not in text
    task = site["api_li2.html"].partition('id="grouptask"')[2].partition("<h2")[0]
    assert task.index("<strong>Parameters</strong>") < task.index("<table>") < task.index("<strong>Examples</strong>")
    assert re.search(r"inr.{0,60}ArrayLike.{0,60}0\.0", text)


def test_the_gallery_shows_every_figure(site):
    for name, label in catalogue().items():
        assert name in site["gallery.html"]
        assert label.title.partition(" ")[0] in site["gallery.html"]
    assert len(catalogue()) > 30


def test_sections_are_cut_at_headings():
    rows = search.sections("a.html", "A", '<h1 id="a">A</h1><p>one</p><h2 id="b">B</h2><p>two</p>')
    assert rows == [["A", "A", "a.html#a", "one"], ["A", "B", "a.html#b", "two"]]


def test_the_formulas_pages_are_those_of_the_register():
    """Made by `python docs/build.py --formulas`; this says when to make them again."""
    from grok_theory.formulas import latex_of, register

    text = (ROOT / "docs" / "formulas.md").read_text()
    assert re.findall(r"^### (\S+)$", text, re.M) == [
        f.name for f in sorted(register().values(), key=lambda f: list(_wings()).index(f.wing))
    ]
    literature = (ROOT / "docs" / "literature.md").read_text()
    for formula in register().values():
        assert latex_of(formula) in text, formula.name
        assert f"**Status**: {formula.status}." in text
        for printed in formula.printed:
            assert f"### {printed.where[0].upper()}{printed.where[1:]}\n" in literature
            assert printed.measure in literature
    assert "**FAILS**" not in text


def _wings():
    from docs.making.generated import _WINGS

    return _WINGS
