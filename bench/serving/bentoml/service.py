# The model as a service of BentoML whose calls are batched by it.
import os
from typing import Annotated

import bentoml
import numpy as np
import onnxruntime as ort
from bentoml.validators import DType, Shape


@bentoml.service(workers=1, traffic={"timeout": 30}, metrics={"enabled": False}, logging={"access": {"enabled": False}})
class Trees:
    def __init__(self) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        self.session = ort.InferenceSession(os.environ["TREES"], options, providers=["CPUExecutionProvider"])

    @bentoml.api
    async def predict(self, features: Annotated[np.ndarray, DType("float32"), Shape((-1, 30))]) -> dict:
        label, probabilities = self.session.run(["label", "probabilities"], {"features": features})
        return {"label": label.tolist(), "probabilities": probabilities.tolist()}

    @bentoml.api(batchable=True, max_batch_size=64, max_latency_ms=1000)
    async def predict_batched(self, features: Annotated[np.ndarray, DType("float32"), Shape((-1, 30))]) -> list[dict]:
        label, probabilities = self.session.run(["label", "probabilities"], {"features": features})
        return [{"label": one, "probabilities": two} for one, two in zip(label.tolist(), probabilities.tolist())]
