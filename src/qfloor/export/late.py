"""How many verdicts are post hoc, in words: made by a rule that is not the one that was frozen."""

from __future__ import annotations

from qfloor.export.release import Content


def certified_words(content: Content) -> str:
    """Count the certified verdicts of a release, and those of them that are post hoc.

    Examples
    --------
    >>> rows = [{"ruling": "certified", "post_hoc": late} for late in (True, False, False)]
    >>> certified_words({"verdicts": rows})
    '3 certified, 1 of them post hoc'
    >>> certified_words({"verdicts": [{"ruling": "rejected", "post_hoc": True}]})
    '0 certified, 1 of the others post hoc'
    """
    certified = [row for row in content["verdicts"] if row["ruling"] == "certified"]
    said = f"{len(certified)} certified"
    if late := sum(bool(row.get("post_hoc")) for row in certified):
        return f"{said}, {late} of them post hoc"
    if late := sum(bool(row.get("post_hoc")) for row in content["verdicts"]):
        return f"{said}, {late} of the others post hoc"
    if _is_unknown(content):
        return f"{said} (no plan was frozen, so whether any is post hoc is not known)"
    return said


def post_hoc_words(content: Content) -> str:
    """Count the verdicts of a release that are post hoc, and the certified ones among them."""
    if _is_unknown(content):
        return "not known: no plan was frozen"
    late = [row for row in content["verdicts"] if row.get("post_hoc")]
    certified = sum(row["ruling"] == "certified" for row in late)
    return f"{len(late)} post hoc, {certified} of them certified" if late else "0 post hoc"


def _is_unknown(content: Content) -> bool:
    """Whether the release says that nothing was frozen; the first format did not say."""
    told = {row["post_hoc"] for row in content["verdicts"] if "post_hoc" in row}
    return told == {None}
