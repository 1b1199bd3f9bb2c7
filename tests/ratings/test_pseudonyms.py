"""Who rated stays here: salted pseudonyms, one for a person, whatever is imported again."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import sqlite3

import pytest

from qfloor.errors import RatingsError
from qfloor.ratings import import_ratings
from qfloor.ratings.pseudonyms import FILE, Salt, open_salt
from qfloor.store import Store

ROUND = "2026-11"
HEAD = "item_id,prompt_id,model_id,rater_id,score,scale_min,scale_max"
ROWS = ("g1,p1,m,worker@example.org,7,0,10", "g1,p1,m,A1B2C3,6,0,10", "g2,p2,m,A1B2C3,5,0,10")


def raters(store):
    return {r.rater for r in store.ratings_of()}


def test_a_rater_is_stored_as_the_hmac_of_the_id_with_the_workspaces_salt(store, write):
    report = import_ratings(store, write(HEAD, *ROWS), round=ROUND)
    secret = bytes.fromhex((store.root / FILE).read_text().strip())
    expected = {
        "r-" + hmac.new(secret, name.encode(), hashlib.sha256).hexdigest()[:12]
        for name in ("worker@example.org", "A1B2C3")
    }
    assert raters(store) == expected
    assert (report.raters, report.hashed_raters) == (2, 2)


def test_neither_ids_nor_salt_are_anywhere_but_in_the_salts_file(store, write):
    report = import_ratings(store, write(HEAD, *ROWS), round=ROUND)
    secret = (store.root / FILE).read_text().strip()
    assert len(bytes.fromhex(secret)) == 32
    assert (store.root / FILE).stat().st_mode & 0o777 == 0o600
    dump = "\n".join(sqlite3.connect(store.root / "store.db").iterdump())
    for secret_word in ("example.org", "A1B2C3", secret, secret[:16]):
        assert secret_word not in dump
        assert secret_word not in json.dumps(report.to_row())
    assert "..." in repr(Salt(bytes.fromhex(secret)))
    assert secret not in repr(Salt(bytes.fromhex(secret)))


def test_two_workspaces_name_one_person_differently(store, write, tmp_path):
    path = write(HEAD, *ROWS)
    import_ratings(store, path, round=ROUND)
    with Store.open(tmp_path / "other", create=True) as other:
        import_ratings(other, path, round=ROUND)
        assert not raters(other) & raters(store)


def test_the_salt_is_drawn_once_and_a_person_is_one_across_files(store, write):
    import_ratings(store, write(HEAD, ROWS[1]), round=ROUND)
    first = (store.root / FILE).read_bytes()
    report = import_ratings(store, write(HEAD, *ROWS), round=ROUND)
    assert (store.root / FILE).read_bytes() == first
    assert report.added == 2
    assert len(raters(store)) == 2


@pytest.mark.parametrize("keep_first", [True, False])
def test_names_of_earlier_imports_are_kept_so_that_nothing_is_doubled(store, write, keep_first):
    path = write(HEAD, *ROWS)
    import_ratings(store, path, round=ROUND, keep_rater_ids=keep_first)
    before = raters(store)
    again = import_ratings(store, path, round=ROUND, keep_rater_ids=not keep_first)
    assert again.added == 0
    longer = write(HEAD, *ROWS, "g2,p2,m,worker@example.org,5,0,10")
    assert import_ratings(store, longer, round=ROUND, keep_rater_ids=not keep_first).added == 1
    assert raters(store) == before


def test_a_store_from_before_hashing_is_not_doubled(store, write):
    """Its ids are clear, its import notes carry no salt, and its keys were made otherwise."""
    path = write(HEAD, *ROWS)
    import_ratings(store, path, round=ROUND, keep_rater_ids=True)
    assert not (store.root / FILE).exists()
    with sqlite3.connect(store.root / "store.db") as older:
        older.execute("UPDATE imports SET counts = json_remove(counts, '$.salt'), digest = 'old'")
    again = import_ratings(store, path, round=ROUND)
    assert again.added == 0
    assert any(note.startswith("2 raters keep the unhashed ids") for note in again.notes)
    assert raters(store) == {"worker@example.org", "A1B2C3"}
    new = write(HEAD, "g1,p1,m,new one,4,0,10")
    assert import_ratings(store, new, round=ROUND).notes == ()
    assert len(raters(store)) == 3
    assert "new one" not in raters(store)


def test_another_sources_rater_of_the_same_name_is_hashed(store, write):
    import_ratings(store, write(HEAD, ROWS[1]), round=ROUND, source="a", keep_rater_ids=True)
    import_ratings(store, write(HEAD, ROWS[1]), round=ROUND, source="b")
    assert len(raters(store)) == 2


def test_a_lost_or_foreign_salt_is_refused_before_people_are_doubled(store, write):
    import_ratings(store, write(HEAD, *ROWS), round=ROUND)
    (store.root / FILE).unlink()
    longer = write(HEAD, *ROWS, "g2,p2,m,worker@example.org,5,0,10")
    with pytest.raises(RatingsError, match="one person would count as two; restore that file"):
        import_ratings(store, longer, round=ROUND)
    assert not (store.root / FILE).exists()
    (store.root / FILE).write_text("00" * 32)
    with pytest.raises(RatingsError, match="one person would count as two"):
        import_ratings(store, longer, round=ROUND)
    for text in ("", "zz", "00" * 31, "\xff"):
        (store.root / FILE).write_text(text, encoding="utf-8")
        with pytest.raises(RatingsError, match=r"restore it from a backup"):
            import_ratings(store, longer, round=ROUND)
    assert len(list(store.ratings_of())) == 3


def test_places_in_a_file_are_nobodys_ids(store, write):
    entries = {"1": {"id": "1", "prompt": "a fox", "models": {"A": [1, 2, 3]}}}
    path = write(name="genai.json", content=json.dumps(entries).encode())
    report = import_ratings(store, path, "genai_bench", round=ROUND)
    assert raters(store) == {"r1", "r2", "r3"}
    assert (report.hashed_raters, report.salt) == (0, None)
    assert open_salt(store.root, create=False) is None


def test_nobody_stays_nobody(store, write):
    import_ratings(store, write(HEAD, "g1,p1,m,anonymous,7,0,10"), round=ROUND)
    assert raters(store) == {"anonymous"}
    assert not (store.root / FILE).exists()


def test_messages_name_no_rater(store, write):
    import_ratings(store, write(HEAD, *ROWS), round=ROUND)
    changed = write(HEAD, ROWS[0].replace(",7,", ",3,"))
    with pytest.raises(RatingsError, match="this rater gives") as caught:
        import_ratings(store, changed, round=ROUND)
    assert "example.org" not in str(caught.value)
    twice = write(HEAD, ROWS[1], ROWS[1].replace(",6,", ",5,"))
    with pytest.raises(RatingsError, match="this rater gives") as caught:
        import_ratings(store, twice, round=ROUND)
    assert "A1B2C3" not in str(caught.value)


def test_ids_that_differ_in_case_only_are_counted_and_not_named(store, write):
    rows = [f"g{n},p{n},m,{name},7,0,10" for n, name in enumerate(("Ann", "ann", "ANN", "bob"))]
    report = import_ratings(store, write(HEAD, *rows), round=ROUND)
    assert report.raters == 4
    (note,) = [note for note in report.notes if "by case only" in note]
    assert note.startswith("2 rater ids")
    assert "ann" not in note.lower()


def test_a_pseudonym_has_one_form():
    assert re.fullmatch(r"r-[0-9a-f]{12}", Salt(b"y" * 32).pseudonym("é"))
    assert Salt(b"y" * 32).mark != Salt(b"z" * 32).mark
