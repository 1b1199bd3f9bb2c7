"""One pass over the words of a request gives what reading it in two steps gives."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from qfloor.router.languages import BY_WORD
from qfloor.router.phrases import arrange
from qfloor.router.reading import MOST_WORDS, content_of, marks_of, read
from qfloor.router.sweep import sweep
from qfloor.router.vocabulary import Vocabulary
from qfloor.router.weights import default_weights

STOPS = arrange({"lake": {"landscape": 2.0}, "lake house": {"architectural-render": 3.0}}).stops
WORDS = Vocabulary(STOPS, default_weights())
SAID = [
    *("a", "photo", "of", "lake", "house", "people", "portrait", "neon", "gas", "a", "face"),
    *("without", "no", "not", ",", ".", "!", "?", "4", "35", "1920", "31999", "湖の夕景", "мост"),
    "\n",
]


@given(st.lists(st.sampled_from(SAID), max_size=2 * MOST_WORDS).map(" ".join) | st.text())
@example("a lake, without people or text")
@example("no " * MOST_WORDS + "lake")
@example("neon, gas; a photo, of")
@example("lake " * (MOST_WORDS + 9) + ", no the lake house")
def test_one_pass_is_two_steps(text: str) -> None:
    weights, reading = default_weights(), read(text)
    tokens = reading.tokens
    words = WORDS.look_up(tokens)
    content = content_of(tokens)
    swept = sweep(reading, words, weights.others)
    known = dict(zip(tokens[:MOST_WORDS], words, strict=False))
    assert swept.total == weights.total(content, known)
    assert swept.length == content.length
    assert swept.languages == sum(BY_WORD.get(token, 0) for token in tokens)
    assert [i for i, stop in swept.stops if stop.marks] == marks_of(tokens)
    assert [stop for _, stop in swept.stops] == [w[2] for w in words if w[2] is not None]
