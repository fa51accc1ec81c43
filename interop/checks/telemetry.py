"""Statistics, configuration and streams, as tritonclient asks for them over both protocols."""

import asyncio
import queue

import tritonclient.grpc as triton_grpc
import tritonclient.grpc.aio as triton_grpc_aio
import tritonclient.http as triton_http

from .grpc_protocol import _compare, _inputs


def _http(platform):
    return triton_http.InferenceServerClient(platform.http.removeprefix("http://"))


def _counts(client, **how):
    stats = client.get_inference_statistics("credit", "1", **how)["model_stats"][0]
    of = stats["inference_stats"]
    durations = ("success", "fail", "queue", "compute_input", "compute_infer", "compute_output", "cache_hit", "cache_miss")
    # protobuf's JSON leaves out what is 0
    spent = {name: int(of.get(name, {}).get("ns", 0)) for name in durations}
    counts = {name: int(of.get(name, {}).get("count", 0)) for name in durations}
    return int(stats["inference_count"]), int(stats["execution_count"]), counts, spent


def statistics_grow_by_what_was_asked(platform):
    with triton_grpc.InferenceServerClient(platform.grpc) as rpc, _http(platform) as http:
        inputs = _inputs(platform, rpc.get_model_metadata("credit"))
        for client, how in ((http, {}), (rpc, {"as_json": True})):
            rows, runs, counts, spent = _counts(client, **how)
            for _ in range(5):
                rpc.infer("credit", inputs)
            after = _counts(client, **how)
            assert after[0] - rows == 5 * len(platform.expected), after
            assert 5 <= after[1] - runs <= 5 * len(platform.expected), after
            for name in ("success", "queue", "compute_input", "compute_infer", "compute_output"):
                assert after[2][name] - counts[name] == 5, (name, after)
            assert after[3]["success"] - spent["success"] > after[3]["compute_infer"] - spent["compute_infer"] > 0, after
            assert after[2]["cache_hit"] == after[2]["cache_miss"] == 0
            everything = client.get_inference_statistics(**how)["model_stats"]
            assert [one["name"] for one in everything] == ["credit"], everything


def configuration_fits_the_metadata(platform):
    with triton_grpc.InferenceServerClient(platform.grpc) as rpc, _http(platform) as http:
        config = http.get_model_config("credit")
        metadata = http.get_model_metadata("credit")
        assert config["max_batch_size"] > 0 and config["model_transaction_policy"] == {"decoupled": False}
        for key in ("input", "output"):
            tensors = {tensor["name"]: tensor for tensor in config[key]}
            assert set(tensors) == {tensor["name"] for tensor in metadata[key + "s"]}
            for tensor in metadata[key + "s"]:
                one = tensors[tensor["name"]]
                assert one.get("reshape", {"shape": one["dims"]})["shape"] == tensor["shape"][1:], one
        same = rpc.get_model_config("credit", as_json=True)["config"]
        assert [one["data_type"] for one in same["input"]] == [one["data_type"] for one in config["input"]]
        assert same["max_batch_size"] == config["max_batch_size"] and "dynamic_batching" in same
        for client in (rpc, http):
            try:
                client.get_model_config("nobody")
            except triton_http.InferenceServerException as error:
                assert "nobody" in error.message()
            else:
                raise AssertionError("a model that is not there has a configuration")


def a_stream_answers_each_request(platform):
    with triton_grpc.InferenceServerClient(platform.grpc) as client:
        metadata = client.get_model_metadata("credit")
        inputs = _inputs(platform, metadata)
        done = queue.Queue()
        client.start_stream(lambda result, error: done.put((result, error)))
        for i in range(40):
            client.async_stream_infer("credit", inputs, request_id=str(i), priority=1 + i % 10)
        client.async_stream_infer("nobody", inputs, request_id="odd")
        answers = [done.get(timeout=30) for _ in range(41)]
        client.stop_stream()
        errors = [error for _, error in answers if error is not None]
        assert len(errors) == 1 and "nobody" in errors[0].message(), errors
        results = [result for result, error in answers if error is None]
        assert {result.get_response().id for result in results} == {str(i) for i in range(40)}
        for result in results:
            _compare(platform, [result.as_numpy(tensor.name) for tensor in metadata.outputs])


def an_asyncio_stream_answers_each_request(platform):
    async def ask():
        async with triton_grpc_aio.InferenceServerClient(platform.grpc) as client:
            metadata = await client.get_model_metadata("credit")
            inputs = _inputs(platform, metadata, triton_grpc_aio.InferInput)

            async def requests():
                for i in range(10):
                    yield {"model_name": "credit", "inputs": inputs, "request_id": str(i)}

            ids = set()
            async for result, error in client.stream_infer(requests()):
                assert error is None, error
                _compare(platform, [result.as_numpy(tensor.name) for tensor in metadata.outputs])
                ids.add(result.get_response().id)
            assert ids == {str(i) for i in range(10)}

    asyncio.run(ask())
