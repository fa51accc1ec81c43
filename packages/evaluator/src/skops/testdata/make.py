"""Makes the skops files of this folder and `expected.json`, with what scikit-learn itself answers from the files as loaded again.

Requirements (versions used): python 3.11, numpy 2.4.6, pandas 3.1.1, scikit-learn 1.9.1, skops 0.16.0

Run: python make.py
"""

import json
import warnings
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_STORED

import numpy as np
import pandas as pd
import skops.io as sio
from sklearn import ensemble, linear_model, preprocessing
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.impute import SimpleImputer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeClassifier

warnings.filterwarnings("ignore")
OUT = Path(__file__).resolve().parent
rng = np.random.default_rng(7)

# ---------- data: a matrix of numbers, and a frame with texts ----------------------------------------------------
N, F = 240, 5
X = rng.normal(size=(N, F)).round(2)
X[:, 3] = rng.integers(0, 6, N)
SIGNAL = X[:, 0] - 2 * X[:, 1] + 0.5 * X[:, 3] + rng.normal(scale=0.3, size=N)
y2 = (SIGNAL > 0.5).astype(int)
y3 = np.digitize(SIGNAL, [-0.5, 1.5])
yr = SIGNAL * 3 + 10
XN = X.copy()
XN[rng.random(X.shape) < 0.15] = np.nan

frame = pd.DataFrame({
    "colour": rng.choice(["red", "green", "blue", "grün"], N).astype(object),
    "size": rng.choice(["S", "M", "L"], N, p=[0.1, 0.6, 0.3]).astype(object),
    "code": rng.integers(1, 5, N),
    "weight": rng.normal(70, 12, N).round(1),
    "height": rng.normal(170, 9, N).round(0),
    "flag": rng.random(N) < 0.4,
    "note": [f"row {i}" for i in range(N)],
})
holes = frame.copy()
holes.loc[rng.random(N) < 0.2, "colour"] = np.nan
holes.loc[rng.random(N) < 0.2, "weight"] = np.nan
yf = ((frame["weight"] > 70) ^ (frame["colour"] == "red")).map({True: "heavy", False: "light"}).to_numpy()
TEXT, NUMBER = ["colour", "size"], ["weight", "height", "code"]


def thresholds(model):
    """Every threshold of the trees inside a model."""
    found = []

    def walk(m):
        if hasattr(m, "tree_"):
            found.extend(zip(m.tree_.feature[m.tree_.feature >= 0], m.tree_.threshold[m.tree_.feature >= 0]))
        for p in np.ravel(getattr(m, "_predictors", [])):
            nodes = p.nodes[(p.nodes["is_leaf"] == 0) & (p.nodes["is_categorical"] == 0)]
            found.extend(zip(nodes["feature_idx"], nodes["num_threshold"]))
        for e in np.ravel(np.asarray(getattr(m, "estimators_", []), dtype=object)):
            walk(e)

    walk(model)
    return found


def on_thresholds(rows, model, share=0.3):
    """Puts cells exactly on a split, and on its next neighbours as float32 and as double."""
    rows = rows.copy()
    splits = [s for s in thresholds(model) if np.isfinite(s[1])]
    for row in np.flatnonzero(rng.random(len(rows)) < share) if splits else []:
        for _ in range(2):
            feature, t = splits[rng.integers(len(splits))]
            f = np.float32(t)
            rows[row, feature] = rng.choice([t, f, np.nextafter(f, np.float32(np.inf)), np.nextafter(f, np.float32(-np.inf)), np.nextafter(t, np.inf), np.nextafter(t, -np.inf)])
    return rows


def plain(value):
    if isinstance(value, (float, np.floating)):
        return "NaN" if np.isnan(value) else "Infinity" if value == np.inf else "-Infinity" if value == -np.inf else float(value)
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, np.integer):
        return int(value)
    if value is None or value is pd.NA:
        return "NaN"
    return value


def table(values):
    return [[plain(v) for v in np.ravel(row)] for row in values]


cases = []


def case(name, model, train, target, rows, compression=ZIP_DEFLATED):
    """Fits, saves, loads again, and writes down what the loaded model answers."""
    model.fit(train, target)
    path = OUT / f"{name}.skops"
    sio.dump(model, path, compression=compression, compresslevel=9 if compression == ZIP_DEFLATED else None)
    loaded = sio.load(path, trusted=sio.get_untrusted_types(file=path))
    if callable(rows):
        rows = rows(loaded)
    expected = {}
    if hasattr(loaded, "predict"):
        answer = loaded.predict(rows)
        kind = "label" if hasattr(loaded, "classes_") else "value"
        expected[kind] = [plain(v) for v in answer] if answer.ndim == 1 else table(answer)
        if hasattr(loaded, "predict_proba"):
            expected["probabilities"] = table(loaded.predict_proba(rows))
        if hasattr(loaded, "decision_function"):
            expected["margin"] = table(loaded.decision_function(rows))
    else:
        out = loaded.transform(rows)
        expected["columns"] = table(out.toarray() if hasattr(out, "toarray") else np.asarray(out))
    columns = list(rows.columns) if isinstance(rows, pd.DataFrame) else None
    cases.append({"name": name, "columns": columns, "rows": table(rows.to_numpy(dtype=object) if columns else rows), "expected": expected})


def refused(name, model, train, target, reason):
    model.fit(train, target)
    sio.dump(model, OUT / f"{name}.skops", compression=ZIP_DEFLATED, compresslevel=9)
    cases.append({"name": name, "refused": reason})


R = X[:40]
near = lambda m: on_thresholds(X[:40], m)
holed = lambda m: on_thresholds(XN[:40], m)
T, G = ensemble, linear_model

# ---------- trees ------------------------------------------------------------------------------------------------
case("tree-classifier", DecisionTreeClassifier(max_depth=5, random_state=0), X, y3, near, ZIP_STORED)
case("tree-regressor", DecisionTreeRegressor(max_depth=6, random_state=0), X, yr, near)
case("tree-regressor-two-outputs", DecisionTreeRegressor(max_depth=4, random_state=0), X, np.c_[yr, -yr], near)
case("tree-missing", DecisionTreeClassifier(max_depth=5, random_state=0), XN, y2, holed)
case("tree-missing-unseen", DecisionTreeClassifier(max_depth=5, random_state=0), X, y2, holed)
case("tree-alone", DecisionTreeRegressor(max_depth=1, min_samples_leaf=N), X, yr, R[:3])
case("extra-tree", ExtraTreeClassifier(max_depth=5, random_state=0), X, y3, near)
case("forest-classifier", T.RandomForestClassifier(7, max_depth=4, random_state=0), X, y3, near)
case("forest-regressor", T.RandomForestRegressor(7, max_depth=4, random_state=0), X, yr, near)
case("forest-missing", T.RandomForestClassifier(6, max_depth=4, random_state=0), XN, y2 == 1, holed)
case("forest-criterion", T.RandomForestRegressor(4, max_depth=3, criterion="absolute_error", random_state=0), X, yr, near)
case("extra-trees-classifier", T.ExtraTreesClassifier(6, max_depth=4, random_state=0), X, np.array([-10, 0, 10])[y3], near)
case("extra-trees-regressor", T.ExtraTreesRegressor(6, max_depth=4, random_state=0), X, yr, near)
case("boosting-classifier", T.GradientBoostingClassifier(n_estimators=12, max_depth=3, random_state=0), X, y2, near)
case("boosting-classifier-three", T.GradientBoostingClassifier(n_estimators=5, max_depth=2, random_state=0), X, np.array(["low", "mid", "high"])[y3], near)
case("boosting-exponential", T.GradientBoostingClassifier(n_estimators=8, loss="exponential", max_depth=2, random_state=0), X, y2, near)
case("boosting-zero", T.GradientBoostingRegressor(n_estimators=6, init="zero", max_depth=3, random_state=0), X, yr, near)
case("boosting-regressor", T.GradientBoostingRegressor(n_estimators=10, loss="huber", max_depth=3, random_state=0), X, yr, near)
case("boosting-quantile", T.GradientBoostingRegressor(n_estimators=6, loss="quantile", alpha=0.8, max_depth=2, random_state=0), X, yr, near)
case("hist-classifier", T.HistGradientBoostingClassifier(max_iter=8, max_leaf_nodes=8, random_state=0), XN, y2, holed)
case("hist-classifier-three", T.HistGradientBoostingClassifier(max_iter=4, max_leaf_nodes=6, random_state=0), XN, y3, holed)
case("hist-regressor", T.HistGradientBoostingRegressor(max_iter=8, max_leaf_nodes=8), XN, yr, holed)
case("hist-poisson", T.HistGradientBoostingRegressor(max_iter=6, max_leaf_nodes=6, loss="poisson"), X, np.abs(yr), near)
odd = np.vstack([X[:25], X[:5]])
odd[25:, 3] = [np.nan, 17, -3, 2.5, 0]
case("hist-categories", T.HistGradientBoostingRegressor(max_iter=8, max_leaf_nodes=8, categorical_features=[3]), X, yr + 5 * (X[:, 3] % 2), odd)
categories = frame[["colour", "weight", "size"]].astype({"colour": "category", "size": "category"})
unseen = frame[["colour", "weight", "size"]].head(30).copy()
unseen.loc[3, "colour"], unseen.loc[4, "colour"], unseen.loc[5, "size"] = "mauve", np.nan, ""
case("hist-category-frame", T.HistGradientBoostingClassifier(max_iter=6, max_leaf_nodes=6, min_samples_leaf=8), categories, yf, unseen.astype({"colour": pd.CategoricalDtype(["red", "green", "blue", "grün", "mauve"]), "size": pd.CategoricalDtype(["S", "M", "L", ""])}))
case("adaboost", T.AdaBoostClassifier(DecisionTreeClassifier(max_depth=2), n_estimators=6, random_state=0), X, y2, near)
case("adaboost-three", T.AdaBoostClassifier(n_estimators=6, random_state=0), X, y3, near)
case("bagging-classifier", T.BaggingClassifier(DecisionTreeClassifier(max_depth=3), n_estimators=5, max_features=0.6, random_state=0), X, y3, R)
case("bagging-regressor", T.BaggingRegressor(n_estimators=4, max_features=3, random_state=0), X, yr, R)
case("voting-classifier", T.VotingClassifier([("a", DecisionTreeClassifier(max_depth=3)), ("b", G.LogisticRegression())], voting="soft", weights=[1, 2.5]), X, y3, near)
case("voting-regressor", T.VotingRegressor([("a", DecisionTreeRegressor(max_depth=3)), ("b", G.Ridge())]), X, yr, near)
case("search", GridSearchCV(DecisionTreeClassifier(random_state=0), {"max_depth": [2, 4]}, cv=2), X, y2, R)

# ---------- linear models ----------------------------------------------------------------------------------------
for name, model in {"linear": G.LinearRegression(), "ridge": G.Ridge(), "lasso": G.Lasso(alpha=0.1), "elastic": G.ElasticNet(alpha=0.1), "sgd-regressor": G.SGDRegressor(random_state=0), "no-intercept": G.LinearRegression(fit_intercept=False)}.items():
    case(name, model, X, yr, R[:12])
case("linear-two-outputs", G.LinearRegression(), X, np.c_[yr, -yr], R[:12])
case("poisson", G.PoissonRegressor(), X, np.abs(yr), R[:12])
case("gamma", G.GammaRegressor(), X, np.abs(yr) + 0.1, R[:12])
case("tweedie-identity", G.TweedieRegressor(power=0), X, yr, R[:12])
case("tweedie-log", G.TweedieRegressor(power=1.5), X, np.abs(yr) + 0.1, R[:12])
case("logistic", G.LogisticRegression(), X, y2, R)
case("logistic-three", G.LogisticRegression(), X, np.array(["a", "b", "c"], dtype=object)[y3], R)
case("logistic-bools", G.LogisticRegression(), X, y2 == 1, R[:12])
case("logistic-floats", G.LogisticRegression(), X, y3.astype(float), R[:12])
case("sgd-log", G.SGDClassifier(loss="log_loss", random_state=0), X, y3, R)
case("sgd-hinge", G.SGDClassifier(random_state=0), X, y2, R[:12])
case("linear-svc", LinearSVC(random_state=0), X, y3, R[:12])
case("ridge-classifier", G.RidgeClassifier(), X, y2, R[:12])
case("discriminant", LinearDiscriminantAnalysis(), X, y2, R[:12])
case("discriminant-three", LinearDiscriminantAnalysis(), X, y3, R[:12])

# ---------- transformers -----------------------------------------------------------------------------------------
P = preprocessing
for name, model in {
    "standard": P.StandardScaler(), "standard-no-mean": P.StandardScaler(with_mean=False), "minmax": P.MinMaxScaler((-1, 2), clip=True), "maxabs": P.MaxAbsScaler(), "robust": P.RobustScaler(),
    "l1": P.Normalizer("l1"), "l2": P.Normalizer(), "max": P.Normalizer("max"), "binarizer": P.Binarizer(threshold=0.25), "polynomial": P.PolynomialFeatures(3), "interactions": P.PolynomialFeatures((2, 3), interaction_only=True, include_bias=False),
    "bins": P.KBinsDiscretizer(4, encode="ordinal"), "bins-onehot": P.KBinsDiscretizer(3), "pca": PCA(3, whiten=True), "union": FeatureUnion([("a", P.StandardScaler()), ("b", PCA(2))]), "function": P.FunctionTransformer(np.exp),
}.items():
    case(name, model, X, y2, np.vstack([R[:10] * 2, np.zeros((1, F))]))
for name, model in {"impute-mean": SimpleImputer(add_indicator=True), "impute-median": SimpleImputer(strategy="median"), "impute-constant": SimpleImputer(strategy="constant", fill_value=-1), "standard-missing": P.StandardScaler()}.items():
    case(name, model, XN, y2, XN[:12])
hollow = XN.copy()
hollow[:, 2] = np.nan
case("impute-empty", SimpleImputer(), hollow, y2, XN[:6])
case("impute-zeros", SimpleImputer(missing_values=0, strategy="most_frequent"), X, y2, np.where(R[:12] > 1, 0, R[:12]))
strange = frame.head(14).copy()
strange.loc[1, "colour"], strange.loc[2, "size"], strange.loc[3, "colour"] = "mauve", "XL", np.nan
onehot = lambda **k: ColumnTransformer([("hot", P.OneHotEncoder(**k), [*TEXT, "code"])])
for name, settings in {"onehot": {"handle_unknown": "ignore"}, "onehot-drop": {"handle_unknown": "ignore", "drop": "first"}, "onehot-rare": {"handle_unknown": "infrequent_if_exist", "min_frequency": 50}, "onehot-rare-drop": {"handle_unknown": "ignore", "max_categories": 2, "drop": "first"}}.items():
    case(name, onehot(**settings), frame, yf, strange)
case("onehot-binary", onehot(drop="if_binary"), frame, yf, frame.head(8))
case("onehot-missing", ColumnTransformer([("hot", P.OneHotEncoder(handle_unknown="ignore"), ["colour", "weight"])]), holes.head(12), yf[:12], holes.head(14))
case("ordinal", ColumnTransformer([("o", P.OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), [*TEXT, "code"])]), frame, yf, strange)
case("ordinal-missing", ColumnTransformer([("o", P.OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan, encoded_missing_value=-2), TEXT)]), holes, yf, strange)
case("ordinal-error", ColumnTransformer([("o", P.OrdinalEncoder(), ["colour"])]), holes, yf, holes.head(8))
case("target-encoder", ColumnTransformer([("t", P.TargetEncoder(random_state=0), TEXT)]), frame, y2, strange)

# ---------- whole pipelines --------------------------------------------------------------------------------------
text = make_pipeline(SimpleImputer(strategy="most_frequent"), P.OneHotEncoder(handle_unknown="ignore"))
number = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), P.StandardScaler())
both = lambda: ColumnTransformer([("text", text, TEXT), ("number", number, NUMBER), ("flag", "passthrough", ["flag"])])
mixed = holes.head(40).copy()
mixed.loc[1, "colour"], mixed.loc[2, "size"], mixed.loc[3, "weight"] = "mauve", "", np.nan
case("pipeline-logistic", Pipeline([("prep", both()), ("model", G.LogisticRegression(max_iter=500))]), holes, yf, mixed, ZIP_STORED)
case("pipeline-forest", Pipeline([("prep", both()), ("skip", "passthrough"), ("model", T.RandomForestClassifier(5, max_depth=4, random_state=0))]), holes, yf, mixed)
positions = ColumnTransformer([("scale", P.StandardScaler(), [0, 2]), ("gone", "drop", [1]), ("cut", P.MinMaxScaler(), slice(4, 5))], remainder="passthrough")
case("pipeline-positions", make_pipeline(positions, P.PolynomialFeatures(2), G.Ridge()), X, yr, R)
masks = ColumnTransformer([("a", P.StandardScaler(), np.array([True, False, True, False, False]))], remainder=P.MaxAbsScaler())
case("pipeline-masks", make_pipeline(masks, DecisionTreeRegressor(max_depth=4, random_state=0)), X, yr, R)

# ---------- what must be refused by name -------------------------------------------------------------------------
refused("refused-svc", SVC(), X[:30], y2[:30], "sklearn.svm._classes.SVC")
refused("refused-inside", make_pipeline(P.QuantileTransformer(n_quantiles=10), G.Ridge()), X[:30], yr[:30], "sklearn.preprocessing._data.QuantileTransformer")
refused("refused-outputs", DecisionTreeClassifier(max_depth=2), X[:30], np.c_[y2, y3][:30], "several outputs")

# one line a case, so that a change shows
lines = ",\n".join(json.dumps(c, ensure_ascii=False, separators=(",", ":")) for c in cases)
(OUT / "expected.json").write_text(f'{{"cases":[\n{lines}\n]}}\n')
total = sum(f.stat().st_size for f in OUT.iterdir())
print(len(cases), "cases,", total, "bytes")
