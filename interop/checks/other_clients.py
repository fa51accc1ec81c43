"""Clients that need a process of their own."""

import pathlib
import subprocess
import sys

INTEROP = pathlib.Path(__file__).resolve().parents[1]


def run_alone(command, folder, seconds=150):
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, cwd=folder)
    assert done.returncode == 0, f"{command[0]} ended with {done.returncode}:\n{done.stdout[-4000:]}{done.stderr[-4000:]}"


def kserve_sdk(platform):
    run_alone([str(INTEROP / ".venv-kserve/bin/python"), str(INTEROP / "kserve_sdk.py"), platform.http, platform.grpc], platform.data)


def schema_fuzzer(platform):
    """Right and wrong requests made from the OpenAPI documents: no fault, and every answer as the document says."""
    for deployment in ("credit", "one"):
        document = f"{platform.http}/v1/deployments/{deployment}/openapi.json"
        checks = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
        options = ["--mode", "all", "--phases", "coverage,fuzzing", "--max-examples", "20", "--seed", "1", "--max-time", "20", "--suppress-health-check", "all", "--generation-database", "none"]
        run_alone([str(pathlib.Path(sys.executable).parent / "schemathesis"), "run", document, "--url", platform.http, "--checks", checks, *options], platform.data)
