"""MLflow models that only Python runs: their environments are built, and the answers are those that MLflow recorded. Models of other answers, of wrong
numbers of them and without any are written here."""

import json
import os
import shutil
import subprocess

import requests

from .platform import BIN, TESTDATA

MODELS = TESTDATA / "python-models"
# models that ask for the same share one environment, so that the order costs nothing
NAMES = ["v3-models-from-code", "v3-params", "v3-pyfunc-custom", "v3-sklearn-pickle", "v3-statsmodels"]


def same(expected, got):
    if isinstance(expected, dict):
        return isinstance(got, dict) and expected.keys() == got.keys() and all(same(expected[key], got[key]) for key in expected)
    if isinstance(expected, list):
        return isinstance(got, list) and len(expected) == len(got) and all(map(same, expected, got))
    if isinstance(expected, float):
        return isinstance(got, (int, float)) and abs(expected - got) <= 1e-9 * max(1, abs(expected))
    return expected == got


def taken(platform, folder, name, *options):
    """Imports and deploys a folder; answers what the import said."""
    # uv lies beside this program, and builds several times as fast as pip
    said = platform.fairlead("models", "import", str(folder), "--name", name, "--allow-code", "--json", *options)
    platform.fairlead("deploy", name, "--model", name)
    return json.loads(said)["version"]


def scored(platform, name, body):
    return requests.post(f"{platform.http}/deployments/{name}/invocations", json=body, timeout=60)


def code_runs_only_where_that_is_allowed(platform):
    command = ["node", BIN, "models", "import", str(MODELS / "v3-sklearn-pickle"), "--name", "not-allowed", "--data", str(platform.data)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 4, done
    for words in ["RandomForestClassifier", "Only Python can run it", "mlflow.sklearn", "--allow-code"]:
        assert words in done.stderr, done.stderr


def answers_are_those_that_mlflow_recorded(platform):
    for name in NAMES:
        folder = platform.data / "python-models" / name
        shutil.copytree(MODELS / name, folder, ignore=shutil.ignore_patterns("expected.json"))
        version = taken(platform, folder, name)
        assert version["format"] == "python" and version["lineage"]["codeAllowed"]["how"] == "request", version["lineage"]
        assert not [check for check in version["facts"]["checks"] if not check["ok"] and check["name"] != "contents"], version["facts"]["checks"]
        for case in json.loads((MODELS / name / "expected.json").read_text())["cases"]:
            response = scored(platform, name, case["request"])
            assert response.status_code == 200, (name, case["case"], response.text)
            assert same(case["response"], response.json()), (name, case["case"], response.text[:500])


def rows_and_tensors_get_the_answers_of_the_scoring(platform):
    (case,) = json.loads((MODELS / "v3-sklearn-pickle" / "expected.json").read_text())["cases"]
    split = case["request"]["dataframe_split"]
    rows = [dict(zip(split["columns"], row)) for row in split["data"]]
    response = requests.post(f"{platform.http}/v1/deployments/v3-sklearn-pickle/predict", json={"rows": rows}, timeout=60).json()
    got = [[row["probabilities"][label] for label in "012"] for row in response["predictions"]]
    assert same(case["response"]["predictions"], got)
    inputs = [{"name": name, "datatype": "FP64", "shape": [len(rows)], "data": [row[name] for row in rows]} for name in split["columns"]]
    response = requests.post(f"{platform.http}/v2/models/v3-sklearn-pickle/infer", json={"inputs": inputs}, timeout=60).json()
    assert same([value for row in case["response"]["predictions"] for value in row], response["outputs"][0]["data"])


ODD = """
import mlflow, numpy, pandas, os
class Odd(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        x = model_input["x"].to_numpy()
        what = int(x[0])
        if what == 1: return x[:-1]
        if what == 2: return 'words'
        if what == 3: os._exit(5)
        if what == 4: return ['a'] * len(x)
        if what == 5: raise ValueError('five')
        if what == 6: return None
        return x * 2
mlflow.models.set_model(Odd())
"""


def answers_of_another_kind_are_errors_of_their_request(platform):
    folder = platform.data / "python-models" / "odd"
    shutil.copytree(MODELS / "v3-models-from-code", folder, ignore=shutil.ignore_patterns("expected.json"))
    (folder / "model.py").write_text(ODD)
    taken(platform, folder, "odd")
    ask = lambda *values: requests.post(f"{platform.http}/v1/deployments/odd/predict", json={"rows": [{"x": value} for value in values]}, timeout=60)
    assert [row["value"] for row in ask(7, 8).json()["predictions"]] == [14, 16]
    for value, status, words in [
        (1, 500, "rows for 2"),
        (2, 500, "str"),
        (3, 503, "code 5"),
        (4, 500, "no float64"),
        (5, 500, "ValueError: five"),
        (6, 500, "NoneType"),
    ]:
        response = ask(value, 0)
        assert response.status_code == status and words in response.json()["detail"], (value, response.text)
    platform.wait(lambda: ask(7).status_code == 200, "worker in the place of the one that ended")


def environments_that_cannot_be_built_say_why(platform):
    folder = platform.data / "python-models" / "unbuildable"
    shutil.copytree(MODELS / "v3-models-from-code", folder, ignore=shutil.ignore_patterns("expected.json"))
    (folder / "requirements.txt").write_text("mlflow==3.17.2\nno-such-package-anywhere==1.2.3\n")
    command = ["node", BIN, "models", "import", str(folder), "--name", "odd", "--allow-code", "--data", str(platform.data)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1 and "no-such-package-anywhere" in done.stderr and "environment-" in done.stderr, done.stderr
    (folder / "python_env.yaml").write_text("python: 3.99.1\n")
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1 and "needs Python 3.99" in done.stderr and "--python" in done.stderr, done.stderr
    # the release that was there answers as before
    assert requests.post(f"{platform.http}/v1/deployments/odd/predict", json={"rows": [{"x": 7}]}, timeout=60).status_code == 200
    assert not [name for name in os.listdir(platform.data / "cache/python") if name.endswith((".building", ".lock"))]
