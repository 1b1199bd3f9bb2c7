"""Ideogram: what is not safe is HTTP 200 with an empty url."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from fakes.providers.engine import Asked, Fake, Job, Rejected, Stage, one_of
from fakes.providers.wire import Call, Reply

V3 = {"prompt", "seed", "num_images", "aspect_ratio", "resolution", "rendering_speed",
      "negative_prompt", "style_type", "magic_prompt"}  # fmt: skip
V4 = {"text_prompt", "json_prompt", "aspect_ratio", "resolution", "rendering_speed",
      "magic_prompt"}  # fmt: skip


class IdeogramFake(Fake):
    """api.ideogram.ai."""

    name = "ideogram"
    auth = ("api-key", "")
    statuses = {"bad_field": 400}

    def routes(self):
        return [("POST", r"/v1/ideogram-v(?P<v>[34])/generate", IdeogramFake._generate)]

    def problem(self, kind: str, status: int, said: str):
        return {"error": said}

    def _generate(self, call: Call, match: re.Match[str]) -> Reply:
        v = match["v"]
        form = call.form()
        if form is None and v == "4" and isinstance(call.json(), dict):
            form = call.json()
        if form is None:
            raise Rejected("bad_field", "content-type: must be multipart/form-data")
        stray = set(form) - (V3 if v == "3" else V4)
        text = form.get("prompt" if v == "3" else "text_prompt")
        if stray or not text:
            raise Rejected("bad_field", f"no prompt, or unknown fields: {sorted(stray)}")
        if "aspect_ratio" in form and "resolution" in form:
            raise Rejected("bad_field", "aspect_ratio or resolution, not both")
        speeds = ("TURBO", "DEFAULT", "QUALITY") + (("FLASH",) if v == "3" else ())
        one_of(form, "rendering_speed", speeds)
        one_of(form, "magic_prompt", ("OFF",))  # AUTO or ON would rewrite the prompt
        if "aspect_ratio" in form and not re.fullmatch(r"\d+x\d+", form["aspect_ratio"]):
            raise Rejected("bad_field", "aspect_ratio: such as 16x9")
        seed = int(form.get("seed", 0))
        if not 0 <= seed <= 2_147_483_647:
            raise Rejected("bad_field", "seed: out of range")
        return self.create(Asked(prompt=text, model=f"ideogram-v{v}", seed=seed, body=dict(form)))

    def refusal(self, asked: Asked) -> Reply:
        return Reply(422, {"error": "Prompt provided failed safety check due to the inclusion of "
                           "prohibited content."})  # fmt: skip

    def answer(self, job: Job, stage: Stage) -> Reply:
        if stage == "failed":
            return self.error("broken")
        refused = stage.startswith("refused")
        items = [] if stage == "empty" else [
            {"url": None if refused or job.scenario == "null_item" else self.url(job, i),
             "prompt": job.asked.prompt, "resolution": "1024x1024",
             "is_image_safe": not refused, "seed": job.asked.seed or 7,
             "style_type": "GENERAL"}
            for i in range(self.count(job))
        ]  # fmt: skip
        return Reply(200, {"created": datetime.now(UTC).isoformat(), "data": items})
