"""TensorBoard's event files through its own reader: `make events` installs it, elsewhere these are skipped.

`tests/logs/tensorboard` was written by TensorBoard's record writer: a run of Keras with folders `train` (plain numbers,
as PyTorch writes them) and `validation` (tensors, as TensorFlow 2 does), half a second after each epoch.
"""

import importlib.util
import shutil
from pathlib import Path

import numpy as np
import pytest

from grok_theory import read_log
from grok_theory.errors import BadValue
from grok_theory.tables import read_table

FOLDER = Path(__file__).parents[2] / "logs" / "tensorboard"
INSTALLED = importlib.util.find_spec("tensorboard") is not None
needs_it = pytest.mark.skipif(not INSTALLED, reason="tensorboard is not installed")


@needs_it
def test_a_folder_of_parts_is_one_run():
    log = read_log(FOLDER)
    assert log.columns == {"x": "Step", "train": "train/epoch_loss", "test": "validation/epoch_loss", "run": None}
    np.testing.assert_array_equal(log.runs[""]["train"].x, [0, 10, 20, 30])
    np.testing.assert_allclose(log.runs[""]["train"].values, [2, 1, 2 / 3, 1 / 2], rtol=1e-7, atol=0)
    np.testing.assert_array_equal(log.runs[""]["test"].values, [3, 2, 1])
    assert "TensorBoard's event files" in log.recognised


@needs_it
def test_folders_of_several_runs(tmp_path):
    for run in ("seed0", "seed1"):
        shutil.copytree(FOLDER, tmp_path / run)
    log = read_log(tmp_path)
    assert list(log.runs) == ["seed0", "seed1"]
    np.testing.assert_array_equal(log.runs["seed1"]["test"].values, [3, 2, 1])


@needs_it
def test_files_named_one_by_one():
    files = sorted(FOLDER.rglob("*tfevents*"))
    np.testing.assert_array_equal(read_table(files[0]).numbers("Step")[0], [0, 10, 20, 30])
    log = read_log(files)
    assert list(log.runs) == [""]
    np.testing.assert_array_equal(log.runs[""]["test"].values, [3, 2, 1])


@needs_it
def test_a_file_without_scalars(tmp_path):
    (tmp_path / "events.out.tfevents.1").write_bytes(b"")
    with pytest.raises(BadValue, match="holds no scalars"):
        read_table(tmp_path)


@pytest.mark.skipif(INSTALLED, reason="tensorboard is installed")
def test_without_tensorboard_the_remedy_is_named():
    with pytest.raises(BadValue, match=r"tensorboard is not installed. Install it with pip install .*tensorboard"):
        read_table(FOLDER)
