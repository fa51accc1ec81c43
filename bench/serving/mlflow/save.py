# Writes the ONNX model as a model of MLflow. Arguments: ONNX file, folder.
import sys

import mlflow.onnx
import numpy as np
import onnx
from mlflow.models import ModelSignature
from mlflow.types import Schema, TensorSpec

source, target = sys.argv[1:]
signature = ModelSignature(
    inputs=Schema([TensorSpec(np.dtype("float32"), (-1, 30), "features")]),
    outputs=Schema([TensorSpec(np.dtype("int64"), (-1,), "label"), TensorSpec(np.dtype("float32"), (-1, 2), "probabilities")]),
)
mlflow.onnx.save_model(
    onnx.load(source),
    target,
    signature=signature,
    onnx_execution_providers=["CPUExecutionProvider"],
    onnx_session_options={"intra_op_num_threads": 1, "inter_op_num_threads": 1},
)
