"""model.py DIRECTORY ROWS: writes an MLflow model of 30 columns whose signature types each of them, and rows with the answers to them.
model.py DIRECTORY --time SECONDS: how long one row takes in this process, by the model's own predict and by that of MLflow, as JSON."""

import json
import os
import pathlib
import sys
import time

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
import mlflow
import numpy as np
import pandas as pd

folder = pathlib.Path(sys.argv[1])
NAMES = [f"c{i:02}" for i in range(30)]


def write(rows):
    from sklearn.linear_model import LinearRegression

    draw = np.random.default_rng(6)
    frame = pd.DataFrame(draw.normal(size=(2000, 30)), columns=NAMES)
    model = LinearRegression().fit(frame, frame.to_numpy() @ draw.normal(size=30))
    signature = mlflow.models.infer_signature(frame, model.predict(frame))
    import shutil

    shutil.rmtree(folder / "model", ignore_errors=True)
    mlflow.sklearn.save_model(model, folder / "model", signature=signature, serialization_format="pickle", input_example=frame[:2])
    frame[:rows].to_json(folder / "rows.json", orient="records", double_precision=15)


def timed(seconds):
    loaded = mlflow.pyfunc.load_model(str(folder / "model"))
    row = pd.DataFrame(json.loads((folder / "rows.json").read_text())[:1])
    own = loaded.get_raw_model()
    found = {}
    for name, call in (("own", own.predict), ("mlflow", loaded.predict)):
        took, until = [], time.perf_counter() + seconds
        while time.perf_counter() < until:
            start = time.perf_counter()
            call(row)
            took.append(time.perf_counter() - start)
        found[name] = sorted(took)[len(took) // 2] * 1e6
    print(json.dumps(found))


if sys.argv[2] == "--time":
    timed(float(sys.argv[3]))
else:
    write(int(sys.argv[2]))
