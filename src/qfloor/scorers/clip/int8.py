"""A CLIP's image tower in int8: matrix products on bytes, each token with a scale of its own.

onnxruntime's ready-made dynamic quantisation takes one range over everything that shares a
forward, so a picture's score would depend on its neighbours, and one token with large values
would cost all others their resolution. Here every row of every product (a token, or a patch of
pixels) is quantised by its own largest value: as fast at full batches, independent of the batch
bit for bit, and closer to float32 where activations have outliers.

    y = s_row * s_column * (round(x / s_row) @ W8) + bias,   s_row = max |x_row| / 127

The product itself is onnxruntime's ``MatMulIntegerToFloat``, which uses the processor's byte
instructions (VNNI) where it has them. Known rows: the tower is written for a fixed batch.

References
----------
Yao et al., "ZeroQuant", NeurIPS 2022 (token-wise activations, per-channel weights).
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from qfloor.scorers.clip.attention import fused

RECIPE = "int8, activations per token, weights per channel, both symmetric"

_CENTRE = 128  # unsigned bytes around 128: what the byte instructions take on the left
_TINY = 1e-12
_MICROSOFT = "com.microsoft"


def export(model: Any, size: int, rows: int, draft: Path, *, fuse: bool = True) -> None:
    """Write an open_clip model's image tower as float32 ONNX, for ``rows`` pictures a forward.

    With ``fuse`` its attentions are operators of onnxruntime's (`attention`).
    """
    import torch

    with fused(model.visual) if fuse else contextlib.nullcontext():
        torch.onnx.export(
            model.visual,
            (torch.zeros(rows, 3, size, size),),
            str(draft),
            dynamo=False,
            opset_version=17,
            input_names=["pixels"],
            output_names=["vectors"],
        )


def quantise(draft: Path, path: Path) -> int:
    """Rewrite a float32 tower of fixed batch with int8 products.

    Returns
    -------
    int
        How many products were rewritten.
    """
    import onnx

    # shapes are inferred without the weights: protobuf passes on no more than 2 GB
    bare = onnx.load(str(draft), load_external_data=False)
    model = onnx.shape_inference.infer_shapes(bare)
    onnx.external_data_helper.load_external_data_for_model(model, str(draft.parent))
    graph = _Graph(model)
    for node in list(model.graph.node):
        graph.take(node)
    graph.finish()
    onnx.save(model, str(path))
    return graph.products


class _Graph:
    """The nodes and constants of the new tower, built beside the old ones."""

    def __init__(self, model: Any) -> None:
        self.products = 0
        self._model = model
        self._old = {one.name: one for one in model.graph.initializer}
        self._shapes = _shapes(model)
        self._nodes: list[Any] = []
        self._constants: dict[str, Any] = {}
        self._replaced: set[str] = set()

    def take(self, node: Any) -> None:
        """Copy a node, or replace it by an int8 product."""
        names = list(node.input)
        weight = self._old.get(names[1]) if len(names) > 1 else None
        bias = names[2] if len(names) > 2 else None
        if weight is not None and node.op_type == "MatMul" and len(weight.dims) == 2:
            self._product(node.output[0], names[0], self._array(weight), None)
        elif weight is not None and node.op_type == "Gemm" and _is_plain(node):
            matrix = self._array(weight)
            transposed = matrix.T if _attribute(node, "transB", 0) else matrix
            self._product(node.output[0], names[0], transposed, bias)
        elif weight is not None and node.op_type == "Conv" and _is_patches(node, weight):
            self._patches(node.output[0], names[0], self._array(weight), bias)
        else:
            self._nodes.append(node)
            return
        self._replaced.add(names[1])

    def finish(self) -> None:
        """Put the new nodes and constants into the model."""
        from onnx import helper

        graph = self._model.graph
        kept = [one for name, one in self._old.items() if name not in self._replaced]
        del graph.node[:], graph.initializer[:], graph.value_info[:]
        graph.node.extend(self._nodes)
        graph.initializer.extend([*kept, *self._constants.values()])
        if _MICROSOFT not in {known.domain for known in self._model.opset_import}:
            self._model.opset_import.append(helper.make_opsetid(_MICROSOFT, 1))

    def _patches(self, out: str, pixels: str, kernel: npt.NDArray[Any], bias: str | None) -> None:
        """A convolution whose stride is its size: the product of patches with its kernel."""
        width, channels, high, wide = kernel.shape
        rows, _, height, length = self._shapes[pixels]
        down, across = height // high, length // wide
        name = f"patches{self.products}"
        grid = (rows, channels, down, high, across, wide)
        self._add("Reshape", [pixels, self._shape(grid)], f"{name}_grid")
        self._add("Transpose", [f"{name}_grid"], f"{name}_turned", perm=[0, 2, 4, 1, 3, 5])
        flat = (rows, down * across, channels * high * wide)
        self._add("Reshape", [f"{name}_turned", self._shape(flat)], f"{name}_rows")
        self._shapes[f"{name}_rows"] = flat
        self._shapes[f"{name}_found"] = (rows, down * across, width)
        matrix = kernel.reshape(width, -1).T
        self._product(f"{name}_found", f"{name}_rows", matrix, bias)
        self._add("Transpose", [f"{name}_found"], f"{name}_back", perm=[0, 2, 1])
        self._add("Reshape", [f"{name}_back", self._shape((rows, width, down, across))], out)

    def _product(self, out: str, x: str, matrix: npt.NDArray[Any], bias: str | None) -> None:
        shape = self._shapes[x]
        tokens, name = int(np.prod(shape[:-1])), f"product{self.products}"
        self.products += 1
        scale = np.maximum(np.abs(matrix).max(axis=0), _TINY) / 127
        weights = np.clip(np.rint(matrix / scale), -127, 127).astype(np.int8)
        self._add("Reshape", [x, self._shape((tokens, shape[-1]))], f"{name}_x")
        self._add("ReduceMax", [f"{name}_x"], f"{name}_high", axes=[1], keepdims=1)
        self._add("ReduceMin", [f"{name}_x"], f"{name}_low", axes=[1], keepdims=1)
        self._add("Neg", [f"{name}_low"], f"{name}_deep")
        tiny = self._constant("tiny", np.array(_TINY, np.float32))
        self._add("Max", [f"{name}_high", f"{name}_deep", tiny], f"{name}_most")
        part = self._constant("part", np.array(1 / 127, np.float32))
        self._add("Mul", [f"{name}_most", part], f"{name}_scale")
        self._add("Reshape", [f"{name}_scale", self._shape((tokens,))], f"{name}_scales")
        centres = self._constant(f"centre{tokens}", np.full(tokens, _CENTRE, np.uint8))
        quantised = [f"{name}_x", f"{name}_scales", centres]
        self._add("QuantizeLinear", quantised, f"{name}_bytes", axis=0)
        self._add(
            "MatMulIntegerToFloat",
            [
                f"{name}_bytes",
                self._constant(f"{name}_weights", weights),
                self._constant("one", np.array(1.0, np.float32)),
                self._constant(f"{name}_columns", scale.astype(np.float32)),
                self._constant("centre", np.array(_CENTRE, np.uint8)),
            ],
            f"{name}_y",
            domain=_MICROSOFT,
        )
        self._add("Mul", [f"{name}_y", f"{name}_scale"], last := f"{name}_scaled")
        if bias is not None:
            self._add("Add", [last, bias], last := f"{name}_moved")
        self._add("Reshape", [last, self._shape((*shape[:-1], matrix.shape[1]))], out)

    def _add(self, kind: str, inputs: list[str], out: str, **attributes: Any) -> None:
        from onnx import helper

        self._nodes.append(helper.make_node(kind, inputs, [out], **attributes))

    def _constant(self, name: str, value: npt.NDArray[Any]) -> str:
        from onnx import numpy_helper

        name = f"int8_{name}"
        if name not in self._constants:
            held = np.ascontiguousarray(value) if value.ndim else value
            self._constants[name] = numpy_helper.from_array(held, name)
        return name

    def _shape(self, shape: tuple[int, ...]) -> str:
        return self._constant("x".join(map(str, shape)), np.array(shape, np.int64))

    def _array(self, constant: Any) -> npt.NDArray[Any]:
        from onnx import numpy_helper

        return np.asarray(numpy_helper.to_array(constant), np.float32)


def _shapes(model: Any) -> dict[str, tuple[int, ...]]:
    known = [*model.graph.input, *model.graph.value_info, *model.graph.output]
    return {one.name: tuple(d.dim_value for d in one.type.tensor_type.shape.dim) for one in known}


def _attribute(node: Any, name: str, default: Any) -> Any:
    from onnx import helper

    found = [a for a in node.attribute if a.name == name]
    return helper.get_attribute_value(found[0]) if found else default


def _is_plain(node: Any) -> bool:
    return (
        _attribute(node, "alpha", 1.0) == 1.0
        and _attribute(node, "beta", 1.0) == 1.0
        and not _attribute(node, "transA", 0)
    )


def _is_patches(node: Any, weight: Any) -> bool:
    """Whether a convolution cuts its picture into patches: stride is size, nothing overlaps."""
    size = list(weight.dims[2:])
    return (
        list(_attribute(node, "strides", [1, 1])) == size
        and not any(_attribute(node, "pads", [0]))
        and _attribute(node, "group", 1) == 1
        and set(_attribute(node, "dilations", [1])) == {1}
        and size != [1, 1]
    )
