"""One reader of tables and logs for all doors: the same file gives the same table everywhere."""

from .reading import read_table
from .table import Table

__all__ = ["Table", "read_table"]
