"""What an account may be asked for, as arithmetic on a clock: a token bucket, a width, a breaker.

Nothing here sleeps or calls anyone: each method is told what time it is (monotonic seconds) and
says how long to wait. `gate` does the waiting.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field


@dataclass
class Bucket:
    """Calls a minute: a token a call, ``burst`` of them at most saved up; no limit without a rate.

    In any span of s seconds no more than ``burst + per_minute * s / 60`` are taken.
    """

    per_minute: float | None
    burst: int = 1
    _tokens: float = field(init=False)
    _at: float | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self.burst = max(1, self.burst)
        self._tokens = float(self.burst)

    def wait_s(self, now: float) -> float:
        """Seconds until a token is there; 0 when one is."""
        if self.per_minute is None:
            return 0.0
        self._fill(now)
        return max(0.0, 1.0 - self._tokens) * 60.0 / self.per_minute

    def take(self, now: float) -> None:
        """Take a token."""
        if self.per_minute is not None:
            self._fill(now)
            self._tokens -= 1.0

    def _fill(self, now: float) -> None:
        assert self.per_minute is not None
        if self._at is not None and now > self._at:
            gained = (now - self._at) * self.per_minute / 60.0
            self._tokens = min(float(self.burst), self._tokens + gained)
        self._at = now if self._at is None else max(now, self._at)


@dataclass
class Width:
    """How many calls may be in flight: halved when the seller says too many, regained one by one.

    ``most`` is what is declared; None when nothing is.
    """

    most: int | None
    now: float = field(init=False)
    _narrowed_at: float = field(default=-math.inf, init=False)

    def __post_init__(self) -> None:
        self.now = math.inf if self.most is None else float(max(1, self.most))

    def has_room(self, in_flight: int) -> bool:
        """Whether another call fits."""
        return in_flight < math.floor(self.now) if math.isfinite(self.now) else True

    def narrow(self, now: float, *, called_at: float, in_flight: int) -> bool:
        """Halve; once for all calls that were in flight together. Says whether it did."""
        if called_at <= self._narrowed_at:
            return False
        self.now = max(1.0, math.floor(min(self.now, max(1, in_flight)) / 2.0))
        self._narrowed_at = now
        return True

    def widen(self) -> None:
        """Regain one place for as many good answers as there are places."""
        if math.isfinite(self.now):
            most = math.inf if self.most is None else float(self.most)
            self.now = min(most, self.now + 1.0 / self.now)


@dataclass
class Breaker:
    """Whether a seller is asked at all: open after failures in a row, then one call to find out.

    ``trip_after`` failures in a row open it for ``cooldown_s``; a probe that fails opens it for
    twice as long, up to ``most_s``. An answer of any other kind closes it.
    """

    trip_after: int
    cooldown_s: float
    most_s: float
    _failures: int = field(default=0, init=False)
    _next_s: float = field(init=False)
    _opens_at: float | None = field(default=None, init=False)
    _probing: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        self._next_s = self.cooldown_s

    @property
    def is_closed(self) -> bool:
        """Whether calls flow."""
        return self._opens_at is None

    def wait_s(self, now: float) -> float | None:
        """Seconds until a call may be made; None while another one is out to find out."""
        if self._opens_at is None:
            return 0.0
        return None if self._probing else max(0.0, self._opens_at - now)

    def enter(self) -> bool:
        """Note that a call is being made; says whether it is the probe of an open breaker."""
        self._probing = not self.is_closed
        return self._probing

    def answered(self) -> None:
        """Note an answer that shows the seller at work."""
        self._failures, self._next_s = 0, self.cooldown_s
        self._opens_at, self._probing = None, False

    def failed(self, now: float, *, is_probe: bool = False) -> bool:
        """Note a failure to reach or serve; says whether it opened the breaker."""
        self._failures += 1
        if self.is_closed and self._failures < self.trip_after:
            return False
        if not self.is_closed and not is_probe:
            return False  # of a call from before it opened
        self.trip(now, self._next_s)
        self._next_s = min(self.most_s, self._next_s * 2.0)
        return True

    def trip(self, now: float, seconds: float) -> None:
        """Open at once."""
        self._opens_at = max(now + seconds, self._opens_at or now)
        self._probing = False

    def abandon(self) -> None:
        """Note that a probe found nothing out; another may."""
        self._probing = False
