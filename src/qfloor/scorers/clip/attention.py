"""Self-attention as one operator of onnxruntime, for the time of an export.

torch writes an attention as some twenty small operators that turn and cut the same numbers again
and again; onnxruntime's ``MultiHeadAttention`` does the same in one. Queries, keys and values
become three products, so nothing has to be cut apart. Only plain self-attention is replaced
(`torch.nn.MultiheadAttention` of its own input, no mask); any other is written as torch writes it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any


@contextlib.contextmanager
def fused(tower: Any) -> Iterator[int]:
    """Replace a tower's attentions while it is exported, and put them back.

    Parameters
    ----------
    tower : torch.nn.Module

    Yields
    ------
    int
        How many were replaced.
    """
    import torch

    found = [
        (tower.get_submodule(name.rpartition(".")[0]), name.rpartition(".")[2], module)
        for name, module in tower.named_modules()
        if type(module) is torch.nn.MultiheadAttention and _is_plain(module)
    ]
    stand_in = _stand_in()
    try:
        for parent, name, module in found:
            setattr(parent, name, stand_in(module))
        yield len(found)
    finally:
        for parent, name, module in found:
            setattr(parent, name, module)


def _is_plain(module: Any) -> bool:
    return bool(
        module.batch_first
        and module.in_proj_weight is not None
        and module.in_proj_bias is not None
        and module.bias_k is None
        and not module.add_zero_attn
        and not module.training
    )


def _stand_in() -> Any:
    """Return the class of the modules that stand in; torch is known only here."""
    import torch

    class Operator(torch.autograd.Function):
        """The exported operator; run by torch it only has the right shape."""

        @staticmethod
        def forward(_: Any, query: Any, key: Any, value: Any, bias: Any, heads: int) -> Any:
            return torch.empty_like(query)

        @staticmethod
        def symbolic(graph: Any, query: Any, key: Any, value: Any, bias: Any, heads: int) -> Any:
            inputs = (query, key, value, bias)
            found = graph.op("com.microsoft::MultiHeadAttention", *inputs, num_heads_i=heads)
            found.setType(query.type())
            return found

    operator: Any = Operator.apply

    class StandIn(torch.nn.Module):
        def __init__(self, replaced: Any) -> None:
            super().__init__()
            self.replaced = replaced
            # turned ahead: the exporter then writes three products with constants
            parts = [part.detach().T.contiguous() for part in replaced.in_proj_weight.chunk(3)]
            self.parts = torch.nn.ParameterList(
                [torch.nn.Parameter(part, requires_grad=False) for part in parts]
            )

        def forward(self, query: Any, key: Any, value: Any, **settings: Any) -> tuple[Any, None]:
            of_itself = key is query and value is query and settings.get("attn_mask") is None
            if not of_itself or settings.get("key_padding_mask") is not None:
                found: tuple[Any, None] = self.replaced(query, key, value, **settings)
                return found
            three = [query @ part for part in self.parts]
            bias, heads = self.replaced.in_proj_bias, self.replaced.num_heads
            return self.replaced.out_proj(operator(*three, bias, heads)), None

    return StandIn
