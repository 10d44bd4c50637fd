"""Modules of the user's own count for an address by what they hold, however met; installed ones are not loaded."""

import subprocess
import sys

import pytest

from grok_theory.sweeps import addresses

MINE = {
    "__init__.py": "",
    "models.py": "from . import util\nCONST = 1.0\ndef loss(x): return util.half(x) * CONST\n",
    "util.py": "def half(x): return x / 2\n",
}
WAYS = {
    "a submodule": "import mine.models\ndef run(p): return mine.models.loss(p)",
    "a module": "from mine import models\ndef run(p): return models.loss(p)",
    "inside": "def run(p):\n    import mine.models\n    return mine.models.loss(p)",
    "from it inside": "def run(p):\n    from mine.models import loss\n    return loss(p)",
    "a module inside": "def run(p):\n    from mine import models as m\n    return m.loss(p)",
    "in a function inside": "def run(p):\n    return (lambda: __import__ and loss_of()(p))\n"
    "def loss_of():\n    from mine.models import loss\n    return loss",
    "handed on": "from mine import models\ndef of(m, p): return m.loss(p)\ndef run(p): return of(models, p)",
    "in a table": "from mine import models\nT = {'m': models}\ndef run(p): return T['m'].loss(p)",
}


@pytest.mark.parametrize("way", WAYS)
def test_what_a_module_of_the_user_s_own_uses_counts(tmp_path, monkeypatch, way):
    (tmp_path / "mine").mkdir()
    for name, text in MINE.items():
        (tmp_path / "mine" / name).write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    space = {"__name__": "__main__"}
    try:
        exec(WAYS[way], space)
        said = [addresses.fingerprint(space["run"])]
        models = sys.modules["mine.models"]
        for holder, name, value in ((models, "CONST", 7.0), (models.util, "half", lambda x: x / 3)):
            with monkeypatch.context() as patch:
                patch.setattr(holder, name, value)
                said.append(addresses.fingerprint(space["run"]))
        assert len(set(said)) == 3
        assert addresses.fingerprint(space["run"]) == said[0]
    finally:
        for name in [name for name in sys.modules if name.partition(".")[0] == "mine"]:
            del sys.modules[name]


def test_nothing_installed_is_loaded_for_an_address():
    """Nor what is not there: `run` may be prepared for that."""
    script = (
        "import sys\nfrom grok_theory.sweeps import addresses\n"
        "def run(p):\n"
        "    import nowhere_at_all\n    from . import nothing\n    import pytest\n    import json.tool\n    return p\n"
        "addresses.fingerprint(run)\nprint('pytest' in sys.modules, 'json.tool' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
