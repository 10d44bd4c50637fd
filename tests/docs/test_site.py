"""The built site: every page there, links and anchors lead somewhere, formulas drawn, nothing asked of a network.

`make docs` builds the site and runs these; they need Sphinx, which the other tests do not.
"""

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest

pytest.importorskip("sphinx", reason="`make docs` installs Sphinx")

from docutils.utils.math import MathError

from docs.making import docstrings, mathml, names
from paper_figures.figure import catalogue

pytestmark = pytest.mark.example

ROOT = Path(__file__).parents[2]
SITE = ROOT / "site"


class Links(HTMLParser):
    """`used`: addresses of links and pictures; `anchors`: what can be linked to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.used: list[str] = []
        self.loaded: list[str] = []
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.used += [given[name] for name in ("href", "src") if given.get(name)]
        if tag in ("script", "img", "link", "iframe", "source"):
            self.loaded += [given[name] for name in ("href", "src") if given.get(name)]
        if given.get("id"):
            self.anchors.add(given["id"])


def broken(pages: dict[Path, Links]) -> list[str]:
    """Every address that leads to no file, and every anchor that its page does not have."""
    wrong = []
    for path, page in pages.items():
        for target in page.used:
            where, _, anchor = target.partition("#")
            if "://" in where or where.startswith(("mailto:", "data:")):
                continue
            other = (path.parent / unquote(where.partition("?")[0])).resolve() if where else path
            there = pages.get(other)
            if not other.exists() or (anchor and there is not None and unquote(anchor) not in there.anchors):
                wrong.append(f"{path.name}: {target}")
    return wrong


@pytest.fixture(scope="module")
def site():
    """Place in the site -> HTML; built anew where a source is newer."""
    sources = [*(ROOT / "docs").rglob("*.*"), *(ROOT / "grok_theory").rglob("*.py"), *ROOT.glob("C*.md")]
    newest = max(path.stat().st_mtime for path in sources if not {"generated", "__pycache__"} & set(path.parts))
    index = SITE / "index.html"
    if not index.exists() or index.stat().st_mtime < newest:
        subprocess.run([sys.executable, ROOT / "docs" / "build.py"], check=True)
    return {str(path.relative_to(SITE)): path.read_text() for path in SITE.rglob("*.html")}


@pytest.fixture(scope="module")
def links(site):
    return {SITE / name: Links(text) for name, text in site.items()}


def built_from(text: str, folder: Path) -> subprocess.CompletedProcess:
    """A site of one page, made as ours is but for the reference and the gallery."""
    source = folder / "source"
    source.mkdir()
    (source / "index.md").write_text(text)
    (source / "conf.py").write_text(
        f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
        "from docs.conf import *\n"
        "extensions = [name for name in extensions if name != 'docs.making.pages']\n"
        "html_static_path, html_css_files = [], []\n"
    )
    order = (
        "import sys; from pathlib import Path; from docs.build import build; "
        f"sys.exit(build(Path({str(folder / 'out')!r}), Path({str(source)!r})))"
    )
    return subprocess.run([sys.executable, "-c", order], cwd=ROOT, capture_output=True, text=True, check=False)


def test_every_page_is_there_with_a_title_and_a_way_to_every_other(site, links):
    sources = [path for path in (ROOT / "docs").rglob("*.md") if path.parent.name != "generated"]
    pages = {str(path.relative_to(ROOT / "docs").with_suffix(".html")) for path in sources}
    pages |= {f"generated/{name}.html" for name in ("gallery", "api", "api_linear", "changelog", "contributing")}
    assert pages <= set(site)
    for name in pages:
        assert re.search(r"<title>\S.*</title>", site[name]), name
        here = SITE / name
        reached = {(here.parent / target.partition("#")[0]).resolve() for target in links[here].used}
        assert {SITE / page for page in pages if page != name} <= reached | {here}, name


def test_every_link_and_anchor_leads_somewhere(links):
    assert not broken(links)
    assert sum(len(page.used) for page in links.values()) > 10_000


def test_a_planted_link_is_noticed(tmp_path):
    (tmp_path / "b.html").write_text("")
    pages = {
        tmp_path / "a.html": Links('<a href="b.html#there"><a href="c.html"><a href="b.html#gone">'),
        tmp_path / "b.html": Links('<h2 id="there">'),
    }
    assert broken(pages) == ["a.html: c.html", "a.html: b.html#gone"]


PLANTED = {
    "[b](nowhere.md)": "nowhere.md",
    "[b](#gone)": "'gone'",
    "![b](nowhere.png)": "nowhere.png",
    "$\\frac{1}$": r"the formula \frac{1} cannot be drawn",
    "$$\nx \\dots y\n$$": r"the formula x \dots y cannot be drawn",
    "```{code-cell} python3\n1 / 0\n```": "ZeroDivisionError",
    "```{eval-rst}\n:py:obj:`grok_theory.nothing`\n```": "grok_theory.nothing",
}
NOTEBOOK = "---\nfile_format: mystnb\nkernelspec:\n  name: python3\n---\n\n# A\n\n"


def test_what_leads_nowhere_stops_the_build(tmp_path):
    done = built_from(NOTEBOOK + "\n\n".join(PLANTED), tmp_path)
    assert done.returncode != 0
    for text, said in PLANTED.items():
        assert said in done.stderr, text
    assert done.stderr.count("index.md") >= len(PLANTED)
    assert not (tmp_path / "out").exists()


def test_what_is_right_passes(tmp_path):
    text = "## B\n\n[b](#b) $x_1$\n\n$$\ny = \\begin{aligned} a &= b \\\\ c &= d \\end{aligned}\n$$ (law)\n\n"
    text += "See {eq}`law`.\n"
    text += "```{eval-rst}\n.. autofunction:: builtins.len\n\n.. autofunction:: json.dumps\n```\n"
    done = built_from(f"{NOTEBOOK}{text}\n```{{code-cell}} python3\nprint(6 * 7)\n```\n", tmp_path)
    assert done.returncode == 0, done.stderr
    shown = (tmp_path / "out" / "index.html").read_text()
    assert "<pre>42" in re.sub(r"<span></span>", "", shown)
    assert shown.count("<math ") == 2
    listed = (tmp_path / "out" / "_modules" / "index.html").read_text()
    assert "json.html" in listed
    assert "builtins.html" not in listed
    assert re.search(r'class="eqno">\(1\)', shown)
    assert re.search(r'href="#[\w-]*law"', shown)


def test_nothing_is_asked_of_a_network(links):
    for path, page in links.items():
        assert not [target for target in page.loaded if "://" in target or target.startswith("//")], path
        assert "@import" not in path.read_text()


def test_the_site_names_no_path_of_the_machine_that_made_it(site):
    for name, text in site.items():
        assert str(ROOT) not in text, name
        assert str(Path.home()) + "/" not in text, name


def test_the_search_knows_pages_and_names(site):
    text = (SITE / "searchindex.js").read_text()
    for word in ("double", "optimal_stopping", "late_test_loss"):
        assert word in text


def test_mathematics_is_markup_that_can_be_selected_and_read_aloud(site):
    assert site["formulas.html"].count("<math ") >= 70
    assert 'alttext="\\rho' in site["formulas.html"]
    assert "<mfrac>" in site["formulas.html"]
    for name, text in site.items():
        words = re.sub(r"<(pre|code|script|math|svg)\b.*?</\1>", "", text, flags=re.S)
        assert not re.search(r"\$[^$\n]*\\[a-z]+[^$\n]*\$", words), name


@pytest.mark.parametrize(
    ("short", "whole"),
    [
        (r"\frac12 (a)", r"\frac{1}{2} (a)"),
        (r"\dfrac1N", r"\dfrac{1}{N}"),
        (r"\bar w_i", r"{\bar w}_i"),
        (r"\tilde F_j", r"{\tilde F}_j"),
        (r"\hat\eta^2", r"{\hat\eta}^2"),
        (r"\begin{cases} a & b \\[1ex] c & d \end{cases}", r"\begin{cases} a & b \\ c & d \end{cases}"),
    ],
)
def test_what_the_converter_would_misread_is_drawn_as_latex_means_it(short, whole):
    def without_its_source(latex):
        return re.sub(r'alttext="[^"]*"', "", mathml.mathml(latex, block=True))

    assert without_its_source(short) == without_its_source(whole)
    assert "[1ex]" not in without_its_source(short)


@pytest.mark.parametrize("latex", [r"\bar w_0", r"{\bar w}_0", r"\hat\eta^2", r"\tilde F_j^2"])
def test_an_index_stands_beside_a_letter_under_a_bar(latex):
    drawn = mathml.mathml(latex, block=True)
    assert "under" not in drawn
    assert re.search(r"<m(sub|sup|subsup)>\s*<mrow>\s*<mrow></mrow>\s*<mover", drawn)


@pytest.mark.parametrize("close", [r"\rvert", r"\rVert", r"\rangle"])
def test_a_closing_bar_with_an_exponent_is_not_lowered(close):
    drawn = mathml.mathml(rf"\lVert x {close}_F^2 + y {close}^2", block=True)
    assert drawn.count('<mo form="postfix" stretchy="false">') == 2


def test_a_fraction_that_would_be_misread_is_refused():
    with pytest.raises(MathError, match="needs braces"):
        mathml.mathml(r"\frac\alpha 2", block=True)


THEORIES = [
    "linear",
    "diagonal_network",
    "online_sgd",
    "lazy_rich",
    "li2",
    "best_of_k",
    "in_context",
    "in_context_memory",
]


@pytest.mark.parametrize("page", [*THEORIES, "kernels", "bounds", "inductive_bias"])
def test_a_theory_page_has_equations_a_drawing_and_curves_of_its_own(site, page):
    text = site[f"{page}.html"]
    assert len(re.findall(r'<math [^>]*display="block"', text)) >= 8
    assert '<span class="drawing"><svg' in text
    assert len(re.findall(r"<img [^>]*_images/", text)) >= 3
    for heading in ("The setting", "The question", "The equations", "What is observed", "When it does not hold"):
        assert re.search(rf"<h2>{heading}<", text), heading


@pytest.mark.parametrize("page", ["lazy_rich_dmft", "lazy_rich_mean_field", "li2_training", "li2_companion"])
def test_a_part_of_a_theory_shows_its_equations_and_curves(site, page):
    assert site[f"{page}.html"].count("<math ") >= 8
    assert len(re.findall(r"<img [^>]*_images/", site[f"{page}.html"])) >= 2
    assert ('<span class="drawing"><svg' in site[f"{page}.html"]) is page.startswith("lazy_rich")


def test_an_entry_of_the_reference_says_where_a_name_is_used(site):
    entry = site["generated/api_linear.html"].partition('id="grok_theory.linear.grokking_time"')[2]
    assert re.search(r"<em>Used in</em>.{0,300}notebooks/phase_diagram", entry.partition('<dt class="sig')[0], re.S)


def test_the_explorer_is_a_page_with_its_scripts(site):
    for name in re.findall(r'src="(_static/(?:map|explorer|page)\.js)"', site["explorer.html"]):
        assert (SITE / name).exists()
    assert site["explorer.html"].count('class="explorer"') == 3


def test_a_formula_is_drawn_as_mathml():
    assert mathml.mathml(r"\frac{a}{b}", block=False) == (
        '<math alttext="\\frac{a}{b}" xmlns="http://www.w3.org/1998/Math/MathML">\n'
        "  <mfrac>\n    <mi>a</mi>\n    <mi>b</mi>\n  </mfrac>\n</math>"
    )


def test_the_reference_has_every_public_name_with_its_source(site, links):
    import grok_theory as gt

    for room in ("linear", "best_of_k", "kernels", "observables", "li2", "lazy_rich", "bounds", "verify"):
        page = SITE / "generated" / f"api_{room}.html"
        for name in getattr(gt, room).__all__:
            if callable(getattr(getattr(gt, room), name)):
                full = names.places()[f"grok_theory.{room}.{name}"]
                assert full in links[page].anchors or f"#{full}" in " ".join(links[page].used), full
        assert "../_modules/grok_theory/" in page.read_text(), room


def test_pages_link_the_names_they_mention(links):
    used = " ".join(links[SITE / "linear.html"].used)
    assert "generated/api_linear.html#grok_theory.linear.optimal_stopping" in used
    assert "formulas.html#" in used
    assert "api_lazy_rich.html#grok_theory.lazy_rich.LazyLimit" in " ".join(links[SITE / "lazy_rich.html"].used)


def test_a_name_is_found_as_a_page_writes_it():
    assert names.place_of("gt.compare") == "grok_theory.compare"
    assert names.place_of("gt.linear.solve(problem, times)") == "grok_theory.linear.solve"
    assert names.place_of("optimal_ridge", "grok_theory.linear") == "grok_theory.linear.optimal_ridge"
    assert names.place_of("Solution.at") == "grok_theory.Solution.at"
    assert names.place_of("test_loss", "grok_theory.linear") is None
    assert names.place_of("x = 1", "grok_theory.linear") is None


def test_docstrings_keep_their_mathematics():
    lines = [
        "The norm |w|^2 of a*b and w_:",
        "",
        "    w = a",
        "    v = b",
        "",
        "`name`, `.save` and ``x|y``.",
        "",
        ">>> a * b",
    ]
    assert docstrings.plain(lines) == [
        "The norm \\|w\\|^2 of a\\*b and w\\_::",
        *lines[1:5],
        "`name`, ``.save`` and ``x|y``.",
        *lines[6:],
    ]


def test_a_problem_shows_its_fields_and_defaults(site):
    entry = site["generated/api_linear.html"].partition('id="grok_theory.linear.TeacherStudent"')[2]
    entry = re.sub(r"<[^>]+>", "", entry.partition('<dt class="sig')[0])
    assert "noise variances" in entry
    assert re.search(r"inr.{0,60}ArrayLike.{0,20}0\.0", entry, re.S)
    assert "remedy=" not in entry


def test_the_gallery_shows_every_figure(site, links):
    page = site["generated/gallery.html"]
    for name, label in catalogue().items():
        assert name in page
        assert label.title.partition(" ")[0] in page
    assert len(catalogue()) > 30
