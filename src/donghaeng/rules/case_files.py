"""Files of many cases: which kinds there are, and how one is written, complete or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from donghaeng.errors import UsageError, listed

if TYPE_CHECKING:
    import pyarrow as pa

FileKind = Literal["parquet", "csv", "arrow"]

_ENDINGS: dict[str, FileKind] = {
    ".parquet": "parquet",
    ".csv": "csv",
    ".arrow": "arrow",
    ".feather": "arrow",
    ".ipc": "arrow",
}


def kind_of_file(path: Path) -> FileKind:
    """Give the kind of a file by its ending.

    Raises:
        UsageError: an ending that is not known.
    """
    kind = _ENDINGS.get(path.suffix.lower())
    if kind is None:
        raise UsageError(f"{path} has no known ending: expected one of {listed(_ENDINGS)}")
    return kind


@contextmanager
def writing(out: Path) -> Iterator[Callable[[pa.Table], None]]:
    """Write a file batch by batch; it appears under its name when all is written.

    Args:
        out: the file; its ending says its kind.

    Raises:
        UsageError: an ending that is not known, or a folder that is not there.
    """
    kind = kind_of_file(out)
    if not out.parent.is_dir():
        raise UsageError(f"{out.parent} is not a folder: make it first")
    partial = out.with_name(f".{out.name}.partial")
    writer = _Writer(partial, kind)
    try:
        yield writer.write
        writer.close()
        partial.replace(out)
    finally:
        writer.close()
        partial.unlink(missing_ok=True)


def write_frame(rows: pa.Table, out: Path) -> None:
    """Write a table to a file of the kind that its ending says."""
    with writing(out) as write:
        write(rows)


class _Writer:
    """Writes batches to a file of a kind, which it makes with the first of them."""

    def __init__(self, path: Path, kind: FileKind) -> None:
        self.path, self.kind = path, kind
        self.open: Any = None
        self.file: Any = None

    def write(self, batch: pa.Table) -> None:
        """Write a batch."""
        if self.kind == "csv":
            batch = _as_text(batch)
        if self.open is None:
            self.file = self.path.open("wb")
            if self.kind == "parquet":
                import pyarrow.parquet as pq

                self.open = pq.ParquetWriter(self.file, batch.schema, compression="zstd")
            elif self.kind == "csv":
                import pyarrow.csv as pa_csv

                self.open = pa_csv.CSVWriter(
                    self.file, batch.schema, write_options=pa_csv.WriteOptions(quoting_style="needed")
                )
            else:
                import pyarrow as pa

                self.open = pa.ipc.new_file(self.file, batch.schema)
        self.open.write_table(batch) if self.kind != "csv" else self.open.write(batch)

    def close(self) -> None:
        """Finish the file."""
        if self.open is not None:
            self.open.close()
        if self.file is not None:
            self.file.close()
        self.open = self.file = None


def _as_text(batch: pa.Table) -> pa.Table:
    """Give a table without dictionaries and lists; a list is written a,b and an empty one none."""
    import pyarrow as pa
    import pyarrow.compute as pc

    columns = {}
    for name in batch.column_names:
        column = batch[name]
        if pa.types.is_dictionary(column.type):
            column = column.cast(pa.string())
        if pa.types.is_list(column.type):
            column = pa.array(
                [None if items is None else ",".join(map(_cell, items)) or "none" for items in column.to_pylist()],
                pa.string(),
            )
        elif pa.types.is_boolean(column.type):
            column = pc.if_else(column, "true", "false")
        columns[name] = column
    return pa.table(columns)


def _cell(item: Any) -> str:
    if isinstance(item, list):
        return " ".join(item)
    if isinstance(item, bool):
        return "true" if item else "false"
    return "" if item is None else str(item)
