"""Files of the Hugging Face hub, kept in the hub's own cache. Knows no model.

The hub's client asks for nearly a minute before it believes that there is no connection; here one
attempt is made first, so that a machine without one is told at once what to get and where.
"""

from __future__ import annotations

import re
import socket
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import getproxies

from qfloor.errors import PluginError

PREFIX = "hf-hub:"
COMMIT = re.compile(r"[0-9a-f]{40}")
_PATIENCE_SECONDS = 5.0


def file(repository: str, name: str, revision: str | None = None, *, download: bool = True) -> Path:
    """Return a file of a hub repository, from the hub's own cache when it is there.

    A revision that is a commit pins the file: it is never asked for again. Of a branch the hub is
    asked for the newest, and the cached one taken when it cannot be reached.

    Raises
    ------
    PluginError
        When it is neither here nor to be had; says how to get it.
    """
    try:
        import huggingface_hub
        from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError
    except ImportError as error:
        raise PluginError(
            f"{PREFIX}{repository}/{name} needs the package huggingface_hub, which is not "
            f"installed; pip install 'qfloor[clip]'"
        ) from error
    pinned = revision is not None and COMMIT.fullmatch(revision) is not None
    try:
        cached = huggingface_hub.try_to_load_from_cache(repository, name, revision=revision)
    except ValueError as error:  # no such name can be on the hub
        raise PluginError(f"{PREFIX}{repository}/{name}: {first_line(error)}") from error
    why_not = None if pinned or not download else unreachable()
    if isinstance(cached, str) and (pinned or not download or why_not):
        return Path(cached)
    trouble = "is not on this machine" + (f", and {why_not}" if why_not else "")
    if download and why_not is None:
        try:
            return Path(huggingface_hub.hf_hub_download(repository, name, revision=revision))
        except (HfHubHTTPError, LocalEntryNotFoundError, OSError, ValueError) as error:
            trouble = f"cannot be had ({first_line(error)})"
    at = f" --revision {revision}" if revision else ""
    raise PluginError(
        f"{PREFIX}{repository}/{name} {trouble}; run 'hf download {repository} {name}{at}' on a "
        f"machine with a connection and copy its cache folder (HF_HOME) here, or name a local file"
    )


def unreachable() -> str | None:
    """Say in half a sentence why the hub cannot be asked; None when it seems that it can be."""
    from huggingface_hub import constants

    if constants.HF_HUB_OFFLINE:
        return "HF_HUB_OFFLINE forbids to ask the hub"
    address = urlsplit(constants.ENDPOINT)
    if address.scheme in getproxies():  # the proxy knows, and nobody else may ask
        return None
    port = address.port or (443 if address.scheme == "https" else 80)
    try:
        socket.create_connection((address.hostname or "", port), _PATIENCE_SECONDS).close()
    except OSError as error:
        return f"{constants.ENDPOINT} cannot be reached ({error.strerror or error})"
    return None


def first_line(error: BaseException) -> str:
    """Return the first line of an error, to stand inside a sentence."""
    text = str(error).strip().splitlines()
    return text[0].rstrip(" .:") if text else type(error).__name__
