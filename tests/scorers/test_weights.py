"""Where weights come from, against a server on this machine that misbehaves on request."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest

from qfloor.errors import PluginError
from qfloor.scorers import hub, weights

pytestmark = pytest.mark.allow_hosts(["127.0.0.1", "localhost"])

CONTENT = bytes(range(256)) * 8192  # 2 MiB
SHA256 = hashlib.sha256(CONTENT).hexdigest()
COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Server(ThreadingHTTPServer):
    """Serves `CONTENT`; ``mode`` says in which way it fails, ``asked`` what was asked of it."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.mode: list[str] = []
        self.asked: list[tuple[str, str, str | None]] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        return None  # a client that went away in the middle is what some tests are about


class Answer(BaseHTTPRequestHandler):
    server: Server

    def log_message(self, *args: Any) -> None:
        return None

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, *, body: bool) -> None:
        span = self.headers.get("Range")
        self.server.asked.append((self.command, self.path, span))
        mode = self.server.mode.pop(0) if self.server.mode and body else "whole"
        if self.path.startswith("/moved/"):
            self.send_response(302)
            self.send_header("Location", "/" + self.path.removeprefix("/moved/"))
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if "absent" in self.path:
            self.send_error(404)
            return
        start = int(span.removeprefix("bytes=").rstrip("-")) if span and mode != "no ranges" else 0
        if start >= len(CONTENT):
            self.send_error(416)
            return
        rest = b"x" * len(CONTENT) if mode == "other" else CONTENT[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(rest)))
        self.send_header("ETag", '"' + SHA256 + '"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.end_headers()
        if not body:
            return
        if mode == "truncated":
            self.wfile.write(rest[: len(rest) // 2])
            self.close_connection = True
        elif mode == "stalls":
            self.wfile.write(rest[: len(rest) // 2])
            self.wfile.flush()
            time.sleep(20)
        else:
            self.wfile.write(rest)


@pytest.fixture
def server() -> Iterator[Server]:
    serving = Server()
    thread = threading.Thread(target=serving.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield serving
    serving.shutdown()
    serving.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("QFLOOR_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def address(server: Server, path: str = "heads/v1%20b.pth", sha256: str = SHA256) -> str:
    return f"{server.url}/{path}#sha256={sha256}"


def files(cache: Path) -> list[str]:
    return sorted(path.name for path in cache.rglob("*") if path.is_file())


def test_the_cache_is_where_the_user_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert weights.cache_dir() == tmp_path / "cache"
    monkeypatch.delenv("QFLOOR_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert weights.cache_dir() == tmp_path / "xdg" / "qfloor"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert weights.cache_dir() == Path.home() / ".cache" / "qfloor"


def test_a_file_is_taken_where_it_lies(tmp_path: Path) -> None:
    path = tmp_path / "head.pth"
    path.write_bytes(CONTENT)
    found = weights.locate(str(path))
    assert (found.path, found.sha256) == (path, SHA256)
    assert weights.locate(f"{path}#sha256={SHA256.upper()}").sha256 == SHA256
    with pytest.raises(PluginError, match="another file, or damaged"):
        weights.locate(f"{path}#sha256={'0' * 64}")
    with pytest.raises(PluginError, match="does not exist"):
        weights.locate(str(tmp_path / "none.pth"))


def test_a_changed_file_has_a_new_digest(tmp_path: Path) -> None:
    path = tmp_path / "head.pth"
    path.write_bytes(b"one")
    before = weights.locate(str(path)).sha256
    path.write_bytes(b"other")
    assert weights.locate(str(path)).sha256 != before


@pytest.mark.parametrize("fragment", ["", "#sha256=", "#sha256=12ab", "#md5=" + "0" * 32])
def test_an_address_without_a_digest_is_refused(fragment: str) -> None:
    with pytest.raises(PluginError, match="sha256"):
        weights.locate("https://host.invalid/head.pth" + fragment)


def test_a_download_is_verified_and_never_repeated(server: Server, cache: Path) -> None:
    found = weights.locate(address(server))
    assert found.path.read_bytes() == CONTENT
    assert found.path.name == "v1_b.pth"
    assert weights.locate(found.source) == found
    assert weights.locate(address(server), download=False) == found
    assert len(server.asked) == 1
    assert files(cache) == ["v1_b.pth"]


def test_a_redirect_is_followed(server: Server) -> None:
    assert weights.locate(address(server, "moved/heads/v1.pth")).path.read_bytes() == CONTENT


@pytest.mark.parametrize("mode", ["whole", "no ranges"])
def test_a_broken_download_is_continued(server: Server, cache: Path, mode: str) -> None:
    server.mode = ["truncated", mode]
    assert weights.locate(address(server)).path.read_bytes() == CONTENT
    assert [span for *_, span in server.asked] == [None, f"bytes={len(CONTENT) // 2}-"]
    assert files(cache) == ["v1_b.pth"]


def test_a_download_that_keeps_breaking_is_one_sentence_and_no_file(
    server: Server, cache: Path
) -> None:
    server.mode = ["truncated"] * 3
    with pytest.raises(PluginError, match=r"bytes came\); download that file .* put it at"):
        weights.locate(address(server))
    assert files(cache) == ["v1_b.pth.part"]  # never the name a reader takes
    assert weights.locate(address(server)).path.read_bytes() == CONTENT
    assert files(cache) == ["v1_b.pth"]


def test_a_wrong_digest_keeps_nothing(server: Server, cache: Path) -> None:
    with pytest.raises(PluginError, match="nothing was kept"):
        weights.locate(address(server, sha256="0" * 64))
    assert files(cache) == []
    assert len(server.asked) == 1


def test_what_is_left_of_another_file_does_no_harm(server: Server, cache: Path) -> None:
    part = cache / "weights" / SHA256 / "v1_b.pth.part"
    part.parent.mkdir(parents=True)
    for remains in (b"remains of another file", b"x" * len(CONTENT)):
        part.write_bytes(remains)
        (part.parent / "v1_b.pth").unlink(missing_ok=True)
        assert weights.locate(address(server)).path.read_bytes() == CONTENT
        assert files(cache) == ["v1_b.pth"]


def test_a_damaged_cached_file_is_fetched_again(server: Server) -> None:
    path = weights.locate(address(server)).path
    path.write_bytes(CONTENT[:-1])
    assert weights.locate(address(server)).path.read_bytes() == CONTENT


def test_an_answer_of_404_is_one_sentence(server: Server, cache: Path) -> None:
    with pytest.raises(PluginError, match="the server answers 404") as caught:
        weights.locate(address(server, "absent.pth"))
    assert len(server.asked) == 1
    cause = caught.value.__cause__
    while not isinstance(cause, HTTPError):
        assert cause is not None
        cause = cause.__cause__
    assert cause.closed  # and with it the connection
    assert files(cache) == []


def test_without_a_connection_it_says_where_to_put_what(server: Server, cache: Path) -> None:
    asked = address(server)
    server.server_close()
    with pytest.raises(PluginError, match="cannot be had") as caught:
        weights.locate(asked)
    place = cache / "weights" / SHA256 / "v1_b.pth"
    assert str(place) in str(caught.value)
    assert server.url in str(caught.value)
    with pytest.raises(PluginError, match="is not on this machine"):
        weights.locate(asked, download=False)
    place.write_bytes(CONTENT)  # as told
    assert weights.locate(asked).path == place


@pytest.mark.parametrize("mode", ["whole", "truncated"])
def test_a_larger_file_than_allowed_is_not_downloaded(
    server: Server, cache: Path, mode: str
) -> None:
    server.mode = [mode]
    with pytest.raises(PluginError, match="larger than the 1,000 bytes allowed"):
        weights.locate(address(server), limit_bytes=1000)
    assert files(cache) == []


def test_killed_in_the_middle_it_is_continued(server: Server, cache: Path) -> None:
    server.mode = ["stalls"]
    code = f"from qfloor.scorers import weights; weights.locate({address(server)!r})"
    child = subprocess.Popen([sys.executable, "-c", code], env=dict(os.environ))
    part = cache / "weights" / SHA256 / "v1_b.pth.part"
    deadline = time.monotonic() + 30
    while not (part.is_file() and part.stat().st_size > 0) and time.monotonic() < deadline:
        time.sleep(0.01)
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert files(cache) == ["v1_b.pth.part"]
    have = part.stat().st_size
    assert weights.locate(address(server)).path.read_bytes() == CONTENT
    assert server.asked[-1][2] == f"bytes={have}-"
    assert files(cache) == ["v1_b.pth"]


@pytest.mark.parametrize("turn", range(10))  # a partial file that goes away is a matter of luck
def test_eight_at_once_download_once(server: Server, cache: Path, turn: int) -> None:
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: weights.locate(address(server)), range(8)))
    assert len({one.path for one in found}) == 1
    assert len(server.asked) == 1
    assert files(cache) == ["v1_b.pth"]


def test_one_failed_download_does_not_take_the_file_of_the_next(
    server: Server, cache: Path
) -> None:
    server.mode = ["other"] * 3

    def locate(_: int) -> bool:
        try:
            return weights.locate(address(server)).sha256 == SHA256
        except PluginError:
            return False

    with ThreadPoolExecutor(8) as threads:
        assert sorted(threads.map(locate, range(8))) == [False] * 3 + [True] * 5
    assert files(cache) == ["v1_b.pth"]


@pytest.fixture
def own_hub(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Server:
    constants = pytest.importorskip("huggingface_hub.constants")
    monkeypatch.setattr(constants, "ENDPOINT", server.url)  # as HF_ENDPOINT before the first import
    template = server.url + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    return server


def test_a_hub_file_is_pinned_by_the_commit_that_was_taken(own_hub: Server) -> None:
    found = weights.locate("hf-hub:org/repo/heads/v1.pth")
    assert found.path.read_bytes() == CONTENT
    assert found.source == f"hf-hub:org/repo/heads/v1.pth@{COMMIT}"
    assert weights.locate(found.source + f"#sha256={SHA256}").sha256 == SHA256
    asked = len(own_hub.asked)
    assert weights.locate(found.source).path == found.path
    assert len(own_hub.asked) == asked  # a commit is never asked for again


def test_a_hub_that_cannot_be_reached_is_told_at_once(
    own_hub: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = weights.locate("hf-hub:org/repo/v1.pth")
    own_hub.shutdown()
    own_hub.server_close()
    monkeypatch.setattr(time, "sleep", lambda seconds: pytest.fail("it was tried again later"))
    assert weights.locate("hf-hub:org/repo/v1.pth").path == found.path
    with pytest.raises(PluginError, match=r"cannot be reached .* 'hf download org/repo v2.pth'"):
        weights.locate("hf-hub:org/repo/v2.pth")


def test_a_hub_file_that_is_not_there_is_one_sentence(own_hub: Server) -> None:
    with pytest.raises(PluginError, match=r"repo/absent\.pth cannot be had"):
        weights.locate("hf-hub:org/repo/absent.pth")


def test_an_offline_hub_is_not_asked(own_hub: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    assert hub.unreachable() == "HF_HUB_OFFLINE forbids to ask the hub"
    with pytest.raises(PluginError, match="HF_HUB_OFFLINE"):
        weights.locate("hf-hub:org/repo/v1.pth")
    assert own_hub.asked == []


@pytest.mark.parametrize("reference", ["hf-hub:", "hf-hub:org", "hf-hub:org/repo", "hf-hub:a//b"])
def test_a_half_hub_reference_is_refused(reference: str) -> None:
    with pytest.raises(PluginError, match="hf-hub:ORG/REPO/FILE"):
        weights.locate(reference)


def test_a_name_that_no_hub_repository_can_have_is_one_sentence():
    with pytest.raises(PluginError, match=r"hf-hub:org!/repo/v1\.pth: "):
        weights.locate("hf-hub:org!/repo/v1.pth", download=False)
