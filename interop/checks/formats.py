"""Rows as tables, written and read by `pyarrow`, and MLflow's scoring protocol as its clients speak it."""

import io

import pyarrow
import pyarrow.csv
import pyarrow.parquet
import requests

ARROW = "application/vnd.apache.arrow.stream"
ARROW_FILE = "application/vnd.apache.arrow.file"
PARQUET = "application/vnd.apache.parquet"


def table_of(platform):
    return pyarrow.Table.from_pylist([case["row"] for case in platform.expected])


def ask(platform, body, content_type, **headers):
    answer = requests.post(
        f"{platform.http}/v1/deployments/credit/predict",
        data=body,
        headers={"content-type": content_type, **headers},
        timeout=30,
    )
    assert answer.status_code == 200, answer.text
    return answer


def check_table(platform, table):
    assert table.column_names == ["label", "probabilities_0", "probabilities_1"], table.column_names
    assert table.num_rows == len(platform.expected)
    for at, (got, case) in enumerate(zip(table.to_pylist(), platform.expected)):
        assert str(got["label"]) == str(case["label"]), (at, got, case)
        for name, value in zip(("0", "1"), case["probabilities"]):
            assert abs(got[f"probabilities_{name}"] - value) < 1e-6, (at, got, case)


def arrow_streams(platform):
    table = table_of(platform)
    texts = [at for at, field in enumerate(table.schema) if pyarrow.types.is_string(field.type)]
    dictionaries = table
    large = table
    for at in texts:
        name = table.schema.field(at).name
        dictionaries = dictionaries.set_column(at, name, table.column(at).dictionary_encode())
        large = large.set_column(at, name, table.column(at).cast(pyarrow.large_string()))
    views = large
    for at in texts:
        views = views.set_column(at, table.schema.field(at).name, table.column(at).cast(pyarrow.string_view()))
    for shown in (table, dictionaries, large, views):
        for options in (None, pyarrow.ipc.IpcWriteOptions(compression="zstd")):
            sink = io.BytesIO()
            with pyarrow.ipc.new_stream(sink, shown.schema, options=options) as writer:
                writer.write_table(shown, max_chunksize=3)
            answer = ask(platform, sink.getvalue(), ARROW)
            reader = pyarrow.ipc.open_stream(answer.content)
            assert reader.schema.metadata[b"fairlead.id"].decode() == answer.headers["X-Fairlead-Id"]
            check_table(platform, reader.read_all())


def arrow_files(platform):
    table = table_of(platform)
    sink = io.BytesIO()
    with pyarrow.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    answer = ask(platform, sink.getvalue(), ARROW_FILE)
    check_table(platform, pyarrow.ipc.open_file(answer.content).read_all())


def parquet_files(platform):
    table = table_of(platform)
    for options in (
        {},
        {"compression": "zstd", "data_page_version": "2.0"},
        {"compression": "gzip", "use_dictionary": False},
        {"compression": "lz4", "row_group_size": 5},
        {"compression": "brotli", "row_group_size": 3, "data_page_version": "2.0", "use_dictionary": False},
        {"compression": "none", "version": "1.0", "data_page_size": 64},
    ):
        sink = io.BytesIO()
        pyarrow.parquet.write_table(table, sink, **options)
        answer = ask(platform, sink.getvalue(), PARQUET)
        read = pyarrow.parquet.read_table(io.BytesIO(answer.content))
        assert read.schema.metadata[b"fairlead.id"].decode() == answer.headers["X-Fairlead-Id"]
        check_table(platform, read)


def csv_files(platform):
    sink = io.BytesIO()
    pyarrow.csv.write_csv(table_of(platform), sink)
    answer = ask(platform, sink.getvalue(), "text/csv")
    check_table(platform, pyarrow.csv.read_csv(io.BytesIO(answer.content)))
    check_table(platform, pyarrow.ipc.open_stream(ask(platform, sink.getvalue(), "text/csv", accept=ARROW).content).read_all())


def columns_of_other_types_are_named(platform):
    table = table_of(platform)
    dates = pyarrow.array([0] * table.num_rows, pyarrow.timestamp("ms"))
    wrong = table.set_column(table.schema.get_field_index("age"), "age", dates)
    sink = io.BytesIO()
    pyarrow.parquet.write_table(wrong, sink)
    answer = requests.post(f"{platform.http}/v1/deployments/credit/predict", data=sink.getvalue(), headers={"content-type": PARQUET}, timeout=30)
    assert answer.status_code == 422 and answer.json()["errors"][0]["path"] == "age", answer.text


def scoring_of_mlflow(platform):
    rows = [case["row"] for case in platform.expected]
    names = list(rows[0])
    data = [[row[name] for name in names] for row in rows]
    sink = io.BytesIO()
    pyarrow.parquet.write_table(table_of(platform), sink)
    bodies = [
        {"json": {"dataframe_split": {"index": list(range(len(rows))), "columns": names, "data": data}}},
        {"json": {"dataframe_records": rows}},
        {"json": {"instances": rows}},
        {"json": {"inputs": {name: [row[name] for row in rows] for name in names}}},
        {"data": sink.getvalue(), "headers": {"content-type": PARQUET}},
    ]
    for body in bodies:
        answer = requests.post(f"{platform.http}/deployments/credit/invocations", timeout=30, **body)
        assert answer.status_code == 200, answer.text
        predictions = answer.json()["predictions"]
        assert len(predictions) == len(rows)
        for got, case in zip(predictions, platform.expected):
            # the file's ZipMap makes a map of class and probability, as MLflow gives it
            values = [list(value.values()) for value in got.values() if isinstance(value, dict)][0]
            assert max(abs(a - b) for a, b in zip(values, case["probabilities"])) < 1e-6, (got, case)
    assert requests.get(f"{platform.http}/deployments/credit/ping", timeout=10).status_code == 200
