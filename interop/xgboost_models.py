"""XGBoost models with odd parameters, trained here: xgboost_models.py [MODELS] [SEED]. Fairlead's answers must be the library's."""

import json
import pathlib
import subprocess
import sys
import tempfile
import warnings

import numpy
import xgboost

ROWS, TRAIN, FEATURES = 400, 800, 7
TOLERANCE = {"rtol": 1e-5, "atol": 1e-6}
REAL = ["reg:squarederror", "reg:pseudohubererror", "reg:absoluteerror", "reg:quantileerror"]
POSITIVE = ["reg:squaredlogerror", "reg:gamma", "reg:tweedie", "count:poisson", "survival:cox", "survival:aft"]
BINARY = ["binary:logistic", "binary:logitraw", "binary:hinge", "reg:logistic"]
SEVERAL = ["multi:softprob", "multi:softmax"]
RANK = ["rank:ndcg", "rank:pairwise", "rank:map"]


class Draw:
    """Everything about one model that is drawn by chance, the same for the same seed."""

    def __init__(self, seed):
        self.rng = numpy.random.default_rng(seed)
        self.seed = seed
        self.objective = self.pick(REAL + POSITIVE + BINARY + SEVERAL * 3 + RANK)
        self.booster = self.pick(["gbtree"] * 5 + ["dart", "gblinear"])
        self.classes = int(self.rng.integers(3, 9))
        self.missing = self.pick([numpy.nan, numpy.nan, -1.0, 0.0]) if self.booster != "gblinear" else numpy.nan
        self.categories = {} if self.booster == "gblinear" or self.chance(0.5) else {int(j): int(self.rng.integers(2, 70)) for j in self.rng.choice(FEATURES, 2, replace=False)}
        targets = self.objective in ("reg:squarederror", "binary:logistic") and self.chance(0.5)
        self.targets = int(self.rng.integers(2, 5)) if targets else 1
        self.parameters = self.draw_parameters()

    def chance(self, probability):
        return self.rng.random() < probability

    def pick(self, options):
        return options[int(self.rng.integers(len(options)))]

    def draw_parameters(self):
        drawn = {"objective": self.objective, "booster": self.booster, "seed": self.seed, "nthread": 1, "verbosity": 0, "eta": self.pick([0.05, 0.3, 1.0])}
        if self.objective in SEVERAL:
            drawn["num_class"] = self.classes
        if self.objective == "reg:quantileerror":
            drawn["quantile_alpha"] = self.pick([0.3, [0.1, 0.5, 0.9]])
        if self.objective not in RANK and self.chance(0.3):
            drawn["base_score"] = self.pick([0.1, 0.5, 0.9])
        if self.booster == "gblinear":
            return drawn | {"updater": self.pick(["coord_descent", "shotgun"]), "alpha": self.pick([0, 0.1])}
        several = self.targets > 1 or self.objective in SEVERAL
        drawn |= {
            "tree_method": "hist" if self.categories else self.pick(["hist", "exact", "approx"]),
            "max_depth": int(self.rng.integers(1, 11)),
            "gamma": self.pick([0, 0, 1.5, 1e6 if self.chance(0.2) else 0]),
            "min_child_weight": self.pick([0, 1, 5]),
            "subsample": self.pick([1, 0.6]),
            "colsample_bytree": self.pick([1, 0.5]),
            "num_parallel_tree": self.pick([1, 1, 3]),
            "max_cat_to_onehot": self.pick([1, 4, 100]),
            "alpha": self.pick([0, 0.5]),
        }
        if drawn["tree_method"] == "hist" and self.chance(0.3):
            drawn |= {"grow_policy": "lossguide", "max_leaves": int(self.rng.integers(2, 60)), "max_depth": 0}
        if drawn["tree_method"] == "hist" and several and self.booster == "gbtree" and self.chance(0.5):
            drawn["multi_strategy"] = "multi_output_tree"
        if self.booster == "dart":
            drawn |= {"rate_drop": 0.3, "normalize_type": self.pick(["tree", "forest"])}
        return drawn

    def rows(self, count):
        table = self.rng.normal(size=(count, FEATURES)).astype(numpy.float32)
        table[:, 2] = numpy.round(table[:, 2] * 2)
        for column, many in self.categories.items():
            table[:, column] = self.rng.integers(many, size=count)
        if self.booster != "gblinear" or self.chance(0.5):
            table[self.rng.random(table.shape) < 0.1] = self.missing
        return table

    def labels(self, table):
        signal = numpy.nan_to_num(table[:, 0]) * 1.5 - numpy.nan_to_num(table[:, 2]) + numpy.sin(numpy.nan_to_num(table[:, 3]) * 3)
        noisy = [signal + self.rng.normal(size=len(table)) * 0.3 for _ in range(self.targets)]
        if self.objective in SEVERAL:
            return numpy.clip(numpy.floor(noisy[0] + self.classes / 2), 0, self.classes - 1)
        if self.objective in BINARY or self.objective == "rank:map":
            noisy = [(one > 0).astype(float) for one in noisy]
        elif self.objective in POSITIVE:
            noisy = [numpy.round(numpy.exp(one * 0.4)) + 1 for one in noisy]
        elif self.objective in RANK:
            noisy = [numpy.clip(numpy.round(one + 2), 0, 4) for one in noisy]
        return numpy.stack(noisy, axis=1) if self.targets > 1 else noisy[0]

    def matrix(self, table, labels=None):
        types = ["c" if column in self.categories else "float" for column in range(FEATURES)]
        matrix = xgboost.DMatrix(table, label=None if self.objective == "survival:aft" else labels, missing=self.missing, feature_types=types)
        if labels is not None and self.objective in RANK:
            matrix.set_group([len(table) // 20] * 20)
        if labels is not None and self.objective == "survival:aft":
            matrix.set_float_info("label_lower_bound", labels)
            matrix.set_float_info("label_upper_bound", labels * 2)
        return matrix


def train(draw):
    """A booster, perhaps stopped early, cut, or refreshed."""
    table = draw.rows(TRAIN)
    data = draw.matrix(table, draw.labels(table))
    rounds = int(draw.rng.integers(2, 15))
    if draw.chance(0.3):
        other = draw.rows(TRAIN)
        return xgboost.train(draw.parameters, data, 40, evals=[(draw.matrix(other, draw.labels(other)), "v")], early_stopping_rounds=2, verbose_eval=False)
    booster = xgboost.train(draw.parameters, data, rounds)
    if draw.booster == "gbtree" and draw.chance(0.3):
        booster = xgboost.train(draw.parameters, data, 3, xgb_model=booster)
    return booster[1:] if draw.booster == "gbtree" and draw.chance(0.3) else booster


def thresholds_among(draw, booster, table):
    """Puts thresholds, and the numbers beside them, among the rows."""
    model = json.loads(bytes(booster.save_raw("json")))["learner"]["gradient_booster"]
    for tree in model.get("gbtree", model)["model"].get("trees", []):
        for feature, value, left in zip(tree["split_indices"], tree["split_conditions"], tree["left_children"]):
            if left >= 0 and feature not in draw.categories and draw.chance(0.3):
                value = numpy.float32(value)
                table[draw.rng.integers(len(table)), feature] = draw.pick([value, numpy.nextafter(value, numpy.float32(-9e9)), numpy.nextafter(value, numpy.float32(9e9))])


def job(folder, name, *, model, rows, options):
    rows.astype(numpy.float32).tofile(folder / f"{name}.rows")
    (folder / f"{name}.job.json").write_text(json.dumps({"format": "xgboost", "model": model, "rows": len(rows), "options": options}))


def write_booster(folder, seed):
    """One model as a Booster gives it: what is expected of each of its jobs."""
    draw = Draw(seed)
    booster = train(draw)
    file = f"{seed}.{draw.pick(['json', 'ubj'])}"
    booster.save_model(folder / file)
    loaded = xgboost.Booster(model_file=folder / file)
    rows = draw.rows(ROWS)
    if draw.booster != "gblinear":
        thresholds_among(draw, booster, rows)
    matrix = draw.matrix(rows)
    missing = {} if numpy.isnan(draw.missing) else {"missing": draw.missing}
    job(folder, f"{seed}", model=file, rows=rows, options=missing)
    expected = {f"{seed}": {"prediction": loaded.predict(matrix), "margin": loaded.predict(matrix, output_margin=True)}}
    if loaded.attr("best_iteration"):
        best = {"iteration_range": (0, loaded.best_iteration + 1)}
        job(folder, f"{seed}-best", model=file, rows=rows, options={**missing, "iterations": "best"})
        expected[f"{seed}-best"] = {"prediction": loaded.predict(matrix, **best), "margin": loaded.predict(matrix, output_margin=True, **best)}
    return expected, draw.parameters


def write_wrapper(folder, seed):
    """A scikit-learn class: labels and probabilities."""
    draw = Draw(seed)
    rng = draw.rng
    table = rng.normal(size=(TRAIN, FEATURES))
    classes = int(rng.integers(2, 6))
    labels = numpy.clip(numpy.floor(table[:, 0] + classes / 2), 0, classes - 1).astype(int)
    objective = draw.pick(["binary:logistic", "binary:hinge", "binary:logitraw"]) if classes == 2 else draw.pick(SEVERAL)
    early = draw.chance(0.5)
    model = xgboost.XGBClassifier(n_estimators=12, max_depth=4, objective=objective, early_stopping_rounds=2 if early else None, n_jobs=1, verbosity=0, booster=draw.pick(["gbtree", "dart"]))
    model.fit(table, labels, verbose=False, **({"eval_set": [(table[:200] * 1.1, labels[:200])]} if early else {}))
    model.save_model(folder / f"w{seed}.json")
    loaded = xgboost.XGBClassifier()
    loaded.load_model(folder / f"w{seed}.json")
    rows = rng.normal(size=(ROWS, FEATURES)).astype(numpy.float32)
    job(folder, f"w{seed}", model=f"w{seed}.json", rows=rows, options={"as": "classifier"})
    expected = {"label": loaded.predict(rows), "probabilities": loaded.predict_proba(rows), "margin": loaded.predict(rows, output_margin=True)}
    return {f"w{seed}": expected}, {"wrapper": "XGBClassifier", "objective": objective, "classes": classes}


def main(models=40, seed=1000):
    failures = 0
    with tempfile.TemporaryDirectory(prefix="fairlead-xgboost-") as name:
        folder = pathlib.Path(name)
        expected, refused = {}, []
        for one in range(seed, seed + models):
            try:
                found, parameters = (write_wrapper if one % 5 == 0 else write_booster)(folder, one)
            except xgboost.core.XGBoostError as error:  # the library does not train every combination
                refused.append(str(error).splitlines()[0])
                continue
            expected |= {job_name: (columns, parameters) for job_name, columns in found.items()}
        subprocess.run(["node", str(pathlib.Path(__file__).with_name("evaluate.ts")), name], check=True)
        for job_name, (columns, parameters) in expected.items():
            answers = json.loads((folder / f"{job_name}.answers.json").read_text())
            for output, wanted in columns.items():
                got = numpy.asarray(answers[output], dtype=float).reshape(numpy.asarray(wanted).shape)
                exact = output == "label"
                if not (numpy.array_equal(got, wanted) if exact else numpy.allclose(got, wanted, **TOLERANCE, equal_nan=True)):
                    failures += 1
                    print(f"{job_name} {output}: {numpy.abs(got - wanted).max()} off; {parameters}")
    if len(refused) > models / 4:
        failures += 1
        print("too few models were trained:", *refused, sep="\n")
    print(f"{len(expected)} comparisons of {models - len(refused)} models, {failures} failed")
    return 1 if failures else 0


warnings.filterwarnings("ignore")
sys.exit(main(*map(int, sys.argv[1:])))
