"""Which URLs may be fetched, and which may see the key.

A seller's answer names URLs; whoever writes that answer must not be able to make us call into
our own network or hand our key to a third party. The operator's base URL is trusted; what comes
in answers is not.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import urlsplit

from qfloor.base_url import checked_base
from qfloor.errors import InputError

_PORTS = {"http": 80, "https": 443}


class RefusedUrlError(Exception):
    """A URL that is not fetched; says why."""


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Scheme, host and port."""

    scheme: str
    host: str
    port: int

    @classmethod
    def of(cls, url: str) -> Origin:
        """Read the origin of a URL.

        Raises
        ------
        RefusedUrlError
            When it is no http(s) URL, or carries a user name.
        """
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise RefusedUrlError(f"{url[:80]!r} is no URL") from None
        host = (parts.hostname or "").rstrip(".").lower()
        if parts.scheme not in _PORTS or not host or not host.isascii():
            raise RefusedUrlError(f"{url[:80]!r} is no http URL")
        if parts.username or parts.password:
            raise RefusedUrlError("a URL with a user name in it is not fetched")
        return cls(scheme=parts.scheme, host=host, port=port or _PORTS[parts.scheme])


@dataclass(frozen=True, kw_only=True)
class Guard:
    """What one generator may fetch.

    ``base`` is the operator's. ``api_hosts`` are further hosts of the provider's own API (over
    https only) and may see the key; ``media_hosts`` may serve media, any public host when empty.
    """

    base: Origin
    api_hosts: tuple[str, ...] = ()
    media_hosts: tuple[str, ...] = ()

    @property
    def is_loopback(self) -> bool:
        """Whether the operator's base URL is this machine."""
        return is_loopback(self.base.host)

    def may_see_key(self, url: str) -> bool:
        """Whether the key may go along to a URL."""
        origin = Origin.of(url)
        if origin == self.base:
            return True
        named = any(fnmatchcase(origin.host, pattern) for pattern in self.api_hosts)
        return named and origin.scheme == "https" and origin.port == 443

    def check_api(self, url: str) -> None:
        """Refuse a URL of an answer that is to be called with the key but is not the API's."""
        if not self.may_see_key(url):
            raise RefusedUrlError(f"{Origin.of(url).host} is not the API's own host")

    def check_media(self, url: str) -> None:
        """Refuse a URL that media must not be fetched from; names are resolved in `check_where`."""
        origin = Origin.of(url)
        if origin == self.base or (self.is_loopback and is_loopback(origin.host)):
            return
        if origin.scheme != "https":
            raise RefusedUrlError(f"media at {origin.host} would come unencrypted")
        if is_private(origin.host):
            raise RefusedUrlError(f"media at {origin.host}: an address inside this network")
        if self.media_hosts and not any(fnmatchcase(origin.host, p) for p in self.media_hosts):
            raise RefusedUrlError(
                f"media at {origin.host}: not a host of this provider "
                f"(known: {', '.join(self.media_hosts)}; more by the argument media_hosts)"
            )

    async def check_where(self, url: str) -> None:
        """Refuse a name that leads into this network."""
        origin = Origin.of(url)
        if origin == self.base or (self.is_loopback and is_loopback(origin.host)):
            return
        try:
            loop = asyncio.get_running_loop()
            found: Sequence[Any] = await loop.getaddrinfo(origin.host, origin.port)
        except OSError:
            return  # the fetch itself will say that there is no such name
        if any(is_private(str(entry[4][0])) for entry in found):
            raise RefusedUrlError(f"media at {origin.host}: the name leads inside this network")


def is_loopback(host: str) -> bool:
    """Whether a host is this machine.

    Examples
    --------
    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("localhost.evil.example")
    (True, True, False)
    """
    address = _address(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def is_private(host: str) -> bool:
    """Whether a host is an address that the public internet does not reach, or a bare name.

    Examples
    --------
    >>> [is_private(h) for h in ("169.254.169.254", "10.0.0.1", "8.8.8.8", "db", "fal.media")]
    [True, True, False, True, False]
    """
    address = _address(host)
    if address is None:
        bare = "." not in host or host.endswith((".local", ".internal", ".localhost", ".home.arpa"))
        return bare or host.rsplit(".", 1)[-1].isdigit()
    return not address.is_global or address.is_multicast


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(host.split("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def base_of(base_url: str) -> tuple[Origin, str]:
    """Read an operator's base URL: its origin, and the URL without a slash at its end.

    Raises
    ------
    InputError
        When it is no URL, or would send a key unencrypted over the public internet.
    """
    try:
        base = checked_base(base_url)
        origin = Origin.of(base)
    except (ValueError, RefusedUrlError) as refused:
        raise InputError(f"base_url {refused}; write it as https://host") from None
    if origin.scheme == "http" and not (is_loopback(origin.host) or is_private(origin.host)):
        raise InputError(f"base_url: {origin.host} over http would show the key; use https")
    return origin, base
