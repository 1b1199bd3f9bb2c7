"""Blocks that docs pages hold between cog markers: what a command prints, never typed by hand.

`make docs` writes them, `make check` fails when one is out of step.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


def command(line: str, *, shown: str | None = None, keep: int | None = None) -> None:
    """Write a shell block with a qfloor command and what it prints."""
    arguments = shlex.split(line)
    program = [str(Path(sys.executable).parent / arguments[0]), *arguments[1:]]
    ran = subprocess.run(
        program,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb"},
    )
    if ran.returncode not in (0, 1, 3):
        raise SystemExit(f"{line}: exit code {ran.returncode}\n{ran.stderr}")
    printed = [text.rstrip() for text in ran.stdout.splitlines()]
    if keep is not None and len(printed) > keep:
        printed = [*printed[:keep], "..."]
    body = "\n".join(printed).strip("\n")
    print(f"\n```console\n$ {shown or line}\n{body}\n```\n")


def commands() -> None:
    """Write the help of every command, in pipeline order."""
    from typer.main import get_command

    from qfloor.cli import ORDER, app

    root = get_command(app)
    for name in ORDER:
        subcommands = getattr(root.commands[name], "commands", {})
        for full in [f"{name} {sub}" for sub in subcommands] or [name]:
            print(f"\n## `qfloor {full}`")
            command(f"qfloor {full} --help")


def suite_card(name: str) -> None:
    """Write the counts and the detectable fail rate of a suite that ships."""
    from qfloor import suite
    from qfloor.suite.checking import card

    print(f"\n{card(suite.load(name))}\n")


def quality_db() -> None:
    """Write the reference of every table and column of the quality database."""
    from qfloor.export import reference

    print(f"\n{reference.reference_page()}\n")


def doctor_checks() -> None:
    """Write the table of every check of the doctor, and what each needs."""
    from qfloor.doctor import all_checks, table

    print("\n| check | what | metric | expected | tolerance | source | needs |")
    print("|---|---|---|---|---|---|---|")
    for check in all_checks():
        cells = (
            f"`{check.id}`",
            check.says,
            f"`{check.metric}`" if check.metric != "-" else "",
            table.shown(check.expected),
            table.tolerance(check),
            check.source,
            ", ".join(need.says for need in check.needs) or "the package alone",
        )
        print("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    print()


def doctor_rows(*ids: str) -> None:
    """Run some of the doctor's checks and write their rows, without machine-bound digits."""
    from qfloor.doctor import Ground, all_checks, examine

    chosen = [check for check in all_checks() if check.id in ids]
    print("\n| check | expected | got | tolerance | verdict |")
    print("|---|---|---|---|---|")
    for found in examine(chosen, Ground()):
        due, got = (_digits(value) for value in (found.check.expected, found.got))
        print(f"| {found.check.says} | {due} | {got} | {found.check.tolerance} | {found.outcome} |")
    print()


def _digits(value: object) -> str:
    if isinstance(value, bool | str) or not isinstance(value, float | int):
        return str(value)
    return f"{value:.3g}"


def providers() -> None:
    """Write which provider's families can do what, and by what each adapter was judged."""
    oracles, alone = _matrix("ORACLES"), set(_matrix("CONTRACT_ONLY"))
    heads = (
        "provider", "models", "modality", "flow", "seed", "negative prompt", "cost told",
        "rewriting", "found by our key", "cancel", "tested against",
    )  # fmt: skip
    print("\n| " + " | ".join(heads) + " |")
    print("|" + "---|" * len(heads))
    for cls in _adapters():
        sdk = oracles.get(cls.PROVIDER)
        for family in cls.FAMILIES:
            by_sdk = sdk and (cls.PROVIDER, family.name) not in alone
            judged = f"oracle: `{sdk}`" if by_sdk else "contract only"
            patterns = "`, `".join(family.models)
            named = family.name + (f" (`{patterns}`)" if family.models != ("*",) else "")
            cells = (
                f"`{cls.PROVIDER}`", named, family.modality, family.flow, family.seed,
                _known(family.negative), family.told, family.rewriting,
                "yes" if family.lookup else "no", "yes" if family.cancel else "no", judged,
            )  # fmt: skip
            print("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    print()


def provider_keys() -> None:
    """Write where each provider is called, by which key, and what an account may ask."""
    print("\n| provider | key | called at | seconds a call may take | at once | a minute |")
    print("|---|---|---|---|---|---|")
    for cls in _adapters():
        limits = cls.LIMITS
        cells = (
            f"`{cls.PROVIDER}`",
            f"`{cls.KEY_ENV}`" if cls.KEY_ENV else "as `key_env` says",
            cls.ORIGIN or "as `base_url` says",
            f"{cls.TIMEOUT_S:g}",
            _known(limits and limits.concurrency),
            _known(limits and limits.per_minute),
        )
        print("| " + " | ".join(cells) + " |")
    print()


def _adapters() -> list[type]:
    """Every adapter over HTTP, in the order of the entry points' file."""
    import importlib
    import pkgutil

    from qfloor.generators import providers
    from qfloor.generators.http.generator import HttpGenerator

    found: dict[str, type] = {}
    for module in pkgutil.iter_modules(providers.__path__):
        loaded = importlib.import_module(f"{providers.__name__}.{module.name}")
        for value in vars(loaded).values():
            if isinstance(value, type) and issubclass(value, HttpGenerator) and value.PROVIDER:
                found[value.PROVIDER] = value
    return [found[name] for name in sorted(found)]


def _matrix(name: str) -> Any:
    """What the tests' matrix says: which SDK judged each fake, and where none did."""
    import ast

    path = ROOT / "tests" / "fakes" / "providers" / "matrix.py"
    text = path.read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.AnnAssign) and getattr(node.target, "id", "") == name:
            return ast.literal_eval(node.value or ast.Constant({}))
    raise SystemExit(f"tests/fakes/providers/matrix.py has no {name}")


def _known(value: object) -> str:
    return "not known" if value is None else {True: "yes", False: "no"}.get(value, f"{value}")  # type: ignore[call-overload]
