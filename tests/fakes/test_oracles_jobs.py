"""Official SDKs of sellers that take jobs, retries off, against our fakes."""

from __future__ import annotations

import base64

import pytest

from fakes.providers.engine import KEY
from fakes.test_oracles_images import fake, fetched, pytestmark
from qfloor.media import inspect

__all__ = ["fake", "pytestmark"]


@pytest.mark.parametrize("fake", ["fal-schnell"], indirect=True)
def test_fal(fake, monkeypatch, request):
    fal = pytest.importorskip("fal_client", reason="the oracles extra is not installed")
    httpx = pytest.importorskip("httpx")
    inner = pytest.importorskip("fal_client.client")
    monkeypatch.setattr(inner, "MAX_ATTEMPTS", 1)  # it would send a create up to ten times

    class ToTheFake(httpx.HTTPTransport):
        def handle_request(self, request):
            request.url = request.url.copy_with(
                scheme="http", host="127.0.0.1", port=fake.api.server_port
            )
            return super().handle_request(request)

    client = fal.SyncClient(key=KEY)
    inside = httpx.Client(transport=ToTheFake(), headers={"Authorization": f"Key {KEY}"})
    request.addfinalizer(inside.close)  # the SDK closes none
    client.__dict__["_client"] = inside
    quiet = {"x-fal-no-retry": "1", "x-app-fal-disable-fallback": "1"}

    def submit(word, **more):
        arguments = {"prompt": f"a mug #{word}", "seed": 5, "image_size": "square", **more}
        return client.submit("fal-ai/flux/schnell", arguments=arguments, headers=quiet)

    handle = submit("happy")
    assert isinstance(handle.status(), fal.Queued)
    assert isinstance(handle.status(), fal.InProgress)
    done = handle.status()
    assert isinstance(done, fal.Completed)
    assert done.metrics == {"inference_time": 0.31}
    result = handle.get()
    assert (result["seed"], result["has_nsfw_concepts"]) == (5, [False])
    assert fetched(result["images"][0]["url"], "image") == "ok"
    failed = submit("failed")  # COMPLETED, and only the result says otherwise
    for _ in range(3):
        status = failed.status()
    assert isinstance(status, fal.Completed)
    with pytest.raises(fal.FalClientHTTPError) as caught:
        failed.get()
    assert (caught.value.status_code, caught.value.error_type) == (500, "internal_error")
    refused = submit("refused_input")
    with pytest.raises(fal.FalClientHTTPError) as caught:
        refused.get()
    assert caught.value.status_code == 422
    assert caught.value.response.json()["detail"][0]["type"] == "content_policy_violation"
    for word, status in (("limited", 429), ("unpaid", 402), ("down", 503)):
        with pytest.raises(fal.FalClientHTTPError) as caught:
            submit(word)
        assert caught.value.status_code == status
    with pytest.raises(fal.FalClientHTTPError, match="would retry"):
        client.submit("fal-ai/flux/schnell", arguments={"prompt": "a mug"})
    assert fake.creates == 6


@pytest.mark.parametrize("fake", ["replicate-flux-schnell"], indirect=True)
def test_replicate(fake, request):
    replicate = pytest.importorskip("replicate", reason="the oracles extra is not installed")
    errors = pytest.importorskip("replicate.exceptions")
    client = replicate.Client(api_token=KEY, base_url=fake.origin)
    request.addfinalizer(client._client.close)  # the SDK closes none
    client.poll_interval = 0.01

    def ask(word):
        return client.models.predictions.create(
            model="black-forest-labs/flux-schnell", input={"prompt": f"a mug #{word}"}
        )

    job = ask("happy")
    assert job.status == "starting"
    job.wait()
    assert (job.status, job.metrics) == ("succeeded", {"predict_time": 0.42})
    assert fetched(job.output[0], "image") == "ok"
    refused = ask("refused_output")
    refused.wait()
    assert refused.status == "failed"
    assert "NSFW" in refused.error
    whole = ask("output_string")
    whole.wait()
    assert isinstance(whole.output, str)
    for word, status in (("limited", 429), ("unpaid", 402), ("gone", 404), ("unauthorised", 401)):
        with pytest.raises(errors.ReplicateError) as caught:
            ask(word)
        assert caught.value.status == status
        assert caught.value.detail
    running = ask("slow")
    running.cancel()
    assert fake.jobs[running.id].cancelled
    assert fake.creates == 8


@pytest.mark.parametrize("fake", ["runway-gen4.5"], indirect=True)
def test_runway(fake):
    runwayml = pytest.importorskip("runwayml", reason="the oracles extra is not installed")
    client = runwayml.RunwayML(api_key=KEY, base_url=fake.origin, max_retries=0)

    def ask(word):
        made = client.text_to_video.create(
            model="gen4.5", prompt_text=f"a mug #{word}", ratio="1280:720", duration=5, seed=1
        )
        task = client.tasks.retrieve(made.id)
        seen = [task.status]
        while task.status not in ("SUCCEEDED", "FAILED", "CANCELLED"):
            task = client.tasks.retrieve(made.id)
            seen.append(task.status)
        return task, seen

    task, seen = ask("happy")
    assert seen == ["PENDING", "SUCCEEDED"]
    assert task.cost.credits == 35
    assert fetched(task.output[0], "video") == "ok"
    task, _ = ask("refused_input")
    assert (task.failure_code, task.cost.credits) == ("SAFETY.INPUT.TEXT", 35)
    task, _ = ask("refunded")
    assert (task.status, task.cost.credits) == ("FAILED", 0)
    made = client.text_to_image.create(
        model="gen4_image", prompt_text="a mug", ratio="1280:720", seed=1
    )
    assert client.tasks.retrieve(made.id).status == "PENDING"
    for word, kind in (
        ("unauthorised", runwayml.AuthenticationError),
        ("limited", runwayml.RateLimitError),
        ("broken", runwayml.InternalServerError),
    ):
        with pytest.raises(kind):
            ask(word)
    assert fake.creates == 7
    client.tasks.delete(made.id)
    assert fake.jobs[made.id.replace("-", "")].cancelled


@pytest.mark.parametrize("fake", ["luma-ray-2"], indirect=True)
def test_luma(fake):
    lumaai = pytest.importorskip("lumaai", reason="the oracles extra is not installed")
    base = f"{fake.origin}/dream-machine/v1"
    client = lumaai.LumaAI(auth_token=KEY, base_url=base, max_retries=0)

    def ended(job):
        while job.state not in ("completed", "failed"):
            job = client.generations.get(job.id)
        return job

    clip = ended(client.generations.video.create(model="ray-2", prompt="a mug", duration="5s"))
    assert fetched(clip.assets.video, "video") == "ok"
    still = ended(client.generations.image.create(model="photon-1", prompt="a mug"))
    assert fetched(still.assets.image, "image") == "ok"
    failed = ended(client.generations.video.create(model="ray-2", prompt="a mug #failed"))
    assert failed.failure_reason == "Internal error"
    with pytest.raises(lumaai.BadRequestError, match="moderation"):
        client.generations.video.create(model="ray-2", prompt="a mug #refused_input")
    with pytest.raises(lumaai.RateLimitError):
        client.generations.video.create(model="ray-2", prompt="a mug #limited")
    assert fake.creates == 5


@pytest.mark.parametrize("fake", ["vertex-veo-3.1-generate-001"], indirect=True)
def test_vertex(fake):
    genai = pytest.importorskip("google.genai", reason="the oracles extra is not installed")
    oauth = pytest.importorskip("google.oauth2.credentials")
    client = genai.Client(
        vertexai=True,
        project="p1",
        location="us-central1",
        credentials=oauth.Credentials(token=KEY),
        http_options={"base_url": fake.origin},
    )
    ends = {}
    for word in ("happy", "refused_output", "failed"):
        operation = client.models.generate_videos(
            model="veo-3.1-generate-001",
            prompt=f"a mug #{word}",
            config=genai.types.GenerateVideosConfig(
                number_of_videos=1, duration_seconds=6, aspect_ratio="16:9", seed=1
            ),
        )
        while not operation.done:
            operation = client.operations.get(operation)
        ends[word] = operation
    video = ends["happy"].response.generated_videos[0].video
    assert inspect(video.video_bytes, video.mime_type, "video").reason == "ok"
    refused = ends["refused_output"].response
    assert (refused.generated_videos, refused.rai_media_filtered_count) == (None, 1)
    assert ends["failed"].error["code"] == 13


@pytest.mark.parametrize("fake", ["gemini-omni-gemini-omni-1.2-flash"], indirect=True)
def test_omni(fake):
    genai = pytest.importorskip("google.genai", reason="the oracles extra is not installed")
    client = genai.Client(api_key=KEY, http_options={"base_url": fake.origin})
    ends = {}
    for word in ("happy", "failed"):
        job = client.interactions.create(
            model="gemini-omni-1.2-flash",
            input=f"a mug #{word}",
            background=True,
            response_format={"type": "video", "duration": "5s", "aspect_ratio": "16:9"},
        )
        while job.status in ("queued", "in_progress"):
            job = client.interactions.get(job.id)
        ends[word] = job
    item = ends["happy"].steps[0].content[0]
    assert item.type == "video"
    assert inspect(base64.b64decode(item.data), item.mime_type, "video").reason == "ok"
    assert ends["failed"].status == "failed"
