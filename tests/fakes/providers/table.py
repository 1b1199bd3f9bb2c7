"""The one table: scenario -> what it amounts to, for every adapter it applies to.

Written from the facts alone (facts/providers.md sections 2, 5, 6, 7 and 10, facts/routers.md 6c),
before any adapter was read. A row asks for traits of a case (`fakes.providers.matrix`); ``but``
are cases where the seller's own protocol makes it otherwise, with the reason beside them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fakes.providers.matrix import CASES, Case
from qfloor.records import REASONS


@dataclass(frozen=True)
class Row:
    """What a scenario comes to.

    ``reasons``: any of these. ``charged``: yes, no, unknown, or any where the facts do not say;
    with yes and no the ledger must agree with the seller's to the nano-dollar. ``posts``: creates.
    """

    word: str
    reasons: tuple[str, ...]
    charged: str
    posts: int = 1
    needs: frozenset[str] = frozenset()
    only: tuple[str, ...] = ()
    but: Mapping[str, Any] = field(default_factory=dict)

    def applies(self, case: Case) -> bool:
        """Whether the case knows this scenario."""
        if self.but.get(case.id, self.but.get(case.provider, "")) is None:
            return False
        return self.needs <= case.tags and (not self.only or bool({*self.only} & case.tags))

    def for_case(self, case: Case) -> Row:
        """The row as this case has it."""
        other = self.but.get(case.id) or self.but.get(case.provider)
        if not other:
            return self
        return Row(self.word, other[0], other[1], other[2] if len(other) > 2 else self.posts)

    @property
    def statuses(self) -> set[str]:
        """What the reasons amount to."""
        return {REASONS[r].value for r in self.reasons}


def _row(word: str, reasons: str, charged: str, posts: int = 1, needs: str = "", only: str = "",
         but: Mapping[str, Any] | None = None) -> Row:  # fmt: skip
    return Row(word, tuple(reasons.split()), charged, posts, frozenset(needs.split()),
               tuple(only.split()), but or {})  # fmt: skip


# MiniMax v1 answers all of these with HTTP 200 and a code; 2013 is "params" for a wrong model too
_V1 = "minimax-MiniMax-Hailuo-2.3"
# who says "refused" the same way whether the prompt or the picture was at fault
_EITHER = (("refused_input", "refused_output"), "any")
_BILLED = (("refused_output",), "yes")  # and they tell the cost
_REFUSED_FREE = (("refused_input",), "no")  # the answer says so
_TELLS_LATE = {"fal": _EITHER, "replicate": _EITHER, "gemini-omni": _EITHER}

TABLE: tuple[Row, ...] = (
    # -- it works, and is followed through what the protocol allows
    _row("happy", "ok", "yes"),
    _row("extra_field", "ok", "yes"),
    _row("drip", "ok", "yes"),
    _row("slow", "ok", "yes", needs="jobs"),
    _row("strange_status", "ok", "yes", needs="jobs"),
    _row("poll_broken_once", "ok", "yes", needs="jobs"),
    _row("poll_limited_once", "ok", "yes", needs="jobs"),
    _row("poll_page_once", "ok", "yes", needs="jobs"),
    _row("poll_reset_once", "ok", "yes", needs="jobs"),
    _row("poll_moved_once", "ok", "yes", needs="jobs"),
    _row("more_items", "ok", "yes", only="fal-schnell replicate-flux-schnell openai gemini runway "
         "ark-seedream-4-0-250828 ideogram recraft xai-grok-imagine-image together-FLUX.1-schnell "
         "vertex gemini-omni openai-compatible-some-image-model"),
    _row("other_model", "ok", "yes", only="replicate gemini ark xai together-FLUX.1-schnell luma "
         "gemini-omni openai-compatible minimax-MiniMax-H3"),
    _row("skewed_clock", "ok", "yes", only="fal-schnell replicate bfl runway kling dashscope"),
    _row("throttled", "ok", "yes", only="runway"),
    _row("output_string", "ok", "yes", only="replicate"),
    _row("output_object", "ok", "yes", only="replicate"),
    # -- never taken
    _row("unauthorised", "auth", "no"),
    _row("unpaid", "billing", "no"),
    _row("quota", "billing", "no", only="openai openai-compatible replicate kling dashscope ark "
         "gemini vertex gemini-omni recraft together xai minimax-MiniMax-Hailuo-2.3"),
    _row("forbidden", "permission", "no", but={_V1: None}),
    _row("gone", "model_gone", "no", but={_V1: (("invalid_request", "model_gone"), "no")}),
    _row("bad_field", "invalid_request", "no"),
    _row("retired", "model_gone", "no"),
    _row("create_moved", "invalid_request malformed_answer", "no"),
    _row("limited_once", "ok", "yes", 2),
    _row("limited_bare_once", "ok", "yes", 2),
    _row("limited_date_once", "ok", "yes", 2),
    _row("down_once", "ok", "yes", 2),
    _row("down", "capacity", "no", 2),
    # -- perhaps taken: one POST, never another
    _row("broken", "timeout_ambiguous", "unknown"),
    _row("broken_after", "timeout_ambiguous", "unknown"),
    _row("reset", "timeout_ambiguous", "unknown"),
    _row("cut", "timeout_ambiguous malformed_answer", "unknown"),
    _row("page_502", "timeout_ambiguous", "unknown"),
    _row("page_503", "timeout_ambiguous", "unknown"),
    _row("html_create", "malformed_answer timeout_ambiguous", "unknown"),
    # -- refused
    _row("refused_input", "refused_input", "any", but={
        **_TELLS_LATE, "runway": (("refused_input",), "yes"), "stability": _REFUSED_FREE}),
    _row("refused_output", "refused_output", "any", but={
        **_TELLS_LATE, "together-FLUX.1-schnell": _EITHER, "recraft": _EITHER, "together": _EITHER,
        "openai-compatible": _EITHER, "luma": _EITHER, "dashscope": _EITHER,
        "runway": _BILLED, "xai": _BILLED}),
    _row("nsfw", "refused_output", "yes", only="fal-schnell"),
    _row("no_image", "refused_output", "any", only="gemini"),
    # -- taken and not made
    _row("failed", "provider_error", "no", 2, needs="jobs"),
    _row("refunded", "provider_error", "no", 2, only="runway"),
    _row("partner_down", "capacity", "no", 2, only="runway"),
    _row("expired_job", "job_expired", "any", 2, only="minimax-MiniMax-H3 "
         "xai-grok-imagine-video-1.5 ark-dreamina-seedance-2-0-260128"),
    _row("vanish", "job_expired", "any", 2, needs="jobs"),
    # -- said to be made, and nothing there
    _row("empty", "empty_success", "yes", but={
        "stability": (("empty_success", "undecodable"), "yes"),
        "openai-compatible-sora-2": (("empty_success", "undecodable"), "yes")}),
    _row("null_item", "empty_success", "yes", only="openai ideogram gemini "
         "openai-compatible-some-image-model"),
    # -- made, and what the media are
    _row("untyped", "ok", "yes", but={"gemini": None, "gemini-omni": None, "vertex": None}),
    _row("black", "one_colour", "yes"),
    _row("cut_media", "undecodable zero_frames", "yes"),
    _row("html_media", "undecodable", "yes"),
    _row("bomb", "undecodable", "yes", needs="image"),
    _row("zero_frames", "zero_frames undecodable", "yes", needs="video"),
    _row("wrong_modality", "wrong_modality", "yes"),
    _row("cut_once", "ok", "yes", needs="url"),
    _row("oversized", "undecodable", "yes", needs="url"),
    _row("redirected", "ok", "yes", needs="url"),
    _row("expired", "url_expired", "yes", 2, needs="url"),
    _row("expired_once", "ok", "yes", only="runway"),
    _row("foreign", "malformed_answer", "any", needs="url"),
    _row("stranger", "malformed_answer", "any", only="fal replicate bfl"),  # whose hosts are known
    _row("local_file", "malformed_answer", "any", needs="url"),
    _row("redirect_private", "malformed_answer", "any", needs="url"),
    _row("redirect_loop", "malformed_answer url_expired undecodable", "any", needs="url"),
    # -- what it cost
    _row("cost_absent", "ok", "yes", needs="told"),
)  # fmt: skip

# What users complained of (facts/providers.md section 7), each a case and a scenario of the table
THREADS: dict[str, tuple[str, str]] = {
    "vargHQ/sdk#92 timeout loses a paid job": ("fal-schnell", "reset"),
    "elizaOS/eliza#11862 double charge after a timeout": ("openai-gpt-image-2", "reset"),
    "edenartlab/eve#576 never retry after acceptance": ("replicate-flux-schnell", "broken_after"),
    "simstudioai/sim#4684 no cost told, result kept": ("runway-gen4_image", "cost_absent"),
    "replicate/replicate-python#369 output is a string": (
        "replicate-flux-schnell", "output_string"),
    "fal-ai/fal#371 another model than asked for": ("replicate-flux-schnell", "other_model"),
    "openai/codex#40816 harmless prompt blocked": ("openai-gpt-image-2", "refused_input"),
    "minimaxir/gemimg#5 Gemini NO_IMAGE": ("gemini-gemini-3.1-flash-image", "no_image"),
    "Comfy-Org/ComfyUI#11848 Gemini IMAGE_SAFETY": (
        "gemini-gemini-3.1-flash-image", "refused_output"),
    "google-gemini/.github#21 Gemini answers with nothing": (
        "gemini-gemini-3.1-flash-image", "empty"),
    "majiayu000/litellm-rs#1251 BFL Request Moderated": ("bfl-flux-2-pro", "refused_input"),
    "ai-dock/comfyui#148 a black picture for a moderated job": ("bfl-flux-2-pro", "black"),
    "TanStack/ai#396 fal COMPLETED that failed": ("fal-schnell", "failed"),
    "QuantumNous/new-api#6838 Veo filtered is no success": (
        "vertex-veo-3.1-generate-001", "refused_output"),
    "BerriAI/litellm#10811 data is an empty list": ("openai-gpt-image-2", "empty"),
    "QuantumNous/new-api#3148 Kling risk control": ("kling-kling-v3", "refused_output"),
    "theopenco/llmgateway#4170 xAI bills a block": (
        "xai-grok-imagine-video-1.5", "refused_output"),
    "scenario-labs/skills#115 refused after the full render": ("runway-gen4.5", "refused_output"),
    "ZHO-ZHO-ZHO/ComfyUI-StableDiffusion3-API#2 Stability 402": ("stability-core", "unpaid"),
    "replicate/replicate-python#115 links die after an hour": ("replicate-flux-schnell", "expired"),
    "pollinations/pollinations#8848 an error page with status 200": (
        "openai-compatible-some-image-model", "html_create"),
    "wavespeed.ai Veo 429 RESOURCE_EXHAUSTED": ("vertex-veo-3.1-generate-001", "limited_once"),
}  # fmt: skip


def cells() -> list[tuple[Case, Row]]:
    """Every case with every scenario that applies to it."""
    return [(case, row.for_case(case)) for case in CASES for row in TABLE if row.applies(case)]


def row(word: str) -> Row:
    """Find a row by its scenario."""
    return next(r for r in TABLE if r.word == word)
