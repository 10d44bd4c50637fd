"""A drawing of ours (SVG) stands in the page itself, so that it takes the colours of light and dark."""

from __future__ import annotations

from pathlib import Path

from docutils import nodes
from sphinx.transforms import SphinxTransform


class InlineDrawings(SphinxTransform):
    """Pictures of a page that are SVG files of these docs."""

    default_priority = 5  # before Sphinx collects pictures to copy them

    def apply(self, **_kwargs) -> None:
        """Replace each by its text; a file that is not there stays a picture, which Sphinx reports."""
        folder = Path(self.document["source"]).parent
        for image in list(self.document.findall(nodes.image)):
            file = folder / image["uri"]
            if file.suffix == ".svg" and "://" not in image["uri"] and file.exists():
                self.env.note_dependency(str(file))
                text = f'<span class="drawing">{file.read_text(encoding="utf-8").strip()}</span>'
                image.replace_self(nodes.raw("", text, format="html"))


def setup(app) -> dict[str, bool]:
    """Sphinx's door."""
    app.add_transform(InlineDrawings)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
