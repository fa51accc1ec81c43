"""Models of other libraries, trained here with odd parameters, and read by the evaluator. They need an environment of their own, and no platform."""

from .other_clients import INTEROP, run_alone


def xgboost_answers_are_the_librarys(platform):
    run_alone([str(INTEROP / ".venv-models/bin/python"), str(INTEROP / "xgboost_models.py")], platform.data)


def lightgbm_answers_are_the_librarys(platform):
    run_alone([str(INTEROP / ".venv-models/bin/python"), str(INTEROP / "lightgbm_models.py")], platform.data)


def contributions_are_those_of_shap(platform):
    run_alone([str(INTEROP / ".venv-models/bin/python"), str(INTEROP / "shap_models.py")], platform.data)
