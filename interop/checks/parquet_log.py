"""The prediction log, read with pyarrow."""

import pyarrow.dataset
import pyarrow.parquet


def _files(platform):
    # beside it lie files that are still being written
    return sorted((platform.data / "log" / "parquet").rglob("*.parquet"))


def _unmoved(read):
    """What `read` gives, or None where small files were joined meanwhile: then one that was listed may be gone, as the guide says."""

    def reading():
        try:
            return read()
        except FileNotFoundError:
            return None

    return reading


def every_prediction_is_there(platform):
    row = platform.expected[0]["row"]
    ids = {platform.predict({"rows": [row, row]}).json()["id"] for _ in range(5)}

    def table():
        files = _files(platform)
        if not files:
            return None
        read = pyarrow.dataset.dataset([str(file) for file in files], format="parquet").to_table()
        # while files are joined, rows stand in the new file and in those that are about to go; that passes, and rows that are there twice do not
        found = sorted(f"{request}/{at}" for request, at in zip(read.column("_request").to_pylist(), read.column("_row").to_pylist()) if request in ids)
        return read if found == sorted(f"{request}/{at}" for request in ids for at in range(2)) else None

    read = platform.wait(_unmoved(table), "Parquet with each row of each prediction once", seconds=20)
    for name in ("_time", "_release_digest", "_total_ms", *row):
        assert name in read.column_names, (name, read.column_names)
    assert set(read.column("credit_amount").to_pylist()) >= {row["credit_amount"]}


def partitions_are_hive_style(platform):
    def rows():
        return {file: pyarrow.parquet.read_metadata(file).num_rows for file in _files(platform)}

    for file, count in platform.wait(_unmoved(rows), "Parquet files", seconds=20).items():
        keys = [part.split("=")[0] for part in file.relative_to(platform.data / "log").parts[:-1] if "=" in part]
        assert keys == ["deployment", "date", "hour"], file
        assert count > 0, file


def a_new_column_is_in_every_file(platform):
    """Most readers take the columns of the first file for all; so all files of a deployment have the same."""
    row = platform.expected[0]["row"]
    pipeline = platform.data / "pipeline.yaml"
    pipeline.write_text("- model: {}\n- decide: { field: decision, label: refuse, when: credit_amount > 1000000000, otherwise: accept }\n")
    platform.fairlead("deploy", "credit", "--model", "credit", "--pipeline", str(pipeline))
    prediction = platform.predict({"rows": [row]}).json()

    def whole():
        folder = platform.data / "log" / "parquet" / "deployment=credit"
        table = pyarrow.dataset.dataset(folder, format="parquet", partitioning="hive").to_table()
        names = table.column_names
        if "decision" not in names or prediction["id"] not in table.column("_request").to_pylist():
            return None
        schemas = {pyarrow.parquet.read_schema(file).remove_metadata().to_string() for file in folder.rglob("*.parquet")}
        return table if len(schemas) == 1 else None

    table = platform.wait(_unmoved(whole), "one schema in all files", seconds=30)
    answers = dict(zip(table.column("_request").to_pylist(), table.column("decision").to_pylist()))
    assert answers[prediction["id"]] == "accept", answers[prediction["id"]]
    assert None in answers.values(), "rows of the release before have none"
    assert str(table.schema.field("_time").type).endswith("tz=UTC]"), table.schema.field("_time").type
