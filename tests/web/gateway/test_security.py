from __future__ import annotations

import base64
import hashlib
import hmac
from pathlib import Path
from typing import Any

import pytest
from gateway_world import CLIP, MUG, database, drive, settings

from qfloor.errors import InputError
from qfloor.web.gateway.app import make_app
from qfloor.web.gateway.keys import Keyring, new_entry, new_key
from qfloor.web.gateway.settings import Settings

IMAGES, ROUTE = "/v1/images/generations", "/v1/route"


def key_file(folder: Path, **more: str) -> tuple[Path, str, str]:
    """A key file with two keys; gives it and both keys."""
    (one, digest_one), (two, digest_two) = new_key(), new_key()
    lines = "".join(f"{name} = {value}\n" for name, value in more.items())
    path = folder / "keys.toml"
    path.write_text(
        f'[[key]]\nname = "one"\nsha256 = "{digest_one}"\n{lines}'
        f'[[key]]\nname = "two"\nsha256 = "{digest_two}"\n'
    )
    return path, one, two


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.4", "gateway.example"])
def test_others_may_not_reach_it_without_keys(tmp_path: Path, host: str) -> None:
    with pytest.raises(InputError, match="no keys"):
        make_app(settings(tmp_path, host=host))


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.3.4.5"])
def test_this_machine_needs_none(tmp_path: Path, host: str) -> None:
    assert Settings(host=host).is_loopback


def test_every_wrong_key_gets_the_same_answer(tmp_path: Path) -> None:
    path, one, _ = key_file(tmp_path)
    wrong = [
        {}, {"authorization": ""}, {"authorization": "Bearer"}, {"authorization": "Bearer x"},
        {"authorization": f"Basic {one}"}, {"authorization": one}, {"x-api-key": one},
        {"authorization": f"Bearer {one}x"}, {"authorization": f"Bearer {one[:-1]}"},
        {"authorization": b"Bearer \xff\xfe"}, {"host": "admin"},
    ]  # fmt: skip

    async def work(client: Any) -> Any:
        answers = [await client.post(ROUTE, json={"prompt": MUG}, headers=h) for h in wrong]
        right = await client.post(
            ROUTE, json={"prompt": MUG}, headers={"authorization": f"bearer {one}"}
        )
        return answers, right

    answers, right = drive(settings(tmp_path, keys=path), work)
    assert right.status_code == 200
    assert {a.status_code for a in answers} == {401}
    assert {a.text for a in answers} == {answers[0].text}
    plain = {
        frozenset((k, v) for k, v in a.headers.items() if k != "x-request-id") for a in answers
    }
    assert len(plain) == 1
    assert "one" not in answers[0].text


def test_every_key_is_compared_in_constant_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, one, _ = key_file(tmp_path)
    compared = []
    right = hmac.compare_digest

    def counting(a: bytes, b: bytes) -> bool:
        compared.append((len(a), len(b)))
        return right(a, b)

    monkeypatch.setattr(hmac, "compare_digest", counting)
    keyring = Keyring.read(path)
    assert keyring.admit(f"Bearer {one}").name == "one"
    assert compared == [(32, 32)] * 2  # both, though the first one fits; digests, not keys


@pytest.mark.parametrize(
    "path",
    ["/v1/models", "/v1/models/auto", "/v1/health/models", "/v1/videos/video_1",
     "/v1/videos/video_1/content", "/", "/decisions/x", "/metrics"],
)  # fmt: skip
def test_every_route_that_tells_something_asks_for_a_key(tmp_path: Path, path: str) -> None:
    keys, _, _ = key_file(tmp_path)

    async def work(client: Any) -> Any:
        return await client.get(path), await client.get("/healthz"), await client.get("/readyz")

    closed, alive, ready = drive(settings(tmp_path, keys=keys), work)
    assert (closed.status_code, alive.status_code, ready.status_code) == (401, 200, 200)


def test_a_browser_shows_its_key_by_basic(tmp_path: Path) -> None:
    keys, one, two = key_file(tmp_path, dashboard="false")

    async def work(client: Any) -> Any:
        def basic(key: str) -> dict[str, str]:
            told = base64.b64encode(f"me:{key}".encode()).decode()
            return {"authorization": f"Basic {told}"}

        none = await client.get("/")
        return (
            none,
            await client.get("/", headers=basic(two)),
            await client.get("/", headers=basic(one)),
        )

    none, right, not_for_pages = drive(settings(tmp_path, keys=keys), work)
    assert none.headers["www-authenticate"].startswith("Basic")
    assert right.status_code == 200
    assert not_for_pages.status_code == 401
    assert "script" not in right.headers["content-security-policy"]


def test_without_keys_other_names_and_other_sites_are_refused(tmp_path: Path) -> None:
    async def work(client: Any) -> Any:
        body = {"prompt": MUG}
        rebound = await client.post(ROUTE, json=body, headers={"host": "evil.example:8080"})
        cross = await client.post(ROUTE, json=body, headers={"sec-fetch-site": "cross-site"})
        form = await client.post(ROUTE, content=b'{"prompt":"x"}', headers={
            "content-type": "text/plain"})  # fmt: skip
        named = await client.post(ROUTE, json=body, headers={"host": "127.0.0.1:8080"})
        return rebound, cross, form, named

    rebound, cross, form, named = drive(settings(tmp_path), work)
    assert (rebound.status_code, cross.status_code, form.status_code, named.status_code) == (
        403, 403, 415, 200,
    )  # fmt: skip


def test_the_host_header_is_neither_trusted_nor_echoed(tmp_path: Path) -> None:
    keys, one, _ = key_file(tmp_path)
    given = settings(tmp_path, keys=keys, public_url="https://pictures.example")

    async def work(client: Any) -> Any:
        return await client.post(
            IMAGES, json={"prompt": MUG, "response_format": "url"},
            headers={"host": "evil.example", "authorization": f"Bearer {one}",
                     "x-forwarded-host": "evil.example"},
        )  # fmt: skip

    answer = drive(given, work)
    assert answer.json()["data"][0]["url"].startswith("https://pictures.example/v1/media/")
    assert "evil" not in answer.text + str(answer.headers)


@pytest.mark.parametrize("field", ["api_base", "base_url", "api_key", "url", "webhook"])
def test_a_client_cannot_name_where_to_call(tmp_path: Path, field: str) -> None:
    async def work(client: Any) -> Any:
        return [
            await client.post(IMAGES, json={"prompt": MUG, field: "http://evil.example"}),
            await client.post(
                IMAGES, json={"prompt": MUG, "routing": {field: "http://evil.example"}}
            ),
        ]

    for answer in drive(settings(tmp_path), work):
        assert answer.status_code == 400
        assert answer.json()["error"]["code"] == "unknown_field"


def test_bodies_are_bounded_whether_or_not_they_say_how_long_they_are(tmp_path: Path) -> None:
    async def endless() -> Any:
        for _ in range(10_000):
            yield b" " * 1_000

    async def work(client: Any) -> Any:
        told = await client.post(ROUTE, content=b" " * 200_000, headers={
            "content-type": "application/json"})  # fmt: skip
        untold = await client.post(ROUTE, content=endless(), headers={
            "content-type": "application/json"})  # fmt: skip
        return told, untold

    for answer in drive(settings(tmp_path, most_body_bytes=100_000), work):
        assert answer.status_code == 413
        assert answer.json()["error"]["code"] == "body_too_large"


def test_a_job_is_its_own_keys_alone(tmp_path: Path) -> None:
    keys, one, two = key_file(tmp_path)

    async def work(client: Any) -> Any:
        mine = {"authorization": f"Bearer {one}"}
        job = (await client.post("/v1/videos", json={"prompt": CLIP}, headers=mine)).json()
        url = f"/v1/videos/{job['id']}"
        others = {"authorization": f"Bearer {two}"}
        asked = [(await client.request(m, url, headers=others)).status_code
                 for m in ("GET", "DELETE")]  # fmt: skip
        listed = [
            (await client.get("/v1/videos", headers=h)).json()["data"] for h in (mine, others)
        ]
        return await client.get(url, headers=mine), asked, [len(jobs) for jobs in listed]

    own, asked, listed = drive(settings(tmp_path, keys=keys), work)
    assert (own.status_code, asked, listed) == (200, [404, 404], [1, 0])


def test_no_header_ever_holds_a_word_of_the_prompt(tmp_path: Path) -> None:
    secret = "xylograph"

    async def work(client: Any) -> Any:
        bodies: list[dict[str, Any]] = [
            {"prompt": f"{MUG} {secret}"},
            {"prompt": f"{MUG} {secret} #refused_input"},
            {"prompt": secret, "model": secret},
            {"prompt": secret, "routing": {"category": secret}},
            {"prompt": f"{secret}\x00"},
        ]
        return [await client.post(IMAGES, json=body) for body in bodies]

    for answer in drive(settings(tmp_path), work):
        assert secret not in str(answer.headers)


def test_a_key_file_is_checked_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    digest = hashlib.sha256(b"x").hexdigest()
    cases = {
        "": "must hold one or more",
        "[[key]]\nname = 'a'\n": "needs sha256 or env",
        f"[[key]]\nname = 'a'\nsha256 = '{digest}'\nenv = 'A'\n": "one of the two",
        "[[key]]\nname = 'a'\nsha256 = 'short'\n": "'sha256' must be 64 digits and letters a to f$",
        "[[key]]\nname = 'a'\nenv = 'NO_SUCH_KEY'\n": "NO_SUCH_KEY is not set",
        f"[[key]]\nname = 'a'\nsha256 = '{digest}'\nbudget_usd_per_day = -1\n": "is -1, must be",
        f"[[key]]\nname = 'a'\nsha256 = '{digest}'\nbudgit = 1\n": "'budgit'; known: name, sha256",
        f"[[key]]\nname = 'a'\nsha256 = '{digest}'\n" * 2: "one name",
        "[[key\n": "not valid TOML",
    }
    path = tmp_path / "keys.toml"
    for text, said in cases.items():
        path.write_text(text)
        with pytest.raises(InputError, match=said):
            Keyring.read(path)
    monkeypatch.setenv("A_KEY", "a-key-of-24-characters!!")
    path.write_text("[[key]]\nname = 'a'\nenv = 'A_KEY'\n")
    assert Keyring.read(path).admit("Bearer a-key-of-24-characters!!").name == "a"


@pytest.mark.parametrize(
    ("name", "budget", "rate", "said"),
    [('a"\nbudget_usd_per_day = 1', None, None, "must be letters, digits and . _ -$"),
     ("", None, None, "'name' is '', must have at least 1 character$"),
     ("a", -1.0, None, "budget_usd_per_day' is -1.0, must be at least 0"),
     ("a", float("nan"), None, "budget_usd_per_day' is nan, must be a number$"),
     ("a", None, 0.0, "requests_per_minute' is 0.0, must be above 0")],
)  # fmt: skip
def test_a_key_is_made_only_for_what_may_stand_in_a_file(
    name: str, budget: float | None, rate: float | None, said: str
) -> None:
    with pytest.raises(InputError, match=said):
        new_entry(name, budget, rate)


def test_settings_are_checked_by_name(tmp_path: Path) -> None:
    from qfloor.web.gateway.settings import read_settings

    path = tmp_path / "gateway.toml"
    for text, said in {
        "wrokers = 2": "did you mean 'workers'",
        "port = 99999": "'port' is 99999, must be at most 65535",
        "port = 0": "'port' is 0, must be at least 1",
        "public_url = 'ftp://x'": "https://pictures.example",
        "public_url = 'https://x.org/#a'": "has a query or fragment, must look like",
        "public_url = 'https://x.org:99999'": "is no URL, must look like",
        "shadow = {picture = 'a'}": "by modality",
        "port =": "not valid TOML",
        "workers = 'two'": "'workers' is 'two', must be a whole number",
        "workers = 0": "'workers' is 0, must be at least 1",
        "drain_s = nan": "'drain_s' is nan, must be at least 0",
        "keep_prompts = 'maybe'": "'keep_prompts' is 'maybe', must be true or false",
        "plugins = 'a:b'": "'plugins' is 'a:b', must be a list",
        "keys = 3": "'keys' is 3, must be text",
        "inspect = 'no'": "'inspect' is 'no', must be 'whole' or 'head'",
        "baseline = 'a'": r"'baseline' is 'a': must be given by modality, as \{image = 'OFFER'",
        "baseline = {image = 3}": "'baseline.image' is 3, must be text",
        "accounts = {x = 3}": "'accounts.x' is 3, must be a table",
    }.items():
        path.write_text(text)
        with pytest.raises(InputError, match=said) as refused:
            read_settings(path)
        assert "nput should" not in str(refused.value)
    path.write_text("port = 9000\ndatabase = 'q.db'\n")
    assert read_settings(path, port=9001).port == 9001
    assert read_settings(path).database == tmp_path / "q.db"


def test_the_database_it_is_given_must_be_one(tmp_path: Path) -> None:
    from qfloor.errors import DatabaseError

    bad = tmp_path / "bad.db"
    bad.write_bytes(b"no database at all" * 100)
    for path in (bad, tmp_path / "none.db"):
        with pytest.raises(DatabaseError, match=path.name):
            make_app(settings(tmp_path, path))
    good = database(tmp_path)
    good.write_bytes(good.read_bytes()[:9000])
    with pytest.raises(DatabaseError, match="damaged"):
        make_app(settings(tmp_path, good))
