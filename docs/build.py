"""Turn the pages of this folder into a site that needs no network: `python docs/build.py [OUT]`; `make docs`.

Sphinx does it, as docs/conf.py says; notebooks among the pages are executed. Every link, name and formula is checked
meanwhile, and a warning stops the build.

`python docs/build.py --formulas` first makes docs/formulas.md and docs/literature.md anew from the register: every
formula is verified and every correction computed (some two minutes).
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
if str(ROOT) not in sys.path:  # `python docs/build.py` puts docs itself there
    sys.path.insert(0, str(ROOT))


def build(out: Path, source: Path = HERE) -> int:
    """Write the site to `out`, whole or not at all; returns Sphinx's exit code.

    From the beginning each time: a page that was read before would keep its warnings to itself.
    """
    from sphinx.cmd.build import build_main

    unfinished = out.with_name(f"{out.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    words = ["--fresh-env", "--fail-on-warning", "--jobs", "auto", "-b", "html", "-d", str(unfinished / "trees")]
    code = build_main([*words, str(source), str(unfinished / "site")])
    if code == 0:
        shutil.rmtree(out, ignore_errors=True)
        (unfinished / "site").rename(out)
    shutil.rmtree(unfinished)
    return code


def main(words: list[str]) -> int:
    """The command; exit code 1 for a dead link, a formula that cannot be drawn, or one that fails its oracle."""
    failed = []
    if "--formulas" in words:
        from docs.making.generated import write_generated

        words = [word for word in words if word != "--formulas"]
        failed = write_generated()
    folder = Path(words[0]).resolve() if words else ROOT / "site"
    for name in failed:
        print(f"{name} does not equal its oracle: grok-theory formulas {name}", file=sys.stderr)
    if build(folder):
        return 1
    print(f"{len(list(folder.rglob('*.html')))} pages: {folder / 'index.html'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
