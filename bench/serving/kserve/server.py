# An ONNX model as a custom model of KServe's Python server, as its documentation describes one.
import os
import uuid

import onnxruntime as ort
from kserve import InferOutput, InferRequest, InferResponse, Model, ModelServer


class OnnxModel(Model):
    def __init__(self, name: str, file: str):
        super().__init__(name)
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        self.session = ort.InferenceSession(file, options, providers=["CPUExecutionProvider"])
        self.wanted = [output.name for output in self.session.get_outputs()]
        self.ready = True

    def load(self) -> bool:
        return self.ready

    async def predict(self, payload: InferRequest, headers=None, response_headers=None) -> InferResponse:
        feed = {tensor.name: tensor.as_numpy() for tensor in payload.inputs}
        outputs = []
        for name, array in zip(self.wanted, self.session.run(self.wanted, feed)):
            output = InferOutput(name, list(array.shape), "INT64" if array.dtype.kind == "i" else "FP32")
            output.set_data_from_numpy(array, binary_data=self.name == "identity")
            outputs.append(output)
        return InferResponse(
            payload.id or str(uuid.uuid4()), self.name, outputs, requested_outputs=payload.request_outputs, use_binary_outputs=self.name == "identity"
        )


if __name__ == "__main__":
    port = int(os.environ["PORT"])
    server = ModelServer(http_port=port, workers=1, enable_grpc=False, enable_latency_logging=False, event_loop="uvloop")
    server.start([OnnxModel("trees", os.environ["TREES"]), OnnxModel("identity", os.environ["IDENTITY"])])
