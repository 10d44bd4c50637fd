"""The bars that `fit` of Keras prints."""

import numpy as np

from grok_theory import read_log


def test_the_last_bar_of_an_epoch_counts(tmp_path):
    text = "2024-01-01: I tensorflow/core: warning\n"
    for epoch in (1, 2, 3):
        text += f"Epoch {epoch}/3\n\r 1/10 [=>....] - ETA: 1s - loss: 9.1 - accuracy: 0.0\r10/10 [====] - 1s 9ms/step"
        text += f" - loss: {1 / epoch:.3f} - accuracy: 0.5 - val_loss: {2 / epoch:.3f} - val_accuracy: {epoch / 4}\n"
    path = tmp_path / "out.txt"
    path.write_text(text)
    log = read_log(path)
    assert log.columns == {"x": "epoch", "train": "loss", "test": "val_loss", "run": None}
    np.testing.assert_array_equal(log.runs[""]["train"].x, [1, 2, 3])
    np.testing.assert_array_equal(log.runs[""]["train"].values, [1, 0.5, 0.333])
    np.testing.assert_array_equal(log.runs[""]["test"].values, [2, 1, 0.667])
    accuracies = read_log(path, rising=(True, True))
    np.testing.assert_array_equal(accuracies.runs[""]["test"].values, [0.25, 0.5, 0.75])
