"""Makes the PMML documents of this folder but the ones in `handmade/`, and `expected.json`, with what the JPMML evaluator answers for each row of
each document, handmade ones too: a value, null, or a refusal.

Requirements (versions used): python 3.11, Java 17, scikit-learn 1.9.0, pandas 3.1.1, sklearn2pmml 0.133.1, jpmml_evaluator 0.16.0, jpype1 1.7.1,
lightgbm 4.7.0, xgboost 3.2.0

Run: python make.py
"""

import json
import re
import warnings
from pathlib import Path

import lightgbm
import numpy as np
import pandas as pd
import xgboost
from jpmml_evaluator import make_evaluator
from jpmml_evaluator.jpype import JPypeBackend
from sklearn import ensemble, linear_model
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from sklearn2pmml import make_pmml_pipeline, sklearn2pmml

warnings.filterwarnings("ignore")
OUT = Path(__file__).resolve().parent
rng = np.random.default_rng(11)
N = 200
numbers = pd.DataFrame(rng.normal(size=(N, 4)).round(2), columns=["a", "b", "c", "d"])
signal = numbers["a"] - 2 * numbers["b"] + rng.normal(scale=0.3, size=N)
y2 = pd.Series((signal > 0).astype(int), name="y")
y3 = pd.Series(np.array(["low", "mid", "high"])[np.digitize(signal, [-1, 1])], name="y")
yr = pd.Series(signal * 3 + 10, name="y")
holed = numbers.mask(rng.random(numbers.shape) < 0.15)
mixed = pd.DataFrame({"colour": rng.choice(["red", "green", "blau & <grün>"], N), "size": rng.choice(["S", "M", "L"], N), "weight": rng.normal(70, 12, N).round(1), "age": rng.integers(18, 80, N)})
ym = pd.Series(np.where((mixed["weight"] > 70) ^ (mixed["colour"] == "red"), "heavy", "light"), name="y")
odd = mixed.head(25).astype({"age": float})
odd.loc[1, "colour"], odd.loc[2, "weight"], odd.loc[3, "size"] = None, np.nan, "XL"

backend = JPypeBackend()
cases = []


def plain(value):
    if value is None or value is pd.NA:
        return None
    if isinstance(value, (float, np.floating)):
        return None if np.isnan(value) else float(value)
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    return int(value) if isinstance(value, (int, np.integer)) else str(value)


def evaluate(name, path, rows):
    evaluator = make_evaluator(str(path), backend=backend)
    target = evaluator.getTargetFields()[0].getName()
    expected = []
    for row in rows.to_dict(orient="records"):
        row = {key: plain(value) for key, value in row.items()}
        try:
            result = {key: plain(value) for key, value in evaluator.evaluate(row).items()}
        except Exception:
            expected.append("refused")
            continue
        answer = {"value": result.get(target)}
        shares = {match[1]: value for key, value in result.items() if (match := re.fullmatch(r"probability\((.*)\)", key))}
        expected.append({**answer, **({"probabilities": shares} if shares else {})})
    cases.append({"name": name, "columns": list(rows.columns), "rows": [[plain(v) for v in row] for row in rows.to_numpy(dtype=object)], "expected": expected})


def case(name, model, train, target, rows):
    model.fit(train, target)
    path = OUT / f"{name}.pmml"
    pipeline = make_pmml_pipeline(model, list(train.columns), [target.name])
    sklearn2pmml(pipeline, str(path))
    path.write_text(re.sub(r"<Timestamp>.*</Timestamp>", "<Timestamp>2026-01-01T00:00:00Z</Timestamp>", path.read_text()).replace("\t", ""))
    evaluate(name, path, rows)


R, H = numbers.head(25), holed.head(30)
T = ensemble
case("tree-classifier", DecisionTreeClassifier(max_depth=4, random_state=0), numbers, y3, R)
case("tree-regressor", DecisionTreeRegressor(max_depth=5, random_state=0), numbers, yr, H)
case("tree-missing", DecisionTreeClassifier(max_depth=4, random_state=0), holed, y2, H)
case("forest-classifier", T.RandomForestClassifier(5, max_depth=3, random_state=0), numbers, y3, R)
case("forest-regressor", T.RandomForestRegressor(5, max_depth=4, random_state=0), numbers, yr, R)
case("boosting-classifier", T.GradientBoostingClassifier(n_estimators=6, random_state=0), numbers, y2, R)
case("boosting-classifier-three", T.GradientBoostingClassifier(n_estimators=3, max_depth=2, random_state=0), numbers, y3, R)
case("boosting-regressor", T.GradientBoostingRegressor(n_estimators=6, random_state=0), numbers, yr, R)
case("hist-classifier", T.HistGradientBoostingClassifier(max_iter=5, max_leaf_nodes=6), holed, y2, H)
case("hist-regressor", T.HistGradientBoostingRegressor(max_iter=5, max_leaf_nodes=6), holed, yr, H)
case("linear", linear_model.LinearRegression(), numbers, yr, R.head(10))
case("logistic", linear_model.LogisticRegression(), numbers, y2, R)
case("logistic-three", linear_model.LogisticRegression(), numbers, y3, R)
case("poisson", linear_model.PoissonRegressor(), numbers, yr.abs(), R.head(10))
case("xgboost", xgboost.XGBClassifier(n_estimators=6, max_depth=3), holed, y2, H)
case("xgboost-regressor", xgboost.XGBRegressor(n_estimators=6, max_depth=3), holed, yr, H)
case("lightgbm", lightgbm.LGBMRegressor(n_estimators=6, num_leaves=6, verbose=-1), holed, yr, H)
case("lightgbm-classifier", lightgbm.LGBMClassifier(n_estimators=6, num_leaves=6, verbose=-1), numbers, y2, R)
prep = lambda: ColumnTransformer([("hot", OneHotEncoder(handle_unknown="ignore"), ["colour", "size"]), ("scale", StandardScaler(), ["weight"]), ("range", make_pipeline(SimpleImputer(), MinMaxScaler()), ["age"])])
case("pipeline-logistic", Pipeline([("prep", prep()), ("model", linear_model.LogisticRegression())]), mixed, ym, odd)
case("pipeline-forest", Pipeline([("prep", prep()), ("model", T.RandomForestClassifier(4, max_depth=4, random_state=0))]), mixed, ym, odd)
ordinal = ColumnTransformer([("code", OrdinalEncoder(), ["colour", "size"]), ("as-is", "passthrough", ["weight", "age"])])
case("pipeline-hist", Pipeline([("prep", ordinal), ("model", T.HistGradientBoostingClassifier(max_iter=4, max_leaf_nodes=6, categorical_features=[0, 1], min_samples_leaf=8))]), mixed, ym, odd)
for path in sorted((OUT / "handmade").glob("*.pmml")):
    rows = json.loads(path.with_suffix(".json").read_text())
    evaluate(f"handmade/{path.stem}", path, pd.DataFrame(rows["rows"], columns=rows["columns"], dtype=object))

lines = ",\n".join(json.dumps(c, ensure_ascii=False, separators=(",", ":")) for c in cases)
(OUT / "expected.json").write_text(f'{{"cases":[\n{lines}\n]}}\n')
print(len(cases), "cases,", sum(f.stat().st_size for f in OUT.rglob("*") if f.is_file()), "bytes")
