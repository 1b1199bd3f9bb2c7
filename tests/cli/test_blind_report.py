"""``ab report`` and ``ab export`` on a session that was really held, and on what goes wrong."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import blind_world
import numpy as np
import pytest
from typer.testing import CliRunner

from qfloor.abtest import read_answers, write_answers
from qfloor.abtest.ballots import read_ballot
from qfloor.abtest.protocol import Exclusions
from qfloor.abtest.room import Room
from qfloor.abtest.simulate import Shape, World, simulate
from qfloor.abtest.unblinding import unblindings
from qfloor.cli import app
from qfloor.errors import QfloorError
from qfloor.store import Store


def run(*words: object) -> str:
    ran = CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)
    assert ran.exit_code == 0, ran.output
    return ran.stdout


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A session of 20 pairs, two votes each, in which every rater answers everything."""
    nobody = Exclusions(catch_share=0.0, median_seconds=0.0, side_bias_p=0.0)
    folder = tmp_path_factory.mktemp("held")
    root, key = blind_world.session(folder, 20, votes=2, exclusions=nobody)
    with Room(root) as room:
        for n, rater in enumerate(room.rows("SELECT token FROM raters ORDER BY number")):
            token = rater["token"]
            room.consent(token).result()
            while trial := room.state(token)["trial"]:
                answer = {"response": ("none", "left", "right", "none")[n % 4],
                          "scores": [7.0, 7.1], "usable": [True, True]}  # fmt: skip
                said = {"trial": trial["trial"], "submission": f"to-{trial['trial']}",
                        "elapsed_ms": 2500, **answer}  # fmt: skip
                room.vote(token, read_ballot(said)).result()
    return root, key


@pytest.fixture(scope="module")
def votes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Answers of a simulated session as `ab unblind --out` writes them."""
    path = tmp_path_factory.mktemp("votes") / "may.csv"
    world, shape = World(visible=0.1), Shape(pairs=120, raters=12)
    write_answers(path, simulate(world, shape, np.random.default_rng(0)))
    return path


def test_a_session_is_unblinded_logged_and_reported(
    held: tuple[Path, Path], tmp_path: Path
) -> None:
    root, key = held
    out = tmp_path / "page.html"
    told = run("ab", "report", root, "--key", key, "--out", out)
    assert "detection: Over" in told
    assert [e["event"] for e in unblindings(root)][-1] == "unblinded"
    page = out.read_text()
    assert not re.search(r'(src|href)="https?://', page)
    assert "<script" not in page
    assert "prefers-color-scheme:dark" in page
    assert 'role="img" aria-label="' in page


def test_a_session_is_not_closed_before_all_have_answered_unless_told(tmp_path: Path) -> None:
    anybody = Exclusions(catch_share=0.0, median_seconds=0.0, side_bias_p=0.0)
    root, key = blind_world.session(tmp_path, 4, votes=2, exclusions=anybody)
    commands = (("report", root), ("export", root, "--out", tmp_path / "v.csv"))
    for command in commands:
        with pytest.raises(QfloorError, match="nobody has answered"):
            run("ab", *command, "--key", key, "--early", "nobody came")
    blind_world.vote(root, raters=1)
    for command in commands:
        with pytest.raises(QfloorError, match=r"\d+ of \d+ planned votes .* are not in yet"):
            run("ab", *command, "--key", key)
    assert [e["event"] for e in unblindings(root)] == ["created"]
    told = run("ab", "report", root, "--key", key, "--early", "the others stayed away")
    assert "The reason given: the others stayed away" in told
    assert [e["event"] for e in unblindings(root)] == ["created", "unblinded"]
    assert unblindings(root)[-1]["early"] == "the others stayed away"


def test_a_report_that_has_nothing_to_say_ends_no_voting(tmp_path: Path) -> None:
    """Where the plan leaves out every rater, others may still come."""
    root, key = blind_world.session(tmp_path, 4, votes=2, exclusions=Exclusions(median_seconds=9.0))
    blind_world.vote(root, raters=1)
    with pytest.raises(QfloorError, match="the plan leaves out all 1 rater"):
        run("ab", "report", root, "--key", key, "--early", "the others stayed away")
    assert [e["event"] for e in unblindings(root)] == ["created"]


def test_answers_are_not_replaced_by_what_is_made_of_them(
    held: tuple[Path, Path], votes: Path, tmp_path: Path
) -> None:
    """It was said of a file that it "lies in the session's folder"."""
    here = tmp_path / "votes.xml"
    here.write_bytes(votes.read_bytes())
    for words in (("report", "-o", here), ("export", "-o", here),
                  ("export", "-f", "label-studio", "-o", here.with_suffix(".json"))):  # fmt: skip
        with pytest.raises(QfloorError, match="is the file that the answers come from"):
            run("ab", words[0], here, *words[1:])
    assert here.read_bytes() == votes.read_bytes()
    with pytest.raises(QfloorError, match="lies in the session's folder"):
        run("ab", "report", votes, "--protocol", held[0], "-o", held[0] / "page.html")


def test_json_is_the_whole_analysis(held: tuple[Path, Path], tmp_path: Path) -> None:
    root, key = held
    told = run("ab", "report", root, "-k", key, "-o", tmp_path / "p.html", "--json")
    found = json.loads(told)
    assert found["headline"]["counts"]["pairs"] == 20
    assert found["plan"]["digest"]
    assert {o["name"] for o in found["offers"]} == set(blind_world.OFFERS.values())
    names = [c["name"] for c in found["claims"]]
    assert names == [
        "detection", "similarity", "not_distinguished", "severity", "noninferiority", "items"
    ]  # fmt: skip
    assert "NaN" not in told


def test_a_csv_without_its_protocol_supports_no_margin(votes: Path, tmp_path: Path) -> None:
    found = json.loads(run("ab", "report", votes, "-o", tmp_path / "p.html", "--json"))
    claims = {c["name"]: c for c in found["claims"]}
    assert not claims["similarity"]["supported"]
    assert "not set before the first vote" in claims["similarity"]["why"][0]
    assert claims["detection"]["supported"]


def test_a_csv_is_held_to_the_votes_of_its_session(held: tuple[Path, Path], tmp_path: Path) -> None:
    root, key = held
    path = tmp_path / "answers.csv"
    run("ab", "export", root, "--key", key, "--out", path)
    answers = read_answers(path)
    other = "left" if answers[3].response != "left" else "right"
    chosen = replace(answers[3], response=other)
    for kept, what in (
        (answers[2:], "2 are missing, 0 were added, 0 changed"),
        ([*answers, replace(answers[0], trial_id="new")], "0 are missing, 1 were added"),
        ([*answers[:3], chosen, *answers[4:]], "0 are missing, 0 were added, 1 changed"),
    ):
        write_answers(path, kept)
        with pytest.raises(QfloorError, match=what):
            run("ab", "report", path, "--protocol", root)


def test_a_csv_with_its_protocol_says_what_the_session_says(
    held: tuple[Path, Path], tmp_path: Path
) -> None:
    root, key = held
    path = tmp_path / "may.csv"
    run("ab", "export", root, "--key", key, "--out", path)
    whole = json.loads(run("ab", "report", root, "-k", key, "-o", tmp_path / "a.html", "--json"))
    again = json.loads(
        run("ab", "report", path, "--protocol", root, "-o", tmp_path / "b.html", "--json")
    )
    assert again["headline"] == whole["headline"]
    other = tmp_path / "other.csv"
    write_answers(other, [replace(a, session_id="another") for a in read_answers(path)])
    with pytest.raises(QfloorError, match="holds answers of session 'another'"):
        run("ab", "report", other, "--protocol", root)


def test_label_studio_comes_with_its_configuration(votes: Path, tmp_path: Path) -> None:
    out = tmp_path / "tasks.json"
    run("ab", "export", votes, "--format", "label-studio", "-o", out)
    assert len(json.loads(out.read_text())) == len(read_answers(votes))
    assert "<Pairwise" in (tmp_path / "tasks.xml").read_text()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("ab", "report", "nowhere.csv"), "no such file"),
        (("ab", "export", "nowhere", "--out", "x.csv"), "no such file"),
    ],
)
def test_what_is_not_there_is_told(words: tuple[str, ...], told: str) -> None:
    with pytest.raises(QfloorError, match=told):
        run(*words)


def test_a_folder_that_is_no_session_is_told(tmp_path: Path) -> None:
    with pytest.raises(QfloorError, match="no blind session"):
        run("ab", "report", tmp_path)


def test_votes_that_are_no_outputs_do_not_enter_the_store(votes: Path, tmp_path: Path) -> None:
    words = ("ab", "export", votes, "--to-store", "--round", "2026-11", "-w", tmp_path / "w")
    with pytest.raises(QfloorError, match="there is no store"):
        run(*words)
    assert not (tmp_path / "w").exists()
    Store.open(tmp_path / "w", create=True).close()
    with pytest.raises(QfloorError, match="nothing was imported"):
        run(*words)


@pytest.mark.parametrize("words", [(), ("--to-store",)])
def test_export_must_be_told_where(votes: Path, words: tuple[str, ...]) -> None:
    ran = CliRunner().invoke(app, ["ab", "export", str(votes), *words])
    assert ran.exit_code == 2


@pytest.mark.parametrize("option", ["--key", "--early"])
@pytest.mark.parametrize("command", ["report", "export"])
def test_a_file_of_answers_has_no_voting_to_end(
    held: tuple[Path, Path], tmp_path: Path, command: str, option: str
) -> None:
    answers, out = tmp_path / "may.csv", tmp_path / "out.html"
    run("ab", "export", held[0], "--key", held[1], "--out", answers)
    told = ["ab", command, str(answers), "--out", str(out), option, "whatever"]
    ran = CliRunner().invoke(app, told)
    assert ran.exit_code == 2
    assert "were unblinded before" in " ".join(ran.output.split())
    assert not out.exists()


def test_a_file_of_answers_judges_the_pairs_that_its_session_drew_for_it(tmp_path: Path) -> None:
    """Every pair with five votes was judged one by one, and the correction was for that many."""
    nobody = Exclusions(catch_share=0.0, median_seconds=0.0, side_bias_p=0.0)
    root, _ = blind_world.session(
        tmp_path, 9, votes=5, audit_pairs=2, audit_votes=6, exclusions=nobody
    )
    blind_world.vote(root)
    page, answers = tmp_path / "page.html", tmp_path / "may.csv"
    of_folder = json.loads(run("ab", "report", root, "--out", page, "--json"))["items"]
    run("ab", "unblind", root, "--out", answers)
    told = run("ab", "report", answers, "--protocol", root, "--out", page, "--json")
    assert of_folder["n_items"] == 2
    assert json.loads(told)["items"] == of_folder
