"""The Open Inference Protocol over REST, called with NVIDIA's tritonclient."""

import numpy
import requests
from tritonclient.http import InferenceServerClient, InferInput, InferRequestedOutput

INT = ("age", "job", "credit_amount", "duration")


def _client(platform):
    return InferenceServerClient(platform.http.removeprefix("http://"))


def health_and_metadata(platform):
    client = _client(platform)
    assert client.is_server_live() and client.is_server_ready() and client.is_model_ready("credit")
    assert client.get_server_metadata()["name"]
    metadata = client.get_model_metadata("credit")
    inputs = {tensor["name"]: tensor for tensor in metadata["inputs"]}
    assert set(inputs) == set(platform.expected[0]["row"]), metadata
    assert inputs["age"]["datatype"] == "INT64" and inputs["sex"]["datatype"] == "BYTES", metadata


def answers_are_those_of_scikit_learn(platform):
    client = _client(platform)
    metadata = client.get_model_metadata("credit")
    rows = [case["row"] for case in platform.expected]
    inputs = []
    for tensor in metadata["inputs"]:
        name = tensor["name"]
        values = [row[name] for row in rows]
        array = numpy.array(values, dtype=numpy.int64 if name in INT else object).reshape(-1, *([1] * (len(tensor["shape"]) - 1)))
        item = InferInput(name, list(array.shape), tensor["datatype"])
        item.set_data_from_numpy(array, binary_data=False)
        inputs.append(item)
    outputs = [InferRequestedOutput(tensor["name"], binary_data=False) for tensor in metadata["outputs"]]
    result = client.infer("credit", inputs, outputs=outputs, request_id="seventeen")
    assert result.get_response()["id"] == "seventeen"
    arrays = [result.as_numpy(tensor["name"]) for tensor in metadata["outputs"]]
    labels = next(array for array in arrays if array.dtype == numpy.int64).reshape(-1)
    probabilities = next(array for array in arrays if array.dtype == numpy.float32).reshape(len(rows), 2)
    assert labels.tolist() == [case["label"] for case in platform.expected]
    numpy.testing.assert_allclose(probabilities, [case["probabilities"] for case in platform.expected], atol=1e-6)


def errors_have_the_protocol_form(platform):
    answer = requests.post(f"{platform.http}/v2/models/credit/infer", json={"inputs": []}, timeout=10)
    assert answer.status_code == 400 and set(answer.json()) == {"error"}, answer.text
    unknown = requests.get(f"{platform.http}/v2/models/nobody", timeout=10)
    assert unknown.status_code == 404 and "nobody" in unknown.json()["error"], unknown.text
