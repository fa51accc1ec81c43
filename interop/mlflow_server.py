"""Models logged and registered by MLflow's own client on real tracking servers, imported by every form of address, and compared with what MLflow
itself predicts: mlflow_server.py HTTP DATA, the address and data folder of a platform. One server is open, behind a proxy that asks for a bearer
token; the other has MLflow's basic-auth app."""

import contextlib
import http.server
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
ROOT = pathlib.Path(__file__).resolve().parents[1]
BIN = str(ROOT / "packages/platform/bin/fairlead.js")
HTTP, DATA = sys.argv[1:3]
SERVED = "api/2.0/mlflow-artifacts/artifacts"
PASSWORD = "interop-password-1234"
ADMIN = {"MLFLOW_TRACKING_USERNAME": "admin", "MLFLOW_TRACKING_PASSWORD": PASSWORD}


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def started(url):
    """Whether a server answers there, if only that it wants to know who asks."""
    try:
        urllib.request.urlopen(url + "/health", timeout=2)
        return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


@contextlib.contextmanager
def tracking_server(folder, *options, **env):
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    folder.mkdir()
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    stores = ["--backend-store-uri", "sqlite:///store.db", "--artifacts-destination", "./artifacts", "--serve-artifacts"]
    with open(folder / "log.txt", "w") as log:
        process = subprocess.Popen([*command, *stores, *options], stdout=log, stderr=log, cwd=folder, env={**os.environ, **env}, start_new_session=True)
    try:
        until = time.monotonic() + 120
        while not started(url):
            assert process.poll() is None and time.monotonic() < until, (folder / "log.txt").read_text()[-3000:]
            time.sleep(0.5)
        yield url
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


@contextlib.contextmanager
def bearer_proxy(target, token):
    """Hands requests on that carry the token; all others get 401."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def pass_on(self):
            body = self.rfile.read(int(self.headers.get("content-length") or 0)) or None
            if self.headers.get("authorization") != f"Bearer {token}":
                return self.answer(401, "text/plain", b"a token is needed")
            kind = {"content-type": self.headers["content-type"]} if self.headers.get("content-type") else {}
            try:
                with urllib.request.urlopen(urllib.request.Request(target + self.path, body, kind, method=self.command), timeout=30) as got:
                    self.answer(got.status, got.headers.get("content-type", ""), got.read())
            except urllib.error.HTTPError as error:
                self.answer(error.code, error.headers.get("content-type", ""), error.read())

        def answer(self, status, kind, body):
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = pass_on

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()


def fairlead(*args, **env):
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")}
    return subprocess.run(["node", BIN, *args, "--data", DATA], capture_output=True, text=True, env={**clean, **env}, timeout=120)


def imported(source, name, url, **env):
    done = fairlead("models", "import", source, "--name", name, "--tracking-uri", url, "--json", **env)
    assert done.returncode == 0, f"{source}: {done.returncode}\n{done.stdout}{done.stderr}"
    return json.loads(done.stdout)["version"]


def refused(source, url, code, words, **env):
    done = fairlead("models", "import", source, "--name", "never", *(["--tracking-uri", url] if url else []), **env)
    assert done.returncode == code and words in done.stderr, f"{source}: {done.returncode}, wanted {code} and {words!r}\n{done.stdout}{done.stderr}"
    assert PASSWORD not in done.stderr and "Traceback" not in done.stderr and "at file:" not in done.stderr, done.stderr


def log_diabetes(url, rounds):
    """LightGBM models of one name, one for each number of rounds; answers their runs, their ids and the rows."""
    import lightgbm
    import mlflow
    from mlflow.models import infer_signature
    from sklearn import datasets

    mlflow.set_tracking_uri(url)
    mlflow.set_experiment("nightly")
    x, y = datasets.load_diabetes(return_X_y=True, as_frame=True)
    logged = []
    for count in rounds:
        with mlflow.start_run(run_name=f"rounds-{count}") as run:
            model = lightgbm.train({"objective": "regression", "num_leaves": 7, "verbose": -1, "num_threads": 1}, lightgbm.Dataset(x, y), count)
            mlflow.log_params({"rounds": count})
            mlflow.log_metric("r2", 0.1, step=1)
            mlflow.log_metric("r2", 0.5, step=2)
            mlflow.set_tag("team", "risk")
            mlflow.log_input(mlflow.data.from_pandas(x, name="diabetes"), context="training")
            info = mlflow.lightgbm.log_model(
                model, name="model", signature=infer_signature(x, model.predict(x)), input_example=x.head(2), registered_model_name="diabetes"
            )
            logged.append((run.info.run_id, info.model_id))
    mlflow.MlflowClient().set_registered_model_alias("diabetes", "champion", str(len(rounds)))
    return logged, x


def log_iris():
    """A scikit-learn pipeline saved with skops; answers its rows."""
    import mlflow
    from mlflow.models import infer_signature
    from sklearn import datasets
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    x, y = datasets.load_iris(return_X_y=True, as_frame=True)
    x.columns = [name.replace(" (cm)", "").replace(" ", "_") for name in x.columns]
    with mlflow.start_run():
        pipeline = make_pipeline(StandardScaler(), LogisticRegression()).fit(x, y)
        mlflow.sklearn.log_model(
            pipeline,
            name="iris",
            serialization_format="skops",
            signature=infer_signature(x, pipeline.predict(x)),
            input_example=x.head(2),
            registered_model_name="iris",
        )
    return x


def compare(name, uri, frame):
    """What the platform answers to rows, beside what MLflow predicts of the same model."""
    import mlflow
    import numpy

    wanted = mlflow.pyfunc.load_model(uri).predict(frame)
    body = {"dataframe_split": json.loads(frame.to_json(orient="split", index=False, double_precision=15))}
    request = urllib.request.Request(f"{HTTP}/deployments/{name}/invocations", json.dumps(body).encode(), {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        got = json.load(answer)["predictions"]
    numpy.testing.assert_allclose(numpy.asarray(got), numpy.asarray(wanted), rtol=1e-12, atol=0)


def deployed(name, version):
    done = fairlead("deploy", name, "--model", version["digest"])
    assert done.returncode == 0, done.stdout + done.stderr


def every_address(url):
    import mlflow

    ((first_run, _), (run, model_id)), x = log_diabetes(url, (10, 20))
    iris = log_iris()
    client = mlflow.MlflowClient()
    client.update_model_version("diabetes", "2", description="the longer one")
    client.set_model_version_tag("diabetes", "2", "approved", "yes")
    client.transition_model_version_stage("diabetes", "1", "Production")
    place = client.get_logged_model(model_id).artifact_location.removeprefix("mlflow-artifacts:/").lstrip("/")
    newest = ["models:/diabetes/2", "models:/diabetes@champion", "models:/diabetes/latest", f"models:/{model_id}", f"runs:/{run}/model"]
    newest += [f"mlflow-artifacts:/{place}", f"{url}/{SERVED}/{place}"]
    digests = set()
    for source in newest:
        version = imported(source, "diabetes", url)
        digests.add(version["digest"])
        told = version["lineage"]["mlflow"]
        assert told["run"]["params"] == {"rounds": "20"}, told
        assert told["run"]["metrics"]["r2"] == {"value": 0.5, "step": 2}, told
        assert told["run"]["tags"]["team"] == "risk" and told["run"]["experiment"] == "nightly", told
        assert told["run"]["datasets"][0]["name"] == "diabetes", told
        checks = {check["name"]: check["ok"] for check in version["facts"]["checks"]}
        assert checks["serving"] and checks["example"], version["facts"]["checks"]
    assert len(digests) == 1, "every address leads to the same files"
    assert version["description"] == "the longer one" and version["lineage"]["source"] == "models:/diabetes/2", version["lineage"]
    assert told["registered"]["aliases"] == ["champion"] and told["registered"]["tags"] == {"approved": "yes"}, told
    older = [imported(source, "diabetes", url) for source in ("models:/diabetes/1", "models:/diabetes/Production", f"runs:/{first_run}/model")]
    assert {one["digest"] for one in older} == {older[0]["digest"]} and older[0]["digest"] not in digests
    flowers = imported("models:/iris/1", "iris", url)
    assert flowers["format"] == "skops", flowers["format"]
    for name, imported_as, uri, frame in (("diabetes", version, "models:/diabetes/2", x), ("iris", flowers, "models:/iris/1", iris)):
        deployed(name, imported_as)
        compare(name, uri, frame)
    return run


def wrong_addresses(url, run):
    refused("models:/diabetes/9", url, 1, "Model Version (name=diabetes, version=9) not found")
    refused("models:/nobody/1", url, 1, "(name=nobody, version=1) not found")
    refused("models:/diabetes@nobody", url, 1, "alias nobody not found")
    refused("models:/diabetes/Archived", url, 1, "No versions of model with name 'diabetes' and stage 'Archived' found")
    refused("models:/m-" + "0" * 32, url, 1, "not found")
    refused("models:/diabetes", url, 1, "models:/diabetes/VERSION")
    refused("runs:/" + "0" * 32 + "/model", url, 1, "not found")
    refused(f"runs:/{run}/nothing", url, 1, "There is nothing at")
    refused("mlflow-artifacts:/nothing", url, 1, "There is nothing at")
    refused("mlflow-artifacts:/1/../../etc", url, 1, '".."')
    refused("models:/diabetes/best", url, 2, "neither a number, latest nor a stage")
    refused("models:/diabetes/1", None, 2, "--tracking-uri")
    refused("models:/diabetes/1", f"http://127.0.0.1:{free_port()}", 3, "nothing listens there")
    refused("models:/diabetes/1", HTTP, 1, "tracking server")


def main():
    with tempfile.TemporaryDirectory(prefix="fairlead-mlflow-interop-") as folder:
        folder = pathlib.Path(folder)
        with tracking_server(folder / "open") as url:
            run = every_address(url)
            wrong_addresses(url, run)
            with bearer_proxy(url, "t0ken") as proxy:
                imported("models:/diabetes@champion", "diabetes", proxy, MLFLOW_TRACKING_TOKEN="t0ken")
                refused("models:/diabetes/1", proxy, 4, "the credentials that were sent do not suffice", MLFLOW_TRACKING_TOKEN="other")
                refused("models:/diabetes/1", proxy, 4, "no credentials were sent")
        with tracking_server(folder / "basic", "--app-name", "basic-auth", MLFLOW_FLASK_SERVER_SECRET_KEY="interop", MLFLOW_AUTH_ADMIN_PASSWORD=PASSWORD) as url:
            os.environ.update(ADMIN)
            _, x = log_diabetes(url, (15,))
            deployed("diabetes", imported("models:/diabetes@champion", "diabetes", url, **ADMIN))
            compare("diabetes", "models:/diabetes/1", x)
            refused("models:/diabetes/1", url, 4, "the credentials that were sent do not suffice", **{**ADMIN, "MLFLOW_TRACKING_PASSWORD": "wrong"})
            refused("models:/diabetes/1", url, 4, "no credentials were sent")
    print("ok")


main()
