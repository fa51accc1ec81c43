"""The prediction log, read with pyarrow."""

import pyarrow.dataset
import pyarrow.parquet


def _files(platform):
    return sorted((platform.data / "log").rglob("*.parquet"))


def every_prediction_is_there(platform):
    row = platform.expected[0]["row"]
    ids = {platform.predict({"rows": [row, row]}).json()["id"] for _ in range(5)}

    def table():
        files = _files(platform)
        if not files:
            return None
        read = pyarrow.dataset.dataset([str(file) for file in files], format="parquet").to_table()
        return read if ids <= set(str(value) for value in _column(read, "id", "request_id").to_pylist()) else None

    read = platform.wait(table, "Parquet with every prediction", seconds=20)
    for name in ("time", "release", *row):
        assert any(column == name or column.endswith(f"_{name}") or column.startswith(name) for column in read.column_names), (name, read.column_names)
    newest = [at for at, value in enumerate(_column(read, "id", "request_id").to_pylist()) if str(value) in ids]
    assert len(newest) == 2 * len(ids), "one row for each row of each request"


def partitions_are_hive_style(platform):
    for file in _files(platform):
        keys = [part.split("=")[0] for part in file.relative_to(platform.data / "log").parts[:-1] if "=" in part]
        assert keys == ["deployment", "date", "hour"], file
        assert pyarrow.parquet.read_metadata(file).num_rows > 0


def _column(table, *names):
    for name in names:
        if name in table.column_names:
            return table.column(name)
    raise AssertionError(f"none of {names} in {table.column_names}")
