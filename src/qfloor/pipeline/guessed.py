"""The router's guess at the category of a text, before there is any release to route by."""

from __future__ import annotations

from collections.abc import Callable

from qfloor.records import CATEGORIES
from qfloor.router import Need
from qfloor.router.classifier import Classifier
from qfloor.router.lexicon import SETTINGS, WORDS
from qfloor.router.weights import default_weights


def category_guess(modality: str | None = None) -> Callable[[str], str | None]:
    """Make what reads a text as the router does, by the weights of the package.

    Parameters
    ----------
    modality : str, optional
        ``image`` or ``video``, where all that is asked for is one of them.

    Returns
    -------
    callable
        Text -> category, or None where the router would be unsure.
    """
    classifier = Classifier({c.id: c for c in CATEGORIES}, WORDS, SETTINGS, default_weights())
    return lambda text: classifier.classify(Need(prompt=text, modality=modality)).category
