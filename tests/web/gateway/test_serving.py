"""The service as a process: started by its command, told to stop, killed, several at once."""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fakes.seller import calls
from gateway_world import FAKE, MUG, database

ROOT = Path(__file__).resolve().parents[3]
IMAGES = "/v1/images/generations"
pytestmark = [pytest.mark.slow, pytest.mark.allow_hosts(["127.0.0.1"])]


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "qfloor", *words]


def environment() -> dict[str, str]:
    path = os.pathsep.join((str(ROOT / "src"), str(ROOT / "tests")))
    return {**os.environ, "PYTHONPATH": path}


def a_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def service(folder: Path, db: Path, **more: Any) -> Iterator[tuple[subprocess.Popen[bytes], Any]]:
    """A running service, and a client of it."""
    port = a_port()
    config = folder / "gateway.toml"
    told = {"plugins": [FAKE], "probes": False, "drain_s": 10.0, "port": port, **more}
    config.write_text("".join(f"{k} = {_toml(v)}\n" for k, v in told.items()))
    process = subprocess.Popen(
        command("serve", "--config", str(config), "--db", str(db), "-w", str(folder / "ws")),
        env=environment(), stderr=subprocess.PIPE, cwd=folder, start_new_session=True,
    )  # fmt: skip
    base = f"http://127.0.0.1:{port}"
    with httpx.Client(base_url=base, trust_env=False, timeout=240) as client:
        try:
            _await(client, process)
            yield process, client
        finally:
            _kill(process)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a service with its workers, as a machine that loses its power would."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=30)


def _toml(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else repr(value)


def _await(client: httpx.Client, process: subprocess.Popen[bytes]) -> None:
    ends = time.monotonic() + 240
    while time.monotonic() < ends and process.poll() is None:
        with contextlib.suppress(httpx.TransportError):
            if client.get("/readyz").status_code == 200:
                return
        time.sleep(0.1)
    process.kill()
    raise AssertionError(process.communicate()[1].decode()[-2_000:])


def ended(client: httpx.Client, job: str) -> Any:
    ends = time.monotonic() + 240
    while time.monotonic() < ends:
        body = client.get(f"/v1/videos/{job}").json()
        if body["status"] in ("completed", "failed"):
            return body
        time.sleep(0.1)
    raise AssertionError("the job did not end")


def under_way(folder: Path, client: httpx.Client) -> tuple[threading.Thread, list[httpx.Response]]:
    """Ask for a picture and come back once its seller was called; the answer comes later."""
    answers: list[httpx.Response] = []
    asker = threading.Thread(
        target=lambda: answers.append(client.post(IMAGES, json={"prompt": MUG}))
    )
    asker.start()
    while not calls(folder / "remote"):
        time.sleep(0.05)
    return asker, answers


def test_sigterm_lets_what_is_under_way_end(tmp_path: Path) -> None:
    db = database(tmp_path, latency_s=1.5)
    with service(tmp_path, db) as (process, client):
        asker, answers = under_way(tmp_path, client)
        process.send_signal(signal.SIGTERM)
        asker.join(240)
        code = process.wait(240)
    assert answers[0].status_code == 200
    assert code in (0, -signal.SIGTERM)


def is_listening(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def test_workers_that_end_take_no_connection_that_nobody_would_answer(tmp_path: Path) -> None:
    db = database(tmp_path, latency_s=8.0)
    with service(tmp_path, db, workers=2) as (process, client):
        asker, answers = under_way(tmp_path, client)
        process.send_signal(signal.SIGTERM)
        while is_listening(client.base_url.port):
            time.sleep(0.05)
        assert asker.is_alive(), "the port was open until the last worker had ended"
        asker.join(240)
    assert answers[0].status_code == 200


def accepted(workspace: Path) -> int:
    """Calls of which the ledger knows the seller's handle."""
    with contextlib.closing(sqlite3.connect(workspace / "gateway" / "gateway.db")) as ledger:
        told = ledger.execute("SELECT count(*) FROM attempts WHERE event = 'accepted'")
        return int(told.fetchone()[0])


@pytest.mark.parametrize("workers", [1, 3])
def test_a_killed_service_goes_on_where_it_was(tmp_path: Path, workers: int) -> None:
    db = database(tmp_path, polls=20)
    with service(tmp_path, db, workers=workers) as (process, client):
        body = {"prompt": "a live action clip of waves", "seconds": 4}
        jobs = [client.post("/v1/videos", json=body).json()["id"] for _ in range(4)]
        while accepted(tmp_path / "ws") < 4:  # killed sooner, a call may stay unknown: it is doubt
            time.sleep(0.05)
        _kill(process)
    with service(tmp_path, db, workers=workers) as (_, client):
        last = [ended(client, job) for job in jobs]
    # the fake delivers a picture where a clip is due, and that is seen once it was collected
    assert {body["error"]["code"] for body in last} == {"blank_output"}
    submitted = [c["key"] for c in calls(tmp_path / "remote") if c["event"] == "submit"]
    assert len(submitted) == len(set(submitted)) == 4


def test_workers_share_jobs_keys_and_the_log(tmp_path: Path) -> None:
    db = database(tmp_path, latency_s=0.2)
    with service(tmp_path, db, workers=3) as (_, client):
        headers = {"idempotency-key": "one"}
        bodies = []
        for _ in range(6):  # a connection each: any worker may get it
            with httpx.Client(base_url=client.base_url, trust_env=False, timeout=240) as other:
                bodies.append(other.post(IMAGES, json={"prompt": MUG}, headers=headers).json())
        assert len({body["data"][0]["b64_json"] for body in bodies}) == 1
        made = re.compile(r'qfloor_outputs_total\{offer="shop/value".*\} (\d+)')
        ends = time.monotonic() + 240
        while (found := made.search(client.get("/metrics").text)) is None:
            assert time.monotonic() < ends, "the other workers' counts never came to the disk"
            time.sleep(0.05)
    assert int(found[1]) == 1
    assert sum(c["event"] == "submit" for c in calls(tmp_path / "remote")) == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--db", "none.db"], "no such quality database"),
        (["--db", "quality.db", "--host", "0.0.0.0"], "has no keys"),
        (["--db", "quality.db", "--keys", "none.toml"], "no such key file"),
        (["--db", "quality.db", "--config", "none.toml"], "no such settings file"),
        (["--db", "quality.db", "--port", "70000"], "port"),
        (["--db", "quality.db", "--shadow", "shop/nobody"], "no such offer"),
        (["--db", "quality.db", "--policy", "none.toml"], "none.toml"),
    ],
)
def test_what_cannot_be_served_is_said_in_one_sentence(
    tmp_path: Path, words: list[str], said: str
) -> None:
    database(tmp_path)
    ran = subprocess.run(
        command("serve", "-w", "ws", *words), env=environment(), cwd=tmp_path,
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert ran.returncode == 1
    assert said in ran.stderr
    assert "Traceback" not in ran.stderr
    told = [line for line in ran.stderr.splitlines() if line.startswith("qfloor: ")]
    assert len(told) == 1


@pytest.mark.parametrize("workers", ["1", "3"])
def test_what_is_found_only_while_it_starts_ends_it_with_one_sentence(
    tmp_path: Path, workers: str
) -> None:
    """The server printed a traceback and ended with 3; with workers it began anew for ever."""
    database(tmp_path)
    there = tmp_path / "ws" / "gateway" / "workers"
    there.parent.mkdir(parents=True)
    there.write_text("no folder")
    words = ["--db", "quality.db", "--port", str(a_port()), "--workers", workers]
    ran = subprocess.run(
        command("serve", "-w", "ws", *words), env=environment(), cwd=tmp_path,
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert ran.returncode == 1, ran.stderr
    told = [line for line in ran.stderr.splitlines() if not line.startswith("serving ")]
    assert len(told) == 1, ran.stderr
    assert told[0].startswith("qfloor: ")
    assert "workers cannot be written" in told[0]


def test_a_worker_that_cannot_begin_anew_leaves_the_others_serving(tmp_path: Path) -> None:
    """The parent stopped them all: uvicorn takes a failed start for one that no try would mend."""
    with service(tmp_path, database(tmp_path), workers=2) as (process, client):
        gateway = tmp_path / "ws" / "gateway"
        while len(_alive(gateway / "gateway.db")) < 2:  # neither needs the folder to start any more
            time.sleep(0.05)
        folder, workers = gateway / "workers", _children(process.pid)
        folder.rename(folder.with_name("elsewhere"))
        folder.write_text("no folder")
        os.kill(workers[0], signal.SIGKILL)
        assert process.stderr is not None
        said = iter(process.stderr.readline, b"")
        tries = (line for line in said if b"a worker did not start" in line)
        assert len(list(itertools.islice(tries, 2))) == 2  # none, had the service ended
        assert client.get("/healthz").status_code == 200
        folder.unlink()
        folder.with_name("elsewhere").rename(folder)
        while len(set(_children(process.pid)) - {workers[0]}) < 2:
            time.sleep(0.05)


def test_workers_end_with_a_parent_that_was_killed(tmp_path: Path) -> None:
    """They served on for ever: the port was taken, and nobody could tell them to stop."""
    with service(tmp_path, database(tmp_path), workers=2) as (process, client):
        os.kill(process.pid, signal.SIGKILL)
        base = f"{client.base_url}/healthz"
        ends = time.monotonic() + 240
        with contextlib.suppress(httpx.TransportError):  # so does what listens nowhere answer
            while time.monotonic() < ends:
                httpx.get(base, trust_env=False, timeout=240)
            raise AssertionError("they serve on")


def _alive(path: Path) -> list[Any]:
    """Workers that say in the ledger that they are there."""
    with contextlib.closing(sqlite3.connect(path, timeout=30)) as ledger:
        return ledger.execute("SELECT pid FROM workers").fetchall()


def _children(pid: int) -> list[int]:
    """Worker processes of a service, by what the system says."""
    found = []
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        with contextlib.suppress(OSError):  # one that has just ended
            if "spawn_main" in Path(f"/proc/{child}/cmdline").read_text():
                found.append(int(child))
    return found


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    database(tmp_path)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        ran = subprocess.run(
            command("serve", "-w", "ws", "--db", "quality.db", "--port", port), cwd=tmp_path,
            env=environment(), capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip
    assert ran.returncode == 1
    assert f"127.0.0.1:{port} cannot be listened at" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_canary_status_and_rollback_from_the_command_line(tmp_path: Path) -> None:
    old = database(tmp_path)
    new = database(tmp_path, name="new.db", round="2026-12")

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command("gateway", *words, "-w", str(tmp_path / "ws")), env=environment(),
            capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip

    assert run("rollback").returncode == 1
    with service(tmp_path, old) as (_, client):
        assert run("canary", str(new), "--percent", "100").returncode == 0
        ends = time.monotonic() + 120
        while client.get("/readyz").json()["canary"] is None and time.monotonic() < ends:
            time.sleep(0.1)
        answer = client.post("/v1/route", json={"prompt": MUG})
        assert answer.headers["x-qfloor-arm"] == "canary"
        assert "canary" in run("status", "--json").stdout
        assert "decides everything" in run("rollback").stderr
        while client.get("/readyz").json()["canary"] and time.monotonic() < ends:
            time.sleep(0.1)
        assert client.post("/v1/route", json={"prompt": MUG}).headers["x-qfloor-arm"] == "stable"


def test_a_key_made_by_the_command_opens_the_gateway(tmp_path: Path) -> None:
    made = subprocess.run(
        command("gateway", "key", "studio", "--budget", "25", "--per-minute", "600"),
        env=environment(), capture_output=True, text=True, check=True, timeout=300,
    )  # fmt: skip
    keys = tmp_path / "keys.toml"
    keys.write_text(made.stdout)
    key = made.stderr.strip().rpartition(" ")[2]
    assert key not in made.stdout
    port = a_port()
    process = subprocess.Popen(
        command("serve", "--db", str(database(tmp_path)), "-w", str(tmp_path / "ws"), "--keys",
                str(keys), "--port", str(port)),
        env=environment(), stderr=subprocess.PIPE, cwd=tmp_path,
    )  # fmt: skip
    try:
        with httpx.Client(
            base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=240
        ) as client:
            _await(client, process)
            assert client.get("/v1/models").status_code == 401
            mine = {"authorization": f"Bearer {key}"}
            assert client.get("/v1/models", headers=mine).status_code == 200
    finally:
        process.kill()
        process.communicate(timeout=30)


def test_the_how_to_from_its_first_line_to_the_first_picture_in_time(tmp_path: Path) -> None:
    """`pip install` apart: this environment has it. Five minutes are promised with it."""
    page = (ROOT / "docs" / "how-to" / "gateway.md").read_text()
    (serve,) = re.findall(r"^\$ qfloor (serve --db results/painters.db)$", page, re.MULTILINE)
    (body,) = re.findall(r"-d '(\{.*?\})'", page)
    port = a_port()
    began = time.monotonic()
    process = subprocess.Popen(
        command(*serve.split(), "--port", str(port), "-w", str(tmp_path / "ws")),
        env=environment(), stderr=subprocess.PIPE, cwd=ROOT,
    )  # fmt: skip
    try:
        with httpx.Client(
            base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=120
        ) as client:
            _await(client, process)
            answer = client.post(IMAGES, content=body, headers={"content-type": "application/json"})
            took = time.monotonic() - began
    finally:
        process.kill()
        process.communicate(timeout=30)
    assert answer.status_code == 200
    assert answer.json()["model"].startswith("painters/")
    assert took < 300  # the promise itself, with minutes to spare for the install
