"""Predicts with the libraries, one name a line of standard input, and tells the seconds of the fastest of a few runs.

python libraries.py MODEL ONNX FOLDER: FOLDER as make.py left it. Answers go to FOLDER as NAME.f64. One thread each.
"""
import os
import sys
import time

import lightgbm
import lleaves
import numpy as np
import onnxruntime
import tl2cgen
import xgboost

model, onnx, folder = sys.argv[1:4]
at = lambda name: os.path.join(folder, name)
rows = np.fromfile(at("rows.f32"), dtype=np.float32).reshape(-1, 30)
doubles = rows.astype("f8")
mixed = np.fromfile(at("mixed.f32"), dtype=np.float32).reshape(-1, 24)
mixed_doubles = mixed.astype("f8")
FEW = 2000


def xgb(path):
    booster = xgboost.Booster(model_file=path)
    booster.feature_names = None
    booster.set_param({"nthread": 1})
    return booster


binary, forest, classes = xgb(model), xgb(at("forest.xgb.ubj")), xgb(at("classes.xgb.ubj"))
lgb_binary, lgb_classes = lightgbm.Booster(model_file=at("binary.lgb.txt")), lightgbm.Booster(model_file=at("classes.lgb.txt"))
compiled = lleaves.Model(model_file=at("binary.lgb.txt"))
compiled.compile(cache=at("binary.lleaves"))
generated = tl2cgen.Predictor(at("binary.tl2cgen.so"), nthread=1)
matrix = tl2cgen.DMatrix(rows)
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = options.inter_op_num_threads = 1
session = onnxruntime.InferenceSession(onnx, options, providers=["CPUExecutionProvider"])
feed = session.get_inputs()[0].name
TILES = {f"ort{size}": size for size in (64, 256, 1024, 10000)}


def ort(size):
    return np.concatenate([session.run(["probabilities"], {feed: rows[i : i + size]})[0][:, 1] for i in range(0, len(rows), size)])


RUNS = {
    "xgboost": lambda: binary.inplace_predict(rows),
    "tl2cgen": lambda: generated.predict(matrix),
    "lightgbm": lambda: lgb_binary.predict(doubles, num_threads=1),
    "lleaves": lambda: compiled.predict(doubles, n_jobs=1),
    "forest": lambda: forest.inplace_predict(rows[:FEW]),
    "classes-xgboost": lambda: classes.inplace_predict(mixed[:FEW]),
    "classes-lightgbm": lambda: lgb_classes.predict(mixed_doubles[:FEW], num_threads=1),
    **{name: (lambda size=size: ort(size)) for name, size in TILES.items()},
}

for name, run in RUNS.items():
    np.asarray(run(), dtype="f8").tofile(at(f"{name}.f64"))
print("ready", flush=True)
for line in sys.stdin:
    run = RUNS[line.strip()]
    begin = time.perf_counter()
    best = float("inf")
    while True:
        start = time.perf_counter()
        run()
        end = time.perf_counter()
        best = min(best, end - start)
        if end - begin > 0.1:
            break
    print(best, flush=True)
