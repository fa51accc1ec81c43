"""LightGBM models with odd parameters, trained here: lightgbm_models.py [MODELS] [SEED]. Fairlead's answers must be the library's."""

import json
import pathlib
import re
import subprocess
import sys
import tempfile
import warnings

import lightgbm
import numpy
import pandas

ROWS, TRAIN, FEATURES = 400, 900, 7
TOLERANCE = {"rtol": 1e-12, "atol": 1e-12}
REAL = ["regression", "regression_l1", "huber", "fair", "quantile", "mape"]
POSITIVE = ["poisson", "gamma", "tweedie"]
BINARY = ["binary", "cross_entropy", "cross_entropy_lambda"]
SEVERAL = ["multiclass", "multiclassova"]
RANK = ["lambdarank", "rank_xendcg"]
ODD_CATEGORIES = [-1, -0.5, -7, 2.7, 1e6, 2**31 - 1, 1e300, -1e300, numpy.inf, numpy.nan]


class Draw:
    """Everything about one model that is drawn by chance, the same for the same seed."""

    def __init__(self, seed):
        self.rng = numpy.random.default_rng(seed)
        self.seed = seed
        self.objective = self.pick(REAL + POSITIVE + BINARY * 2 + SEVERAL * 3 + RANK + ["custom"])
        self.boosting = self.pick(["gbdt"] * 4 + ["dart", "rf"])
        self.classes = int(self.rng.integers(3, 8))
        self.categories = {} if self.chance(0.4) else {int(j): int(self.rng.integers(2, 120)) for j in self.rng.choice(FEATURES, 2, replace=False)}
        self.parameters = self.draw_parameters()

    def chance(self, probability):
        return self.rng.random() < probability

    def pick(self, options):
        return options[int(self.rng.integers(len(options)))]

    def draw_parameters(self):
        drawn = {"objective": self.objective, "boosting": self.boosting, "seed": self.seed, "num_threads": 1, "verbosity": -1, "deterministic": True, "force_row_wise": True}
        if self.objective == "custom":
            drawn["objective"] = _squared
        if self.objective in SEVERAL:
            drawn["num_class"] = self.classes
        if self.objective in ("binary", "multiclassova"):
            drawn["sigmoid"] = self.pick([1, 0.3, 2.5])
        if self.objective in ("regression", "regression_l1", "fair", "quantile") and self.chance(0.4):
            drawn["reg_sqrt"] = True
        if self.boosting == "rf" or self.chance(0.3):
            drawn |= {"bagging_freq": 1, "bagging_fraction": 0.7}
        if self.boosting == "dart":
            drawn |= {"drop_rate": 0.4, "xgboost_dart_mode": self.pick([True, False])}
        if self.boosting == "gbdt" and not self.categories and self.objective in REAL + ["binary"] + SEVERAL and self.chance(0.3):
            drawn |= {"linear_tree": True, "linear_lambda": self.pick([0, 0.1])}
        drawn |= {
            "num_leaves": int(self.rng.integers(2, 60)),
            "max_depth": self.pick([-1, 3, 8]),
            "min_data_in_leaf": self.pick([1, 5, 20, 5000 if self.chance(0.2) else 5]),
            "learning_rate": self.pick([0.05, 0.3, 1.0]),
            "feature_fraction": self.pick([1, 0.5]),
            "max_bin": self.pick([255, 15, 63]),
            "use_missing": self.pick([True, True, False]),
            "zero_as_missing": self.pick([False, False, True]),
            "boost_from_average": self.pick([True, False]),
            "extra_trees": self.pick([False, False, True]),
            "path_smooth": self.pick([0, 0, 2.0]),
            "lambda_l1": self.pick([0, 0.5]),
            "min_data_per_group": self.pick([1, 10]),
            "cat_smooth": self.pick([0.5, 10]),
            "max_cat_threshold": self.pick([32, 200]),
            "max_cat_to_onehot": self.pick([4, 1, 50]),
        }
        return drawn

    def rows(self, count):
        table = self.rng.normal(size=(count, FEATURES))
        table[:, 2] = numpy.round(table[:, 2] * 2)
        table[:, 4] *= 10.0 ** self.rng.integers(-9, 9)
        for column, many in self.categories.items():
            table[:, column] = self.rng.integers(many, size=count)
        table[self.rng.random(table.shape) < 0.1] = numpy.nan
        table[self.rng.random(table.shape) < 0.05] = 0
        return table

    def labels(self, table):
        signal = numpy.nan_to_num(table[:, 0]) * 1.5 - numpy.nan_to_num(table[:, 2]) + numpy.sin(numpy.nan_to_num(table[:, 3]) * 3)
        noisy = signal + self.rng.normal(size=len(table)) * 0.3
        if self.objective in SEVERAL:
            return numpy.clip(numpy.floor(noisy + self.classes / 2), 0, self.classes - 1)
        if self.objective in BINARY:
            return (noisy > 0).astype(float)
        if self.objective in POSITIVE:
            return numpy.round(numpy.exp(noisy * 0.4)) + 1
        return numpy.clip(numpy.round(noisy + 2), 0, 4) if self.objective in RANK else noisy

    def data(self, table, **more):
        group = [len(table) // 20] * 20 if self.objective in RANK else None
        return lightgbm.Dataset(table, self.labels(table), group=group, categorical_feature=sorted(self.categories) or "auto", params=self.parameters, free_raw_data=False, **more)


def _squared(predictions, data):
    return predictions - data.get_label(), numpy.ones_like(predictions)


def train(draw):
    """A booster, perhaps stopped early or trained on."""
    data = draw.data(draw.rows(TRAIN))
    rounds = int(draw.rng.integers(1, 15))
    if draw.boosting == "gbdt" and draw.objective != "custom" and draw.chance(0.3):
        return lightgbm.train(draw.parameters, data, 40, valid_sets=[draw.data(draw.rows(TRAIN), reference=data)], callbacks=[lightgbm.early_stopping(2, verbose=False)])
    booster = lightgbm.train(draw.parameters, data, rounds)
    if draw.boosting == "gbdt" and draw.chance(0.2):
        booster = lightgbm.train(draw.parameters, draw.data(draw.rows(TRAIN)), 3, init_model=booster)
    return booster


def thresholds_among(draw, text, table):
    """Puts thresholds, the numbers beside them, and odd categories among the rows."""
    for features, thresholds, decisions in re.findall(r"split_feature=([^\n]*)\n(?:split_gain=[^\n]*\n)?threshold=([^\n]*)\ndecision_type=([^\n]*)\n", text):
        for feature, threshold, decision in zip(features.split(), thresholds.split(), decisions.split()):
            if int(decision) & 1 == 0 and draw.chance(0.3):
                value = float(threshold)
                table[draw.rng.integers(len(table)), int(feature)] = draw.pick([value, numpy.nextafter(value, -numpy.inf), numpy.nextafter(value, numpy.inf)])
    for column in draw.categories:
        for value in ODD_CATEGORIES:
            table[draw.rng.integers(len(table)), column] = value


def job(folder, name, *, model, rows, options):
    rows.astype(numpy.float64).tofile(folder / f"{name}.rows")
    (folder / f"{name}.job.json").write_text(json.dumps({"format": "lightgbm", "model": model, "rows": len(rows), "options": options}))


def write_booster(folder, seed):
    """One model as a Booster gives it, whole and its first rounds: what is expected of each of its jobs."""
    draw = Draw(seed)
    booster = train(draw)
    file = f"{seed}.txt"
    booster.save_model(folder / file)
    loaded = lightgbm.Booster(model_file=folder / file)
    rows = draw.rows(ROWS)
    thresholds_among(draw, (folder / file).read_text(), rows)
    job(folder, f"{seed}", model=file, rows=rows, options={})
    expected = {f"{seed}": {"prediction": loaded.predict(rows), "margin": loaded.predict(rows, raw_score=True)}}
    if loaded.num_trees() > loaded.num_model_per_iteration():
        job(folder, f"{seed}-first", model=file, rows=rows, options={"iterations": 1})
        expected[f"{seed}-first"] = {"prediction": loaded.predict(rows, num_iteration=1), "margin": loaded.predict(rows, raw_score=True, num_iteration=1)}
    return expected, {**draw.parameters, "categories": draw.categories}


def write_frame(folder, seed):
    """A model of a pandas frame with categories of texts, numbers and truth values, ordered ones and one that never varies among them."""
    rng = numpy.random.default_rng(seed)
    kinds = {
        "colour": ["red", "gr\u00fcn", "blue", "a \"b\\"],
        "size": [10, 20, 5, 70],
        "share": [0.1, 2.5, -3.0],
        "member": [False, True],
    }

    def frame(count, unseen):
        columns = {"number": rng.normal(size=count)}
        for name, values in kinds.items():
            codes = rng.integers(-1, len(values), size=count)
            columns[name] = pandas.Series([None if code < 0 else values[code] for code in codes], dtype=object)
            if unseen:
                columns[name][rng.random(count) < 0.1] = "mauve" if name == "colour" else 99
        return pandas.DataFrame(columns)

    training = frame(TRAIN, False)
    for name, values in kinds.items():
        training[name] = pandas.Categorical(training[name], categories=values)
    labels = (training["colour"].cat.codes + training["size"].cat.codes * training["number"] + training["share"].cat.codes + 2 * training["member"].cat.codes > 1).astype(int)
    model = lightgbm.LGBMClassifier(n_estimators=8, num_leaves=12, min_child_samples=3, min_data_per_group=2, cat_smooth=1, verbose=-1, n_jobs=1)
    model.fit(training, numpy.where(labels, "yes", "no"))
    model.booster_.save_model(folder / f"f{seed}.txt")
    rows = frame(ROWS, True)
    positions = numpy.column_stack([rows["number"], *([values.index(cell) if cell in values else numpy.nan for cell in rows[name]] for name, values in kinds.items())])
    for name, values in kinds.items():
        rows[name] = pandas.Categorical(rows[name].where(rows[name].isin(values)), categories=values)
    job(folder, f"f{seed}", model=f"f{seed}.txt", rows=positions, options={"as": "classifier", "classes": ["no", "yes"]})
    expected = {"label": model.predict(rows), "probabilities": model.predict_proba(rows), "margin": model.predict(rows, raw_score=True)}
    return {f"f{seed}": expected}, {"wrapper": "LGBMClassifier", "frame": True}


def write_wrapper(folder, seed):
    """A scikit-learn class: labels and probabilities."""
    draw = Draw(seed)
    rng = draw.rng
    table = rng.normal(size=(TRAIN, FEATURES))
    classes = int(rng.integers(2, 6))
    labels = 10 * numpy.clip(numpy.floor(table[:, 0] + classes / 2), 0, classes - 1).astype(int)
    model = lightgbm.LGBMClassifier(
        n_estimators=9, num_leaves=9, n_jobs=1, verbose=-1, boosting_type=draw.pick(["gbdt", "dart", "rf"]), subsample=0.7, subsample_freq=1,
        **({"objective": "multiclassova"} if classes > 2 and draw.chance(0.5) else {}),
    )
    model.fit(table, labels)
    model.booster_.save_model(folder / f"w{seed}.txt")
    rows = rng.normal(size=(ROWS, FEATURES))
    job(folder, f"w{seed}", model=f"w{seed}.txt", rows=rows, options={"as": "classifier", "classes": [int(label) for label in model.classes_]})
    expected = {"label": model.predict(rows), "probabilities": model.predict_proba(rows), "margin": model.predict(rows, raw_score=True)}
    return {f"w{seed}": expected}, {"wrapper": "LGBMClassifier", "classes": classes}


def main(models=40, seed=1000):
    failures = 0
    with tempfile.TemporaryDirectory(prefix="fairlead-lightgbm-") as name:
        folder = pathlib.Path(name)
        expected, refused = {}, []
        for one in range(seed, seed + models):
            write = write_wrapper if one % 5 == 0 else write_frame if one % 8 == 1 else write_booster
            try:
                found, parameters = write(folder, one)
            except lightgbm.basic.LightGBMError as error:  # the library does not train every combination
                refused.append(str(error).splitlines()[0])
                continue
            expected |= {job_name: (columns, parameters) for job_name, columns in found.items()}
        subprocess.run(["node", str(pathlib.Path(__file__).with_name("evaluate.ts")), name], check=True)
        for job_name, (columns, parameters) in expected.items():
            answers = json.loads((folder / f"{job_name}.answers.json").read_text())
            for output, wanted in columns.items():
                if output == "label":
                    difference = "" if answers[output] == wanted.tolist() else "differs"
                else:
                    got = numpy.asarray(answers[output], dtype=float).reshape(wanted.shape)
                    difference = "" if numpy.allclose(got, wanted, **TOLERANCE, equal_nan=True) else f"{numpy.abs(got - wanted).max()} off"
                if difference:
                    failures += 1
                    print(f"{job_name} {output}: {difference}; {parameters}")
        if len(refused) > models / 4:
            failures += 1
            print("too few models were trained:", *refused, sep="\n")
    print(f"{len(expected)} comparisons of {models - len(refused)} models, {failures} failed")
    return 1 if failures else 0


warnings.filterwarnings("ignore")
sys.exit(main(*map(int, sys.argv[1:])))
