"""Audit by a third party: a quality database against the store it is said to come from.

Everything is computed again from the raw rows, by the same code that computed it the first time,
on a copy of the store: the store itself is never written. What was published, what the store
keeps as found, and what its raw rows give must be one and the same, numbers to a part in 1e9.

What an audit cannot see: a store and a database that were changed together and consistently;
against that helps only a digest that was published before, of the release or of the frozen plan.

    check.py      one line of an audit              comparison.py  two contents, value by value
    raw.py        what it looks at below findings   looked_at.py   what adaptive tests looked at
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import qfloor
from qfloor import export
from qfloor.benchmark import Benchmark
from qfloor.counting import several
from qfloor.errors import QfloorError, StoreError
from qfloor.export import Content
from qfloor.pipeline.audit import raw
from qfloor.pipeline.audit.check import Check, none_of, same
from qfloor.pipeline.audit.comparison import before_withdrawal, compared, unlike
from qfloor.pipeline.audit.looked_at import looked_at
from qfloor.pipeline.release import release_of
from qfloor.pipeline.rounds.declared import Declared
from qfloor.pipeline.rounds.planned import offers_of, prompts_of, suites_of, view_of
from qfloor.pipeline.rounds.recorded import benchmark_of_run, suites_of_run
from qfloor.pipeline.run import certify_round
from qfloor.records import Prompt, Suite, digest_of
from qfloor.store import Store

__all__ = ["Audit", "Check", "audit"]


@dataclass(frozen=True, kw_only=True)
class Audit:
    """All checks of an audit, in the order they were made."""

    database: str
    store: str
    checks: tuple[Check, ...]
    certified: str

    @property
    def wrong(self) -> tuple[Check, ...]:
        """Checks that found something other than it should be."""
        return tuple(check for check in self.checks if check.verdict != "ok")

    @property
    def explanations(self) -> tuple[str, ...]:
        """What the checks have to say beyond the table, one line each."""
        return tuple(f"{check.check}: {told}" for check in self.checks for told in check.details)

    @property
    def summary(self) -> str:
        """One sentence."""
        if not self.wrong:
            return (
                f"{self.database} follows from {self.store}: "
                f"{several(len(self.checks), 'check')}, all ok; "
                f"{self.certified}"
            )
        named = ", ".join(check.check for check in self.wrong)
        return (
            f"{self.database} does not follow from {self.store}: {len(self.wrong)} of "
            f"{several(len(self.checks), 'check')} failed: {named}"
        )


@dataclass(frozen=True, kw_only=True)
class _Case:
    """What an audit works on, once benchmark and suites are known."""

    content: Content
    store: Store
    benchmark: Benchmark
    suites: dict[str, Suite]
    prompts: tuple[Prompt, ...]
    run: str

    @property
    def about(self) -> dict[str, Any]:
        return self.content["release"][0]

    @property
    def provenance(self) -> dict[str, Any]:
        return {row["key"]: row["value"] for row in self.content["provenance"]}

    def again(self) -> Content:
        """Rows of the release that the store's present findings would make."""
        now = dt.datetime.fromisoformat(self.about["created_at"])
        return export.content_of(
            release_of(self.store, self.benchmark, self.prompts, self.run, now)
        )


def audit(database: str | Path, store: str | Path, *, benchmark: Benchmark | None = None) -> Audit:
    """Compute a quality database again from the store it is said to come from.

    Parameters
    ----------
    database : str or Path
        A ``quality.db`` or ``quality.json``.
    store : str or Path
        The workspace, or its ``store.db``; read, never written.
    benchmark : Benchmark, optional
        The one to judge by; by default the one that the store kept with the run.

    Returns
    -------
    Audit
        Every check with what was expected and found; nothing is left out because an earlier
        check failed, unless it cannot be made.

    Raises
    ------
    DatabaseError
        When the database cannot be read.
    StoreError
        When there is no store, or it is being written.
    """
    content = export.read(database)
    with Store.copy_of(store) as copy:
        checks = list(_of_itself(content))
        opened = _opened(content, copy, benchmark)
        checks += opened if isinstance(opened, list) else _checks(opened)
    return Audit(
        database=str(database),
        store=str(store),
        checks=tuple(checks),
        certified=export.certified_words(content),
    )


def _of_itself(content: Content) -> Iterator[Check]:
    """What the file says of itself, without the store."""
    about = content["release"][0]
    yield same("release digest", about["digest"], export.digest_of_content(content))
    problems = export.problems_of(content)
    yield none_of("rows that agree with one another", len(content["verdicts"]), "verdict", problems)
    yield Check(
        check="verdicts as frozen",
        expected=several(len(content["verdicts"]), "verdict"),
        found=export.post_hoc_words(content),
        verdict="ok",
    )
    code = f"qfloor {qfloor.__version__}"
    yield Check(
        check="code",
        expected=about["written_by"],
        found=code,
        verdict="ok",
        details=() if about["written_by"] == code else ("another version",),
    )


def _opened(content: Content, store: Store, given: Benchmark | None) -> _Case | list[Check]:
    """Find the run with its benchmark and suites, or say what is missing."""
    about = content["release"][0]
    digest = {row["key"]: row["value"] for row in content["provenance"]}.get("benchmark_digest")
    name = f"{about['name']}-{about['round']}-{digest_of(digest, 8)}"
    run = store.run_of(name)
    try:
        kept = None if run is None else benchmark_of_run(run)
    except StoreError as error:
        return [same("benchmark", digest, str(error))]
    used = given or kept
    if used is None:
        lacks = "the store keeps no such run; name the file with --benchmark"
        return [Check(check="benchmark", expected=str(digest), found=lacks, verdict="missing")]
    if used.digest != digest or used.round != about["round"]:
        return [same("benchmark", digest, used.digest)]
    suites = suites_of_run(store, run)
    suites = suites_of(used) if suites is None else suites
    prompts = prompts_of(used, suites)
    return _Case(
        content=content, store=store, benchmark=used, suites=suites, prompts=prompts, run=name
    )


def _checks(case: _Case) -> Iterator[Check]:
    yield same("benchmark", case.provenance["benchmark_digest"], case.benchmark.digest)
    yield _suites(case)
    store, benchmark = case.store, case.benchmark
    view, offers = view_of(store, benchmark, case.prompts), offers_of(store, benchmark)
    yield from raw.identities(store, view, offers, benchmark.imported)
    yield raw.media(store, view.outputs)
    yield from raw.ledger(store, benchmark, view.outputs)
    yield from looked_at(store, benchmark, view, case.prompts, case.run)
    published = case.provenance.get("frozen_plan", {})
    yield from raw.frozen_plan(store, benchmark, view, published, case.about.get("frozen_at"))
    yield from _findings(case)


def _suites(case: _Case) -> Check:
    told = case.provenance.get("suite_digests", {})
    wrong = [
        f"{name}: its prompts in the store are {suite.digest}, published as {told.get(name)}"
        for name, suite in case.suites.items()
        if suite.digest != told.get(name)
    ]
    return none_of("suites", len(told), "suite", wrong)


def _findings(case: _Case) -> Iterator[Check]:
    """What the store keeps as found, then what its raw rows give when computed again."""
    try:
        again = case.again()
        kept = list(unlike(before_withdrawal(case.content, again), again))
    except QfloorError as error:
        yield _failed("findings kept in the store", error)
    else:
        wrong = [f"{name}: {told}" for name, _, found in kept for told in found]
        total = sum(n for _, n, _ in kept)
        yield none_of("findings kept in the store", total, "row", wrong)
    try:
        declared = _published_metrics(case.content)
        certify_round(
            case.store, case.benchmark, case.prompts, suites=case.suites, declared=declared
        )
        again = case.again()
        published = before_withdrawal(case.content, again)
        if case.provenance.get("withdrawn_from"):
            told = case.provenance["withdrawn_from"][0]
            yield same("release that certificates were taken back from", told,
                       export.digest_of_content(published))  # fmt: skip
        yield from compared(published, again, "computed again")
    except QfloorError as error:
        yield _failed("findings computed again", error)


def _published_metrics(content: Content) -> Declared:
    """Go by the identities that were published.

    Which of several counted was for the scorers of the machine that made the release to say;
    this one may have other versions of them, or none.
    """
    keys = [row["metric"] for row in content["calibrations"]]
    keys += [row["key"] for row in content["metrics"]]
    return Declared(chosen={key.partition("@")[0]: key for key in keys})


def _failed(check: str, error: QfloorError) -> Check:
    return Check(check=check, expected="the published rows", found=str(error), verdict="missing")
