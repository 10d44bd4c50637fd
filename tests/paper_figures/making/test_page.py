"""The page is whole: pictures with texts, verdicts, links that lead somewhere, no network, closed tags."""

from html.parser import HTMLParser

import pytest

from paper_figures.figure import catalogue
from paper_figures.making.build import build_figure
from paper_figures.making.gallery import known_records
from paper_figures.making.page import write_page
from paper_figures.making.record import Order

VOID = {"meta", "link", "img", "br", "hr", "input"}


class Page(HTMLParser):
    """Tags with their attributes, the text, and whether every tag is closed in order."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.open, self.text, self.torn = [], [], "", []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.torn.append(tag)

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.text += data

    def all(self, name):
        return [attributes for tag, attributes in self.tags if tag == name]


@pytest.fixture(scope="module")
def built(tmp_path_factory, write_into):
    """Three figures, one with a claim that fails and one that cannot be built, and the page of them."""
    folder = tmp_path_factory.mktemp("figures")
    write_into(folder, "small")
    write_into(folder, "wide", width=7, paper="beyond the paper", wing="best_of_k")
    write_into(folder, "broken", drawing="raise ValueError('<no> ink')", wing="own_wing")
    order = Order(folder, folder / "out", folder / "cache", settings=("wide.height=3",))
    for label in catalogue(folder).values():
        build_figure(label, order, told=lambda *_: None, warn=print)
    return order, write_page(known_records(order.out, folder))


def test_the_page_shows_every_figure_with_its_verdicts(built):
    order, text = built
    page = Page(text)
    assert page.torn == []
    assert page.open == []
    assert {a["id"] for a in page.all("article")} == {"small", "wide", "broken"}
    pictures = page.all("img")
    assert {picture["src"] for picture in pictures} == {"small.png", "wide.png"}
    for picture in pictures:
        assert (order.out / picture["src"]).exists()
        assert picture["alt"].startswith("Powers in")
        assert int(picture["width"]) > 0
        assert int(picture["height"]) > 0
    assert text.count("✓ holds") == 1
    assert text.count("✗ fails") == 1
    assert "✗ not built" in text
    assert "ValueError: <no> ink" in page.text
    assert "1 claim holds" in page.text
    assert "1 claim fails" in page.text


def test_wings_come_in_the_order_of_the_house_with_paper_and_idea(built):
    _, text = built
    page = Page(text)
    assert [a["id"] for a in page.all("section")] == ["wing-linear", "wing-best_of_k", "wing-own_wing"]
    for words in ("High-dimensional linear regression", "A. & B. 2020", "Beyond the paper", "Own wing"):
        assert words in page.text
    assert '<article class="wide" id="wide">' in text
    assert '<article class="narrow" id="small">' in text


def test_the_index_shows_small_pictures_by_idea_and_by_paper(tmp_path, write_into):
    """A file of several numbers stands under each of them; what is not reproduced is said."""
    path = write_into(tmp_path, "told", paper="Halder & Pehlevan 2025", wing="best_of_k")
    text = path.read_text().replace("Powers in told", "Powers s^2/q of alpha")
    path.write_text(text.replace("\nWING", '\nFIGURES = ("10", "2")\nSTATES = {"2": "P: other sizes"}\nWING'))
    order = Order(tmp_path, tmp_path / "out", tmp_path / "cache", size="quick")
    (label,) = catalogue(tmp_path).values()
    build_figure(label, order, told=lambda *_: None, warn=print)
    found = write_page(known_records(order.out, tmp_path), {"best_of_k": "../docs/best_of_k.md"})
    page = Page(found)
    assert page.torn == []
    assert len([a for a in page.all("img") if a.get("loading") == "lazy"]) == 3
    assert found.index("Figure 2<") < found.index("Figure 10<")
    assert "Halder &amp; Pehlevan 2025, figure 10, 2 (2: other sizes)" in found
    assert "Powers s<sup>2</sup>/q of α" in found
    assert '<a href="../docs/best_of_k.md">read about it</a>' in found


def test_every_link_leads_somewhere_without_a_network(built):
    order, text = built
    page = Page(text)
    ids = {attributes["id"] for _, attributes in page.tags if "id" in attributes}
    for target in [a["href"] for a in page.all("a")]:
        if target.startswith("#"):
            assert target[1:] in ids
        else:
            assert (order.out / target).exists(), target
    assert "://" not in text
    assert page.all("script") == []
    assert {a["href"] for a in page.all("link")} == {"data:,"}


def test_the_page_says_its_language_width_and_schemes(built):
    _, text = built
    page = Page(text)
    assert page.all("html")[0]["lang"] == "en"
    metas = {a.get("name"): a.get("content") for a in page.all("meta")}
    assert metas["viewport"] == "width=device-width, initial-scale=1"
    assert metas["color-scheme"] == "light dark"
    assert "prefers-color-scheme: dark" in text
    assert "<details><summary>Parameters</summary>" in text
    assert "What the figure small shows, in <code>code</code> and &lt;angle&gt; brackets &amp; more." in text


def test_a_page_without_figures_is_a_page():
    page = Page(write_page([]))
    assert page.torn == []
    assert "0 figures" in page.text
