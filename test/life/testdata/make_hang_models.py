"""Makes loop.onnx and grind.onnx, two models that take as long as a value of their input says. Needs the package onnx."""

from pathlib import Path

import onnx
from onnx import TensorProto as T
from onnx import helper as h

HERE = Path(__file__).parent


def save(name, nodes, constants):
    graph = h.make_graph(
        nodes,
        name,
        [h.make_tensor_value_info("x", T.FLOAT, ["N", 1]), h.make_tensor_value_info("n", T.INT64, ["N", 1])],
        [h.make_tensor_value_info("y", T.FLOAT, ["N", 1])],
        constants,
    )
    onnx.save(h.make_model(graph, opset_imports=[h.make_opsetid("", 17)], ir_version=8), HERE / f"{name}.onnx")


def loop():
    """y = x + n, one addition after the other."""
    body = h.make_graph(
        [h.make_node("Identity", ["c"], ["co"]), h.make_node("Add", ["v", "one"], ["vo"])],
        "body",
        [h.make_tensor_value_info("i", T.INT64, []), h.make_tensor_value_info("c", T.BOOL, []), h.make_tensor_value_info("v", T.FLOAT, None)],
        [h.make_tensor_value_info("co", T.BOOL, []), h.make_tensor_value_info("vo", T.FLOAT, None)],
    )
    save(
        "loop",
        [h.make_node("ReduceMax", ["n"], ["t"], keepdims=0), h.make_node("Loop", ["t", "", "x"], ["y"], body=body)],
        [h.make_tensor("one", T.FLOAT, [], [1.0])],
    )


def grind():
    """y = x, after forty products of zero matrices of n rows and n columns: no loop, and yet the values say how long."""
    nodes = [
        h.make_node("ReduceMax", ["n"], ["most"], keepdims=0),
        h.make_node("Reshape", ["most", "flat"], ["side"]),
        h.make_node("Concat", ["side", "side"], ["square"], axis=0),
        h.make_node("ConstantOfShape", ["square"], ["m0"]),
        *[h.make_node("MatMul", [f"m{i}", "m0"], [f"m{i + 1}"]) for i in range(40)],
        h.make_node("ReduceMax", ["m40"], ["zero"], keepdims=0),
        h.make_node("Add", ["x", "zero"], ["y"]),
    ]
    save("grind", nodes, [h.make_tensor("flat", T.INT64, [1], [1])])


loop()
grind()
