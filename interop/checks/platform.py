"""A Fairlead platform in a process of its own, for as long as a `with` block."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import requests

ROOT = pathlib.Path(__file__).resolve().parents[2]
TESTDATA = pathlib.Path(__file__).resolve().parents[1] / "testdata"
BIN = str(ROOT / "packages/platform/bin/fairlead.js")


class Platform:
    """Starts on free ports and an empty data folder; `http`, `control` and `grpc` are its addresses."""

    def __init__(self):
        self.data = pathlib.Path(tempfile.mkdtemp(prefix="fairlead-interop-"))
        self.expected = json.loads((TESTDATA / "expected.json").read_text())

    def __enter__(self):
        self.log = open(self.data / "output.txt", "w+")
        command = ["node", BIN, "up", "--data", str(self.data), "--port", "0", "--http-port", "0", "--grpc-port", "0", "--processes", "1"]
        # uv, by which environments of models are built, is installed beside this Python
        env = {**os.environ, "PATH": os.pathsep.join([str(pathlib.Path(sys.executable).parent), os.environ["PATH"]])}
        self.process = subprocess.Popen(command, stdout=self.log, stderr=subprocess.STDOUT, cwd=self.data, env=env)
        run = self.data / "run.json"
        self.wait(run.exists, "run.json")
        info = json.loads(run.read_text())
        self.http, self.control, self.grpc = info["http"], info["control"], info["grpc"]
        self.token = (self.data / "admin-token").read_text().strip()
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.log.close()
        shutil.rmtree(self.data, ignore_errors=True)

    def wait(self, condition, what, seconds=30):
        """Waits until `condition()` is true; returns what it gave."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            found = condition()
            if found:
                return found
            if self.process.poll() is not None:
                self.log.seek(0)
                raise AssertionError(f"the platform ended with {self.process.returncode}:\n{self.log.read()}")
            time.sleep(0.05)
        raise AssertionError(f"no {what} within {seconds} s")

    def fairlead(self, *args):
        done = subprocess.run(["node", BIN, *args, "--data", str(self.data)], capture_output=True, text=True, cwd=self.data)
        assert done.returncode == 0, f"fairlead {' '.join(args)} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
        return done.stdout

    def deploy_credit_risk(self):
        self.fairlead("models", "import", str(TESTDATA / "credit_risk.onnx"), "--name", "credit")
        self.fairlead("deploy", "credit", "--model", "credit")

    def deploy_identity(self):
        """Two models that give their inputs back: `every` has one of each type, `one` a single FP32."""
        subprocess.run(["node", str(ROOT / "interop/identity.ts"), str(self.data / "tmp")], check=True)
        for name in ("every", "one"):
            self.fairlead("models", "import", str(self.data / "tmp" / f"{name}.onnx"), "--name", name)
            self.fairlead("deploy", name, "--model", name)

    def predict(self, body):
        return requests.post(f"{self.http}/v1/deployments/credit/predict", json=body, timeout=10)
