# The model as a deployment of Ray Serve. Arguments: port, folder for Ray's files.
import os
import signal
import sys

import numpy as np
import onnxruntime as ort
import orjson
import ray
from ray import serve
from ray.serve.config import HTTPOptions
from ray.serve.schema import LoggingConfig
from starlette.requests import Request
from starlette.responses import Response

port, folder = int(sys.argv[1]), sys.argv[2]


@serve.deployment(num_replicas=1, max_ongoing_requests=100, ray_actor_options={"num_cpus": 0})
class Trees:
    def __init__(self):
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        self.session = ort.InferenceSession(os.environ["TREES"], options, providers=["CPUExecutionProvider"])

    async def __call__(self, request: Request) -> Response:
        features = np.array(orjson.loads(await request.body())["features"], dtype=np.float32).reshape(1, 30)
        label, probabilities = self.session.run(["label", "probabilities"], {"features": features})
        answer = {"label": int(label[0]), "probabilities": probabilities[0]}
        return Response(orjson.dumps(answer, option=orjson.OPT_SERIALIZE_NUMPY), media_type="application/json")


ray.init(num_cpus=1, include_dashboard=False, object_store_memory=100_000_000, _temp_dir=folder, log_to_driver=False)
logging = LoggingConfig(enable_access_log=False, log_level="ERROR")
serve.start(http_options=HTTPOptions(host="127.0.0.1", port=port), logging_config=logging)
serve.run(Trees.options(logging_config=logging).bind(), route_prefix="/predict")
signal.sigwait({signal.SIGTERM, signal.SIGINT})
serve.shutdown()
ray.shutdown()
