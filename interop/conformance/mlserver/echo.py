"""An MLServer runtime that answers every input unchanged, under its name with `_out`."""

from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceRequest, InferenceResponse, ResponseOutput


class Echo(MLModel):
    async def load(self) -> bool:
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        wanted = {output.name for output in payload.outputs or []}
        outputs = []
        for tensor in payload.inputs:
            name = f"{tensor.name}_out"
            if wanted and name not in wanted:
                continue
            if tensor.datatype == "BYTES":
                outputs.append(ResponseOutput(name=name, datatype=tensor.datatype, shape=tensor.shape, data=tensor.data))
            else:
                outputs.append(NumpyCodec.encode_output(name, NumpyCodec.decode_input(tensor)))
        return InferenceResponse(model_name=self.name, model_version=self.version, outputs=outputs)
