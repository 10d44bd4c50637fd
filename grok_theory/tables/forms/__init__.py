"""What the field's loggers write, one small file each: how a form is recognised, and the table it is.

A shape is a function of the table that was read, as plain cells or JSON: it gives the table that is meant, or None
where the form is another one. They are tried in this order, each on what the one before left.
"""

from collections.abc import Callable

from ..table import Table
from .long_rows import metrics_from_rows
from .numbered import epochs_from_order
from .openmmlab import one_record_an_epoch, steps_of_mmengine
from .parts import parts_from_rows
from .tensorboard import metric_from_file_name
from .wandb import runs_from_columns

SHAPES: tuple[Callable[[Table], Table | None], ...] = (
    runs_from_columns,  # W&B: RUN - METRIC
    metric_from_file_name,  # TensorBoard: Wall time, Step, Value
    metrics_from_rows,  # run, tag, step, value
    steps_of_mmengine,  # mmengine: validation by epoch beside training by step
    one_record_an_epoch,  # mmcv: several records of an epoch
    parts_from_rows,  # mode, split, phase: train or val
    epochs_from_order,  # Keras History: no column of times
)

__all__ = ["SHAPES"]
