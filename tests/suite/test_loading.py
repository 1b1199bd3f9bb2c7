"""A suite file is either loaded whole, or refused with file, prompt, field and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qfloor import suite
from qfloor.errors import SuiteError
from qfloor.records import Prompt, Suite
from qfloor.suite.loading import split_of

HEADER = '[suite]\nname = "mine"\nversion = "1.0.0"\n'


def _prompt(**changes: str) -> str:
    fields = {"id": '"a-1"', "category": '"portrait"', "text": '"a face"'} | changes
    return "[[prompts]]\n" + "".join(f"{k} = {v}\n" for k, v in fields.items() if v)


def _load(tmp_path: Path, text: str) -> Suite:
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return suite.load(path)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (HEADER + _prompt(category='"portait"'), "prompt a-1: field 'category' is 'portait', "
         "unknown; did you mean 'portrait'?"),
        (HEADER + _prompt() + _prompt(), "prompt a-1: duplicate id (prompts number 1 and 2)"),
        (HEADER + _prompt(modality='"vidoe"'), "field 'modality' is 'vidoe', must be 'image' "
         "or 'video'; did you mean 'video'?"),
        (HEADER + _prompt(modality='"video"'), "category 'portrait' has only image"),
        (HEADER + _prompt(txet='"x"'), "unknown field 'txet'; did you mean 'text'?"),
        (HEADER + _prompt(text=""), "field 'text' is missing"),
        (HEADER + _prompt(text='""'), "field 'text' is ''"),
        (HEADER + _prompt(tags='["cuont"]'), "'tags' has 'cuont', unknown; did you mean 'count'?"),
        (HEADER + _prompt(seconds="5"), "'seconds' is set, but the modality is 'image'"),
        (HEADER + _prompt(aspect_ratio='"wide"'), "field 'aspect_ratio' is 'wide'"),
        (HEADER, "the suite has no prompts"),
        ('[suite]\nname = "mine"\n' + _prompt(), "field 'suite.version' is missing"),
        ("[suite\n", "not valid TOML"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_exactly(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(SuiteError) as told:
        _load(tmp_path, text)
    message = str(told.value)
    assert says in message
    assert "mine.toml" in message
    assert "\n" not in message or "TOML" in message


def test_missing_file_and_unknown_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SuiteError, match=r"no such suite file$"):
        suite.load(tmp_path / "nowhere.toml")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SuiteError) as told:
        suite.load("nowhere.toml")
    assert str(told.value).endswith(f"no such suite file in {tmp_path}, where qfloor was called")
    with pytest.raises(SuiteError, match="did you mean 'painters'"):
        suite.load("painter")


def test_a_suite_is_looked_for_beside_the_file_that_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    called, kept = tmp_path / "called", tmp_path / "kept"
    for n, folder in enumerate((called, kept)):
        folder.mkdir()
        text = HEADER + _prompt(id=f'"a-{n}"')
        (folder / "mine.toml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(called)
    benchmark = Path("../kept/may.toml")
    assert [p.id for p in suite.load("mine.toml", beside=benchmark).prompts] == ["a-1"]
    (kept / "mine.toml").unlink()
    assert [p.id for p in suite.load("mine.toml", beside=benchmark).prompts] == ["a-0"]
    (called / "mine.toml").unlink()
    with pytest.raises(SuiteError) as told:
        suite.load("mine.toml", beside=benchmark)
    assert str(told.value) == (
        f"mine.toml: no such suite file in {kept}, nor in {called}, where qfloor was called"
    )


def test_a_folder_called_like_a_suite_hides_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "painters").mkdir()
    monkeypatch.chdir(tmp_path)
    assert suite.load("painters").name == "painters"


def test_not_utf8(tmp_path: Path) -> None:
    path = tmp_path / "latin.toml"
    path.write_bytes(b'[suite]\nname = "\xe9"\n')
    with pytest.raises(SuiteError, match="not UTF-8 at byte"):
        suite.load(path)


def test_declared_categories(tmp_path: Path) -> None:
    declared = '[[categories]]\nid = "icons"\ndescription = "app icons"\n'
    loaded = _load(tmp_path, HEADER + declared + _prompt(category='"icons"'))
    assert loaded.prompts[0].category == "icons"


def test_a_base_lies_beside_the_suite_that_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pool").mkdir()
    (tmp_path / "pool" / "base.toml").write_text(HEADER + _prompt(), encoding="utf-8")
    chosen = '[suite]\nname = "few"\nversion = "1.0.0"\nbase = "pool/base.toml"\n'
    monkeypatch.chdir(tmp_path / "pool")
    assert len(_load(tmp_path, chosen + 'select = ["a-1"]\n').prompts) == 1


@pytest.mark.parametrize("base", ["mine.toml", "mine"])
def test_a_suite_is_never_its_own_base(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, base: str
) -> None:
    """It was read for ever."""
    (tmp_path / "pool").mkdir()
    (tmp_path / "pool" / "mine.toml").write_text(HEADER + _prompt(), encoding="utf-8")
    chosen = f'[suite]\nname = "few"\nversion = "1.0.0"\nbase = "{base}"\nselect = ["a-1"]\n'
    with pytest.raises(SuiteError, match=r"mine\.toml: base: "):
        _load(tmp_path, chosen)
    if base.endswith(".toml"):
        monkeypatch.chdir(tmp_path / "pool")
        assert len(_load(tmp_path, chosen).prompts) == 1


def test_suites_that_select_from_each_other(tmp_path: Path) -> None:
    for own, other in (("mine", "yours"), ("yours", "mine")):
        text = f'[suite]\nname = "few"\nversion = "1.0.0"\nbase = "{other}"\nselect = ["a-1"]\n'
        (tmp_path / f"{own}.toml").write_text(text, encoding="utf-8")
    with pytest.raises(SuiteError, match="select from each other"):
        suite.load(tmp_path / "mine.toml")


def test_a_base_that_is_not_there_is_told_with_the_suite(tmp_path: Path) -> None:
    (tmp_path / "painters.toml").mkdir()
    chosen = '[suite]\nname = "few"\nversion = "1.0.0"\nselect = ["{}"]\nbase = "{}"\n'
    with pytest.raises(SuiteError, match=r"mine\.toml: base: gone\.toml: no such suite file"):
        _load(tmp_path, chosen.format("a-1", "gone.toml"))
    first = suite.load("painters").prompts[0].id
    assert len(_load(tmp_path, chosen.format(first, "painters")).prompts) == 1


def test_a_suite_selects_from_its_base(tmp_path: Path) -> None:
    base = HEADER + _prompt() + _prompt(id='"a-2"', text='"another"')
    (tmp_path / "base.toml").write_text(base, encoding="utf-8")
    chosen = '[suite]\nname = "few"\nversion = "1.0.0"\nbase = "base"\nselect = ["a-2"]\n'
    few = _load(tmp_path, chosen)
    assert [p.id for p in few.prompts] == ["a-2"]
    assert few.prompts[0].digest == suite.load(tmp_path / "base.toml").prompts[1].digest
    with pytest.raises(SuiteError, match="selected id 'a-3' is not in suite 'mine'"):
        _load(tmp_path, chosen.replace("a-2", "a-3"))


TEXT = st.text(st.characters(blacklist_categories=("Cs", "Cc", "Zl", "Zp")), min_size=1).filter(
    lambda t: t.strip() == t and t
)


@given(texts=st.lists(TEXT, min_size=1, max_size=5), negative=st.none() | TEXT)
def test_what_is_written_loads_to_the_same_digest(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], negative: str | None
) -> None:
    prompts = tuple(
        Prompt(id=f"p-{i}", text=t, category="portrait", family=f"p-{i}", negative=negative,
               split=split_of(f"p-{i}"), must_render=(t,), tags=("text",), aspect_ratio="4:5")
        for i, t in enumerate(texts)
    )  # fmt: skip
    made = Suite(name="mine", version="1.2.3", prompts=prompts)
    path = suite.write(made, tmp_path_factory.mktemp("suite") / "mine.toml")
    assert suite.load(path).digest == made.digest


def test_an_edited_file_is_read_again_and_so_is_an_edited_base(tmp_path: Path) -> None:
    base, chosen = tmp_path / "base.toml", tmp_path / "chosen.toml"
    row = '[[prompts]]\nid = "a"\ntext = "{}"\ncategory = "general"\n'
    head = '[suite]\nname = "{}"\nversion = "1.0.0"\n'
    chosen.write_text(head.format("chosen") + 'base = "base"\nselect = ["a"]\n')
    for text in ("a fox", "a red fox"):
        base.write_text(head.format("base") + row.format(text))
        assert [p.text for p in suite.load(base).prompts] == [text]
        assert [p.text for p in suite.load(chosen).prompts] == [text]


def test_split_is_by_family_and_near_its_share() -> None:
    splits = [split_of(f"family-{i}") for i in range(4000)]
    assert 0.22 < splits.count("fit") / 4000 < 0.28
    assert split_of("family-1") == splits[1]
