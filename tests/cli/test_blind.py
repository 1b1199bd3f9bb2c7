"""``qfloor ab``: sessions from stores, a router's policy and folders; faults in one sentence."""

from __future__ import annotations

import csv
import errno
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import blind_world
import factories
import pytest
from typer.testing import CliRunner

from qfloor import export
from qfloor.abtest.ballots import read_ballot
from qfloor.abtest.key import read_key
from qfloor.abtest.protocol import read_protocol
from qfloor.abtest.room import Room
from qfloor.abtest.unblinding import unblindings
from qfloor.cli import app
from qfloor.errors import VoteError
from qfloor.records import Comparison
from qfloor.store import Store

Cli = Callable[..., tuple[int, str, str]]
ROUND = "2026-11"
SIDES = ("--routed", "shop/value", "--reference", "shop/grand")


@pytest.fixture
def cli(call_qfloor: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Cli:
    """Run a command in a folder with a store and a quality database."""
    monkeypatch.chdir(tmp_path)
    return call_qfloor


@pytest.fixture
def world(made: Path, tmp_path: Path) -> Path:
    """A folder of one's own with `made`."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    return tmp_path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A round of three sellers on 12 prompts; one output of the dearest was refused."""
    tmp_path = tmp_path_factory.mktemp("world")
    blind_world.keep_round(tmp_path, ROUND)
    export.write(tmp_path / "quality.db", factories.release())
    return tmp_path


NOW = ("--now", "2026-11-25")


def test_a_policy_against_a_fixed_offer(cli: Cli, world: Path) -> None:
    code, out, err = cli(
        "ab", "new", "may", "--routed", "policy:quality.db", "--reference", "shop/grand",
        "--tier", "standard", *NOW, "--json",
    )  # fmt: skip
    assert code == 0, err
    told = json.loads(out)
    assert told["pairs"] == 11
    assert told["left_out"] == {"refused": 1}
    assert "tier standard by quality.db" in told["routed"]
    assert told["test_votes"] == 11
    assert "protocol" in told
    assert (world / "may" / "protocol.json").exists()
    assert (world / "may.key.json").exists()
    items = {c["item"] for u in json.loads((world / "may.key.json").read_text())["units"].values()
             for c in u["cells"]}  # fmt: skip
    with Store.open(world / ".qfloor") as store:
        assert items <= {o.id for o in store.outputs_of()}  # votes can go home
    # the same offer on both sides: premium is what the dearest alone clears
    code, _, err = cli(
        "ab", "new", "june", "--routed", "policy:quality.db", "--reference", "shop/grand",
        "--tier", "premium", *NOW,
    )  # fmt: skip
    assert code == 1
    assert "one offer on both sides" in err
    assert not (world / "june").exists()


def test_two_offers_and_what_is_told_before_the_first_vote(cli: Cli, world: Path) -> None:
    code, out, err = cli(
        "ab", "new", "may", "--routed", "shop/value", "--reference", "shop/grand",
        "--audit", 5, "--audit-votes", 3, "--category", "portrait=3", "--category", "landscape=2",
        "--min-seconds", 0,
    )  # fmt: skip
    assert code == 0, err
    assert "test votes" in out
    assert "power when alike" in out
    assert "if the sides are truly alike" in err
    assert "no single pair can be called distinguished" in err  # 3 votes allow no claim
    assert "--audit 5 --audit-votes 15" in " ".join(err.split())  # no more than there are
    code, out, _ = cli("ab", "links", "may", "--csv", "--base-url", "https://x.org/")
    assert code == 0
    rows = list(csv.DictReader(out.splitlines()))
    assert len(rows) == 5  # three tests of five prompts leave room for the hidden ones
    assert all(row["link"].startswith("https://x.org/r/") for row in rows)
    code, out, _ = cli("ab", "log", "may", "--json")
    assert [row["event"] for row in json.loads(out)] == ["created"]
    code, _, err = cli("ab", "unblind", "may", "--out", "may.csv", "--early", "nobody came")
    assert code == 1
    assert "nobody has answered a planned trial of may yet" in err
    blind_world.vote(world / "may", raters=1)
    code, _, err = cli("ab", "unblind", "may", "--out", "may.csv")
    assert code == 1
    assert "planned votes of may are not in yet" in err
    code, _, err = cli("ab", "unblind", "may", "--out", "may.csv", "--early", "a try")
    assert code == 0
    assert "takes no more votes" in err
    code, out, _ = cli("ab", "log", "may", "--json")
    assert json.loads(out)[-1]["early"] == "a try"
    code, _, err = cli("ab", "links", "may", "--add", "2")
    assert code == 1
    assert "was unblinded" in err


def test_two_folders_with_manifests(cli: Cli, world: Path) -> None:
    for arm, offer in (("routed", "we/ours"), ("reference", "they/theirs")):
        folder = world / arm
        folder.mkdir()
        lines = ["prompt,offer,file,category"]
        for n in range(4):
            path = blind_world.side(folder, arm, n)
            lines.append(f"a thing {n} to look at,{offer},{path.name},portrait")
        (folder / "manifest.csv").write_text("\n".join(lines) + "\n")
    sides = ("--routed", "folder:routed", "--reference", "folder:reference")
    code, _, err = cli("ab", "new", "few", *sides, "--pairs", 2)
    assert code == 0, err
    assert "not even plain differences would be found" in err
    code, out, err = cli("ab", "new", "duel", *sides, "--json")
    assert code == 0, err
    assert json.loads(out)["pairs"] == 4
    assert json.loads(out)["categories"] == {"portrait": 4}


def test_a_folder_meets_the_round_by_the_text_of_prompts(cli: Cli, world: Path) -> None:
    """The round's prompts come from a suite, whose ids nobody wrote into the manifest."""
    folder = world / "ours"
    folder.mkdir()
    with Store.open(world / ".qfloor") as store:
        texts = sorted({p.text for p in store.prompts_of()})
    lines = ["prompt,offer,file"]
    for n, text in enumerate([*texts[:6], "nobody else drew this"]):
        path = blind_world.side(folder, "routed", n)
        lines.append(f'"{text}",we/ours,{path.name}')
    (folder / "manifest.csv").write_text("\n".join(lines) + "\n")
    code, out, err = cli(
        "ab", "new", "may", "--routed", "folder:ours", "--reference", "shop/value", "--json"
    )
    assert code == 0, err
    told = json.loads(out)
    assert told["pairs"] == 6
    assert "general" not in told["categories"]  # the suite's category counts
    assert told["left_out"]["prompt in one arm only"] == 7


def _folder(world: Path, name: str, offer: str, rows: list[str]) -> str:
    """A manifest's folder of pictures; rows are ``prompt_id,prompt,repeat``."""
    folder = world / name
    folder.mkdir()
    files = [blind_world.side(folder, "routed", n).name for n in range(len(rows))]
    lines = [f"{row},{offer},{file}" for row, file in zip(rows, files, strict=True)]
    (folder / "manifest.csv").write_text("\n".join(["prompt_id,prompt,repeat,offer,file", *lines]))
    return f"folder:{name}"


def test_a_text_with_and_without_an_id_in_one_arm_is_counted(cli: Cli, world: Path) -> None:
    """The one without an id took the other's place, and one picture was in no count."""
    ours = _folder(world, "ours", "we/ours", [",a mug,0", ",a mug,1", "a1,a mug,0", ",a hat,0"])
    theirs = _folder(world, "theirs", "they/theirs", ["a1,a mug,0", "a1,a mug,1", "a2,a hat,0"])
    for routed, reference in ((ours, theirs), (theirs, ours)):
        name = routed.removeprefix("folder:") + "-first"
        code, out, err = cli(
            "ab", "new", name, "--routed", routed, "--reference", reference, "--json"
        )
        assert code == 0, err
        told = json.loads(out)
        assert told["pairs"] == 3
        assert told["left_out"] == {"text with and without an id in one arm": 1}
    key = json.loads((world / "ours-first.key.json").read_text())
    items = {c["item"] for unit in key["units"].values() for c in unit["cells"]}
    assert "we/ours|a1|0" in items  # what has the id is what is shown


def test_every_place_without_a_pair_is_counted(cli: Cli, world: Path) -> None:
    ours = _folder(world, "ours", "we/ours", ["a1,a mug,0", "a1,a mug,1", "a2,a hat,0"])
    clip = blind_world.clip(world / "ours", "routed", 1).name
    with (world / "ours" / "manifest.csv").open("a") as file:
        file.write(f"\nv1,a clip of a mug,0,we/ours,{clip}\n")
    theirs = _folder(world, "theirs", "they/theirs", ["a1,a mug,0"])
    code, out, err = cli("ab", "new", "may", "--routed", ours, "--reference", theirs, "--json")
    assert code == 0, err
    assert json.loads(out)["left_out"] == {
        "repeat in one arm only": 1, "prompt in one arm only": 1, "video, not image": 1,
    }  # fmt: skip


def test_too_few_placebos_are_told_before_anyone_votes(cli: Cli, world: Path) -> None:
    code, _, err = cli("ab", "new", "few", *SIDES)
    assert code == 0
    assert "nobody will know how often people choose by chance" in err
    code, out, err = cli("ab", "new", "enough", *SIDES, "--votes", 4, "--placebo", "0.2")
    assert (code, "choose by chance" in err) == (0, False), out


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--routed", "shop/value"), 2, "--reference"),
        (("--routed", "shop/valu", "--reference", "shop/grand"), 1, "did you mean 'shop/value'"),
        (("--routed", "policy:none.db", "--reference", "shop/grand"), 1, "none.db"),
        (("--routed", "folder:none", "--reference", "shop/grand"), 1, "has no manifest.csv"),
        (("--routed", "shop/value", "--reference", "shop/grand", "--round", "x"), 1, "no round x"),
        (("--routed", "shop/value", "--reference", "shop/grand", "--pairs", "99"), 1, "99 pairs"),
        (("--routed", "shop/value", "--reference", "shop/grand", "--category", "x"), 2, "quota"),
        (("--routed", "shop/value", "--reference", "shop/grand", "--pd0", "2"), 1, "pd0 is 2"),
        (("--routed", "shop/value", "--reference", "shop/grand", "--modality", "video"), 1,
         "no pair to show"),
        (("--routed", "shop/value", "--reference", "shop/grand", "--key", "may/k.json"), 1,
         "in the session's folder"),
        ((*SIDES, "--pairs", "-2"), 1, "pairs is -2"),
        ((*SIDES, "--pairs", "0"), 1, "pairs is 0"),
        ((*SIDES, "--audit", "-3"), 1, "audit_pairs is -3"),
        ((*SIDES, "--catch-share", "nan"), 1, "catch_share is nan"),
        ((*SIDES, "--median-seconds", "inf"), 1, "median_seconds is inf"),
        ((*SIDES, "--side-bias-p", "-1"), 1, "side_bias_p is -1"),
        ((*SIDES, "--longest", "1"), 1, "longest is 1"),
        ((*SIDES, "--offer", "shop/value"), 2, "without sides"),
        ((*SIDES, "--consent", "quality.db"), 1, "quality.db"),
        (("--question", "acr5", "--routed", "shop/value"), 2, "has no sides"),
        (("--question", "ranking", "--offer", "shop/none"), 1, "has no outputs of"),
    ],
)  # fmt: skip
def test_faults_are_one_sentence(
    cli: Cli, world: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    got, _, err = cli("ab", "new", "may", *arguments)
    assert got == code
    assert said in " ".join(err.split())
    assert "Traceback" not in err
    assert not (world / "may").exists()


@pytest.mark.parametrize("question", ["pair", "score10"])
def test_two_texts_under_one_id_are_two_pairs(cli: Cli, world: Path, question: str) -> None:
    """A suite that was edited within a round: one of the two was shown for both."""
    with Store.open(world / ".qfloor") as store:
        made = [o for o in store.outputs_of(round=ROUND) if o.prompt_id == "q000"]
        edited = replace(blind_world.prompt(0), text="thing number 0, as the suite says now")
        store.save_prompts([edited])
        for output in made:
            again = replace(output, id=f"{output.id[:-1]}z", prompt_digest=edited.digest)
            store.save_requests([(again.id, edited.digest, output.offer_id, 0, ROUND)])
            store.save_outputs([again])
    asked = SIDES if question == "pair" else ("--offer", "shop/value")
    code, out, err = cli("ab", "new", "may", "--question", question, *asked, "--json")
    assert code == 0, err
    units = json.loads((world / "may.key.json").read_text())["units"]
    named = [(u["pair"], c["item"]) for n, u in units.items() if n[0] == "u" for c in u["cells"]]
    assert len({pair for pair, _ in named}) == json.loads(out)["pairs"]
    assert len(named) == len(set(named)) == json.loads(out)["pairs"] * (1 + (question == "pair"))


def test_absolute_sessions_and_rankings(cli: Cli, world: Path) -> None:
    code, out, err = cli("ab", "new", "scores", "--question", "score10", "--votes", 2, "--json")
    assert code == 0, err
    assert json.loads(out)["test_votes"] == 2 * 35
    code, out, err = cli("ab", "new", "order", "-q", "ranking", "--json")
    assert code == 0, err
    assert json.loads(out)["test_votes"] == 12
    code, out, err = cli(
        "ab", "new", "two", "-q", "ranking", "--offer", "shop/grand", "--offer", "shop/value",
        "--json",
    )  # fmt: skip
    assert code == 0, err
    told = json.loads(out)
    assert told["pairs"] == 11
    assert told["left_out"] == {"refused": 1, "nothing to rank beside": 1}


@pytest.fixture(scope="module")
def voted(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`made`, with a session ``may`` that one rater has answered and that lacks planned votes.

    ``file`` is a file, ``tasks.xml`` and ``may.html`` are folders, ``links`` leads to itself.
    """
    folder = tmp_path_factory.mktemp("voted")
    shutil.copytree(made, folder, dirs_exist_ok=True)
    sides = ("--routed", "shop/value", "--reference", "shop/grand", "-w", f"{folder}/.qfloor")
    asked = ("--pairs", "2", "--votes", "3", "--min-seconds", "0", "--median-seconds", "0")
    ran = CliRunner().invoke(app, ["ab", "new", f"{folder}/may", *sides, *asked])
    assert ran.exit_code == 0, ran.output
    blind_world.vote(folder / "may", raters=1)
    (folder / "file").touch()
    (folder / "tasks.xml").mkdir()
    (folder / "may.html").mkdir()
    (folder / "links").symlink_to("links")
    return folder


TO_STORE = ("export", "may", "--to-store", "--round", ROUND)
LABELS = ("export", "may", "--format", "label-studio", "--out")


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("unblind", "may", "--out", "."), "--out . is a folder"),
        (("unblind", "may", "--out", "may/votes.csv"), "lies in the session's folder"),
        (("unblind", "may", "--out", "may.key.json"), "is named as an arm key"),
        (("unblind", "may", "--out", "mine", "--key", "mine"), "is named as an arm key"),
        (("unblind", "may", "--out", "file/x.csv"), "--out file/x.csv cannot be written (Not a"),
        (("unblind", "may", "--out", "file/new/x.csv"), "cannot be written (Not a directory)"),
        (("unblind", "may", "--out", "links"), "cannot be written (Too many levels"),
        (("unblind", "may", "--out", "x" * 300), "cannot be written (File name too long)"),
        (("unblind", "may", "--out", "/proc/x.csv"), "--out /proc/x.csv cannot be written"),
        (("report", "may", "--out", "."), "--out . is a folder"),
        (("report", "may", "--out", "file/x.html"), "--out file/x.html cannot be written"),
        (("report", "may"), "the page may.html is a folder"),
        (("export", "may", "--out", "."), "--out . is a folder"),
        (("export", "may", "--out", "file/x.csv"), "--out file/x.csv cannot be written"),
        ((*LABELS, "tasks.json"), "the labelling configuration tasks.xml is a folder"),
        ((*LABELS, "votes.xml"), "name it such as votes.json"),
        (("export", "may", "--to-store"), "--to-store needs --round"),
        (("export", "may", "--to-store", "--round", "banana"), "--round is 'banana'"),
        ((*TO_STORE, "-w", "file"), "there is no store at file"),
        ((*TO_STORE, "-w", "elsewhere"), "there is no store at elsewhere"),
        (("export", "may", "--to-store", "--round", "2026-12"), "import it with --round 2026-11"),
        ((*TO_STORE, "--out", "file/x.csv"), "--out file/x.csv cannot be written"),
    ],
)
def test_a_slip_of_the_host_does_not_end_the_voting(
    cli: Cli, voted: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...], said: str
) -> None:
    """The voting was ended first, for good, and then nothing could be written."""
    monkeypatch.chdir(voted)
    shutil.copy("may.key.json", "mine")
    before = sorted(Path().iterdir())
    code, _, err = cli("ab", *command, "--early", "a slip")
    assert code
    assert said in " ".join(err.replace("│", " ").split())
    assert [event["event"] for event in unblindings("may")] == ["created"]
    assert sorted(Path().iterdir()) == before


def test_a_store_that_another_writes_does_not_end_the_voting(
    cli: Cli, voted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(voted)
    with Store.open(".qfloor") as store, store.writing("a run"):
        code, _, err = cli("ab", *TO_STORE, "--early", "a slip")
    assert (code, "another run is writing" in err) == (1, True)
    assert [event["event"] for event in unblindings("may")] == ["created"]


def test_a_folder_that_cannot_be_written_does_not_end_the_voting(
    cli: Cli, voted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(voted)

    opened = os.open

    def refused(path: Path, *how: Any) -> int:
        if str(path).endswith(".part"):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return opened(path, *how)

    monkeypatch.setattr(os, "open", refused)  # root may write what it likes
    code, _, err = cli("ab", "unblind", "may", "--out", "may.csv", "--early", "a slip")
    assert code == 1
    assert "--out may.csv cannot be written (Permission denied)" in err
    assert [event["event"] for event in unblindings("may")] == ["created"]


def test_a_report_of_a_session_called_by_a_dot(
    cli: Cli, voted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was a traceback after the voting was over: "." has no name to make a page's of."""
    shutil.copytree(voted / "may", tmp_path / "may")
    shutil.copy(voted / "may.key.json", tmp_path)
    monkeypatch.chdir(tmp_path / "may")
    code, _, err = cli("ab", "report", ".", "--early", "a try")
    assert code == 0, err
    assert (tmp_path / "may.html").is_file()


def test_votes_go_into_the_store_with_the_end_of_the_voting(
    cli: Cli, voted: Path, tmp_path: Path
) -> None:
    shutil.copytree(voted, tmp_path, symlinks=True, dirs_exist_ok=True)
    code, _, err = cli("ab", *TO_STORE, "--out", "may.csv", "--early", "a try")
    assert code == 0, err
    with Store.open(".qfloor") as store:
        assert store.n_comparisons() > 0
    assert [event["event"] for event in unblindings("may")] == ["created", "unblinded"]


@pytest.mark.parametrize(
    ("address", "wrong"),
    [
        ("judge.example.org", "does not begin with https://"),
        ("ftp://x.org", "does not begin with https://"),
        ("https://x.org/?a=b", "has a query or fragment"),
        ("https://x.org/#may", "has a query or fragment"),
        ("https://x.org?", "has a query or fragment"),
        ("http://", "names no host"),
        ("https:///may", "names no host"),
        ("https://x.org:99999", "is no URL"),
        ("https://me:word@x.org", "has a user name"),
        ("https://x y.org", "has a space"),
    ],
)
@pytest.mark.parametrize("command", ["links", "serve"])
def test_links_that_nobody_could_follow_are_refused(
    cli: Cli, address: str, wrong: str, command: str
) -> None:
    code, _, err = cli("ab", command, "may", "--base-url", address)
    told = " ".join(err.replace("│", " ").split())
    assert code == 2
    assert wrong in told
    assert "must look like https://judge.example.org" in told


def test_a_scheme_may_be_written_large(cli: Cli, world: Path) -> None:
    sides = ("--routed", "shop/value", "--reference", "shop/grand", "--pairs", 2)
    assert cli("ab", "new", "may", *sides)[0] == 0
    code, out, err = cli("ab", "links", "may", "--base-url", "HTTPS://x.org/", "--csv")
    assert code == 0, err
    assert "HTTPS://x.org/r/" in out


@pytest.mark.parametrize(
    ("host", "begins"),
    [
        ("::1", "http://[::1]:80/"),
        ("127.0.0.1", "http://127.0.0.1:80/"),
        ("0.0.0.0", "http://127.0.0.1:80/"),
        ("::", "http://[::1]:80/"),
        ("0", "http://127.0.0.1:80/"),
        ("::0", "http://[::1]:80/"),
    ],
)
def test_links_by_an_address_with_colons_can_be_followed(
    cli: Cli, world: Path, monkeypatch: pytest.MonkeyPatch, host: str, begins: str
) -> None:
    from qfloor.web.blind import serving

    def serve(folder: Path, *, host: str, port: int, ready: Callable[[Room, int], None]) -> None:
        with Room(folder) as room:
            ready(room, port)

    monkeypatch.setattr(serving, "serve", serve)
    assert cli("ab", "new", "may", *SIDES)[0] == 0
    code, out, err = cli("ab", "serve", "may", "--host", host, "--port", 80)
    assert code == 0
    assert all(f" {begins}" in line for line in out.splitlines())
    assert ("--base-url http://NAME:80" in err) == (host in ("0.0.0.0", "::", "0", "::0"))


@pytest.mark.parametrize("host", ["", " "])
def test_no_address_is_none_to_listen_on(cli: Cli, world: Path, host: str) -> None:
    code, _, err = cli("ab", "serve", "may", "--host", host)
    assert (code, "--host" in err, "0.0.0.0 for all" in err) == (2, True, True)


def test_a_file_in_the_place_of_a_session_is_told(cli: Cli, world: Path) -> None:
    code, _, err = cli("ab", "links", "quality.db")
    assert (code, "is a file; a blind session is named by its folder" in err) == (1, True)


@pytest.mark.parametrize("command", ["serve", "links", "log"])
def test_what_is_no_session_is_told(cli: Cli, world: Path, command: str) -> None:
    code, _, err = cli("ab", command, "nowhere")
    assert code == 1
    assert "is no blind session" in err


@pytest.mark.parametrize("question", ["pair", "acr5", "ranking"])
def test_votes_go_home_into_the_store(cli: Cli, world: Path, question: str) -> None:
    sides = ("--routed", "shop/value", "--reference", "shop/grand") if question == "pair" else ()
    code, _, err = cli("ab", "new", "may", "-q", question, *sides, "--min-seconds", 0)
    assert code == 0, err
    answer = {"response": {"pair": "left", "acr5": "rated", "ranking": "ranked"}[question]}
    cells = {"pair": 2, "acr5": 1, "ranking": 3}[question]
    said = {"scores": [4.0] * cells, "usable": [True] * cells, "ranks": [1, 2, 3][:cells]}
    with Room(world / "may") as room:
        for rater in room.rows("SELECT token FROM raters"):
            token = rater["token"]
            room.consent(token).result()
            while trial := room.state(token)["trial"]:
                ranks = list(range(1, trial["cells"] + 1))
                name = {"trial": trial["trial"], "submission": f"s-{trial['trial']}"}
                room.vote(token, read_ballot({**name, **answer, **said, "ranks": ranks})).result()
    code, _, err = cli("ab", "unblind", "may", "--out", "may.csv")
    assert code == 0, err
    format_ = "long" if question == "acr5" else "pairwise"
    home = ("--format", format_, "--source", "may", "--round", ROUND)
    code, out, err = cli("ratings", "import", "may.csv", *home)
    assert code == 0, out + err
    with Store.open(world / ".qfloor") as store:
        ratings = list(store.ratings_of())
        compared = store.n_comparisons()
    assert (len(ratings) >= 35) if question == "acr5" else compared >= 11


def _vote_by_offer(root: Path, wins: str, people: tuple[str, ...]) -> dict[str, str]:
    """Let people of a panel vote for one offer wherever it is shown; gives each one's link."""
    key = read_key(root.with_name(f"{root.name}.key.json"))
    links = {}
    with Room(root) as room:
        for person in people:
            token = links[person] = room.join("prolific", person).result()
            room.consent(token).result()
            while trial := room.state(token)["trial"]:
                unit = room.rows("SELECT unit FROM trials WHERE token = ?", trial["trial"])[0]
                known = key.units.get(unit["unit"])
                left = known is None or known.cells[trial["places"][0]].offer == wins
                room.vote(token, read_ballot({
                    "trial": trial["trial"], "submission": f"{root.name}-{trial['trial']}",
                    "response": "left" if left else "right", "scores": [6.0, 4.0],
                    "usable": [True, False],
                })).result()  # fmt: skip
    return links


def test_two_sessions_of_one_store_do_not_mix(cli: Cli, world: Path) -> None:
    """The same outputs judged twice, by people who come back and now think otherwise."""
    sides = ("--routed", "shop/value", "--reference", "shop/grand")
    people = tuple(f"P{n}" for n in range(30))
    links, wins = {}, {"may": "shop/value", "june": "shop/grand"}
    for name in wins:
        code, _, err = cli("ab", "new", name, *sides, "--votes", 2, "--min-seconds", 0)
        assert code == 0, err
        with Room(world / name) as room:
            places = len(room.rows("SELECT 1 FROM raters"))
        links[name] = _vote_by_offer(world / name, wins[name], people[:places])
    assert set(links["may"]) == set(links["june"])  # the same people
    assert not set(links["may"].values()) & set(links["june"].values())
    with Room(world / "june") as room, pytest.raises(VoteError):
        room.state(links["may"]["P0"])  # a link of May opens nothing of June
    shutil.copy(world / "may.key.json", world / "wrong.json")
    code, _, err = cli(
        "ab", "export", "june", "--key", "wrong.json", "--to-store", "--round", ROUND
    )
    assert code == 1
    assert "is the key of session" in err

    def export_both() -> dict[str, list[Comparison]]:
        for name in wins:
            code, _, err = cli("ab", "export", name, "--to-store", "--round", ROUND)
            assert code == 0, err
        with Store.open(world / ".qfloor") as store:
            stored = list(store.comparisons_of())
            counts.append((len(stored), len(list(store.ratings_of()))))
        sessions = {f"blind:{read_protocol(world / name).session_id}": name for name in wins}
        return {
            name: [c for c in stored if sessions[c.source] == name and c.control == "test"]
            for name in wins
        }

    counts: list[tuple[int, int]] = []
    stored = export_both()
    with Store.open(world / ".qfloor") as store:
        offer = {o.id: o.offer_id for o in store.outputs_of()}
    for name, comparisons in stored.items():
        assert len(comparisons) == 22
        for c in comparisons:
            won = c.left_output_id if c.winner == "left" else c.right_output_id
            assert offer[won] == wins[name]
    assert not {c.rater for c in stored["may"]} & {c.rater for c in stored["june"]}
    assert export_both() == stored
    assert counts[0] == counts[1]
    for name in wins:  # the table that `unblind` writes, taken in by hand, is the same votes
        assert cli("ab", "unblind", name, "--out", f"{name}.csv")[0] == 0
        source = f"blind:{read_protocol(world / name).session_id}"
        code, _, err = cli(
            "ratings", "import", f"{name}.csv", "--format", "pairwise", "--round", ROUND,
            "--source", source,
        )  # fmt: skip
        assert code == 0, err
    assert export_both() == stored
    assert counts[-1][1] == counts[0][1]  # nor do scores of placebos and catches become ratings
