"""MLflow's own tracking server and client. They need an environment of their own."""

from .other_clients import INTEROP, run_alone


def models_are_imported_by_every_address(platform):
    command = [str(INTEROP / ".venv-mlflow/bin/python"), str(INTEROP / "mlflow_server.py"), platform.http, str(platform.data)]
    run_alone(command, platform.data, seconds=900)
