"""Every error qfloor raises, drawn once.

QfloorError
├── InputError              what a person gave us is wrong; says what, where and what to do
│   ├── SuiteError          a prompt suite
│   ├── BenchmarkError      a benchmark file
│   ├── RatingsError        a file of human judgments
│   ├── ManifestError       a folder generator's manifest
│   ├── MediaError          a picture or clip that cannot be read or is not what it claims
│   ├── NeedError           a request to the router
│   └── SessionError        a blind session: its plan, folder, key or votes
│       └── VoteError       a vote that is not taken: stale, too soon, not whole, closed
├── PluginError             a generator or scorer that cannot be found, built or trusted
├── StoreError              the workspace's store: missing, newer, busy or inconsistent
│   ├── UnwritableError     it takes nothing just now: busy, full, read-only, its disk broken
│   └── PlaceError          where media lie cannot be reached; says nothing of any one of them
├── BudgetError             the worst case costs more than the budget; nothing was bought
├── SetupError              an offer cannot be called at all: key, permission, billing, model gone
├── ScoringError            scores that must not be mixed, or a scorer that broke its contract
├── CertificationError      a floor that was asked for in a way that would not be honest
└── DatabaseError           a quality database that cannot be read
    ├── UnsoundDatabaseError  changed since it was written, or at odds with itself
    ├── NewerDatabaseError  written by a newer major version of the format
    └── IllustrativeDatabaseError  an example, not a measurement; routing by it must be asked for

This module imports nothing. A message is one sentence: what was wrong, where, what to do.
"""

from __future__ import annotations

STOPPED = "stopped; what was finished is kept, run the same command again"
"""What is said of a command that a signal ended."""

INTERRUPTED = 130
"""Its exit code: what shells say of Ctrl-C."""


class QfloorError(Exception):
    """Base of everything qfloor raises on purpose; the command line prints it and exits 1."""


class InputError(QfloorError):
    """What a person gave us is wrong."""


class SuiteError(InputError):
    """A prompt suite does not hold what it must."""


class BenchmarkError(InputError):
    """A benchmark file does not hold what it must."""


class RatingsError(InputError):
    """A file of human judgments cannot be imported; nothing of it was."""


class ManifestError(InputError):
    """A manifest of outputs made elsewhere cannot be used."""


class MediaError(InputError):
    """A picture or clip cannot be read, or is not what it claims to be."""


class NeedError(InputError):
    """A request to the router contradicts itself or names something unknown."""


class SessionError(InputError):
    """A blind session's plan, folder, key or votes are not what they must be."""


class VoteError(SessionError):
    """A vote is not taken; ``code`` says why in one word a page can act on."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class PluginError(QfloorError):
    """A generator or scorer cannot be found, built or trusted."""


class StoreError(QfloorError):
    """The workspace's store is missing, newer than this code, busy or inconsistent."""


class UnwritableError(StoreError):
    """The store takes nothing just now (busy, full, read-only, a broken disk), later it may."""


class PlaceError(StoreError):
    """The place where media lie cannot be reached; that is no output's fault."""


class BudgetError(QfloorError):
    """The worst case of a plan costs more than its budget; nothing was bought."""


class SetupError(QfloorError):
    """An offer cannot be called at all: key, permission, billing, our request, model gone."""


class ScoringError(QfloorError):
    """Scores must not be mixed, or a scorer broke its contract."""


class CertificationError(QfloorError):
    """A floor was asked for in a way that would not be honest."""


class DatabaseError(QfloorError):
    """A quality database cannot be read."""


class UnsoundDatabaseError(DatabaseError):
    """A quality database was changed or contradicts itself; ``problems`` are all that was found."""

    def __init__(self, message: str, problems: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.problems = problems


class NewerDatabaseError(DatabaseError):
    """A quality database was written by a newer major version of the format."""


class IllustrativeDatabaseError(DatabaseError):
    """A quality database is an example, not a measurement."""
