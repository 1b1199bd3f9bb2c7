"""Every hosted offer that ships can be put into its provider's words, with nothing dropped."""

from __future__ import annotations

from pathlib import Path

import pytest

from qfloor.generate import asked_for
from qfloor.generators.catalogue import catalogue
from qfloor.generators.http.asking import Ask
from qfloor.generators.http.generator import HttpGenerator
from qfloor.generators.protocol import Request
from qfloor.plugins import build_generator
from qfloor.records import Offer, Prompt

SPELT = {
    offer.id: offer
    for offer in catalogue().values()
    if offer.generator is not None
    and offer.generator.name not in ("painters", "folder", "diffusers")
    and offer.lifecycle.state != "gone"
}


@pytest.mark.parametrize("offer", SPELT.values(), ids=SPELT)
def test_nothing_of_an_offer_is_dropped(
    offer: Offer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert offer.generator is not None
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "p")
    generator = build_generator(offer.generator, [offer], tmp_path)
    assert isinstance(generator, HttpGenerator)
    prompt = Prompt(id="p", text="a cube", category="product-photo", modality=offer.modality)
    request = Request(key="k", prompt=prompt, offer=offer, repeat=0, round="r", seed=1)
    assert generator.declines(request) is None
    family = generator.family(request)
    assert family is not None
    asked = Ask(request, family)
    call = generator.call(asked)
    assert call.path.startswith(("/", "https://"))
    assert "a cube" in str(call.json or call.form)
    assert (asked.dropped, asked.adjusted) == ({}, {})


@pytest.mark.parametrize("offer", SPELT.values(), ids=SPELT)
def test_the_lengths_that_are_charged_are_those_that_are_asked_for(
    offer: Offer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The catalogue says them, for plans and the router; a family, for the call."""
    assert offer.generator is not None
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "p")
    generator = build_generator(offer.generator, [offer], tmp_path)
    assert isinstance(generator, HttpGenerator)
    for seconds in (None, 3.0, 5.0, 6.5, 8.0, 9.5):
        prompt = Prompt(
            id="p", text="x", category="video", modality=offer.modality, seconds=seconds
        )
        request = Request(key="k", prompt=prompt, offer=offer, repeat=0, round="r", seed=1)
        told = generator.seconds_asked(request)
        if told is None or generator.declines(request) or "seconds" in offer.settings:
            continue
        planned = asked_for(offer, prompt)["seconds"]
        assert planned is None if seconds is None and planned is None else planned >= told
        if seconds is not None:
            assert planned == told
