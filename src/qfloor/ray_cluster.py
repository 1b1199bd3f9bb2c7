"""A Ray cluster to work on: the one that ``RAY_ADDRESS`` names, or one on this machine alone.

    ray_settings("actors=4,cpus=0.5")   what is written behind ``--engine ray:``
    connected(settings)                 a context with a running Ray in it

A local cluster is started without dashboard, with a small object store, on the loopback address,
and ended again; a cluster that was there is left as it was. Nothing is reported to anyone: Ray's
usage statistics are off unless the environment says otherwise. What this module does not know:
what is computed there.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from qfloor.errors import PluginError

_MIB = 1 << 20
_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_BACKEND_LOG_LEVEL": "fatal",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}
"""Said before Ray is imported, where the environment says nothing: report to nobody, no chatter."""

_ALONE = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
"""What keeps a cluster of one machine on the loopback address, on every system."""


@dataclass(frozen=True, kw_only=True)
class RaySettings:
    """How much of a cluster to take.

    ``actors`` is how many at most, by default as many as fit; ``cpus`` and ``gpus`` are what each
    reserves, and may be fractions (``gpus`` by default 1 where a plugin asks for ``cuda``, else
    0); ``store_mb`` bounds Ray's object store; ``restarts`` is how often a lost actor comes back.
    """

    actors: int | None = None
    cpus: float = 1.0
    gpus: float | None = None
    store_mb: int = 256
    restarts: int = 5


_KINDS: Mapping[str, tuple[type, float]] = {
    "actors": (int, 1), "cpus": (float, 0.01), "gpus": (float, 0.0), "store_mb": (int, 80),
    "restarts": (int, 0),
}  # fmt: skip


def ray_settings(text: str) -> RaySettings:
    """Read ``KEY=NUMBER,...``; refuse a machine without Ray.

    Raises
    ------
    PluginError
        When a key is unknown, a number is none or too small, or Ray is not installed.

    Examples
    --------
    >>> ray_settings("actors=2,cpus=0.5").cpus
    0.5
    """
    given: dict[str, Any] = {}
    for pair in filter(None, text.split(",")):
        key, _, value = pair.partition("=")
        if key not in _KINDS:
            raise PluginError(f"engine ray: unknown setting {key!r}; known: {', '.join(_KINDS)}")
        kind, least = _KINDS[key]
        try:
            number = kind(value)
        except ValueError:
            number = float("nan")
        if not least <= number < 1e6:
            noun = "a whole number" if kind is int else "a number"
            raise PluginError(f"engine ray: {key} is {value!r}, must be {noun} from {least:g}")
        given[key] = number
    if find_spec("ray") is None:
        raise PluginError("engine ray needs Ray, which is not installed: pip install 'qfloor[ray]'")
    return RaySettings(**given)


def settings_called(engine: str) -> RaySettings | None:
    """Return the settings of an engine by name; None for ``local``.

    Raises
    ------
    PluginError
        When there is no such engine; else as `ray_settings`.
    """
    kind, _, text = engine.partition(":")
    if engine == "local":
        return None
    if kind != "ray":
        raise PluginError(f"there is no engine {engine!r}; known: local, ray, ray:KEY=NUMBER,...")
    return ray_settings(text)


@contextlib.contextmanager
def connected(settings: RaySettings) -> Iterator[Any]:
    """Give a running ``ray``; end it again if it was started here.

    Raises
    ------
    PluginError
        When the cluster that ``RAY_ADDRESS`` names does not answer.
    """
    address = os.environ.get("RAY_ADDRESS")
    for name, value in (_QUIET if address else _QUIET | _ALONE).items():
        os.environ.setdefault(name, value)
    import ray

    with contextlib.redirect_stdout(sys.stderr):  # Ray tells of lost nodes where answers go
        if ray.is_initialized():
            yield ray
            return
        _start(ray, address, settings)
        try:
            yield ray
        finally:
            ray.shutdown()


def _start(ray: Any, address: str | None, settings: RaySettings) -> None:
    quiet: dict[str, Any] = {
        "logging_level": logging.ERROR, "log_to_driver": False, "namespace": "qfloor",
    }  # fmt: skip
    try:
        if address:
            ray.init(address=address, **quiet)
        else:
            ray.init(address="local", **_alone(settings), **quiet)
    except (OSError, RuntimeError, ValueError) as error:
        where = f"the Ray cluster at {address}" if address else "a Ray cluster on this machine"
        said = " ".join(str(error).split())[:300]
        raise PluginError(f"{where} cannot be used: {said}") from error


def _alone(settings: RaySettings) -> dict[str, Any]:
    return {
        "num_cpus": _cores(settings), "include_dashboard": False,
        "object_store_memory": settings.store_mb * _MIB,
    }  # fmt: skip


def _cores(settings: RaySettings) -> int:
    """Cores of a cluster on this machine; more when more actors were asked for than there are."""
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else (os.cpu_count() or 1)
    wanted = (settings.actors or 0) * settings.cpus
    return max(cores, int(-(-wanted // 1)))


def actors_that_fit(ray: Any, settings: RaySettings, gpus: float) -> int:
    """Return how many actors the cluster has room for, by its nodes' own resources.

    Raises
    ------
    PluginError
        When no node has room for one.
    """
    room = 0
    for node in ray.nodes():
        if node["Alive"]:
            has = node["Resources"]
            fits = has.get("CPU", 0.0) / settings.cpus
            room += int(min(fits, has.get("GPU", 0.0) / gpus) if gpus else fits)
    if room < 1:
        raise PluginError(
            f"engine ray: no node of the cluster has {settings.cpus:g} CPUs"
            f"{f' and {gpus:g} GPUs' if gpus else ''}, which an actor reserves"
        )
    return min(room, settings.actors) if settings.actors else room
