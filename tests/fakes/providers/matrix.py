"""Which sellers are tested, how each works, and by what its fake was judged.

A case is one adapter asked for one modality of one model. ``ORACLES`` says which official SDK
accepts the fake's answers (retries off); the others are contract-only: their fakes were written
from the facts by someone who had not read the adapter (DashScope's pictures: from the published
reference, by someone who had). docs/reference/providers.md shows it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from fakes.providers.engine import RULE_NANOUSD, Fake
from qfloor.records import Offer, PluginSpec, PriceComponent, PriceRule, Prompt

KEY_ENV = "QFLOOR_FAKE_KEY"

# provider -> the SDK that is its oracle; None: contract-only
ORACLES: dict[str, str | None] = {
    "fal": "fal-client", "replicate": "replicate", "openai": "openai", "gemini": "google-genai",
    "bfl": None, "runway": "runwayml", "ark": None, "stability": None, "ideogram": None,
    "recraft": None, "kling": None, "minimax": None, "dashscope": None, "xai": None,
    "together": "together", "luma": "lumaai", "vertex": "google-genai",
    "gemini-omni": "google-genai", "openai-compatible": "openai",
}  # fmt: skip

# families of a provider with an SDK that the SDK does not speak
CONTRACT_ONLY: tuple[tuple[str, str], ...] = (("luma", "agents"),)


@dataclass(frozen=True, kw_only=True)
class Case:
    """One adapter, one model.

    ``traits``: ``jobs`` or ``sync``; ``url`` (media on another host), ``inline`` or ``content``
    (media from the API itself); ``told`` where the answer tells what it cost.
    """

    provider: str
    fake: str
    endpoint: str
    traits: frozenset[str]
    modality: str = "image"
    seconds: float | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    args: dict[str, Any] = field(default_factory=dict)
    path: str = ""

    @property
    def id(self) -> str:
        return f"{self.provider}-{self.endpoint.split('/')[-1]}"

    @property
    def tags(self) -> frozenset[str]:
        """What a scenario may ask for."""
        return self.traits | {self.modality, self.provider, self.id}

    def start(self, **options: Any) -> Fake:
        """Open the fake."""
        module, _, name = self.fake.partition(":")
        found: Fake = getattr(import_module(f"fakes.providers.{module}"), name)(**options)
        return found

    def offer(self, fake: Fake, **more: Any) -> Offer:
        """Build an offer that is served by a fake."""
        args = {"base_url": fake.origin + self.path, "key_env": KEY_ENV,
                "timeout_s": 10.0, **self.args,
                **(more.pop("args", None) or {})}  # fmt: skip
        unit: Any = "image" if self.modality == "image" else "video"
        amount = f"{RULE_NANOUSD[self.modality] / 1e9:.2f}"
        price = PriceRule(components=(PriceComponent(unit=unit, amount=amount),), source="fake",
                          as_of="2026-11-01")  # fmt: skip
        name = self.endpoint.split("/")[-1]
        return Offer(
            id=f"{self.provider}/{name}", model=name, provider=self.provider, price=price,
            modality=self.modality, settings={"endpoint": self.endpoint, **self.settings},
            generator=PluginSpec(name=self.provider, args=args), **more,
        )  # fmt: skip

    def prompt(self, text: str, id: str = "p") -> Prompt:
        """Build a prompt of the case's modality."""
        return Prompt(id=id, text=text, category="general", modality=self.modality,
                      aspect_ratio="16:9", seconds=self.seconds)  # fmt: skip


def _case(provider: str, fake: str, endpoint: str, traits: str, **more: Any) -> Case:
    return Case(provider=provider, fake=fake, endpoint=endpoint,
                traits=frozenset(traits.split()), **more)  # fmt: skip


_VIDEO = {"modality": "video", "seconds": 5.0}
CASES: tuple[Case, ...] = (
    _case("fal", "fal:FalFake", "fal-ai/flux/schnell", "jobs url"),
    _case("fal", "fal:FalFake", "fal-ai/veo3.1", "jobs url", **_VIDEO),
    _case("replicate", "replicate:ReplicateFake", "black-forest-labs/flux-schnell", "jobs url"),
    _case("replicate", "replicate:ReplicateFake", "bytedance/seedance-2.0", "jobs url", **_VIDEO),
    _case("openai", "openai_images:OpenAIFake", "gpt-image-2", "sync inline"),
    _case("gemini", "gemini:GeminiFake", "gemini-3.1-flash-image", "sync inline"),
    _case("bfl", "bfl:BflFake", "flux-2-pro", "jobs url told"),
    _case("runway", "runway:RunwayFake", "gen4_image", "jobs url told"),
    _case("runway", "runway:RunwayFake", "gen4.5", "jobs url told", **_VIDEO),
    _case("ark", "ark:ArkFake", "seedream-4-0-250828", "sync inline"),
    _case("ark", "ark:ArkFake", "dreamina-seedance-2-0-260128", "jobs url", **_VIDEO),
    _case("stability", "stability:StabilityFake", "core", "sync inline"),
    _case("stability", "stability:StabilityFake", "sd3.5-large", "sync inline"),
    _case("ideogram", "ideogram:IdeogramFake", "ideogram-v3", "sync url"),
    _case("ideogram", "ideogram:IdeogramFake", "ideogram-v4", "sync url"),
    _case("recraft", "recraft:RecraftFake", "recraftv4_1", "sync inline told"),
    _case("kling", "kling:KlingFake", "kling-v3", "jobs url", **_VIDEO),
    _case("minimax", "minimax:MiniMaxFake", "MiniMax-Hailuo-2.3", "jobs url", modality="video",
          seconds=6.0),
    _case("minimax", "minimax:MiniMaxFake", "MiniMax-H3", "jobs url", **_VIDEO),
    _case("dashscope", "dashscope:DashScopeFake", "wan2.7-t2v", "jobs url", **_VIDEO),
    _case("dashscope", "dashscope_pictures:DashScopePicturesFake", "qwen-image-2.0", "sync url"),
    _case("dashscope", "dashscope_pictures:DashScopePicturesFake", "wan2.7-image", "sync url"),
    _case("xai", "xai:XaiFake", "grok-imagine-image", "sync inline told"),
    _case("xai", "xai:XaiFake", "grok-imagine-video-1.5", "jobs url told", **_VIDEO),
    _case("together", "together:TogetherFake", "black-forest-labs/FLUX.1-schnell", "sync inline"),
    _case("together", "together:TogetherVideoFake", "minimax/hailuo-02", "jobs url told",
          modality="video", seconds=6.0),
    _case("luma", "luma:LumaFake", "photon-1", "jobs url"),
    _case("luma", "luma:LumaFake", "ray-2", "jobs url", **_VIDEO),
    _case("luma", "luma:LumaFake", "ray-3.2", "jobs url", **_VIDEO),
    _case("vertex", "vertex:VertexFake", "veo-3.1-generate-001", "jobs inline", modality="video",
          seconds=6.0, args={"project": "p1", "location": "us-central1"}),
    _case("gemini-omni", "omni:OmniFake", "gemini-omni-1.2-flash", "jobs inline", **_VIDEO),
    _case("openai-compatible", "compatible:CompatibleFake", "some-image-model", "sync url",
          path="/v1"),
    _case("openai-compatible", "compatible:CompatibleFake", "sora-2", "jobs content",
          modality="video", seconds=4.0, path="/v1"),
)  # fmt: skip


def case(id: str) -> Case:
    """Find a case by its id."""
    return next(c for c in CASES if c.id == id)
