"""Where the two sides of a blind session come from: runs, stores, a router's policy, folders.

    arm_of("painters/umber", ...)   one offer's outputs of a round
    arm_of("policy:quality.db", ...)      for each prompt the offer that the router chooses
    arm_of("folder:DIR#OFFER", ...)       files made elsewhere, by their manifest

What cannot be shown (refused, blank, not bought) is counted by reason and stands in the protocol.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from qfloor import router
from qfloor.abtest.building import Progress, build_session
from qfloor.abtest.drafting import room_for
from qfloor.abtest.key import default_path
from qfloor.abtest.pairs import Pair, Shown
from qfloor.abtest.planning import Plan, Wishes, plan_session
from qfloor.errors import SessionError
from qfloor.generators.manifest import made_up_id, read_manifest
from qfloor.meant import offer_meant
from qfloor.records import Output, Prompt, Status
from qfloor.store import Store

POLICY, FOLDER = "policy:", "folder:"
MANIFESTS = ("manifest.csv", "manifest.jsonl")
TWICE = "text with and without an id in one arm"
RoutePrompt = Callable[[Prompt], tuple[str | None, str]]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One arm as its host names it.

    Parameters
    ----------
    spec : str
        An offer's id, ``policy:FILE`` or ``folder:DIR`` (``#OFFER`` where it has several).
    workspace : Path
        Whose store holds the outputs.
    round : str, optional
        Of the store; may be left out where it has only one.
    tier : str
        What the router is asked for.
    policy : router.Policy
        Its standing orders.
    now : str, optional
        The day to route for.
    """

    spec: str
    workspace: Path = Path(".qfloor")
    round: str | None = None
    tier: str = "professional"
    policy: router.Policy = field(default_factory=router.Policy)
    now: str | None = None


@dataclass(frozen=True, kw_only=True)
class ArmOutputs:
    """What an arm can show, by prompt digest and repeat, and what it cannot, by reason."""

    stands_for: str
    prompts: Mapping[str, Prompt]
    shown: Mapping[tuple[str, int], Shown]
    missing: Mapping[tuple[str, int], str]


def arm_of(asked: Asked, arm: str) -> ArmOutputs:
    """Find the outputs of one arm.

    Raises
    ------
    SessionError, StoreError, ManifestError, DatabaseError
        When a store, round, offer, manifest or quality database is not there.
    """
    if asked.spec.startswith(FOLDER):
        return _of_folder(asked.spec.removeprefix(FOLDER), arm)
    with Store.open(asked.workspace) as store:
        round_ = _round_of(store, asked)
        if asked.spec.startswith(POLICY):
            path = Path(asked.spec.removeprefix(POLICY))
            route = _routing(path, asked)
            told = f"the router's choice at tier {asked.tier} by {path.name}, round {round_}"
            return _of_store(store, round_, route, arm, told)
        _check_offer(store, round_, asked.spec)
        told = f"{asked.spec}, round {round_}"
        return _of_store(store, round_, lambda prompt: (asked.spec, ""), arm, told)


def _round_of(store: Store, asked: Asked) -> str:
    known = [name for name in store.rounds() if "+" not in name]
    there = ", ".join(known) or "none"
    if asked.round is not None:
        if asked.round not in known:
            raise SessionError(f"{store.root} has no round {asked.round}; it has: {there}")
        return asked.round
    if len(known) != 1:
        raise SessionError(f"name the round with --round; {store.root} has: {there}")
    return known[0]


def _check_offer(store: Store, round_: str, offer: str) -> None:
    known = sorted({row[0] for row in store.count_outputs(round=round_)})
    if offer not in known:
        hint = offer_meant(offer, known, f"it has {', '.join(known[:8])}")
        raise SessionError(f"round {round_} has no outputs of {offer!r}{hint}")


def _routing(path: Path, asked: Asked) -> RoutePrompt:
    db = router.load(path)

    def route(prompt: Prompt) -> tuple[str | None, str]:
        need = router.Need(
            prompt=prompt.text,
            negative=prompt.negative,
            aspect_ratio=prompt.aspect_ratio,
            modality=prompt.modality,
            seconds=prompt.seconds,
            tier=asked.tier,
        )
        decision = router.choose(db, need, policy=asked.policy, now=asked.now)
        rule = decision.binding_rule
        return decision.offer, f"not routed ({rule.value if rule else decision.cause.value})"

    return route


def _of_store(
    store: Store, round_: str, route: RoutePrompt, arm: str, stands_for: str
) -> ArmOutputs:
    """Outputs of a round, each prompt by the offer that it is routed to."""
    by_place: dict[tuple[str, str], list[Output]] = {}
    repeats: dict[str, set[int]] = {}
    for output in store.outputs_of(round=round_):
        by_place.setdefault((output.prompt_digest, output.offer_id), []).append(output)
        repeats.setdefault(output.prompt_digest, set()).add(output.repeat)
    known = store.prompts_by_digest()
    prompts = {digest: known[digest] for digest in sorted(repeats)}
    shown: dict[tuple[str, int], Shown] = {}
    missing: dict[tuple[str, int], str] = {}
    for digest, prompt in prompts.items():
        offer, why = route(prompt)
        found = [] if offer is None else by_place.get((digest, offer), [])
        if not found:
            why = why if offer is None else "not in the round"
            missing.update({(digest, repeat): why for repeat in repeats[digest]})
        for output in found:
            place = (digest, output.repeat)
            if output.status is Status.MADE and output.media_sha256 is not None:
                path = store.media_path(output.media_sha256)
                shown[place] = Shown(item=output.id, path=path, offer=output.offer_id, arm=arm)
            else:
                missing[place] = output.status.value
    return ArmOutputs(stands_for=stands_for, prompts=prompts, shown=shown, missing=missing)


def _of_folder(spec: str, arm: str) -> ArmOutputs:
    name, _, offer = spec.partition("#")
    folder = Path(name).expanduser()
    paths = [folder] if folder.is_file() else [folder / known for known in MANIFESTS]
    path = next((p for p in paths if p.is_file()), None)
    if path is None:
        raise SessionError(f"{folder} has no {' or '.join(MANIFESTS)} that says what its files are")
    manifest = read_manifest(path)
    offers = sorted({row.offer_id for row in manifest.rows})
    if not offer and len(offers) != 1:
        raise SessionError(
            f"{path} has {len(offers)} offers; name one as {FOLDER}{name}#OFFER, of "
            f"{', '.join(offers)}"
        )
    offer = offer or offers[0]
    if offer not in offers:
        raise SessionError(f"{path} has no row for offer {offer!r}; it has {', '.join(offers)}")
    prompts = {p.id: p for p in manifest.prompts}
    rows = [row for row in manifest.rows if row.offer_id == offer]
    return ArmOutputs(
        stands_for=f"{offer}, files of {path.parent.name}",
        prompts={prompts[row.prompt_id].digest: prompts[row.prompt_id] for row in rows},
        shown={
            (prompts[row.prompt_id].digest, row.repeat): Shown(
                item=f"{offer}|{row.prompt_id}|{row.repeat}", path=row.path, offer=offer, arm=arm
            )
            for row in rows
        },
        missing={},
    )


def pair_up(arms: Sequence[ArmOutputs], modality: str) -> tuple[list[Pair], dict[str, int]]:
    """Put the arms' outputs of the same prompt and repeat beside each other.

    A prompt that a manifest gives by its text alone is the other arm's of that text.

    Returns
    -------
    (list of Pair, dict)
        The pairs, and how many places have none, by reason. A place is a prompt and a repeat.
    """
    left_out: Counter[str] = Counter()
    pairs: list[Pair] = []
    arms = _by_text(arms)
    places = sorted({place for arm in arms for place in (*arm.shown, *arm.missing)})
    asked = (p for arm in arms for p in arm.prompts.values())
    names = _names({p.digest: p.id for p in asked})
    for digest, repeat in places:
        prompt = next(p for arm in arms if (p := arm.prompts.get(digest)) and p.digest == digest)
        if prompt.modality != modality:
            left_out[f"{prompt.modality}, not {modality}"] += 1
            continue
        sides = [arm.shown.get((digest, repeat)) for arm in arms]
        reasons = [
            arm.missing.get((digest, repeat), f"{_lacking(arm, digest)} in one arm only")
            for arm, side in zip(arms, sides, strict=True)
            if side is None
        ]
        if reasons:
            left_out[" and ".join(sorted(set(reasons)))] += 1
            continue
        pairs.append(
            Pair(
                id=f"{names[digest]}-{repeat}",
                prompt=prompt,
                shown=tuple(side for side in sides if side is not None),
            )
        )
    return pairs, dict(left_out)


def _names(ids: Mapping[str, str]) -> dict[str, str]:
    """Ids of prompts by digest; where texts share one, as of a suite that was edited, with that."""
    shared = Counter(ids.values())
    return {d: one if shared[one] == 1 else f"{one}~{d[:8]}" for d, one in ids.items()}


def _lacking(arm: ArmOutputs, digest: str) -> str:
    return "repeat" if digest in arm.prompts else "prompt"


def _by_text(arms: Sequence[ArmOutputs]) -> list[ArmOutputs]:
    """Give prompts that have no id of their own the digest of the other arm's of the same text."""
    found = list(arms)
    for i in range(len(found)):
        arm = found[i]
        others = [other for j, other in enumerate(found) if j != i]
        known: dict[tuple[str, str], set[str]] = {}
        for other in others:
            for digest, prompt in other.prompts.items():
                known.setdefault((prompt.text.strip(), prompt.modality), set()).add(digest)
        theirs = {
            digest: same
            for digest, prompt in arm.prompts.items()
            if prompt.id == made_up_id(prompt.text, prompt.modality)
            and not any(digest in other.prompts for other in others)
            and len(same := known.get((prompt.text.strip(), prompt.modality), set())) == 1
        }
        found[i], twice = _renamed(arm, {digest: min(same) for digest, same in theirs.items()})
        for j, other in enumerate(found):
            if j != i and twice:
                found[j] = replace(other, missing={**dict.fromkeys(twice, TWICE), **other.missing})
    return found


def _renamed(arm: ArmOutputs, named: Mapping[str, str]) -> tuple[ArmOutputs, list[tuple[str, int]]]:
    """Call prompts otherwise; a place whose new one is taken keeps its own, and is told of.

    Else an output would stand in another's place, and that one in no count.
    """
    places = (*arm.shown, *arm.missing)
    taken, moved, twice = set(places), {}, []
    for digest, repeat in places:
        if digest in named:
            there = (named[digest], repeat)
            if there in taken:
                twice.append((digest, repeat))
            else:
                taken.add(there)
                moved[digest, repeat] = there
    return replace(
        arm,
        prompts={**{named[digest]: arm.prompts[digest] for digest in named}, **arm.prompts},
        shown={moved.get(place, place): shown for place, shown in arm.shown.items()},
        missing={moved.get(place, place): why for place, why in arm.missing.items()},
    ), twice


def outputs_alone(
    workspace: Path, round_: str | None, offers: Sequence[str], modality: str, most: int
) -> tuple[list[Pair], dict[str, int], str]:
    """What an absolute session shows: each output alone, or up to ``most`` of a prompt to rank."""
    with Store.open(workspace) as store:
        name = _round_of(store, Asked(spec="", workspace=workspace, round=round_))
        for offer in offers:
            _check_offer(store, name, offer)
        known = store.prompts_by_digest()
        left_out: Counter[str] = Counter()
        by_place: dict[tuple[str, int], list[Shown]] = {}
        for output in store.outputs_of(round=name, offers=offers or None):
            if (asked := known[output.prompt_digest].modality) != modality:
                left_out[f"{asked}, not {modality}"] += 1
                continue
            if output.status is not Status.MADE or output.media_sha256 is None:
                left_out[output.status.value] += 1
                continue
            path = store.media_path(output.media_sha256)
            shown = Shown(item=output.id, path=path, offer=output.offer_id, arm=output.offer_id)
            by_place.setdefault((output.prompt_digest, output.repeat), []).append(shown)
    if most > 1 and (lone := sum(len(shown) < 2 for shown in by_place.values())):
        left_out["nothing to rank beside"] += lone
    names = _names({d: known[d].id for d, _ in by_place})
    pairs = [
        Pair(id=f"{names[d]}-{repeat}-{n}", prompt=known[d], shown=group)
        for (d, repeat), shown in sorted(by_place.items())
        for n, group in enumerate(_groups(shown, most))
    ]
    return pairs, dict(left_out), name


def _groups(shown: Sequence[Shown], most: int) -> list[tuple[Shown, ...]]:
    if most == 1:
        return [(one,) for one in shown]
    if len(shown) < 2:
        return []
    if len(shown) > most:
        offers = ", ".join(one.offer for one in shown)
        raise SessionError(
            f"a ranking shows at most {most} outputs of a prompt; name them with --offer "
            f"(there are {offers})"
        )
    return [tuple(shown)]


def check_new(folder: Path, key: Path | None) -> None:
    """Refuse a session that could not be put in its place.

    Raises
    ------
    SessionError
        When the folder or the arm key is there already, or the key would lie in the folder.
    """
    folder = folder.expanduser()
    if folder.exists():
        raise SessionError(f"{folder} is there already; a session is never written over")
    room_for(folder.resolve(), default_path(folder) if key is None else key)


def new_session(
    folder: Path,
    pairs: Sequence[Pair],
    wishes: Wishes,
    *,
    key: Path | None = None,
    left_out: Mapping[str, int] | None = None,
    sources: Mapping[str, Any] | None = None,
    progress: Progress = lambda done, total: None,
    ready: Callable[[Plan], None] = lambda plan: None,
) -> tuple[Plan, Path]:
    """Plan a blind session, say what it will be able to show, and write it.

    Parameters
    ----------
    folder : Path
        The session's folder; must not be there yet.
    pairs, wishes, left_out
        As `qfloor.abtest.planning.plan_session` takes them.
    key : Path, optional
        Where the arm key goes; by default beside the folder.
    sources : mapping, optional
        Where the outputs came from, for the key.
    progress : callable, optional
        Told (sheets written, sheets to write).
    ready : callable
        Told the plan before anything is written.

    Returns
    -------
    (Plan, Path)
        The plan, and where the arm key is.
    """
    folder = folder.expanduser()
    check_new(folder, key)
    plan = plan_session(pairs, wishes, left_out=left_out)
    ready(plan)
    return plan, build_session(plan, folder, key, sources=sources, progress=progress)
