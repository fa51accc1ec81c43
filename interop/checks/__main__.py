"""Runs every check against one platform and prints 'N passed, N failed'."""

import sys
import traceback

from . import binary_tensors, formats, grpc_protocol, model_files, openapi, other_clients, parquet_log, protocol, python_models, repository, rows, telemetry, tracking_server
from .platform import Platform

CHECKS = [
    rows.answers_are_those_of_scikit_learn,
    rows.errors_name_row_and_column,
    rows.numbers_and_text_survive,
    formats.arrow_streams,
    formats.arrow_files,
    formats.parquet_files,
    formats.csv_files,
    formats.columns_of_other_types_are_named,
    formats.scoring_of_mlflow,
    protocol.health_and_metadata,
    protocol.answers_are_those_of_scikit_learn,
    protocol.errors_have_the_protocol_form,
    grpc_protocol.health_and_metadata,
    grpc_protocol.raw_answers_are_those_of_scikit_learn,
    grpc_protocol.typed_answers_are_those_of_scikit_learn,
    grpc_protocol.errors_name_the_tensor,
    grpc_protocol.asyncio_client,
    grpc_protocol.large_messages,
    grpc_protocol.health_service,
    grpc_protocol.reflection,
    telemetry.statistics_grow_by_what_was_asked,
    telemetry.configuration_fits_the_metadata,
    telemetry.a_stream_answers_each_request,
    telemetry.an_asyncio_stream_answers_each_request,
    repository.over_rest,
    repository.over_grpc,
    openapi.deployment_document_is_valid,
    openapi.control_document_is_valid,
    openapi.example_works_when_pasted,
    parquet_log.every_prediction_is_there,
    parquet_log.partitions_are_hive_style,
    parquet_log.a_new_column_is_in_every_file,
    binary_tensors.models_are_deployed,
    binary_tensors.every_type_by_the_clients_defaults,
    binary_tensors.mixed_inputs_and_outputs,
    binary_tensors.compressed_both_ways,
    binary_tensors.bodies_that_the_client_makes_and_reads,
    binary_tensors.raw_requests,
    binary_tensors.errors_reach_the_client,
    binary_tensors.asyncio_client,
    other_clients.kserve_sdk,
    other_clients.schema_fuzzer,
    model_files.lightgbm_answers_are_the_librarys,
    model_files.xgboost_answers_are_the_librarys,
    model_files.contributions_are_those_of_shap,
    tracking_server.models_are_imported_by_every_address,
    python_models.code_runs_only_where_that_is_allowed,
    python_models.answers_are_those_that_mlflow_recorded,
    python_models.rows_and_tensors_get_the_answers_of_the_scoring,
    python_models.answers_of_another_kind_are_errors_of_their_request,
    python_models.environments_that_cannot_be_built_say_why,
]


def main() -> int:
    failed = 0
    with Platform() as platform:
        platform.deploy_credit_risk()
        for check in CHECKS:
            name = f"{check.__module__.split('.')[-1]}.{check.__name__}"
            try:
                check(platform)
                print(f"ok    {name}")
            except Exception:  # a check may fail in any way; the others still run
                failed += 1
                print(f"FAIL  {name}\n{traceback.format_exc()}")
    print(f"{len(CHECKS) - failed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
