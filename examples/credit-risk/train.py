"""Trains both models of this example from data/german_credit.csv and writes all that the deployment needs.

    python3.11 -m venv .venv && .venv/bin/pip install -r requirements.txt && .venv/bin/python train.py

Writes data/train.parquet and data/test.parquet (a fixed split), model/model.onnx (gradient boosting, the model that is deployed),
models/logistic/ (logistic regression, as MLflow saves it) and golden.json (rows of the test data with the answers of scikit-learn).
"""

import json
import shutil
from pathlib import Path

import mlflow
import numpy as np
import onnx
import onnxruntime
import pandas as pd
import skl2onnx.common._container as skl2onnx_container
from mlflow.models import infer_signature
from skl2onnx import to_onnx
from skl2onnx.common.data_types import Int64TensorType, StringTensorType
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

HERE = Path(__file__).resolve().parent
COLUMNS = ["age", "sex", "job", "housing", "saving_accounts", "checking_account", "credit_amount", "duration", "purpose"]
CATEGORIES = ["sex", "housing", "saving_accounts", "checking_account", "purpose"]
NUMBERS = ["job", "credit_amount", "duration", "age"]
GOLDEN_ROWS = 50


def make_node_with_integers(*args, make_node=skl2onnx_container.make_node, **attributes):
    """skl2onnx 1.20 hands booleans to integer attributes, which protobuf 7 refuses."""
    plain = lambda value: int(value) if isinstance(value, (bool, np.bool_)) else value
    return make_node(*args, **{name: [plain(v) for v in value] if isinstance(value, list) else value for name, value in attributes.items()})


skl2onnx_container.make_node = make_node_with_integers


def split():
    """700 rows to train on and 300 to test, with the same share of good risks in both."""
    data = pd.read_csv(HERE / "data/german_credit.csv", keep_default_na=False)
    train, test = train_test_split(data, test_size=0.3, stratify=data["risk"], random_state=42)
    train, test = train.reset_index(drop=True), test.reset_index(drop=True)
    train.to_parquet(HERE / "data/train.parquet", compression="zstd", index=False)
    test.to_parquet(HERE / "data/test.parquet", compression="zstd", index=False)
    return train, test


def fit(model, train):
    prepare = ColumnTransformer(
        [("cat", OneHotEncoder(handle_unknown="ignore", sparse_output=False), CATEGORIES), ("num", StandardScaler(), NUMBERS)]
    )
    return Pipeline([("prep", prepare), ("model", model)]).fit(train[COLUMNS], train["risk"])


def export(pipeline, name):
    """One named input a column, [N, 1]; outputs output_label and output_probability."""
    types = [(column, StringTensorType([None, 1]) if column in CATEGORIES else Int64TensorType([None, 1])) for column in COLUMNS]
    model = to_onnx(pipeline, initial_types=types, options={StandardScaler: {"div": "div_cast"}}, target_opset={"": 17, "ai.onnx.ml": 3}, naming="credit_")
    model.graph.name, model.doc_string, model.producer_name = name, "Credit risk on the German credit data", "skl2onnx"
    scaler = pipeline.named_steps["prep"].named_transformers_["num"]
    for constant in model.graph.initializer:
        # the scaler's mean and scale pass through float32 on the way, which moves values over tree thresholds: put the exact doubles back
        if constant.name.endswith(("Subcst", "Divcst")):
            exact = np.asarray(scaler.mean_ if constant.name.endswith("Subcst") else scaler.scale_, np.float64)
            constant.CopyFrom(onnx.numpy_helper.from_array(exact.reshape(tuple(constant.dims)), constant.name))
    onnx.checker.check_model(model)
    return model


def compare(model, pipeline, test):
    """Largest difference of the probabilities between the ONNX file and scikit-learn, over the test rows."""
    feed = {column: test[[column]].to_numpy(dtype=object if column in CATEGORIES else np.int64) for column in COLUMNS}
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    answers = np.array([[row[0], row[1]] for row in session.run(None, feed)[1]])
    return float(np.abs(answers - pipeline.predict_proba(test[COLUMNS])).max())


def golden(pipeline, test):
    """The first rows of the test data with the answers of scikit-learn, as the row interface gives them."""
    rows = test.head(GOLDEN_ROWS)[COLUMNS]
    labels, probabilities = pipeline.predict(rows), pipeline.predict_proba(rows)
    answers = [
        {"label": "good" if label == 1 else "bad", "probabilities": {"bad": float(bad), "good": float(good)}}
        for label, (bad, good) in zip(labels, probabilities)
    ]
    return {"tolerance": 1e-5, "rows": json.loads(rows.to_json(orient="records")), "predictions": answers}


def main():
    train, test = split()
    logistic = fit(LogisticRegression(max_iter=2000, C=1.0), train)
    boosting = fit(
        GradientBoostingClassifier(n_estimators=100, learning_rate=0.08, max_depth=3, subsample=0.7, min_samples_leaf=10, random_state=0), train
    )

    (HERE / "model").mkdir(exist_ok=True)
    boosting_onnx = export(boosting, "credit_risk_boosting")
    onnx.save(boosting_onnx, HERE / "model/model.onnx")

    logistic_onnx = export(logistic, "credit_risk_logistic")
    shutil.rmtree(HERE / "models/logistic", ignore_errors=True)
    example = train[COLUMNS].head(5)
    mlflow.onnx.save_model(
        logistic_onnx,
        HERE / "models/logistic",
        signature=infer_signature(example, pd.DataFrame({"output_label": logistic.predict(example)})),
        input_example=example,
        pip_requirements=["onnx==1.23.2", "onnxruntime==1.31.1", "numpy==2.4.6", "pandas==3.1.1"],
    )

    (HERE / "golden.json").write_text(json.dumps(golden(boosting, test), indent=1) + "\n")
    for name, pipeline, model in (("boosting", boosting, boosting_onnx), ("logistic", logistic, logistic_onnx)):
        probability = pipeline.predict_proba(test[COLUMNS])[:, 1]
        accuracy = accuracy_score(test["risk"], pipeline.predict(test[COLUMNS]))
        auc = roc_auc_score(test["risk"], probability)
        print(f"{name}: accuracy {accuracy:.3f}, AUC {auc:.3f}, ONNX differs by at most {compare(model, pipeline, test):.1e}")


if __name__ == "__main__":
    main()
