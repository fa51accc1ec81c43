"""The binary tensor extension and compression over REST, with NVIDIA's tritonclient as it is: binary is its default."""

import asyncio

import numpy
import requests
from tritonclient.http import InferenceServerClient, InferInput, InferRequestedOutput
from tritonclient.http import aio
from tritonclient.utils import InferenceServerException

ODD = [numpy.nan, numpy.inf, -numpy.inf, -0.0, 1.5, 3.0]
ARRAYS = {
    "BOOL": numpy.array([True, False, True]),
    "INT8": numpy.array([-128, 127, 0], numpy.int8),
    "INT16": numpy.array([-32768, 32767, 1], numpy.int16),
    "INT32": numpy.array([-(2**31), 2**31 - 1, 1], numpy.int32),
    "INT64": numpy.array([-(2**63), 2**63 - 1, 2**53 + 1], numpy.int64),
    "UINT8": numpy.array([0, 255, 1], numpy.uint8),
    "UINT16": numpy.array([0, 65535, 1], numpy.uint16),
    "UINT32": numpy.array([0, 2**32 - 1, 1], numpy.uint32),
    "UINT64": numpy.array([0, 2**64 - 1, 2**53 + 1], numpy.uint64),
    "FP16": numpy.array(ODD, numpy.float16),
    "FP32": numpy.array(ODD, numpy.float32),
    "FP64": numpy.array(ODD, numpy.float64),
    "BYTES": numpy.array([b"", b"a\x00b", "ü€😀".encode()], numpy.object_),
}


def _inputs(binary=True):
    for datatype, array in ARRAYS.items():
        array = array.reshape(1, -1)
        item = InferInput(datatype, list(array.shape), datatype)
        # FP16 has no form in the client's JSON
        item.set_data_from_numpy(array, binary_data=binary or datatype == "FP16")
        yield item


def _same(result, names=ARRAYS):
    for datatype in names:
        got = result.as_numpy(f"{datatype}_out")
        wanted = ARRAYS[datatype].reshape(1, -1)
        assert got.shape == wanted.shape and got.dtype == wanted.dtype, (datatype, got)
        if datatype == "BYTES":
            assert got.tolist() == wanted.tolist(), got
        else:
            assert got.tobytes() == wanted.tobytes(), (datatype, got, wanted)


def _client(platform):
    return InferenceServerClient(platform.http.removeprefix("http://"))


def models_are_deployed(platform):
    platform.deploy_identity()
    client = _client(platform)
    assert client.is_model_ready("every") and "binary_tensor_data" in client.get_server_metadata()["extensions"]


def every_type_by_the_clients_defaults(platform):
    _same(_client(platform).infer("every", list(_inputs())))


def mixed_inputs_and_outputs(platform):
    inputs = [one if at % 2 else other for at, (one, other) in enumerate(zip(_inputs(), _inputs(binary=False)))]
    json_inputs = [item for item in inputs if item.name() not in ("FP32", "FP64")] + [item for item in _inputs() if item.name() in ("FP32", "FP64")]
    outputs = [InferRequestedOutput(f"{name}_out", binary_data=name in ("FP16", "FP32", "FP64", "BYTES") or at % 2 == 0) for at, name in enumerate(ARRAYS)]
    _same(_client(platform).infer("every", json_inputs, outputs=outputs, request_id="mixed"))


def compressed_both_ways(platform):
    for algorithm in ("gzip", "deflate"):
        result = _client(platform).infer(
            "every", list(_inputs()), request_id="x" * 900, request_compression_algorithm=algorithm, response_compression_algorithm=algorithm
        )
        _same(result)
        assert result.get_response()["id"] == "x" * 900


def bodies_that_the_client_makes_and_reads(platform):
    body, length = InferenceServerClient.generate_request_body(list(_inputs()))
    answer = requests.post(f"{platform.http}/v2/models/every/infer", data=body, headers={"Inference-Header-Content-Length": str(length)}, timeout=10)
    assert answer.status_code == 200, answer.text
    header = int(answer.headers["Inference-Header-Content-Length"])
    assert header % 8 == 0 and answer.headers["Content-Type"] == "application/octet-stream"
    _same(InferenceServerClient.parse_response_body(answer.content, header_length=header))


def raw_requests(platform):
    array = numpy.arange(6, dtype=numpy.float32)
    headers = {"Inference-Header-Content-Length": "0", "Content-Type": "application/octet-stream"}
    answer = requests.post(f"{platform.http}/v2/models/one/infer", data=array.tobytes(), headers=headers, timeout=10)
    result = InferenceServerClient.parse_response_body(answer.content, header_length=int(answer.headers["Inference-Header-Content-Length"]))
    assert result.as_numpy("x_out").tolist() == [array.tolist()]
    several = requests.post(f"{platform.http}/v2/models/every/infer", data=b"1234", headers=headers, timeout=10)
    assert several.status_code == 400 and "must only have 1 input" in several.json()["error"], several.text


def errors_reach_the_client(platform):
    item = InferInput("x", [1, 3], "FP32")
    item.set_data_from_numpy(numpy.zeros((1, 3), numpy.float32))
    item._raw_data = item._raw_data[:-1]
    try:
        _client(platform).infer("one", [item])
    except InferenceServerException as error:
        assert error.status() == "400" and "left in the body" in error.message(), error
    else:
        raise AssertionError("bytes that are missing were not noticed")


def asyncio_client(platform):
    async def ask():
        client = aio.InferenceServerClient(platform.http.removeprefix("http://"))
        try:
            _same(await client.infer("every", list(_inputs())))
            _same(await client.infer("every", list(_inputs()), request_compression_algorithm="gzip", response_compression_algorithm="deflate"))
            item = InferInput("x", [1, 2], "FP32")
            item.set_data_from_numpy(numpy.array([[1, 2]], numpy.float32), binary_data=False)
            result = await client.infer("one", [item], outputs=[InferRequestedOutput("x_out", binary_data=False)])
            assert result.as_numpy("x_out").tolist() == [[1, 2]]
            many = await asyncio.gather(*(client.infer("every", list(_inputs())) for _ in range(20)))
            for one in many:
                _same(one)
        finally:
            await client.close()

    asyncio.run(ask())
