"""The built documentation: every page there, every link followed, nothing fetched from elsewhere."""

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def builder():
    spec = importlib.util.spec_from_file_location("docs_build", ROOT / "docs" / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def site(builder, tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    return {path.name: path.read_text() for path in builder.build(folder)}


def test_every_page_is_there_with_a_title_and_a_way_to_every_other(site):
    sources = [*(ROOT / "docs").glob("*.md"), ROOT / "CHANGELOG.md", ROOT / "CONTRIBUTING.md"]
    assert set(site) == {"index.html", *(f"{page.stem}.html" for page in sources)}
    for name, text in site.items():
        assert re.search(r"<title>\S.* · grok_theory</title>", text), name
        for other in site:
            assert f'href="{other}"' in text, (name, other)


def test_links_inside_the_site_lead_to_its_pages(site):
    for name, text in site.items():
        for target in re.findall(r'href="([^"#]+)[^"]*"(?! class="source")', text):
            assert "://" in target or target == "style.css" or target in site, (name, target)


def test_nothing_is_fetched(site):
    for name, text in site.items():
        assert not re.findall(r"<(?:script|img|iframe)\b|@import|<link[^>]*://", text), name


def test_a_link_to_nowhere_stops_the_build(builder, tmp_path, monkeypatch):
    page = ROOT / "docs" / "compare.md"
    monkeypatch.setattr(builder.Path, "read_text", lambda self: "# A\n[b](nowhere.md)" if self == page else "")
    with pytest.raises(SystemExit, match=r"docs/compare\.md links to nowhere\.md"):
        builder.render(page, builder.pages())
