"""What is missing is named exactly, and nothing is fetched that was not asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from qfloor.doctor import Ground
from qfloor.doctor import published as published_checks
from qfloor.doctor.check import NotRun
from qfloor.doctor.needs import Packages, Published, Weights
from qfloor.errors import PluginError
from qfloor.scorers import hub

FILES = Published(
    folder="heads", files=(("v1.npz", "v1.pth"), ("v2.npz",)), home="https://example.org"
)
WEIGHTS = Weights(
    name="Big@tag", megabytes=1710, repository="org/repo", files=("big.safetensors", "big.bin")
)


class Hub:
    """Stands in for the hub: what is asked for, and what is in its cache."""

    def __init__(self, cached: Path | None = None, reachable: bool = True) -> None:
        self.cached, self.reachable = cached, reachable
        self.asked: list[tuple[str, bool]] = []

    def file(self, repository: str, name: str, revision: Any = None, *, download: bool) -> Path:
        self.asked.append((name, download))
        if self.cached is not None and self.cached.name == name:
            return self.cached
        if download and self.reachable:
            return Path("/downloaded") / name
        raise PluginError(f"{name} cannot be had")


@pytest.fixture
def the_hub(monkeypatch: pytest.MonkeyPatch) -> Hub:
    one = Hub()
    monkeypatch.setattr(hub, "file", one.file)
    return one


def test_packages_are_named_with_their_extra() -> None:
    assert Packages(extra="clip", modules=("json",)).fault(Ground()) is None
    missing = Packages(extra="clip", modules=("json", "no_such_package"))
    assert missing.fault(Ground()) == (
        "needs no_such_package, which is not installed: pip install 'qfloor[clip]'"
    )


def test_published_files_without_a_folder_say_what_to_give() -> None:
    assert FILES.fault(Ground()) == (
        "needs --golden DIR with heads, from https://example.org; see docs/how-to/doctor.md"
    )


def test_published_files_that_are_not_in_the_folder(tmp_path: Path) -> None:
    ground = Ground(golden=tmp_path)
    heads = tmp_path / "heads"
    found = FILES.fault(ground)
    assert found == f"needs {heads}/v1.npz and 1 more: get heads from https://example.org"
    heads.mkdir()
    (heads / "v1.pth").touch()  # the other name of the first
    found = FILES.fault(ground)
    assert found == f"needs {heads}/v2.npz: get heads from https://example.org"
    (heads / "v2.npz").touch()
    assert FILES.fault(ground) is None
    assert FILES.path(ground, "v1.npz", "v1.pth") == heads / "v1.pth"


def test_weights_in_the_users_folder_come_first(the_hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "Big@tag.bin").touch()
    ground = Ground(weights=tmp_path)
    assert WEIGHTS.fault(ground) is None
    assert WEIGHTS.path(ground) == tmp_path / "Big@tag.bin"
    assert the_hub.asked == []


def test_weights_in_the_cache_are_taken(the_hub: Hub) -> None:
    the_hub.cached = Path("/cache/big.bin")
    assert WEIGHTS.fault(Ground()) is None
    assert WEIGHTS.path(Ground()) == Path("/cache/big.bin")
    assert not any(download for _, download in the_hub.asked)


def test_missing_weights_say_how_to_get_them_and_are_not_fetched(
    the_hub: Hub, tmp_path: Path
) -> None:
    said = (
        "needs Big@tag (1.7 GB): qfloor doctor --download, or put big.safetensors of org/repo at "
    )
    assert WEIGHTS.fault(Ground()) == f"{said}DIR/Big@tag.safetensors and run with --weights DIR"
    found = WEIGHTS.fault(Ground(weights=tmp_path))
    assert found == f"{said}{tmp_path}/Big@tag.safetensors"
    with pytest.raises(NotRun, match="needs Big@tag"):
        WEIGHTS.path(Ground())
    assert not any(download for _, download in the_hub.asked)


def test_weights_are_fetched_when_that_is_asked_for(the_hub: Hub) -> None:
    ground = Ground(download=True)
    assert WEIGHTS.fault(ground) is None
    assert WEIGHTS.path(ground) == Path("/downloaded/big.safetensors")


def test_a_download_that_fails_is_tried_once_only(the_hub: Hub) -> None:
    the_hub.reachable = False
    ground = Ground(download=True)
    for _ in range(2):
        with pytest.raises(NotRun, match=r"needs Big@tag \(1\.7 GB\): big\.safetensors cannot"):
            WEIGHTS.path(ground)
    assert sum(download for _, download in the_hub.asked) == 1


def test_weights_are_where_open_clip_has_them() -> None:
    pytest.importorskip("torch")
    from qfloor.scorers.clip import architecture

    open_clip = architecture.import_open_clip()
    for weights in (published_checks.B_16, published_checks.B_32, published_checks.L_14):
        model, _, tag = weights.name.partition("@")
        stated = open_clip.get_pretrained_cfg(model, tag)
        assert stated["hf_hub"].rstrip("/") == weights.repository


def test_weights_are_where_the_preference_scorers_have_them() -> None:
    from qfloor.scorers.preference import hps, imagereward

    for weights, reference in (
        (published_checks.HPS_2, hps.WEIGHTS["v2.0"]),
        (published_checks.HPS_2_1, hps.WEIGHTS["v2.1"]),
        (published_checks.IMAGE_REWARD, imagereward.WEIGHTS),
        (published_checks.BERT_WORDS, imagereward.VOCABULARY),
    ):
        assert f"hf-hub:{weights.repository}/{weights.files[0]}" == reference
