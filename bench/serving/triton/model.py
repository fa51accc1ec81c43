# A model of Triton's Python backend: all requests of a batch go through ONNX Runtime together.
import json

import numpy as np
import onnxruntime as ort
import triton_python_backend_utils as pb_utils


class TritonPythonModel:
    def initialize(self, args):
        config = json.loads(args["model_config"])
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        file = config["parameters"]["file"]["string_value"]
        self.session = ort.InferenceSession(file, options, providers=["CPUExecutionProvider"])
        self.input = config["input"][0]["name"]
        self.outputs = [output["name"] for output in config["output"]]

    def execute(self, requests):
        tensors = [pb_utils.get_input_tensor_by_name(request, self.input).as_numpy() for request in requests]
        features = tensors[0] if len(tensors) == 1 else np.concatenate(tensors)
        outputs = self.session.run(self.outputs, {self.input: features})
        # a batched output of Triton has the batch and at least one more dimension
        outputs = [output.reshape(-1, 1) if output.ndim == 1 else output for output in outputs]
        responses = []
        start = 0
        for tensor in tensors:
            end = start + len(tensor)
            parts = [pb_utils.Tensor(name, output[start:end]) for name, output in zip(self.outputs, outputs)]
            responses.append(pb_utils.InferenceResponse(parts))
            start = end
        return responses
