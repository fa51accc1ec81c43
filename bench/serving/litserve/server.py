# The model as an API of LitServe. Argument: port.
import os
import sys

import litserve as ls
import numpy as np
import onnxruntime as ort


class Trees(ls.LitAPI):
    def setup(self, device):
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        self.session = ort.InferenceSession(os.environ["TREES"], options, providers=["CPUExecutionProvider"])

    def decode_request(self, request):
        return np.array(request["features"], dtype=np.float32)

    def batch(self, inputs):
        return np.stack(inputs)

    def predict(self, features):
        return self.session.run(["label", "probabilities"], {"features": features})

    def unbatch(self, output):
        return list(zip(*output))

    def encode_response(self, output):
        label, probabilities = output
        return {"label": int(label), "probabilities": probabilities.tolist()}


if __name__ == "__main__":
    api = Trees(max_batch_size=32, batch_timeout=0.0)
    server = ls.LitServer(api, accelerator="cpu", workers_per_device=1, fast_queue=False, disable_openapi_url=True)
    server.run(host="127.0.0.1", port=int(sys.argv[1]), num_api_servers=1, generate_client_file=False, log_level="warning", access_log=False)
