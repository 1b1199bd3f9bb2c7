"""What a request is taken for, surely or unsurely, and the evidence for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, overload


class Evidence(NamedTuple):
    """One signal that counted, for one category."""

    signal: str
    category: str
    weight: float


class Told(Sequence[Evidence]):
    """Evidence that is put together when somebody looks: a choice needs none of it."""

    __slots__ = ("_found", "_make")

    def __init__(self, make: Callable[[], Iterable[Evidence]]) -> None:
        self._make = make
        self._found: tuple[Evidence, ...] | None = None

    def __reduce__(self) -> Any:
        """Put together: how it is found does not leave the process."""
        return tuple, (self._all(),)

    def _all(self) -> tuple[Evidence, ...]:
        if self._found is None:
            self._found = tuple(self._make())
        return self._found

    @overload
    def __getitem__(self, at: int) -> Evidence: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[Evidence, ...]: ...
    def __getitem__(self, at: int | slice) -> Evidence | tuple[Evidence, ...]:
        return self._all()[at]

    def __len__(self) -> int:
        return len(self._all())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and self._all() == tuple(other)

    def __hash__(self) -> int:
        return hash(self._all())

    def __repr__(self) -> str:
        return repr(self._all())


class Classification(NamedTuple):
    """What a request is taken for.

    ``category`` is None when unsure; ``plausible`` then holds every category that the decision
    must be right for, most likely first. ``confidence`` is that of the first. ``language`` is the
    one that the request states, or a guess; None when it cannot be told.
    """

    category: str | None
    confidence: float
    plausible: tuple[str, ...]
    evidence: Sequence[Evidence]
    modality: str
    language: str | None
    language_stated: bool = False

    def as_stated(self, language: str | None) -> Classification:
        """With the language that a request states, if it states one."""
        if language is None:
            return self
        return self._replace(language=language, language_stated=True)
