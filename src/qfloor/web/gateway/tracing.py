"""Spans for whoever collects them: OpenTelemetry where it is installed, nothing where it is not.

A span carries offers and reasons; never a prompt, never a key.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator
from typing import Any


@functools.cache
def _tracer() -> Any:
    try:
        from opentelemetry import trace
    except ImportError:
        return None
    return trace.get_tracer("qfloor.gateway")


@contextlib.contextmanager
def span(name: str, **attributes: str | int | float | None) -> Iterator[Any]:
    """Time what happens within, as a span of the current trace."""
    tracer = _tracer()
    if tracer is None:
        yield None
        return
    known = {f"qfloor.{key}": value for key, value in attributes.items() if value is not None}
    with tracer.start_as_current_span(name, attributes=known) as current:
        yield current
