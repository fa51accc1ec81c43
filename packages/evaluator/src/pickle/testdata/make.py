"""Makes `pickles.json`: small pickles in base64, harmless and hostile, with the names that loading the harmless ones looks up.

The hostile ones are made here and never loaded. Requirements (versions used): python 3.11, numpy 2.4.6, scikit-learn 1.9.1, joblib 1.6.0,
cloudpickle 3.1.2

Run: python make.py
"""

import base64
import collections
import io
import json
import os
import pickle
from pathlib import Path

import cloudpickle
import joblib
import numpy as np
from joblib import numpy_pickle
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

OUT = Path(__file__).resolve().parent
rng = np.random.default_rng(1)
X, y = rng.normal(size=(30, 3)), rng.integers(0, 2, 30)
model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, np.array(["no", "yes"], dtype=object)[y])
tree = DecisionTreeClassifier(max_depth=2).fit(X, y)
cases = []


class Recorder(pickle.Unpickler):
    def __init__(self, file):
        super().__init__(file)
        self.names = set()

    def find_class(self, module, name):
        self.names.add(f"{module}.{name}")
        return super().find_class(module, name)


def add(name, data, verdict, imports=None):
    cases.append({"name": name, "verdict": verdict, "imports": sorted(imports) if imports is not None else None, "data": base64.b64encode(data).decode()})


def harmless(name, data, verdict="known"):
    recorder = Recorder(io.BytesIO(data))
    recorder.load()
    add(name, data, verdict, recorder.names)


for protocol in range(6):
    harmless(f"pipeline-protocol-{protocol}", pickle.dumps(model, protocol), "dangerous" if protocol < 0 else "known")
harmless("tree", pickle.dumps(tree))
harmless("plain", pickle.dumps({"a": [1, 2.5, "x", b"y", None, True, 2**80, {3}, frozenset([4])], "o": collections.OrderedDict(b=(1, 2, 3, 4))}))
recursive = []
recursive.append(recursive)
harmless("recursive", pickle.dumps(recursive))


def joblib_bytes(value, **options):
    buffer = io.BytesIO()
    joblib.dump(value, buffer, **options)
    return buffer.getvalue()


def joblib_names(data):
    """Names that joblib's own unpickler looks up."""
    names = set()

    class Unpickler(numpy_pickle.NumpyUnpickler):
        def find_class(self, module, name):
            names.add(f"{module}.{name}")
            return super().find_class(module, name)

    file = io.BytesIO(data)
    Unpickler("", file, ensure_native_byte_order=True).load()
    return names


for name, value in {"joblib": model, "joblib-tree": tree, "joblib-arrays": [np.arange(7), np.array(["a", "bcd"]), np.array([1, "x", None], dtype=object), np.zeros((2, 3), order="F"), np.array([], dtype="f4"), np.array(b"abc")]}.items():
    data = joblib_bytes(value)
    add(name, data, "known", joblib_names(data))
add("joblib-zlib", joblib_bytes(model, compress=("zlib", 3)), "known")
add("joblib-gzip", joblib_bytes(model, compress=("gzip", 3)), "known")
add("joblib-lzma", joblib_bytes([1], compress=("lzma", 3)), "refused")
factor = 2
add("cloudpickle-function", cloudpickle.dumps(lambda x: x * factor), "dangerous")


class Evil:
    def __reduce__(self):
        return os.system, ("echo pwned",)


for protocol in range(6):
    add(f"system-protocol-{protocol}", pickle.dumps(Evil(), protocol), "dangerous", [f"{os.system.__module__}.system"])
add("system-inside", pickle.dumps({"model": tree, "more": [1, Evil()]}), "dangerous")
add("eval", b"\x80\x02c__builtin__\neval\n(X\x03\x00\x00\x001+1tR.", "dangerous", ["__builtin__.eval"])
add("inst", b"(S'echo x'\nios\nsystem\n.", "dangerous", ["os.system"])
add("obj", b"(cos\nsystem\nVecho x\no.", "dangerous", ["os.system"])
add("newobj", b"\x80\x02csubprocess\nPopen\n(X\x01\x00\x00\x00xt\x81.", "dangerous", ["subprocess.Popen"])
add("stack-global-escaped", b"\x80\x04V\\u006fs\nVsystem\n\x93\x8c\x01x\x85R.", "dangerous", ["os.system"])
add("stack-global-by-memo", b"\x80\x04\x8c\x02os\x94\x8c\x06system\x940h\x000h\x00h\x01\x93\x8c\x01x\x85R.", None)
add("stack-global-computed", b"\x80\x04cbuiltins\nstr\n)R\x8c\x06system\x93.", "dangerous")
add("extension", b"\x80\x02\x82\x01.", "dangerous")
add("attribute-of-module", b"\x80\x04\x8c\x0dnumpy.testing\x8c\x09os.system\x93\x8c\x01x\x85R.", "dangerous", ["numpy.testing.os.system"])
add("runs-and-breaks", b"\x80\x04cos\nsystem\n\x8c\x01x\x85R\xff\xff", "dangerous", ["os.system"])
add("calls-a-result", b"\x80\x04ccollections\nOrderedDict\n)R)R.", "dangerous", ["collections.OrderedDict"])
add("own-class", b"\x80\x02c__main__\nModel\n)\x81}b.", "unknown", ["__main__.Model"])
add("second-pickle", pickle.dumps([1]) + pickle.dumps(Evil()), "dangerous")
cases[-1]["imports"] = None
fixed = next(c for c in cases if c["name"] == "stack-global-by-memo")
fixed["verdict"] = "dangerous"

(OUT / "pickles.json").write_text('{"cases":[\n' + ",\n".join(json.dumps(c) for c in cases) + "\n]}\n")
print(len(cases), "cases")
