"""The page of a release: what it shows, and that it is complete in itself."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from qfloor import export
from qfloor.report import ReportContent, Since, Spread, render
from qfloor.report.page import POLICY, SECTIONS

RESULTS = Path(__file__).resolve().parents[2] / "results"
VOID = {"meta", "br", "img", "link", "hr", "input"}


class Page(HTMLParser):
    """What a browser would make of it: elements, their attributes, text, balance of tags."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += f" {data}"


def content(name: str = "painters.db", **more: Any) -> ReportContent:
    return ReportContent(
        tables=export.read(RESULTS / name), written_at="2026-12-01", written_by="qfloor test",
        **more,
    )  # fmt: skip


@pytest.fixture(scope="module")
def painters() -> str:
    return render(content())


@pytest.fixture(scope="module")
def page(painters: str) -> Page:
    return Page(painters)


def test_every_tag_is_closed_and_every_section_is_there(page: Page) -> None:
    assert page.open == []
    ids = [attrs.get("id") for tag, attrs in page.found if tag == "section"]
    assert ids == [at for at, _, _ in SECTIONS]
    links = {attrs["href"] for tag, attrs in page.found if tag == "a"}
    assert links == {f"#{at}" for at, _, _ in SECTIONS}


def test_nothing_is_fetched_and_nothing_runs(painters: str, page: Page) -> None:
    assert not re.search(r"https?://|url\(|@import|<script|javascript:|\son\w+=", painters)
    sources = [a["src"] for _, a in page.found if "src" in a]
    assert all((source or "").startswith("data:image/") for source in sources)
    assert not [tag for tag, _ in page.found if tag in ("link", "iframe", "object", "script")]
    policies = [a["content"] for t, a in page.found if t == "meta" and "http-equiv" in a]
    assert policies == [POLICY]


def test_each_drawing_is_described_or_said_to_be_decoration(page: Page) -> None:
    for tag, attrs in page.found:
        if tag == "svg" and "viewbox" not in attrs:
            assert attrs.get("aria-hidden") == "true" or attrs.get("aria-label")
        if tag == "figure" and attrs.get("role") == "group":
            assert len(attrs["aria-label"] or "") > 20
        if tag == "img":
            assert attrs["alt"]


def test_it_says_on_top_that_painters_are_no_models(page: Page) -> None:
    assert "They are not AI models" in page.text[: page.text.index("What to use")]


def test_where_some_offers_are_painters_it_names_them_and_says_nothing_of_the_others() -> None:
    some = content()
    for offer in some.tables["offers"]:
        if offer["id"] not in ("painters/ochre", "painters/umber"):
            offer["provider"] = "studio"
    text = Page(render(some)).text
    assert "Among the offers are painters (ochre, umber)" in text
    assert "nothing here says anything about" not in text


def test_what_to_use_names_the_cheapest_certified_offer(page: Page) -> None:
    told = page.text[page.text.index("What to use", 900) : page.text.index("Circle:")]
    assert re.search(r"product-photo · image\s+ochre\s+\$0\.003", told)
    assert re.search(r"text-in-image · image\s+madder\s+\$0\.01.*?– none", told)


def test_every_undecided_verdict_is_listed_with_what_it_takes(page: Page) -> None:
    start = page.text.index("What would decide the undecided")
    told = page.text[start : page.text.index("Price against floor", start)]
    undecided = [v for v in content().verdicts if v["ruling"] == "undecided"]
    assert len(undecided) == 14
    assert f"{len(undecided)} verdicts" in told
    assert re.search(r"azurite\s+animation · video\s+professional.*?about 50 more prompts", told)
    assert told.count("no number of prompts would certify it") == sum(
        v["more_prompts"] is None for v in undecided
    )


def test_where_raters_are_few_it_asks_for_raters() -> None:
    whole = content()
    open_ = next(v for v in whole.verdicts if v["more_prompts"] is not None)

    def said(bound: str, more: int) -> str:
        verdicts = [{**open_, "more_prompts": more}]
        floors = [{**f, "bound": bound} for f in whole.tables["floors"]]
        tables = {**whole.tables, "verdicts": verdicts, "floors": floors}
        text = Page(render(replace(whole, tables=tables))).text
        return text[text.index("What would decide the undecided") :]

    assert "about 1 more prompt, $" in said("exact", 1)
    assert "more raters and about 12 more prompts, $" in said("two_way", 12)
    alone = said("two_way", 1)
    assert "more raters" in alone
    assert "more prompt," not in alone


def test_what_is_not_at_hand_is_said_and_not_left_blank() -> None:
    said = {"spreads": "no values here", "pictures": "no pictures here", "raters": "none here"}
    text = Page(render(content("genai_bench.db", absent=said))).text
    for sentence in (*said.values(), "No prices are known", "nothing to calibrate",
                     "Nothing was bought", "No earlier release", "of how many that are certified",
                     "There is one family here"):  # fmt: skip
        assert sentence in text
    assert "painters" not in text.lower()
    assert "With 1 families" not in text


def test_offers_that_nobody_judged_are_named_under_the_floors() -> None:
    known = content()
    assert "No floor of" not in Page(render(known)).text
    unrated = "painters/ochre"
    tables = {
        **known.tables,
        "floors": [f for f in known.tables["floors"] if f["offer_id"] != unrated],
        "verdicts": [v for v in known.tables["verdicts"] if v["offer_id"] != unrated],
    }
    text = Page(render(replace(known, tables=tables))).text
    n = known.outputs[unrated]
    assert f"No floor of ochre ({n:,} outputs): nothing was judged on overall" in text


def test_values_are_drawn_where_they_are_known() -> None:
    floors = content().floors
    spreads = {
        (f["offer_id"], f["category"], f["modality"]): Spread(values=(1.0, 5.0, 9.0), outright=1)
        for f in floors
    }
    text = render(content(spreads=spreads))
    assert text.count("✕ 25.0\N{NO-BREAK SPACE}%") == len(floors)
    assert "quartiles 1, 5, 9" in text


def test_text_from_outside_is_escaped() -> None:
    evil = content()
    tables = {**evil.tables, "provenance": [
        *evil.tables["provenance"], {"key": "note<script>", "value": '"><script>alert(1)</script>'},
    ]}  # fmt: skip
    html = render(ReportContent(tables=tables, written_at="", written_by="<b>"))
    assert "<script" not in html
    assert "&lt;script&gt;" in html


def test_a_release_that_nothing_can_be_said_of_still_makes_a_page() -> None:
    bare = content()
    empty = ("floors", "verdicts", "fail_rates", "calibrations", "predictions", "spending",
             "latency", "raw_rows", "leave_one_rater_out", "metrics")  # fmt: skip
    tables = {name: [] if name in empty else rows for name, rows in bare.tables.items()}
    page = Page(render(ReportContent(tables=tables, written_at="", written_by="")))
    assert page.open == []
    assert "There are no verdicts" in page.text


def test_a_comparison_that_found_nothing_says_so() -> None:
    since = Since(name="painters", round="2026-10", digest="d" * 32, findings=(), paired=False,
                  alpha=0.05, untested="3 cells could not be compared")  # fmt: skip
    text = Page(render(content(since=since))).text
    assert "3 cells could not be compared" in text
    assert "Every verdict that both releases have is as before" in text


def of_two_sellers() -> ReportContent:
    """The painters' release, as if another seller's model were called as one of theirs."""
    told = json.dumps(export.read(RESULTS / "painters.db"))
    return replace(content(), tables=json.loads(told.replace("painters/madder", "guild/ochre")))


def test_offers_that_would_be_called_alike_keep_their_sellers() -> None:
    page = render(of_two_sellers())
    names = Counter(re.findall(r'<th scope="row" class="nowrap">([^<]*ochre)</th>', page))
    assert min(names["painters/ochre"], names["guild/ochre"]) > 3
    assert "ochre" not in names  # whose verdict would that be?
    assert Counter(re.findall(r'class="name"[^>]*>(ochre)<', page)) == {}
    assert ">umber<" in page  # nobody else is called so


def test_an_offer_of_the_earlier_release_is_told_from_one_of_now() -> None:
    moved = {"offer_id": "guild/ochre", "before": 0.1, "now": 0.2}
    since = Since(name="old", round="2026-10", digest="d" * 32, findings=(), paired=False,
                  alpha=0.05, prices=(moved,))  # fmt: skip
    found = replace(content(), since=since)
    assert found.name("guild/ochre") == "guild/ochre"
    assert found.name("painters/ochre") == "painters/ochre"


@pytest.mark.parametrize("free", ["painters/umber", ""])
def test_what_costs_nothing_has_a_place_beside_prices(free: str) -> None:
    found = content()
    spending = [
        {**row, "amount_nanousd": 0} if row["offer_id"] == free or not free else row
        for row in found.tables["spending"]
    ]
    page = render(replace(found, tables={**found.tables, "spending": spending}))
    assert "umber $0.00" in page
    assert "NaN" not in Page(page).text
