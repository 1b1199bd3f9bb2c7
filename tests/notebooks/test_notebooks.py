"""Every notebook runs from top to bottom on a real run, and shows what it promises."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.py"))

pytestmark = [
    pytest.mark.slow,
    pytest.mark.enable_socket,  # a Jupyter kernel talks to its client over loopback
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of the built-in benchmark on a part of its suite."""
    from dataclasses import replace

    from qfloor import benchmark, pipeline, suite

    folder = tmp_path_factory.mktemp("workspace")
    chosen = [p.id for p in suite.load("painters").prompts if int(p.id.rpartition("-")[2]) <= 30]
    lines = "".join(f'  "{i}",\n' for i in chosen)
    part = folder / "part.toml"
    part.write_text(
        f'[suite]\nname = "part"\nversion = "1.0.0"\nbase = "painters"\nselect = [\n{lines}]\n'
    )
    pipeline.run(replace(benchmark.load("painters"), suites=(str(part),)), folder)
    return folder


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_notebook(path: Path, workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    jupytext = pytest.importorskip("jupytext")
    nbclient = pytest.importorskip("nbclient")
    monkeypatch.setenv("QFLOOR_WORKSPACE", str(workspace))
    notebook = jupytext.read(path)
    nbclient.NotebookClient(
        notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": path.parent}}
    ).execute()
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in cells)
    shown = [output for cell in cells for output in cell.outputs]
    assert any("image/png" in output.get("data", {}) for output in shown), "no plot was shown"
