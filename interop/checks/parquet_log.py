"""The prediction log, read with pyarrow."""

import pyarrow.dataset
import pyarrow.parquet


def _files(platform):
    # beside it lie files that are still being written
    return sorted((platform.data / "log" / "parquet").rglob("*.parquet"))


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


def a_new_column_is_in_every_file(platform):
    """Most readers take the columns of the first file for all; so all files of a deployment have the same."""
    row = platform.expected[0]["row"]
    pipeline = platform.data / "pipeline.yaml"
    pipeline.write_text("- model: {}\n- decide: { field: decision, label: refuse, when: credit_amount > 1000000000, otherwise: accept }\n")
    platform.fairlead("deploy", "credit", "--model", "credit", "--pipeline", str(pipeline))
    prediction = platform.predict({"rows": [row]}).json()

    def whole():
        folder = platform.data / "log" / "parquet" / "deployment=credit"
        try:
            table = pyarrow.dataset.dataset(folder, format="parquet", partitioning="hive").to_table()
        except FileNotFoundError:  # a file went while the folder was listed
            return None
        names = table.column_names
        if "decision" not in names or prediction["id"] not in table.column("_request").to_pylist():
            return None
        schemas = {pyarrow.parquet.read_schema(file).remove_metadata().to_string() for file in folder.rglob("*.parquet")}
        return table if len(schemas) == 1 else None

    table = platform.wait(whole, "one schema in all files", seconds=30)
    answers = dict(zip(table.column("_request").to_pylist(), table.column("decision").to_pylist()))
    assert answers[prediction["id"]] == "accept", answers[prediction["id"]]
    assert None in answers.values(), "rows of the release before have none"
    assert str(table.schema.field("_time").type).endswith("tz=UTC]"), table.schema.field("_time").type
