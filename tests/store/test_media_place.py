"""Media in other places: a real S3 server on the loopback, memory, folders."""

from __future__ import annotations

import hashlib
import pickle
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from stored_outputs import add

from qfloor.errors import PlaceError, StoreError
from qfloor.store import Store
from qfloor.store import media_url as urls
from qfloor.store.media_files import MediaFiles
from qfloor.store.media_place import MediaSettings, Reached, media_of, place_of, read_media
from qfloor.store.media_url import UrlMedia
from qfloor.store.placing import copy_media, place_media, places_shown
from qfloor.store.settings import SETTINGS, read_settings, write_settings

CONTENT = b"\x89PNG of a red mug" * 50
SHA256 = hashlib.sha256(CONTENT).hexdigest()
BUCKET = "qfloor-test"


@pytest.fixture(scope="module")
def s3(request: pytest.FixtureRequest) -> Iterator[str]:
    """A real HTTP server that speaks S3; its address."""
    moto = pytest.importorskip("moto.server", reason="needs moto[server]")
    pytest.importorskip("s3fs", reason="needs the extra s3")
    pytest_socket = pytest.importorskip("pytest_socket")
    pytest_socket.enable_socket()
    server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    yield f"http://127.0.0.1:{port}"
    server.stop()


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch, s3: str) -> str:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    import s3fs

    files = s3fs.S3FileSystem(endpoint_url=s3, skip_instance_cache=True)
    if not files.exists(BUCKET):
        files.mkdir(BUCKET)
    return s3


@pytest.fixture(params=["folder", "memory", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    near = MediaFiles(tmp_path / "media")
    name = uuid.uuid4().hex
    if request.param == "folder":
        return place_of(f"file://{tmp_path / 'far'}", MediaSettings(), near)
    if request.param == "memory":
        return place_of(f"memory://{name}", MediaSettings(), near)
    endpoint = request.getfixturevalue("keys")
    settings = MediaSettings(options={"s3": {"endpoint_url": endpoint}})
    return place_of(f"s3://{BUCKET}/{name}/media/", settings, near)


pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


def test_bytes_come_back_under_their_digest(place: Any, tmp_path: Path) -> None:
    assert place.put(CONTENT, "image/png") == SHA256
    assert place.put(CONTENT, "image/jpeg") == SHA256
    assert place.has(SHA256)
    assert place.fetch(SHA256) == CONTENT
    assert place.digest(SHA256) == SHA256
    (lying,) = place.lying()
    assert (lying.sha256, lying.size) == (SHA256, len(CONTENT))
    assert time.time() - 60 <= lying.written_at <= time.time() + 2
    assert place.path(SHA256).read_bytes() == CONTENT
    assert not list((tmp_path / "media" / "drafts").glob("*"))


def test_what_is_not_there_is_none_and_costs_no_wait(place: Any) -> None:
    assert place.fetch("0" * 64) is None
    assert place.find("0" * 64) is None
    assert place.digest("0" * 64) is None
    assert place.remove("0" * 64) == 0
    assert list(place.lying()) == []
    with pytest.raises(StoreError, match="has no media"):
        place.path("0" * 64)
    with pytest.raises(StoreError, match="has no media"):
        read_media(place, "0" * 64)


def test_a_file_is_taken_or_left_alone(place: Any, tmp_path: Path) -> None:
    own, other = tmp_path / "own", tmp_path / "other"
    own.write_bytes(CONTENT)
    other.write_bytes(b"other")
    assert place.put_file(own, "image/png", take=True) == SHA256
    assert not own.exists()
    sha256 = place.put_file(other, "image/png", take=False)
    assert other.exists()
    assert place.fetch(sha256) == b"other"
    assert place.remove(sha256) == 5
    assert not place.has(sha256)
    assert place.has(SHA256)


def test_a_place_can_be_pickled_and_reads_the_same(place: Any) -> None:
    place.put(CONTENT, "image/png")
    assert pickle.loads(pickle.dumps(place)).fetch(SHA256) == CONTENT


def test_damage_on_the_way_is_told_and_never_scored(keys: str, tmp_path: Path) -> None:
    import s3fs

    settings = MediaSettings(options={"s3": {"endpoint_url": keys}})
    place = place_of(f"s3://{BUCKET}/damaged", settings, MediaFiles(tmp_path))
    place.put(CONTENT, "image/png")
    files = s3fs.S3FileSystem(endpoint_url=keys, skip_instance_cache=True)
    files.pipe_file(f"{BUCKET}/damaged/{SHA256[:2]}/{SHA256}", b"other bytes")
    with pytest.raises(StoreError, match="is damaged"):
        place.fetch(SHA256)
    assert place.digest(SHA256) == hashlib.sha256(b"other bytes").hexdigest()


def test_a_place_out_of_reach_is_no_missing_picture(
    keys: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(urls, "WAIT_SECONDS", 0.0)
    options = {
        "endpoint_url": "http://127.0.0.1:9",
        "config_kwargs": {"retries": {"max_attempts": 0}},
    }
    settings = MediaSettings(options={"s3": options})
    place = place_of(f"s3://{BUCKET}/media", settings, MediaFiles(tmp_path))
    with pytest.raises(PlaceError, match=r"media at s3://qfloor-test/media cannot be read"):
        place.fetch(SHA256)


def test_a_stumble_is_tried_again_and_a_refusal_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(urls, "WAIT_SECONDS", 0.0)
    place = UrlMedia(f"memory://{uuid.uuid4().hex}", options={}, near=MediaFiles(tmp_path))
    place.put(CONTENT, "image/png")
    errors = [OSError("reset by peer"), TimeoutError("slow")]
    system = place._system
    real = system.cat_file

    def stumbles(path: str) -> bytes:
        if errors:
            raise errors.pop()
        return bytes(real(path))

    monkeypatch.setattr(system, "cat_file", stumbles, raising=False)
    assert place.fetch(SHA256) == CONTENT
    errors += [PermissionError("Access Denied")]
    with pytest.raises(PlaceError, match="Access Denied"):
        place.fetch(SHA256)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("nosuch://x/y", "cannot lie at nosuch://x/y"),
        ("relative/folder", "a path must be absolute"),
        ("s3://", "name a bucket"),
        ("memory://", "name a bucket"),
    ],
)
def test_what_is_no_place_is_told(url: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=said):
        place_of(url, MediaSettings(), MediaFiles(tmp_path))


# -- a workspace with media elsewhere --------------------------------------------------------------


def test_a_workspace_writes_to_its_place_and_reads_from_all(tmp_path: Path) -> None:
    url = f"memory://{uuid.uuid4().hex}"
    with Store.open(tmp_path / "work", create=True) as store:
        old = store.put_media(b"old", "image/png")
        place_media(store, url)
        new = store.put_media(b"new", "image/png")
        assert not (tmp_path / "work" / "media" / new[:2] / f"{new}.png").exists()
        assert (store.read_media(old), store.read_media(new)) == (b"old", b"new")
    with Store.open(tmp_path / "work") as store:
        assert store.read_media(new) == b"new"
        assert store.media_path(new).read_bytes() == b"new"
        assert [row["place"] for row in places_shown(store)] == [url, str(store.root / "media")]
        with Store.copy_of(store.root) as copied:
            assert copied.read_media(new) == b"new"
        place_media(store, None)
        assert read_settings(store.root) == MediaSettings(also=(url,))
        assert store.read_media(new) == b"new"


def test_media_are_copied_on_request_and_nothing_is_removed(tmp_path: Path) -> None:
    with Store.open(tmp_path / "work", create=True) as store:
        first, second = add(store, 1), add(store, 2)
        store.put_media(b"named by nobody", "image/png")
        place_media(store, str(tmp_path / "far"))
        seen: list[tuple[int, int]] = []
        assert copy_media(store, lambda done, total: seen.append((done, total))) == 2
        assert seen == [(1, 2), (2, 2)]
        assert copy_media(store) == 0
        assert MediaFiles(tmp_path / "far").has(first)
        assert MediaFiles(store.root / "media").has(second)


def test_a_place_that_cannot_be_written_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with Store.open(tmp_path / "work", create=True) as store:
        with pytest.raises(StoreError, match="cannot be written"):
            place_media(store, str(tmp_path / "file" / "media"))
        assert not (store.root / SETTINGS).exists()
        with pytest.raises(StoreError, match="options are for"):
            place_media(store, str(tmp_path / "media"), {"endpoint_url": "x"})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[media", "not valid TOML"),
        ("[medium]", "unknown field 'medium'"),
        ("[media]\nplace = 'x'", "unknown field 'media.place'"),
        ("[media]\nurl = 3", "must be a URL"),
        ("[media]\nalso = 'x'", "must be a list"),
        ("media = 3", "must be a table"),
        ("[media.options.s3]\nsecret = 'x'", "keys do not belong"),
        ("[media.options.s3.client_kwargs]\naws_secret_access_key = 'x'", "keys do not belong"),
    ],
)
def test_settings_that_are_wrong_are_told(text: str, said: str, tmp_path: Path) -> None:
    Store.open(tmp_path, create=True).close()
    (tmp_path / SETTINGS).write_text(text)
    with pytest.raises(StoreError, match=said):
        Store.open(tmp_path)


def test_settings_come_back(tmp_path: Path) -> None:
    settings = MediaSettings(
        url="s3://bucket/a \"b\"", also=("memory://x",),
        options={"s3": {"endpoint_url": "http://h:1", "config_kwargs": {"n": 3}, "anon": False}},
    )  # fmt: skip
    write_settings(tmp_path, settings)
    assert read_settings(tmp_path) == settings
    media = media_of(tmp_path, MediaSettings(also=("memory://x",)))
    assert isinstance(media, Reached)
    assert media.where == str(tmp_path / "media")


def test_no_copy_is_made_where_all_is_there(tmp_path: Path) -> None:
    with Store.open(tmp_path, create=True) as store:
        assert copy_media(store) == 0


def test_scores_are_the_same_wherever_media_lie_and_an_outage_is_no_fail(
    keys: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from scoring_fakes import FunctionScorer
    from stored_outputs import png

    from qfloor.score import score_outputs

    monkeypatch.setattr(urls, "WAIT_SECONDS", 0.0)
    found = {}
    for name in ("here", "there"):
        with Store.open(tmp_path / name, create=True) as store:
            if name == "there":
                place_media(store, f"s3://{BUCKET}/{uuid.uuid4().hex}", {"endpoint_url": keys})
            for n in range(5):
                add(store, n, png(n))
            scorer = FunctionScorer(lambda item: float(item.inputs["pixels"].mean()))  # type: ignore[attr-defined]
            prompts = store.prompts_by_digest()
            score_outputs(store, store.outputs_of(), prompts, [scorer])
            key = scorer.metrics[0].key
            found[name] = [(s.output_id, s.value) for s in store.scores_of(metric=key)]
            if name == "there":
                monkeypatch.setattr(type(store.media.first), "_at", lambda *_: 1 / 0)  # type: ignore[attr-defined]
                other = FunctionScorer(lambda item: 1.0, name="fake.other")
                with pytest.raises(PlaceError, match="cannot be read"):
                    score_outputs(store, store.outputs_of(), prompts, [other])
                assert list(store.scores_of(metric=other.metrics[0].key)) == []
    assert found["here"] == found["there"]
    assert len(found["here"]) == 5
