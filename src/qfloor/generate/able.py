"""What an offer can be asked for at all, by what is declared of it."""

from __future__ import annotations

from qfloor.records import Offer, Prompt


def cannot(offer: Offer, prompt: Prompt, today: str = "") -> str:
    """Why an offer is not asked for a prompt, or nothing; unknown capability is no reason.

    ``today`` is an ISO 8601 day; without one no date of an offer is past.
    """
    able = offer.capabilities
    if offer.generator is None:
        return "the offer has no generator"
    if offer.lifecycle.state == "gone":
        return "the offer is gone"
    if today and offer.lifecycle.gone and offer.lifecycle.gone <= today:
        return f"the offer is gone since {offer.lifecycle.gone}"
    if not offer.makes(prompt.modality):
        return f"modality: makes no {prompt.modality}"
    ratio = prompt.aspect_ratio
    if ratio and able.aspect_ratios is not None and ratio not in able.aspect_ratios:
        return f"capability: no aspect ratio {ratio}"
    if prompt.seconds and able.longest is not None and prompt.seconds > able.longest:
        return f"capability: at most {able.longest:g} s, not {prompt.seconds:g} s"
    if prompt.negative and able.negative_prompt is False:
        return "capability: takes no negative prompt"
    if able.languages is not None and prompt.language not in able.languages:
        return f"capability: does not read {prompt.language!r}"
    return ""
