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
        return read if ids <= set(read.column("_request").to_pylist()) else None

    read = platform.wait(table, "Parquet with every prediction", seconds=20)
    for name in ("_time", "_release_digest", "_total_ms", *row):
        assert name in read.column_names, (name, read.column_names)
    assert set(read.column("credit_amount").to_pylist()) >= {row["credit_amount"]}
    newest = [at for at, value in enumerate(read.column("_request").to_pylist()) if value in ids]
    assert len(newest) == 2 * len(ids), "one row for each row of each request"


def partitions_are_hive_style(platform):
    files = platform.wait(lambda: _files(platform), "Parquet files", seconds=20)
    for file in files:
        keys = [part.split("=")[0] for part in file.relative_to(platform.data / "log").parts[:-1] if "=" in part]
        assert keys == ["deployment", "date", "hour"], file
        assert pyarrow.parquet.read_metadata(file).num_rows > 0
