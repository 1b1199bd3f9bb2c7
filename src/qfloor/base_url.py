"""Addresses that paths are put behind: of a session's pages, a gateway's media, a seller's API."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit


def checked_base(told: str) -> str:
    """Give a base URL without a slash at its end, if a path can stand behind it.

    Raises
    ------
    ValueError
        What is wrong with it, in words that go on after the address.

    Examples
    --------
    >>> checked_base("HTTPS://judge.example.org/may/")
    'HTTPS://judge.example.org/may'
    >>> checked_base("https://judge.example.org/#may")
    Traceback (most recent call last):
    ...
    ValueError: has a query or fragment
    """
    base = told.strip()
    try:
        parts = urlsplit(base)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError("is no URL") from None
    if parts.scheme not in ("http", "https"):
        raise ValueError("does not begin with https:// or http://")
    if not host or any(letter.isspace() for letter in base):
        raise ValueError("names no host" if not host else "has a space in it")
    if parts.username is not None:
        raise ValueError("has a user name in it")
    if "?" in base or "#" in base:  # also one with nothing behind it
        raise ValueError("has a query or fragment")
    return base.rstrip("/")


def near_address(host: str) -> str:
    """Give an address that links of this machine can lead to, where one is listened on.

    Raises
    ------
    ValueError
        When it is empty, which a socket takes for all addresses.

    Examples
    --------
    >>> near_address("0.0.0.0"), near_address("::0"), near_address("judge.example.org")
    ('127.0.0.1', '::1', 'judge.example.org')
    """
    if not host.strip():
        raise ValueError("name an address: 127.0.0.1 for this machine alone, 0.0.0.0 for all")
    six = ":" in host
    try:  # 0.0.0.0 is also spelt 0, and :: is ::0
        packed = socket.inet_pton(socket.AF_INET6, host) if six else socket.inet_aton(host)
    except (OSError, UnicodeError):  # a name
        return host
    if any(packed):
        return host
    return "::1" if six else "127.0.0.1"
