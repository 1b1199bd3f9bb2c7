"""Tables as pandas frames, for notebooks and statistics.

Columns are nullable (``Float64``, ``Int64``, ``string``, ``boolean``): what is absent is
``pd.NA`` and never NaN. Outputs, scores and judgments come with their offer, prompt, category,
modality, family, repeat and round, so that nobody parses an id. pandas is imported here only,
when a frame is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qfloor.store.connection import Database

if TYPE_CHECKING:
    import pandas as pd

_DTYPES = {"TEXT": "string", "INTEGER": "Int64", "REAL": "Float64"}
_FLAGS = ("unsafe", "usable", "provisional", "post_hoc")
_OUTPUT = (
    "o.offer_id, o.prompt_id, p.category, p.modality, p.family, p.split, o.repeat, o.round, "
    "o.status AS output_status"
)
_HOME_ROUND = "substr(o.round, 1, instr(o.round || '+', '+') - 1)"
_OF_OUTPUT = "JOIN outputs o ON o.id = t.output_id JOIN prompts p ON p.digest = o.prompt_digest"


class Frames(Database):
    """Readers that give pandas frames."""

    def outputs(self, *, round: str | None = None) -> pd.DataFrame:
        """Outputs with the category, modality, family, split and text of their prompts."""
        sql = (
            "SELECT o.*, p.category, p.modality, p.family, p.split, p.text AS prompt_text "
            "FROM outputs o JOIN prompts p ON p.digest = o.prompt_digest"
        )
        return self._frame(sql, ("outputs", "prompts"), "o.round", round, "o.offer_id, o.id")

    def scores(self, *, round: str | None = None) -> pd.DataFrame:
        """Scores with the metric's name and what their output belongs to."""
        sql = (
            f"SELECT t.*, m.name AS metric_name, {_OUTPUT} FROM scores t "
            f"JOIN metrics m ON m.key = t.metric {_OF_OUTPUT}"
        )
        return self._frame(sql, ("scores", "outputs", "prompts"), "o.round", round, "1, 2")

    def ratings(self, *, round: str | None = None) -> pd.DataFrame:
        """Ratings with what their output belongs to."""
        sql = f"SELECT t.*, {_OUTPUT} FROM ratings t {_OF_OUTPUT}"
        return self._frame(sql, ("ratings", "outputs", "prompts"), "o.round", round, "t.id")

    def comparisons(self, *, round: str | None = None) -> pd.DataFrame:
        """Comparisons with both offers and what the left output belongs to.

        A round's are also those of outputs kept beside it (`qfloor.records.home_round`).
        """
        sql = (
            "SELECT t.*, o.offer_id AS left_offer_id, q.offer_id AS right_offer_id, o.prompt_id, "
            "p.category, p.modality, p.family, p.split, o.round FROM comparisons t "
            "JOIN outputs o ON o.id = t.left_output_id "
            "JOIN outputs q ON q.id = t.right_output_id "
            "JOIN prompts p ON p.digest = o.prompt_digest"
        )
        tables = ("comparisons", "outputs", "prompts")
        return self._frame(sql, tables, _HOME_ROUND, round, "t.id")

    def attempts(self, *, round: str | None = None) -> pd.DataFrame:
        """The ledger, in order, with what each request was for."""
        sql = (
            "SELECT t.*, q.offer_id, q.repeat, q.round, p.id AS prompt_id, p.category "
            "FROM attempts t JOIN requests q ON q.output_id = t.output_id "
            "JOIN prompts p ON p.digest = q.prompt_digest"
        )
        tables = ("attempts", "requests", "prompts")
        return self._frame(sql, tables, "q.round", round, "t.seq")

    def metrics(self) -> pd.DataFrame:
        """Metrics with the terms of their weights: a row for each weights, at least one a metric.

        ``weights`` is NA for a formula without any. ``licence`` and ``commercial_use`` (``yes``
        or ``no``) say ``unknown`` where nobody said, which is no permission.
        """
        sql = (
            "SELECT m.key, m.name, w.value ->> 'name' AS weights, CASE WHEN w.value IS NOT NULL "
            "THEN coalesce(w.value ->> 'licence', 'unknown') END AS licence, CASE WHEN w.value "
            "IS NOT NULL THEN CASE w.value ->> 'commercial_use' WHEN 1 THEN 'yes' WHEN 0 THEN "
            "'no' ELSE 'unknown' END END AS commercial_use, w.value ->> 'source' AS source "
            "FROM metrics m LEFT JOIN json_each(m.record, '$.weights') w"
        )
        return self._frame(sql, ("metrics",), "m.name", None, "m.rowid, w.key")

    def floors(self, *, run: str | None = None) -> pd.DataFrame:
        """Floors of a run, or of all runs."""
        return self._frame("SELECT * FROM floors", ("floors",), "run", run, "1, 2, 3, 4, 5, 6")

    def verdicts(self, *, run: str | None = None) -> pd.DataFrame:
        """Verdicts of a run, or of all runs."""
        sql = "SELECT * FROM verdicts"
        return self._frame(sql, ("verdicts",), "run", run, "1, 2, 3, 4, 5, 6")

    def thresholds(self, *, run: str | None = None) -> pd.DataFrame:
        """Thresholds of a run, or of all runs."""
        return self._frame("SELECT * FROM thresholds", ("thresholds",), "run", run, "1, 2, 3, 4, 5")

    def learned_thresholds(self, *, run: str | None = None) -> pd.DataFrame:
        """What the rules of a run found, with their evidence; of all runs for None."""
        sql = "SELECT * FROM learned_thresholds"
        return self._frame(sql, ("learned_thresholds",), "run", run, "1, 2, 3, 4, 5")

    def pass_rates(self, *, run: str | None = None) -> pd.DataFrame:
        """Pass rates of a run, or of all runs."""
        return self._frame("SELECT * FROM pass_rates", ("pass_rates",), "run", run, "1, 2, 3, 4, 5")

    def tag_floors(self, *, run: str | None = None) -> pd.DataFrame:
        """Floors of tags and languages of a run, or of all runs."""
        sql = "SELECT * FROM tag_floors"
        return self._frame(sql, ("tag_floors",), "run", run, "1, 2, 3, 4, 5, 6, 7")

    def leave_one_out(self, *, run: str | None = None) -> pd.DataFrame:
        """Rulings without one rater of a run, or of all runs."""
        sql = "SELECT * FROM leave_one_rater_out"
        return self._frame(sql, ("leave_one_rater_out",), "run", run, "1, 2, 3, 4, 5, 6, 7")

    def _frame(
        self, sql: str, tables: tuple[str, ...], column: str, value: str | None, order: str
    ) -> pd.DataFrame:
        import pandas as pd

        clause = "" if value is None else f" WHERE {column} = ?"
        with self._lock:
            cursor = self._connection.execute(
                f"{sql}{clause} ORDER BY {order}", () if value is None else (value,)
            )
            names = [c[0] for c in cursor.description]
            found = cursor.fetchall()
        kinds = self._kinds(tables)
        by_column: list[Any] = list(zip(*found, strict=True)) if found else [()] * len(names)
        return pd.DataFrame(
            {
                name: pd.array(list(values), dtype=kinds.get(name, "string"))
                for name, values in zip(names, by_column, strict=True)
            }
        )

    def _kinds(self, tables: tuple[str, ...]) -> dict[str, Any]:
        """Pandas dtype of each column, from the declared types; the first table wins."""
        kinds: dict[str, Any] = {}
        for table in tables:
            for _, name, declared, *_ in self.rows(f"PRAGMA table_info({table})"):
                flag = name in _FLAGS and declared == "INTEGER"  # a share may be called usable too
                kinds.setdefault(name, "boolean" if flag else _DTYPES[declared])
        return kinds
