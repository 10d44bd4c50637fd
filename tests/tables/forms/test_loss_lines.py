"""Lines of text with losses and accuracies."""

import pytest

from grok_theory.tables.forms.loss_lines import losses_in


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("step 250: train loss 4.41, val loss 4.75", {"step": "250", "train_loss": "4.41", "val_loss": "4.75"}),
        (
            "Epoch [3/100] | Train Loss: 0.51 | Train Acc: 98.50% | Test Loss: 0.9 | Test Acc: 12.00%",
            {"epoch": "3", "train_loss": "0.51", "train_acc": "98.50", "test_loss": "0.9", "test_acc": "12.00"},
        ),
        (
            "12:00:01 INFO epoch=2 step=400 train_loss=1e-3 val_loss=nan",
            {"epoch": "2", "step": "400", "train_loss": "1e-3", "val_loss": "nan"},
        ),
        (
            "Iter 7 training accuracy is 0.5, validation accuracy is 0.25.",
            {"iter": "7", "train_accuracy": "0.5", "validation_accuracy": "0.25"},
        ),
        ("iter 50: loss 4.6, time 41ms", None),
        ("step 3: best val loss 4.2", None),
        ("train loss 4.41, val loss 4.75", None),
    ],
)
def test_a_line(line, found):
    assert losses_in(line) == found
