"""The settings file: a relative path in it starts at its folder, whoever reads it from wherever."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gatepass.wiring import load_settings
from gatepass.wiring.settings_file import NO_FILES, PATHS

if TYPE_CHECKING:
    from pathlib import Path

    from gatepass.settings import Settings

SITE = 'issuer = "http://127.0.0.1:8000"\naudience = "clinic"\n'
NAMES = [(table, name) for table, names in PATHS.items() for name in names]
TOGETHER = {"shared_secret_file": 'algorithm = "HS256"\n', "token_file": 'to = "https://logs.example.org"\n'}


def read(folder: Path, text: str) -> Settings:
    (folder / "gatepass.toml").write_text(SITE + text)
    return load_settings(folder / "gatepass.toml", {})


@pytest.mark.parametrize(("table", "name"), NAMES)
def test_a_path_starts_at_the_folder_of_the_file(tmp_path: Path, table: str, name: str) -> None:
    for given, meant in (("there/it", str(tmp_path / "there/it")), ("/etc/it", "/etc/it")):
        text = f'[{table}]\n{TOGETHER.get(name, "")}{name} = "{given}"\n'
        assert getattr(getattr(read(tmp_path, text), table), name) == meant


@pytest.mark.parametrize(
    ("name", "word"), [(name, word) for name in NO_FILES for word in sorted(NO_FILES[name])]
)
def test_a_word_in_the_place_of_a_file_stays(tmp_path: Path, name: str, word: str) -> None:
    table = next(table for table, names in PATHS.items() if name in names)
    assert getattr(getattr(read(tmp_path, f'[{table}]\n{name} = "{word}"\n'), table), name) == word


def test_an_address_stays_and_what_is_not_given_too(tmp_path: Path) -> None:
    settings = read(tmp_path, '[events]\nto = "https://logs.example.org/gatepass"\n')
    assert (settings.events.to, settings.events.token_file) == ("https://logs.example.org/gatepass", None)
