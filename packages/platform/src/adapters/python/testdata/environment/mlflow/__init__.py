"""Stands for MLflow in tests of what a worker survives: as much of it as `worker.py` calls, on the standard library alone."""

__version__ = '0'
