"""One reader of tables and logs for all doors: the same file gives the same table everywhere."""

from .table import Table, read_table

__all__ = ["Table", "read_table"]
