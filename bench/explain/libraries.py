"""Explains rows with XGBoost and with the shap library, one round a line of standard input, and tells the seconds.

python libraries.py MODEL ROWS COUNT BACKGROUND FOLDER: rows are float32, COUNT of them; contributions go to FOLDER as float64.
"""
import sys
import time

import numpy as np
import shap
import xgboost

model, rows, count, background, folder = sys.argv[1:6]
booster = xgboost.Booster(model_file=model)
booster.feature_names = None
booster.set_param({"nthread": 1})
x = np.fromfile(rows, dtype=np.float32).reshape(int(count), -1)
matrix = xgboost.DMatrix(x, nthread=1)
by_paths = shap.TreeExplainer(booster, feature_perturbation="tree_path_dependent")
by_pairs = shap.TreeExplainer(booster, data=x[: int(background)], feature_perturbation="interventional")
FEW = 100

RUNS = {
    "xgboost": lambda: booster.predict(matrix, pred_contribs=True),
    "shap": lambda: by_paths.shap_values(x, check_additivity=False),
    "pairs": lambda: by_pairs.shap_values(x[:FEW], check_additivity=False),
}

RUNS["xgboost"]().astype("f8").tofile(f"{folder}/xgboost.f64")
RUNS["pairs"]().astype("f8").tofile(f"{folder}/pairs.f64")
print("ready", flush=True)
for line in sys.stdin:
    start = time.perf_counter()
    RUNS[line.strip()]()
    print(time.perf_counter() - start, flush=True)
