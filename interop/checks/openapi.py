"""The OpenAPI 3.1 documents, validated with openapi-spec-validator."""

import requests
from openapi_spec_validator import OpenAPIV31SpecValidator, validate


def _deployment_document(platform):
    return requests.get(f"{platform.http}/v1/deployments/credit/openapi.json", timeout=10).json()


def deployment_document_is_valid(platform):
    document = _deployment_document(platform)
    assert document["openapi"].startswith("3.1"), document["openapi"]
    validate(document, cls=OpenAPIV31SpecValidator)
    text = str(document)
    for column in platform.expected[0]["row"]:
        assert column in text, f"column {column} is not in the document"


def control_document_is_valid(platform):
    document = requests.get(f"{platform.control}/api/v1/openapi.json", timeout=10).json()
    assert document["openapi"].startswith("3.1"), document["openapi"]
    validate(document, cls=OpenAPIV31SpecValidator)


def example_works_when_pasted(platform):
    document = _deployment_document(platform)
    for path, item in document["paths"].items():
        body = item.get("post", {}).get("requestBody", {}).get("content", {}).get("application/json", {})
        example = body.get("example") or next((one["value"] for one in body.get("examples", {}).values()), None)
        if example and "{" not in path:
            answer = requests.post(platform.http + path, json=example, timeout=10)
            assert answer.status_code == 200, answer.text
            return
    raise AssertionError("no operation of the document has an example")
