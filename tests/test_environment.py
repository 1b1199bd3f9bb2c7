"""No test sees what another left in the environment."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

NAME = "QFLOOR_LEFT_BY_A_TEST"


@pytest.fixture(scope="module")
def looked_at_after_the_test() -> Iterator[None]:
    """Of a wider scope than a test, so that this ends after what undoes a test's own changes."""
    yield
    assert os.environ.pop(NAME, None) is None


@pytest.mark.usefixtures("looked_at_after_the_test")
def test_what_a_test_leaves_in_the_environment_is_undone() -> None:
    os.environ[NAME] = "1"
