"""KServe's own clients against a running platform: kserve_sdk.py HTTP GRPC. In a process of its own, because its protobuf descriptors are tritonclient's, too."""

import asyncio
import sys

import numpy
from kserve import InferenceGRPCClient, InferenceRESTClient, InferInput, InferRequest, RESTConfig


def _request():
    floats = InferInput("x", [2, 3], "FP32")
    floats.set_data_from_numpy(numpy.arange(6, dtype=numpy.float32).reshape(2, 3))
    return InferRequest(model_name="one", infer_inputs=[floats], request_id="seventeen")


async def rest(url):
    client = InferenceRESTClient(RESTConfig(protocol="v2", verbose=False))
    assert await client.is_server_live(url) and await client.is_server_ready(url)
    assert await client.is_model_ready(url, "one")
    answer = await client.infer(url, _request(), model_name="one")
    assert answer.outputs[0].as_numpy().tolist() == [[0, 1, 2], [3, 4, 5]], answer
    assert answer.id == "seventeen"


async def grpc(address):
    client = InferenceGRPCClient(address)
    assert await client.is_server_live() and await client.is_server_ready() and await client.is_model_ready("one")
    answer = await client.infer(_request())
    assert answer.outputs[0].as_numpy().tolist() == [[0, 1, 2], [3, 4, 5]], answer
    await client.close()


asyncio.run(rest(sys.argv[1]))
asyncio.run(grpc(sys.argv[2]))
print("ok")
