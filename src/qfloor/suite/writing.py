"""Write a suite as a file that `load` reads back to the same digest."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from qfloor.errors import SuiteError
from qfloor.records import Prompt, Suite
from qfloor.suite.loading import parse, split_of, suite_of
from qfloor.whole import holds_other, write_whole


def _value(value: object) -> str:
    """One TOML value; JSON strings are TOML basic strings once DEL is escaped."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, tuple | list):
        return "[" + ", ".join(_value(v) for v in value) + "]"
    return str(value)


def fields_of(prompt: Prompt) -> dict[str, object]:
    """What a suite file says of a prompt: the fields that are set, and not by default."""
    row: dict[str, object] = {
        "id": prompt.id,
        "category": prompt.category,
        "modality": prompt.modality,
        "text": prompt.text,
        "language": prompt.language,
        "negative": prompt.negative,
        "aspect_ratio": prompt.aspect_ratio,
        "seconds": prompt.seconds,
        "must_render": prompt.must_render,
        "tags": prompt.tags,
        "difficulty": prompt.difficulty,
        "family": prompt.family if prompt.family != prompt.id else None,
        "split": prompt.split if prompt.split != split_of(prompt.family) else None,
        "inputs": prompt.inputs,
        "source": prompt.source,
    }
    return {k: v for k, v in row.items() if v not in (None, (), "")}


def dump(suite: Suite) -> str:
    """Return a suite as TOML text."""
    header = ("name", "version", "title", "licence")
    lines = ["[suite]", *(f"{key} = {_value(getattr(suite, key))}" for key in header)]
    for prompt in suite.prompts:
        lines += ["", "[[prompts]]"]
        lines += [f"{key} = {_value(value)}" for key, value in fields_of(prompt).items()]
    return "\n".join(lines) + "\n"


def write(suite: Suite, path: Path) -> Path:
    """Write a suite to ``path``, whole or not at all.

    Raises
    ------
    SuiteError
        When `load` would refuse what was to be written; nothing is.
    """
    text = dump(suite)
    suite_of(path, parse(path, text))
    return replace_file(path, text)


def write_inclusion(inclusion: Mapping[str, float], path: Path) -> Path:
    """Write inclusion probabilities by prompt id as JSON, whole or not at all."""
    return replace_file(path, dump_inclusion(inclusion))


def dump_inclusion(inclusion: Mapping[str, float]) -> str:
    """Return inclusion probabilities by prompt id as JSON text."""
    return json.dumps(inclusion, indent=1, sort_keys=True) + "\n"


def replace_file(path: Path, text: str) -> Path:
    """Write text to a file, whole or not at all."""
    if path.is_dir():
        raise SuiteError(f"{path}: is a folder, expected a file to write")
    try:
        content = text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise SuiteError(
            f"{path}: cannot be written, character {error.start} is half a surrogate pair"
        ) from error
    return write_whole(path, content)


def not_over(out: Path, *inputs: Path) -> None:
    """Refuse to write over a file that is read.

    Raises
    ------
    SuiteError
        When ``out`` is one of ``inputs``, by whatever name or link.
    """
    if out.exists() and not out.is_file():
        return  # a terminal may be both read and written; a folder is refused when it is written
    for one in inputs:
        linked = out.exists() and one.exists() and out.samefile(one)
        if linked or out.resolve() == one.resolve():
            raise SuiteError(
                f"{out}: would be written over {one}, which is read; name another file for --out"
            )


def not_over_other(texts: Mapping[Path, str]) -> None:
    """Refuse to write where a file holds something else: a suite is made to be corrected by hand.

    Parameters
    ----------
    texts : mapping
        File -> what is to be written there.

    Raises
    ------
    SuiteError
        When one of the files is there and differs by a byte.
    """
    for path, text in texts.items():
        if holds_other(path, text):
            raise SuiteError(
                f"{path}: is there and differs from what would be written (was it corrected by "
                "hand?), so nothing was written; name another file for --out, or say --replace"
            )
