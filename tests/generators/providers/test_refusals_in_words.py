"""Refusals that a seller tells in words only, after it had taken the job."""

from __future__ import annotations

import pytest

from qfloor.generators.http.outcomes import Fault, reason_for
from qfloor.generators.providers.openai_compatible import OpenAICompatibleGenerator
from qfloor.generators.providers.vertex import VertexGenerator


@pytest.mark.parametrize(
    ("shapes", "code", "words"),
    [
        (
            OpenAICompatibleGenerator.SHAPES,
            "failed",
            "Your request was rejected by the safety system",
        ),
        (OpenAICompatibleGenerator.SHAPES, "", "This violates our content policy"),
        (VertexGenerator.SHAPES, "3", "The prompt was blocked by safety filters"),
    ],
)
def test_a_failed_job_that_speaks_of_safety_was_refused(shapes, code, words) -> None:
    fault = Fault(status=0, codes=(code,), message=words)
    assert reason_for(fault, shapes).reason in ("refused_input", "refused_output")
