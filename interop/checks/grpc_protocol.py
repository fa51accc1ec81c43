"""The Open Inference Protocol over gRPC, called with NVIDIA's tritonclient, grpcio and the clients of health and reflection."""

import asyncio
import queue

import grpc
import numpy
import tritonclient.grpc as triton
import tritonclient.grpc.aio as triton_aio
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from tritonclient.grpc import service_pb2
from tritonclient.utils import InferenceServerException

INT = ("age", "job", "credit_amount", "duration")
METHOD = "/inference.GRPCInferenceService/"


def _inputs(platform, metadata, make=triton.InferInput):
    """All expected rows as tensors, in raw_input_contents as tritonclient sends them."""
    inputs = []
    for tensor in metadata.inputs:
        values = [case["row"][tensor.name] for case in platform.expected]
        array = numpy.array(values, dtype=numpy.int64 if tensor.name in INT else object).reshape(-1, *([1] * (len(tensor.shape) - 1)))
        item = make(tensor.name, list(array.shape), tensor.datatype)
        item.set_data_from_numpy(array)
        inputs.append(item)
    return inputs


def _compare(platform, arrays):
    labels = next(array for array in arrays if array.dtype == numpy.int64).reshape(-1)
    probabilities = next(array for array in arrays if array.dtype == numpy.float32).reshape(len(platform.expected), 2)
    assert labels.tolist() == [case["label"] for case in platform.expected]
    numpy.testing.assert_allclose(probabilities, [case["probabilities"] for case in platform.expected], atol=1e-6)


def _refused(call, code, *words):
    """Runs a call of tritonclient that must fail."""
    try:
        call()
    except InferenceServerException as error:
        assert error.status() == f"StatusCode.{code}", error
        assert all(word in error.message() for word in words), error
    else:
        raise AssertionError(f"no error, {code} was due")


def health_and_metadata(platform):
    with triton.InferenceServerClient(platform.grpc) as client:
        assert client.is_server_live() and client.is_server_ready()
        assert client.is_model_ready("credit") and client.is_model_ready("credit", "1")
        server = client.get_server_metadata()
        assert server.name and server.version
        metadata = client.get_model_metadata("credit")
        assert metadata.name == "credit" and "1" in metadata.versions
        inputs = {tensor.name: tensor for tensor in metadata.inputs}
        assert set(inputs) == set(platform.expected[0]["row"]), metadata
        assert inputs["age"].datatype == "INT64" and inputs["sex"].datatype == "BYTES" and inputs["age"].shape[0] == -1, metadata


def raw_answers_are_those_of_scikit_learn(platform):
    with triton.InferenceServerClient(platform.grpc) as client:
        metadata = client.get_model_metadata("credit")
        inputs = _inputs(platform, metadata)
        result = client.infer("credit", inputs, request_id="seventeen")
        answer = result.get_response()
        assert (answer.id, answer.model_name, answer.model_version) == ("seventeen", "credit", "1"), answer
        _compare(platform, [result.as_numpy(tensor.name) for tensor in metadata.outputs])
        # compressed both ways, by version, one output alone, and by callback
        result = client.infer("credit", inputs, model_version="1", compression_algorithm="gzip", client_timeout=30)
        _compare(platform, [result.as_numpy(tensor.name) for tensor in metadata.outputs])
        wanted = metadata.outputs[-1].name
        result = client.infer("credit", inputs, outputs=[triton.InferRequestedOutput(wanted)])
        assert [output.name for output in result.get_response().outputs] == [wanted]
        done = queue.Queue()
        client.async_infer("credit", inputs, lambda result, error: done.put((result, error)))
        result, error = done.get(timeout=30)
        assert error is None, error
        _compare(platform, [result.as_numpy(tensor.name) for tensor in metadata.outputs])


def typed_answers_are_those_of_scikit_learn(platform):
    """Contents in typed fields, which no method of tritonclient sends."""
    with grpc.insecure_channel(platform.grpc) as channel:
        infer = channel.unary_unary(
            METHOD + "ModelInfer",
            request_serializer=service_pb2.ModelInferRequest.SerializeToString,
            response_deserializer=service_pb2.ModelInferResponse.FromString,
        )
        request = service_pb2.ModelInferRequest(model_name="credit")
        for name in platform.expected[0]["row"]:
            values = [case["row"][name] for case in platform.expected]
            tensor = request.inputs.add(name=name, datatype="INT64" if name in INT else "BYTES", shape=[len(values), 1])
            if name in INT:
                tensor.contents.int64_contents.extend(values)
            else:
                tensor.contents.bytes_contents.extend(value.encode() for value in values)
        answer, call = infer.with_call(request, metadata=(("x-request-id", "typed-1"),), timeout=30)
        told = dict(call.initial_metadata())
        assert told["x-request-id"] == "typed-1", told
        assert answer.id and answer.id == told["x-fairlead-id"], (answer.id, told)
        assert not any(output.HasField("contents") for output in answer.outputs)
        types = {"INT64": numpy.int64, "FP32": numpy.float32}
        _compare(platform, [numpy.frombuffer(raw, types[output.datatype]) for output, raw in zip(answer.outputs, answer.raw_output_contents)])


def errors_name_the_tensor(platform):
    with triton.InferenceServerClient(platform.grpc) as client:
        metadata = client.get_model_metadata("credit")
        inputs = _inputs(platform, metadata)
        _refused(lambda: client.infer("nobody", inputs), "NOT_FOUND", "nobody")
        _refused(lambda: client.infer("credit", inputs, model_version="9"), "NOT_FOUND", "release 9")
        _refused(lambda: client.infer("credit", inputs[1:]), "INVALID_ARGUMENT", metadata.inputs[0].name)
        _refused(lambda: client.infer("credit", inputs, outputs=[triton.InferRequestedOutput("nothing")]), "INVALID_ARGUMENT", "nothing")
        wrong = triton.InferInput("age", [1, 1], "FP32")
        wrong.set_data_from_numpy(numpy.ones((1, 1), numpy.float32))
        others = [item for item in inputs if item.name() != "age"]
        _refused(lambda: client.infer("credit", [*others, wrong]), "INVALID_ARGUMENT", "age", "INT64")
        # grpcio rounds the time of a call up to whole milliseconds, in which an answer may come: this one is the server's own to judge
        _refused(lambda: client.infer("credit", inputs, timeout=1), "DEADLINE_EXCEEDED")
        _refused(lambda: client.infer("credit", inputs, compression_algorithm="deflate"), "UNIMPLEMENTED", "deflate")
        _refused(lambda: client.get_model_metadata("nobody"), "NOT_FOUND", "nobody")
        _refused(lambda: client.get_log_settings(), "UNIMPLEMENTED", "LogSettings")
        # what the server decides on comes back although the client would still wait
        _refused(lambda: client.infer("credit", inputs, headers={"authorization": "Bearer nonsense"}), "UNAUTHENTICATED")


def asyncio_client(platform):
    async def run():
        async with triton_aio.InferenceServerClient(platform.grpc) as client:
            assert await client.is_server_live() and await client.is_server_ready() and await client.is_model_ready("credit")
            metadata = await client.get_model_metadata("credit")
            inputs = _inputs(platform, metadata, triton_aio.InferInput)
            results = await asyncio.gather(*(client.infer("credit", inputs, request_id=str(i)) for i in range(200)))
            for i, result in enumerate(results):
                assert result.get_response().id == str(i)
                _compare(platform, [result.as_numpy(tensor.name) for tensor in metadata.outputs])
            try:
                await client.infer("credit", inputs[1:])
            except InferenceServerException as error:
                assert error.status() == "StatusCode.INVALID_ARGUMENT", error
            else:
                raise AssertionError("no error")

    asyncio.run(run())


def large_messages(platform):
    """More rows than one request takes are refused by the server, and the connection stays good."""
    options = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]
    with triton.InferenceServerClient(platform.grpc, channel_args=options) as client:
        metadata = client.get_model_metadata("credit")
        rows = 400_000
        inputs = []
        for tensor in metadata.inputs:
            value = platform.expected[0]["row"][tensor.name]
            array = numpy.full((rows, *([1] * (len(tensor.shape) - 1))), value, dtype=numpy.int64 if tensor.name in INT else object)
            item = triton.InferInput(tensor.name, list(array.shape), tensor.datatype)
            item.set_data_from_numpy(array)
            inputs.append(item)
        size = sum(len(item._get_content() or b"") for item in inputs)
        # within the limit of 64 MiB a message the rows are too many, beyond it the message is too large
        within = [item for item in inputs if item.name() in INT]
        _refused(lambda: client.infer("credit", within), "INVALID_ARGUMENT", "rows")
        if size > 64 * 1024 * 1024:
            _refused(lambda: client.infer("credit", inputs), "RESOURCE_EXHAUSTED", "bytes")
        _compare(platform, [client.infer("credit", _inputs(platform, metadata)).as_numpy(tensor.name) for tensor in metadata.outputs])


def health_service(platform):
    with grpc.insecure_channel(platform.grpc) as channel:
        health = health_pb2_grpc.HealthStub(channel)
        serving = health_pb2.HealthCheckResponse.SERVING
        for service in ("", "inference.GRPCInferenceService", "grpc.health.v1.Health"):
            assert health.Check(health_pb2.HealthCheckRequest(service=service), timeout=10).status == serving
        try:
            health.Check(health_pb2.HealthCheckRequest(service="nothing"), timeout=10)
        except grpc.RpcError as error:
            assert error.code() == grpc.StatusCode.NOT_FOUND, error
        else:
            raise AssertionError("no error")
        watch = health.Watch(health_pb2.HealthCheckRequest(), timeout=10)
        assert next(watch).status == serving
        watch.cancel()
        unknown = health.Watch(health_pb2.HealthCheckRequest(service="nothing"), timeout=10)
        assert next(unknown).status == health_pb2.HealthCheckResponse.SERVICE_UNKNOWN
        unknown.cancel()


def reflection(platform):
    """A client that knows nothing but the address finds the service and calls it."""
    with grpc.insecure_channel(platform.grpc) as channel:
        database = ProtoReflectionDescriptorDatabase(channel)
        services = set(database.get_services())
        assert {"inference.GRPCInferenceService", "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection"} <= services, services
        pool = DescriptorPool(database)
        service = pool.FindServiceByName("inference.GRPCInferenceService")
        assert {"ServerLive", "ModelInfer"} <= {method.name for method in service.methods}
        method = service.FindMethodByName("ModelMetadata")
        call = channel.unary_unary(
            METHOD + method.name,
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=GetMessageClass(method.output_type).FromString,
        )
        answer = call(GetMessageClass(method.input_type)(name="credit"), timeout=10)
        assert answer.name == "credit" and len(answer.inputs) > 0
        for missing in ("inference.Nothing", "nothing"):
            try:
                database.FindFileContainingSymbol(missing)
            except KeyError:
                continue
            raise AssertionError(f"{missing} was found")
