"""The model repository extension, called with NVIDIA's tritonclient over REST and gRPC."""

import tritonclient.grpc as triton_grpc
import tritonclient.http as triton_http
from tritonclient.utils import InferenceServerException


def _refused(call, *words):
    try:
        call()
    except InferenceServerException as error:
        assert all(word in str(error) for word in words), error
    else:
        raise AssertionError("no error, one was due")


def _round(client, headers, states):
    name = "credit"
    assert states() == {name: "READY"}, states()
    _refused(lambda: client.unload_model(name), "admin token")
    client.unload_model(name, headers=headers)
    assert states() == {name: "UNAVAILABLE"}, states()
    assert not client.is_model_ready(name)
    assert client.is_server_ready()
    client.load_model(name, headers=headers)
    assert states() == {name: "READY"} and client.is_model_ready(name)
    # what is loaded is loaded again
    client.load_model(name, headers=headers)
    assert client.is_model_ready(name)
    _refused(lambda: client.load_model("nobody", headers=headers), "nobody")
    _refused(lambda: client.load_model(name, headers=headers, config='{"backend": "onnxruntime"}'), "register the model")


def over_rest(platform):
    with triton_http.InferenceServerClient(platform.http.removeprefix("http://")) as client:
        assert "model_repository" in client.get_server_metadata()["extensions"]
        headers = {"Authorization": f"Bearer {platform.token}"}
        _round(client, headers, lambda: {model["name"]: model["state"] for model in client.get_model_repository_index()})


def over_grpc(platform):
    with triton_grpc.InferenceServerClient(platform.grpc) as client:
        assert "model_repository" in client.get_server_metadata().extensions
        headers = {"authorization": f"Bearer {platform.token}"}
        _round(client, headers, lambda: {model.name: model.state for model in client.get_model_repository_index().models})
