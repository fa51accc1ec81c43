# The server a careful Python programmer writes: FastAPI for routes, everything else by hand.
import os

import numpy as np
import onnxruntime as ort
import orjson
from fastapi import FastAPI, Request, Response

options = ort.SessionOptions()
options.intra_op_num_threads = 1
options.inter_op_num_threads = 1
trees = ort.InferenceSession(os.environ["TREES"], options, providers=["CPUExecutionProvider"])
identity_model = ort.InferenceSession(os.environ["IDENTITY"], options, providers=["CPUExecutionProvider"])

app = FastAPI(openapi_url=None)


@app.get("/ready")
async def ready() -> Response:
    return Response(b"{}", media_type="application/json")


@app.post("/predict")
async def predict(request: Request) -> Response:
    tensor = orjson.loads(await request.body())["inputs"][0]
    features = np.array(tensor["data"], dtype=np.float32).reshape(tensor["shape"])
    label, probabilities = trees.run(["label", "probabilities"], {"features": features})
    outputs = [
        {"name": "label", "datatype": "INT64", "shape": label.shape, "data": label.ravel()},
        {"name": "probabilities", "datatype": "FP32", "shape": probabilities.shape, "data": probabilities.ravel()},
    ]
    return Response(orjson.dumps({"outputs": outputs}, option=orjson.OPT_SERIALIZE_NUMPY), media_type="application/json")


@app.post("/identity")
async def identity(request: Request) -> Response:
    tensor = np.frombuffer(await request.body(), dtype=np.float32).reshape(-1, 3, 224, 224)
    (output,) = identity_model.run(["output"], {"input": tensor})
    return Response(output.tobytes(), media_type="application/octet-stream")
