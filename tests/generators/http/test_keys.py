"""Keys are found where they may be, and are shown to nobody."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qfloor.errors import SetupError
from qfloor.generators.http.keys import HIDDEN, find_key, redactor

SECRET = "planted-0123456789-secret"


def ring(folder: Path, text: str = f'FAL_KEY = "{SECRET}"', mode: int = 0o600) -> Path:
    path = folder / "keys.toml"
    path.write_text(text)
    path.chmod(mode)
    return path


def test_the_environment_comes_before_the_keyring(tmp_path: Path) -> None:
    path = str(ring(tmp_path))
    assert find_key("FAL_KEY", {"QFLOOR_KEYS": path}) == SECRET
    assert find_key("FAL_KEY", {"QFLOOR_KEYS": path, "FAL_KEY": " other "}) == "other"


@pytest.mark.parametrize(
    ("text", "mode", "in_git", "says"),
    [
        (f'FAL_KEY = "{SECRET}"', 0o644, False, "open to others"),
        (f'FAL_KEY = "{SECRET}"', 0o640, False, "open to others"),
        (f'FAL_KEY = "{SECRET}"', 0o600, True, "inside a git work tree"),
        (f"FAL_KEY = {SECRET}", 0o600, False, "is not TOML"),
        ('OTHER = "x"', 0o600, False, "there is no key FAL_KEY"),
        (f'FAL_KEY = "{SECRET} {SECRET}"', 0o600, False, "holds characters"),
    ],
)
def test_a_keyring_that_is_not_safe_is_refused_without_a_key_in_the_message(
    tmp_path: Path, text: str, mode: int, in_git: bool, says: str
) -> None:
    folder = tmp_path / "deep" / "er"
    folder.mkdir(parents=True)
    if in_git:
        (tmp_path / ".git").mkdir()
    path = ring(folder, text, mode)
    with pytest.raises(SetupError, match=says) as caught:
        find_key("FAL_KEY", {"QFLOOR_KEYS": str(path)})
    assert SECRET not in str(caught.value)


def test_a_keyring_behind_a_link_is_where_it_really_is(tmp_path: Path) -> None:
    (tmp_path / "repo" / ".git").mkdir(parents=True)
    path = ring(tmp_path / "repo")
    link = tmp_path / "link.toml"
    link.symlink_to(path)
    with pytest.raises(SetupError, match="git work tree"):
        find_key("FAL_KEY", {"QFLOOR_KEYS": str(link)})


def test_no_keyring_at_all_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="set it in the environment"):
        find_key("FAL_KEY", {})
    with pytest.raises(SetupError, match="cannot be read"):
        find_key("FAL_KEY", {"QFLOOR_KEYS": str(tmp_path / "none.toml")})


@given(before=st.text(max_size=40), after=st.text(max_size=40))
def test_a_key_is_hidden_wherever_it_stands(before: str, after: str) -> None:
    redact = redactor(SECRET)
    said = f"{before}{SECRET}{after}"
    assert SECRET not in str(redact({"a": [said, {said: said}], "b": (said,)}))


@pytest.mark.parametrize(
    "said",
    [
        "Authorization: Bearer abcdefghijklmnop",
        "https://host/v1?key=abcdefghijklmnop&x=1",
        "sk-abcdefghijklmnop0123",
        "AIzaSyA0123456789abcdefghijk",
        "ya29.abcdefghijklmnopqrstuvw",
    ],
)
def test_what_looks_like_a_key_is_hidden_although_it_is_not_ours(said: str) -> None:
    assert HIDDEN in redactor("")(said)
    assert "abcdefghijk" not in redactor("")(said)
