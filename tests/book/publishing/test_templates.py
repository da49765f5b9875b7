"""What builders do once: here, list the templates that MkDocs may copy."""

from pathlib import Path

import pytest
from jinja2 import FileSystemLoader

from dlnotes.book.publishing.templates import pass_hidden_folders


def test_templates_are_listed_but_for_those_in_hidden_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.html", "css/b.css", ".icons/c.svg", "css/.icons/d.svg"):
        path = tmp_path / "theme" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    folders = [tmp_path / "none", tmp_path / "theme"]
    listed = FileSystemLoader(folders).list_templates()
    monkeypatch.setattr(FileSystemLoader, "list_templates", None)
    pass_hidden_folders()
    seen = FileSystemLoader(folders).list_templates()
    assert seen == ["a.html", "css/b.css"]
    assert seen == [name for name in listed if ".icons" not in name]
