"""Other ways to score the same rows, as careful scripts: each prints its seconds, processor seconds and rows as JSON.

sides.py make FOLDER ROWS CSV_ROWS       the files
sides.py ort MODEL FOLDER CORES          ONNX Runtime alone, rows in memory, the best of some tiles, a process for each core
sides.py pandas MODEL.ubj IN OUT CORES   pandas and XGBoost over the same file, Parquet by row groups, CSV in chunks
"""
import json
import resource
import sys
import time

import numpy as np

COLUMNS = [f"c{i:02d}" for i in range(30)]
TILES = (64, 256, 1024, 8192)


def processor():
    return sum(usage.ru_utime + usage.ru_stime for usage in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))


def make(folder, rows, csv_rows):
    import pyarrow as pa
    import pyarrow.csv as pc
    import pyarrow.parquet as pq

    rng = np.random.default_rng(7)
    writer, text, done = None, None, 0
    while done < rows:
        many = min(262_144, rows - done)
        table = pa.table({name: rng.standard_normal(many).astype(np.float32) for name in COLUMNS})
        writer = writer or pq.ParquetWriter(f"{folder}/rows.parquet", table.schema, use_dictionary=False)
        writer.write_table(table)
        if done < csv_rows:
            text = text or pc.CSVWriter(f"{folder}/rows.csv", table.schema)
            text.write_table(table.slice(0, min(many, csv_rows - done)))
        done += many
    writer.close()
    text.close()


def ort_part(model, data, tile):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options)
    name = session.get_inputs()[0].name
    session.run(None, {name: data[:tile]})
    start, used = time.perf_counter(), time.process_time()
    last = None
    for at in range(0, len(data), tile):
        last = session.run(None, {name: data[at : at + tile]})
    return time.perf_counter() - start, time.process_time() - used, len(last[0])


def ort(model, folder, cores):
    from concurrent.futures import ProcessPoolExecutor

    rows = 100_000
    data = np.random.default_rng(1).standard_normal((rows, len(COLUMNS))).astype(np.float32)
    with ProcessPoolExecutor(cores) as pool:
        best = None
        for tile in TILES:
            found = list(pool.map(ort_part, [model] * cores, [data] * cores, [tile] * cores))
            took = {"seconds": max(one[0] for one in found), "processor": sum(one[1] for one in found), "rows": rows * cores, "tile": tile}
            if best is None or took["processor"] < best["processor"]:
                best = took
    print(json.dumps(best))


def pandas(model, source, target, cores):
    import pandas as pd
    import pyarrow as pa
    import pyarrow.csv as pc
    import pyarrow.parquet as pq
    import xgboost

    booster = xgboost.Booster(model_file=model)
    booster.set_param({"nthread": cores})
    start, used, rows = time.perf_counter(), processor(), 0

    def scored(frame):
        good = booster.inplace_predict(frame.to_numpy(dtype=np.float32))
        return pd.DataFrame({"label": (good > 0.5).astype(np.int64), "probabilities_0": 1 - good, "probabilities_1": good})

    if source.endswith(".parquet"):
        writer = None
        file = pq.ParquetFile(source)
        for group in range(file.num_row_groups):
            answer = pa.Table.from_pandas(scored(file.read_row_group(group, columns=COLUMNS).to_pandas()), preserve_index=False)
            writer = writer or pq.ParquetWriter(target, answer.schema)
            writer.write_table(answer)
            rows += answer.num_rows
        writer.close()
    else:
        # pyarrow's reader and writer are the fastest that pandas can use
        with pc.open_csv(source, read_options=pc.ReadOptions(block_size=1 << 24)) as reader:
            writer = None
            for batch in reader:
                answer = pa.Table.from_pandas(scored(batch.to_pandas()[COLUMNS]), preserve_index=False)
                writer = writer or pc.CSVWriter(target, answer.schema)
                writer.write_table(answer)
                rows += answer.num_rows
            writer.close()
    print(json.dumps({"seconds": time.perf_counter() - start, "processor": processor() - used, "rows": rows}))


def compare(ours, theirs):
    import pyarrow.csv as pc
    import pyarrow.parquet as pq

    read = lambda path: (pq.read_table(path) if path.endswith(".parquet") else pc.read_csv(path))["probabilities_1"].to_numpy()
    a, b = read(ours), read(theirs)
    print(json.dumps({"rows": len(a), "same": bool(len(a) == len(b) and np.abs(a - b).max() < 1e-6)}))


if __name__ == "__main__":
    what, *rest = sys.argv[1:]
    if what == "make":
        make(rest[0], int(rest[1]), int(rest[2]))
    elif what == "ort":
        ort(rest[0], rest[1], int(rest[2]))
    elif what == "pandas":
        pandas(rest[0], rest[1], rest[2], int(rest[3]))
    else:
        compare(*rest)
