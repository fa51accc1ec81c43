"""Makes the models that are compared, and the machine code of two compilers, once for a folder.

python make.py MODEL FOLDER: MODEL is the XGBoost classifier; FOLDER has rows.f32, 10,000 rows of 30 float32. Seeds are
fixed; the models are as good as the library's version and the machine make them.
"""
import json
import os
import sys

import lightgbm
import lleaves
import numpy as np
import tl2cgen
import treelite
import xgboost

model, folder = sys.argv[1:3]
at = lambda name: os.path.join(folder, name)
random = np.random.default_rng(7)
rows = np.fromfile(at("rows.f32"), dtype=np.float32).reshape(-1, 30)

# the same size in LightGBM, of the same function
booster = xgboost.Booster(model_file=model)
booster.set_param({"nthread": 1})
likely = booster.inplace_predict(rows)
labels = (random.random(len(rows)) < likely).astype(int)
binary = lightgbm.train(
    {"objective": "binary", "num_leaves": 63, "max_depth": 6, "min_data_in_leaf": 5, "num_threads": 1, "verbose": -1, "seed": 7},
    lightgbm.Dataset(rows.astype("f8"), labels),
    100,
)
binary.save_model(at("binary.lgb.txt"))

# a random forest of 500 trees of depth 20
forest = xgboost.train(
    {
        "objective": "binary:logistic", "max_depth": 20, "num_parallel_tree": 500, "subsample": 0.63, "colsample_bynode": 0.2,
        "learning_rate": 1, "reg_lambda": 0, "min_child_weight": 0, "tree_method": "hist", "nthread": 1, "seed": 7,
    },
    xgboost.DMatrix(rows, labels, nthread=1),
    1,
)
forest.save_model(at("forest.xgb.ubj"))

# five classes, a tenth of the values missing, four columns of forty categories
mixed = np.column_stack([rows[:, :20], random.integers(0, 40, size=(len(rows), 4)).astype(np.float32)])
mixed[random.random(mixed.shape) < 0.1] = np.nan
mixed.astype(np.float32).tofile(at("mixed.f32"))
known = np.nan_to_num(mixed, nan=40.0)
scores = np.nan_to_num(mixed[:, :20]) @ random.normal(size=(20, 5))
for column in (20, 21):
    scores += 2 * random.normal(size=(41, 5))[known[:, column].astype(int)]
classes = scores.argmax(axis=1)
lightgbm.train(
    {"objective": "multiclass", "num_class": 5, "num_leaves": 31, "min_data_in_leaf": 10, "num_threads": 1, "verbose": -1, "seed": 7},
    lightgbm.Dataset(mixed.astype("f8"), classes, categorical_feature=[20, 21, 22, 23]),
    100,
).save_model(at("classes.lgb.txt"))
types = ["q"] * 20 + ["c"] * 4
xgboost.train(
    {"objective": "multi:softprob", "num_class": 5, "max_depth": 6, "max_cat_to_onehot": 1, "tree_method": "hist", "nthread": 1, "seed": 7},
    xgboost.DMatrix(mixed, classes, feature_types=types, enable_categorical=True, nthread=1),
    100,
).save_model(at("classes.xgb.ubj"))

# needs an llvmlite that still has LLVM's old pass manager
lleaves.Model(model_file=at("binary.lgb.txt")).compile(cache=at("binary.lleaves"))
# treelite reads XGBoost's JSON alone
booster.save_model(at("binary.xgb.json"))
tl2cgen.export_lib(
    treelite.frontend.load_xgboost_model(at("binary.xgb.json")), toolchain="gcc", libpath=at("binary.tl2cgen.so"), params={"parallel_comp": 4}
)
json.dump({"rows": len(rows)}, open(at("made.json"), "w"))
