from pathlib import Path

import pytest

from dlnotes.book.launch import environment


def of(tmp_path: Path) -> dict[str, str]:
    return environment(tmp_path / "cache", tmp_path / "source")


def test_the_folder_of_the_data_sets_reaches_a_snippet_and_nothing_else_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DLNOTES_SCALE", "DLNOTES_OTHER", "PYTHONSTARTUP", "MPLSTYLE", "FAST"):
        monkeypatch.setenv(name, "of the reader")
    monkeypatch.setenv("DLNOTES_DATA", str(tmp_path))
    found = of(tmp_path)
    assert found["DLNOTES_DATA"] == str(tmp_path)
    assert "of the reader" not in found.values()


@pytest.mark.parametrize("value", [None, ""])
def test_no_folder_chosen_is_none_passed_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    monkeypatch.delenv("DLNOTES_DATA", raising=False)
    if value is not None:
        monkeypatch.setenv("DLNOTES_DATA", value)
    assert "DLNOTES_DATA" not in of(tmp_path)


def test_a_snippet_runs_elsewhere_so_the_folder_is_made_absolute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/reader")
    for given, expected in [("sets", f"{tmp_path}/sets"), ("~/s", "/home/reader/s")]:
        monkeypatch.setenv("DLNOTES_DATA", given)
        assert of(tmp_path)["DLNOTES_DATA"] == expected
