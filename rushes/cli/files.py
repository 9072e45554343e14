"""Where `-o` puts finished clips: decided and checked before anything is sent."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from rushes.errors import BadInput, SetupError


class Files:
    """`output` for one clip, `output-1`, `output-2` … for several; nothing is overwritten without `force`."""

    def __init__(self, output: Path | None, count: int, *, force: bool) -> None:
        """Raises BadInput where a file is there already or could not be written."""
        self._force = force
        self.paths = [] if output is None else _numbered(output.expanduser(), count)
        for path in self.paths:
            if path.is_dir():
                raise BadInput(f"-o {path}: that is a folder", hint="Name the file, such as clip.mp4.")
            if path.exists() and not force:
                raise BadInput(f"-o {path}: there is a file already", hint="Give another name, or --force.")
            if not path.parent.is_dir():
                raise BadInput(f"-o {path}: there is no folder {path.parent}")
            if not os.access(path.parent, os.W_OK):
                raise BadInput(f"-o {path}: the folder {path.parent} cannot be written to")

    def place(self, index: int, clip: Path) -> Path | None:
        """Copies the clip to its place and returns that; None where no place was asked for. Raises SetupError."""
        if not self.paths:
            return None
        path = self.paths[index]
        partial = path.with_name(f".{path.name}.part")
        try:
            shutil.copyfile(clip, partial)
            if path.exists() and not self._force:
                raise SetupError(f"-o {path}: a file has appeared there meanwhile; the clip is {clip}")
            partial.replace(path)
        except OSError as error:
            raise SetupError(f"-o {path}: cannot be written: {error.strerror or error}; the clip is {clip}") from None
        finally:
            partial.unlink(missing_ok=True)
        return path


def _numbered(output: Path, count: int) -> list[Path]:
    if count == 1:
        return [output]
    return [output.with_name(f"{output.stem}-{number}{output.suffix}") for number in range(1, count + 1)]
