"""A KServe server whose model answers every input unchanged, under its name with `_out`."""

import argparse

from kserve import InferOutput, InferResponse, Model, ModelServer, model_server
from kserve.utils.utils import generate_uuid

TENSORS = [("floats", "FP32", [-1, 3]), ("doubles", "FP64", [-1, 1]), ("integers", "INT64", [-1, 2]), ("flags", "BOOL", [-1, 1]), ("texts", "BYTES", [-1, 1])]


class Echo(Model):
    def load(self):
        self.ready = True
        return True

    async def get_input_types(self):
        return [{"name": name, "datatype": datatype, "shape": shape} for name, datatype, shape in TENSORS]

    async def get_output_types(self):
        return [{"name": f"{name}_out", "datatype": datatype, "shape": shape} for name, datatype, shape in TENSORS]

    def predict(self, payload, headers=None, response_headers=None):
        outputs = []
        for tensor in payload.inputs:
            output = InferOutput(f"{tensor.name}_out", tensor.shape, tensor.datatype)
            output.set_data_from_numpy(tensor.as_numpy(), binary_data=payload.use_binary_outputs)
            outputs.append(output)
        # as kserve.utils.utils.get_predict_response makes it for the servers of KServe
        return InferResponse(
            response_id=payload.id or generate_uuid(),
            model_name=self.name,
            infer_outputs=outputs,
            use_binary_outputs=payload.use_binary_outputs,
            requested_outputs=payload.request_outputs,
        )


if __name__ == "__main__":
    arguments, _ = argparse.ArgumentParser(parents=[model_server.parser]).parse_known_args()
    model = Echo("echo")
    model.load()
    ModelServer(workers=1).start([model])
