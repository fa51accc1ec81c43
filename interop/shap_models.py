"""Models with odd parameters, explained: Fairlead's contributions must be those of the libraries and of the shap library. shap_models.py"""

import json
import pathlib
import subprocess
import sys
import tempfile

import lightgbm
import numpy
import shap
import skops.io
import xgboost
from sklearn.ensemble import ExtraTreesRegressor, RandomForestClassifier

ROWS, TRAIN, FEATURES, BACKGROUND = 60, 600, 6, 30
CATEGORIES = {4: 5, 5: 40}
RNG = numpy.random.default_rng(7)


def table(count, missing, categories):
    rows = RNG.normal(size=(count, FEATURES))
    rows[:, 3] = numpy.round(rows[:, 3])
    for column, many in categories.items():
        rows[:, column] = RNG.integers(many, size=count)
    if missing:
        rows[RNG.random(rows.shape) < 0.15] = numpy.nan
    # trees compare float32
    return rows.astype(numpy.float32).astype(numpy.float64)


def labels(rows, classes=0):
    known = numpy.nan_to_num(rows)
    signal = known[:, 0] * 1.5 - known[:, 3] + numpy.sin(known[:, 1] * 3) + (known[:, 4] % 3) * 0.7
    return numpy.clip(numpy.floor(signal + classes / 2), 0, classes - 1).astype(int) if classes else signal


def lines(values, bias):
    """Contributions as [rows, outputs, columns + bias]: shap gives the outputs last."""
    values = numpy.asarray(values)
    values = values[:, None, :] if values.ndim == 2 else numpy.moveaxis(values, 2, 1)
    biases = numpy.broadcast_to(numpy.ravel(bias)[None, :, None], (len(values), values.shape[1], 1))
    return numpy.concatenate([values, biases], axis=2)


class Jobs:
    def __init__(self, folder):
        self.folder = folder
        self.expected = {}

    def add(self, name, format, model, *, rows, expected, background=None):
        job = {"format": format, "model": model, "rows": len(rows), "background": 0 if background is None else len(background)}
        (self.folder / f"{name}.job.json").write_text(json.dumps(job))
        numpy.concatenate([rows] if background is None else [rows, background]).tofile(self.folder / f"{name}.rows")
        self.expected[name] = numpy.asarray(expected)

    def compare(self):
        failed = 0
        for name, expected in self.expected.items():
            found = numpy.fromfile(self.folder / f"{name}.contributions").reshape(expected.shape)
            apart = numpy.abs(found - expected).max()
            right = apart <= 1e-5 * max(1, numpy.abs(expected).max())
            failed += not right
            print(f"{'ok  ' if right else 'FAIL'}  {name}: {apart:.1e} apart")
        return failed


def xgboost_models(jobs):
    odd = {
        "missing": ({"objective": "binary:logistic", "max_depth": 5}, True, {}, 2),
        "categories": ({"objective": "reg:squarederror", "max_depth": 6, "max_cat_to_onehot": 10}, True, CATEGORIES, 0),
        "classes": ({"objective": "multi:softprob", "num_class": 4, "max_depth": 4, "num_parallel_tree": 2, "subsample": 0.7}, True, CATEGORIES, 4),
        "deep": ({"objective": "reg:squarederror", "max_depth": 0, "grow_policy": "lossguide", "max_leaves": 200, "min_child_weight": 0}, False, {}, 0),
        "dart": ({"objective": "binary:logistic", "booster": "dart", "rate_drop": 0.4, "base_score": 0.2}, True, {}, 2),
        "linear": ({"objective": "reg:squarederror", "booster": "gblinear"}, False, {}, 0),
    }
    for name, (parameters, missing, categories, classes) in odd.items():
        train, rows = table(TRAIN, missing, categories), table(ROWS, missing, categories)
        types = ["c" if column in categories else "float" for column in range(FEATURES)]
        data = xgboost.DMatrix(train, label=labels(train, classes), feature_types=types)
        booster = xgboost.train({**parameters, "seed": 3, "nthread": 1, "verbosity": 0}, data, 12)
        booster.save_model(jobs.folder / f"{name}.ubj")
        matrix = xgboost.DMatrix(rows, feature_types=types)
        jobs.add(f"xgboost-{name}", "xgboost", f"{name}.ubj", rows=rows, expected=booster.predict(matrix, pred_contribs=True, strict_shape=True))
        if name in ("missing", "deep"):
            background = table(BACKGROUND, missing, categories)
            explained = shap.TreeExplainer(booster, data=background, feature_perturbation="interventional")
            expected = lines(explained.shap_values(rows, check_additivity=False), explained.expected_value)
            jobs.add(f"xgboost-{name}-interventional", "xgboost", f"{name}.ubj", rows=rows, expected=expected, background=background)


def lightgbm_models(jobs):
    odd = {
        "missing": ({"objective": "binary", "num_leaves": 40}, True, {}, 2),
        "zero": ({"objective": "regression", "zero_as_missing": True}, True, {}, 0),
        "categories": ({"objective": "regression", "min_data_per_group": 5, "cat_smooth": 1}, True, CATEGORIES, 0),
        "classes": ({"objective": "multiclass", "num_class": 3, "num_leaves": 15}, True, CATEGORIES, 3),
    }
    for name, (parameters, missing, categories, classes) in odd.items():
        train, rows = table(TRAIN, missing, categories), table(ROWS, missing, categories)
        data = lightgbm.Dataset(train, label=labels(train, classes), categorical_feature=list(categories), params={"verbosity": -1})
        booster = lightgbm.train({**parameters, "seed": 3, "num_threads": 1, "verbosity": -1, "min_data_in_leaf": 3}, data, 12)
        booster.save_model(jobs.folder / f"{name}.txt")
        loaded = lightgbm.Booster(model_file=jobs.folder / f"{name}.txt")
        expected = loaded.predict(rows, pred_contrib=True).reshape(len(rows), -1, FEATURES + 1)
        jobs.add(f"lightgbm-{name}", "lightgbm", f"{name}.txt", rows=rows, expected=expected)


def scikit_learn_models(jobs):
    train, rows, background = table(TRAIN, False, {}), table(ROWS, False, {}), table(BACKGROUND, False, {})
    models = {
        "forest": RandomForestClassifier(12, min_samples_leaf=3, random_state=3).fit(train, labels(train, 3)),
        "extra": ExtraTreesRegressor(10, max_depth=12, random_state=3).fit(train, labels(train)),
    }
    for name, model in models.items():
        skops.io.dump(model, jobs.folder / f"{name}.skops")
        for kind, others in (("tree_path_dependent", None), ("interventional", background)):
            explained = shap.TreeExplainer(model, data=others, feature_perturbation=kind)
            expected = lines(explained.shap_values(rows, check_additivity=False), explained.expected_value)
            jobs.add(f"{name}-{kind}", "skops", f"{name}.skops", rows=rows, expected=expected, background=others)


def main():
    with tempfile.TemporaryDirectory(prefix="fairlead-shap-") as name:
        jobs = Jobs(pathlib.Path(name))
        xgboost_models(jobs)
        lightgbm_models(jobs)
        scikit_learn_models(jobs)
        subprocess.run(["node", str(pathlib.Path(__file__).parent / "explain.ts"), name], check=True)
        failed = jobs.compare()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
