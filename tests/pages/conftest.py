"""A page taken apart, and a browser to show it in."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

import pytest

#: Elements without an end.
VOID = {"br", "col", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
#: Within an SVG, which HTML lets end themselves.
SHAPES = {"path", "use", "rect", "image", "circle", "line"}


@dataclass
class Page(HTMLParser):
    """Tags with their attributes, and the words that people see."""

    html: str
    tags: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        HTMLParser.__init__(self)
        self.feed(self.html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not {"style", "script"} & set(self.open):
            self.words.append(data)

    @property
    def text(self) -> str:
        """What people read, with single spaces."""
        return re.sub(r"\s+", " ", " ".join(self.words))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]

    def values(self, *attributes: str) -> list[str]:
        return [str(found[name]) for _, found in self.tags for name in attributes if name in found]


@pytest.fixture(scope="session")
def browse(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """Opens a file in a browser and returns what the document has become; `switches` are the browser's own."""
    found = shutil.which("chromium") or shutil.which("google-chrome")
    if found is None:
        why = "no chromium is installed"
        if os.environ.get("CI") == "true":
            pytest.fail(why)
        pytest.skip(why)

    def dumped(path: Path, *switches: str) -> str:
        profile = tmp_path_factory.mktemp("profile")
        command = [
            *(found, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
            *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
            *(f"--user-data-dir={profile}", "--virtual-time-budget=8000", "--allow-file-access-from-files"),
            *("--autoplay-policy=no-user-gesture-required", *switches, "--dump-dom", path.as_uri()),
        ]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout

    return dumped
