"""The contact sheet: one picture and one page, for good clips, bad ones, odd shapes and hostile words."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import av
import numpy as np
import pytest
from PIL import Image

from rushes.errors import BadInput, SetupError
from rushes.pages.sheet import SheetCell, write_sheet
from rushes.pages.sheet.picture import TALLEST, WIDTH, drawable, fitting, font, wrapped
from rushes.pages.sheet.strips import strip_of
from tests.pages.conftest import Page

HOSTILE = (
    'A "sign" <script>alert(1)</script> & <img src=x onerror=alert(2)> — 🦊 שלום \u202eabc {title} </style>\x1b[31m'
)
#: A third of the clip each.
COLOURS = ((220, 40, 40), (40, 180, 60), (40, 60, 220))


def film(path: Path, width: int = 160, height: int = 90, frames: int = 30) -> Path:
    """A clip that is red, then green, then blue."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for number in range(frames):
            picture = np.full((height, width, 3), COLOURS[min(2, number * 3 // frames)], np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    return path


def cell(label: str = "1", file: Path | None = None, **changes: Any) -> SheetCell:
    given: dict[str, Any] = {
        "label": label,
        "take": f"take-{label}",
        "file": file,
        "prompt": "A ball rolls.",
        "direction": f"move: way {label}",
        "seed": 7,
        "endpoint": None,
        "seconds": 62.04,
        "dollars": Decimal("0.40"),
    }
    return SheetCell(**(given | changes))


def sheet(folder: Path, *cells: SheetCell, **more: Any) -> tuple[Page, Image.Image]:
    found = write_sheet(folder, more.pop("title", "Six directions"), cells, **more)
    with Image.open(found.png) as image:
        image.load()
        return Page(found.html.read_text(encoding="utf-8")), image


def close(pixel: Any, colour: tuple[int, int, int]) -> bool:
    return all(abs(one - other) < 30 for one, other in zip(pixel[:3], colour, strict=True))


# --- frames -----------------------------------------------------------------------------------------------------------


def test_a_strip_is_the_start_the_middle_and_the_end(tmp_path: Path) -> None:
    found = strip_of(cell(file=film(tmp_path / "clip.mp4")))

    assert [close(frame.getpixel((5, 5)), colour) for frame, colour in zip(found.frames, COLOURS, strict=True)] == [
        True
    ] * 3
    assert (found.width, found.height, found.problem) == (160, 90, "")


@pytest.mark.parametrize("frames", [1, 2])
def test_a_clip_of_a_frame_or_two_fills_its_strip(tmp_path: Path, frames: int) -> None:
    assert len(strip_of(cell(file=film(tmp_path / "clip.mp4", frames=frames))).frames) == 3


def test_a_large_clip_is_kept_small_in_memory(tmp_path: Path) -> None:
    found = strip_of(cell(file=film(tmp_path / "clip.mp4", 1920, 1080, frames=2)))

    assert (found.width, found.height) == (1920, 1080)
    assert found.frames[0].size == (720, 405)


# --- bad clips --------------------------------------------------------------------------------------------------------


def cut(path: Path) -> None:
    data = film(path).read_bytes()
    path.write_bytes(data[: len(data) * 2 // 3])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def text(path: Path) -> None:
    path.write_text("no film at all")


def still(path: Path) -> None:
    Image.new("RGB", (40, 40)).save(path, "PNG")


def folder(path: Path) -> None:
    path.mkdir()


def nothing(path: Path) -> None:
    pass


@pytest.mark.parametrize("spoil", [cut, empty, text, still, folder, nothing])
def test_a_bad_clip_says_what_is_wrong_and_the_others_are_shown(tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    bad = tmp_path / "bad.mp4"
    spoil(bad)

    page, image = sheet(tmp_path / "out", cell("1", bad), cell("2", film(tmp_path / "good.mp4")))

    assert page.text.count("cannot be shown: ") == 1
    assert len(page.all("video")) == 1
    assert image.width == WIDTH


def test_a_take_that_failed_shows_why(tmp_path: Path) -> None:
    page, _ = sheet(tmp_path, cell(take=None, seconds=None, dollars=None, seed=None, reason="refused: content policy"))

    assert "No picture. refused: content policy" in page.text
    assert "rushes finalize" not in page.text
    assert page.text.count("n/a") == 3
    assert page.all("video") == []


def test_where_nothing_is_known_of_a_failure_that_is_said(tmp_path: Path) -> None:
    page, _ = sheet(tmp_path, cell())

    assert "there is no file" in page.text


# --- the page ---------------------------------------------------------------------------------------------------------


def test_each_take_has_a_player_a_poster_its_facts_and_the_command_that_finalizes_it(tmp_path: Path) -> None:
    page, _ = sheet(
        tmp_path,
        cell("1", film(tmp_path / "clips" / "one.mp4")),
        cell("2", film(tmp_path / "clips" / "two.mp4"), endpoint="vertex/veo-3.1-fast"),
        facts=[("spent", "$0.80")],
    )

    players = page.all("video")
    assert [each["src"] for each in players] == ["./clips/one.mp4", "./clips/two.mp4"]
    assert all(str(each["poster"]).startswith("data:image/jpeg;base64,") for each in players)
    assert [each["aria-label"] for each in players] == ["Take 1, move: way 1", "Take 2, move: way 2"]
    assert {"controls", "playsinline"} <= players[0].keys()
    for words in (
        "spent $0.80",
        "seed 7",
        "to file 62.0 s",
        "cost $0.40",
        "rushes finalize take-1",
        "vertex/veo-3.1-fast",
    ):
        assert words in page.text
    assert page.text.count("made by") == 1
    assert page.all("script") == []
    assert page.all("link") == []


def test_a_prompt_of_all_takes_stands_once_and_others_with_their_take(tmp_path: Path) -> None:
    same, _ = sheet(tmp_path, cell("1"), cell("2"))
    apart, _ = sheet(tmp_path, cell("1"), cell("2", prompt="A ball rolls. Seen from above."))

    assert same.text.count("A ball rolls.") == 1
    assert apart.text.count("A ball rolls.") == 2
    assert "Seen from above." in apart.text


def test_a_page_points_only_at_files_that_are_there_whatever_their_names(tmp_path: Path) -> None:
    names = ["a b.mp4", "50% & <b>.mp4", "q\"uote'.mp4", "#1?x=y.mp4", "C:x.mp4", "ü—🦊.mp4"]
    cells = [cell(str(place), film(tmp_path / "takes" / name, frames=2)) for place, name in enumerate(names)]

    page, _ = sheet(tmp_path / "sheets" / "one", *cells)

    sources = [str(each["src"]) for each in page.all("video")]
    assert [(tmp_path / "sheets" / "one" / unquote(each)).resolve() for each in sources] == [
        tmp_path.resolve() / "takes" / name for name in names
    ]
    assert all(each.startswith("./../../takes/") for each in sources)


def test_hostile_words_are_words(tmp_path: Path) -> None:
    hostile = cell(HOSTILE, None, prompt=HOSTILE, direction=HOSTILE, endpoint=HOSTILE, take=HOSTILE, reason=HOSTILE)

    page, image = sheet(tmp_path, hostile, cell("2"), title=HOSTILE, facts=[(HOSTILE, HOSTILE)], simulated=True)

    assert page.all("script") == []
    assert page.all("img") == []
    assert page.text.count("<script>alert(1)</script>") == 10
    assert image.width == WIDTH


def test_a_simulated_sheet_says_so_everywhere(tmp_path: Path) -> None:
    clip = film(tmp_path / "clip.mp4")

    simulated, stamped = sheet(tmp_path / "a", cell("1", clip), simulated=True)
    real, plain = sheet(tmp_path / "b", cell("1", clip))

    assert "SIMULATED. No vendor was asked" in simulated.text
    assert "rushes finalize take-1 --simulate" in simulated.text
    assert "simulated" not in real.text.lower()
    assert stamped.height > plain.height
    assert (255, 241, 201) in {colour for _, colour in stamped.getcolors(1 << 20) or []}
    assert (255, 241, 201) not in {colour for _, colour in plain.getcolors(1 << 20) or []}


def test_the_command_has_the_options_given(tmp_path: Path) -> None:
    page, _ = sheet(tmp_path, cell(), simulated=True, again=" --home 'my home' --simulate")

    assert "rushes finalize take-1 --home 'my home' --simulate" in page.text


def test_the_same_takes_give_the_same_files(tmp_path: Path) -> None:
    clip = film(tmp_path / "clip.mp4")

    first = write_sheet(tmp_path, "One", [cell("1", clip)])
    before = first.png.read_bytes(), first.html.read_bytes()
    again = write_sheet(tmp_path, "One", [cell("1", clip)])

    assert (again.png.read_bytes(), again.html.read_bytes()) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clip.mp4", "sheet.html", "sheet.png"]


def test_a_browser_shows_the_page_as_it_was_written(tmp_path: Path, browse: Callable[..., str]) -> None:
    found = write_sheet(tmp_path, HOSTILE, [cell("1", film(tmp_path / "clip.mp4"), prompt=HOSTILE), cell("2")])

    document = Page(browse(found.html))

    written = Page(found.html.read_text(encoding="utf-8"))
    assert [tag for tag, _ in document.tags] == [tag for tag, _ in written.tags]
    assert document.text.split() == written.text.split()


# --- the picture ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 2, 3, 5, 12])
@pytest.mark.parametrize("size", [(160, 90), (90, 160), (96, 96), (400, 40), (40, 400)])
def test_every_cell_has_its_place(tmp_path: Path, count: int, size: tuple[int, int]) -> None:
    clip = film(tmp_path / "clip.mp4", *size, frames=3)

    page, image = sheet(tmp_path, *(cell(str(place), clip) for place in range(1, count + 1)))

    assert image.width == WIDTH
    # Of each strip something is there.
    assert sum(number for number, colour in image.getcolors(1 << 22) or [] if close(colour, COLOURS[2])) > 300 * count
    assert image.height < 200 + count * (TALLEST + 200)
    assert len(page.all("video")) == count


def test_clips_of_several_shapes_stand_side_by_side(tmp_path: Path) -> None:
    wide, tall = film(tmp_path / "wide.mp4"), film(tmp_path / "tall.mp4", 90, 160)

    mixed = sheet(tmp_path, cell("1", wide), cell("2", tall))[1]
    alone = sheet(tmp_path, cell("1", tall), cell("2", tall))[1]

    assert mixed.height < alone.height


def test_text_is_never_wider_than_its_room() -> None:
    face = font(22)
    for text in ("word " * 60, "x" * 500, HOSTILE * 5, ""):
        for line in [*wrapped(text, face, 300, 3), fitting(text, face, 300)]:
            assert face.getlength(line) <= 300
        assert len(wrapped(text, face, 300, 3)) <= 3


def test_what_is_left_out_of_a_line_is_shown_by_three_dots() -> None:
    assert wrapped("one two three", font(22), 1000, 2) == ["one two three"]
    assert wrapped("word " * 60, font(22), 300, 2)[-1].endswith("…")


def test_letters_that_the_font_lacks_are_a_question_mark() -> None:
    assert drawable("Café – 東京 “fox”\n\x1b[31m") == "Cafe - ? “fox” [31m"


# --- refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [0, 13])
def test_a_sheet_has_one_to_twelve_cells(tmp_path: Path, count: int) -> None:
    with pytest.raises(BadInput, match="1 to 12 cells"):
        write_sheet(tmp_path, "None", [cell(str(place)) for place in range(count)])


def test_two_cells_of_one_label_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="a label of its own"):
        write_sheet(tmp_path, "Two", [cell("1"), cell("1")])


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(SetupError, match="file/sheets: the contact sheet cannot be written"):
        write_sheet(tmp_path / "file" / "sheets", "One", [cell()])


def test_it_needs_no_package_of_an_extra() -> None:
    code = "import sys; sys.modules.update(dict.fromkeys(['jinja2', 'pandas', 'matplotlib', 'markupsafe']));"
    code += "from rushes.pages.sheet import page, picture, strips"

    subprocess.run([sys.executable, "-c", code], check=True)
