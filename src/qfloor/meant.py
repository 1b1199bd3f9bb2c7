"""What a misspelt name was probably meant to be, in words that end a message."""

from __future__ import annotations

from collections.abc import Collection, Iterable


def meant(
    given: str, known: Iterable[str], otherwise: str | None = None, *, cutoff: float = 0.6
) -> str:
    """Ask for the known name that is nearest; where none is near, tell all, or what is said then.

    Examples
    --------
    >>> meant("portait", ["portrait", "landscape"])
    "; did you mean 'portrait'?"
    >>> meant("cats", ["portrait", "landscape"])
    '; known: portrait, landscape'
    >>> meant("cats", ["portrait", "landscape"], "see the list")
    '; see the list'
    """
    names = list(known)
    close = _nearest(given, names, cutoff)
    return _asked(close, f"known: {', '.join(names)}" if otherwise is None else otherwise)


def offer_meant(given: str, known: Collection[str], otherwise: str = "") -> str:
    """Ask for the offer that was probably meant; where none is near, tell what is said then.

    Where the seller is right or left out, what comes after it decides: all offers of a seller
    begin alike, and any of them would be near.

    Examples
    --------
    >>> offer_meant("shop/valu", ["shop/value", "shop/large"])
    "; did you mean 'shop/value'?"
    >>> offer_meant("value", ["shop/value"]), offer_meant("shpo/value", ["shop/value"])
    ("; did you mean 'shop/value'?", "; did you mean 'shop/value'?")
    >>> offer_meant("shop/other", ["shop/value"])
    ''
    """
    seller, slash, model = given.partition("/")
    own = [offer for offer in known if not slash or offer.startswith(f"{seller}/")]
    if not own:
        return meant(given, known, otherwise)
    models = {offer.partition("/")[2] or offer: offer for offer in own}
    close = _nearest(model if slash else given, models, 0.5)
    return _asked(close and models[close], otherwise)


def _nearest(given: str, known: Iterable[str], cutoff: float) -> str:
    import difflib  # for a mistake only

    return next(iter(difflib.get_close_matches(given, list(known), n=1, cutoff=cutoff)), "")


def _asked(close: str, otherwise: str) -> str:
    hint = f"did you mean {close!r}?" if close else otherwise
    return f"; {hint}" if hint else ""
