"""Lists of clips: the same in every form, and wrong ones are told by file and line."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from rushes.benchmarks.manifest import Entry, Ordered, find_manifest, read_manifest
from rushes.errors import BadConfig, BadInput

CSV = """\
file,model,prompt,category,cell,sample,endpoint,seconds,cost,date,settings.seconds,settings.resolution,settings.audio,settings.size
a.mp4,ours,"A ball, rolling",physics,short,2,openai/sora-2,61.5,0.40,2026-08-01,4,720p,true,1280x720
b.mp4,theirs,A storm,,,,,,,,,,,
"""
ROWS: list[dict[str, Any]] = [
    {
        "file": "a.mp4",
        "model": "ours",
        "prompt": "A ball, rolling",
        "category": "physics",
        "cell": "short",
        "sample": 2,
        "endpoint": "openai/sora-2",
        "seconds": 61.5,
        "cost": 0.40,
        "date": "2026-08-01",
        "settings": {"seconds": 4, "resolution": "720p", "audio": True, "size": "1280x720"},
    },
    {"file": "b.mp4", "model": "theirs", "prompt": "A storm"},
]
YAML = """\
clips:
  - file: a.mp4
    model: ours
    prompt: A ball, rolling
    category: physics
    cell: short
    sample: 2
    endpoint: openai/sora-2
    seconds: 61.5
    cost: 0.40
    date: 2026-08-01
    settings: {seconds: 4, resolution: 720p, audio: true, size: 1280x720}
  - {file: b.mp4, model: theirs, prompt: A storm}
"""
BOTH = (
    Entry(
        file="a.mp4",
        model="ours",
        prompt="A ball, rolling",
        category="physics",
        cell="short",
        sample=2,
        endpoint="openai/sora-2",
        seconds=61.5,
        cost=Decimal("0.40"),
        date=datetime(2026, 8, 1, 12, tzinfo=UTC),
        settings=Ordered(seconds=4, resolution="720p", audio=True, size="1280x720"),
    ),
    Entry(file="b.mp4", model="theirs", prompt="A storm"),
)


def entries(folder: Path, name: str, text: str | bytes) -> tuple[Entry, ...]:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return tuple(read_manifest(path)[1])


def one(folder: Path, **fields: Any) -> Entry:
    """A clip with these fields, read from JSON."""
    whole = {"file": "a.mp4", "model": "ours", "prompt": "A ball"} | fields
    [entry] = entries(folder, "one.json", json.dumps([whole]))
    return entry


def complaint(folder: Path, name: str, text: str | bytes) -> str:
    with pytest.raises(BadConfig) as raised:
        entries(folder, name, text)
    return raised.value.message


# --- every form -------------------------------------------------------------------------------------------------------

FORMS = {
    "manifest.csv": CSV,
    "manifest.json": json.dumps({"clips": ROWS}),
    "list.json": json.dumps(ROWS, indent=2),
    "manifest.yaml": YAML,
    "list.yml": YAML.removeprefix("clips:\n"),
    "MANIFEST.CSV": CSV,
}


@pytest.mark.parametrize("name", FORMS)
def test_every_form_says_the_same(name: str, tmp_path: Path) -> None:
    assert entries(tmp_path, name, FORMS[name]) == BOTH


@pytest.mark.parametrize("name", ["manifest.csv", "manifest.json", "manifest.yaml"])
def test_a_byte_order_mark_and_windows_line_ends_change_nothing(name: str, tmp_path: Path) -> None:
    text = FORMS[name].replace("\n", "\r\n").encode("utf-8-sig")

    assert entries(tmp_path, name, text) == BOTH


def test_json_may_be_indented_with_tabs(tmp_path: Path) -> None:
    assert entries(tmp_path, "tabs.json", json.dumps(ROWS, indent="\t")) == BOTH


WORDS = (
    "🦊 in the snow",
    'she says: "¿qué?"',
    "a\tb\\c/d",
    "line\nbreak",
    "odd \x7f \x85 \u2028 \ufeff",
    "%5c and \\u0041",
    "\u0000",
)


@pytest.mark.parametrize("ascii", [True, False])
@pytest.mark.parametrize("words", WORDS)
def test_any_words_come_out_of_json_as_they_went_in(words: str, ascii: bool, tmp_path: Path) -> None:
    text = json.dumps([{"file": "a.mp4", "model": "ours", "prompt": words}], ensure_ascii=ascii)

    [entry] = entries(tmp_path, "words.json", text)

    assert entry.prompt == words


def test_json_as_other_programs_write_it_escapes_slashes_too(tmp_path: Path) -> None:
    text = r'[{"file":"clips\/a.mp4","model":"ours","prompt":"A \ud83e\udd8a","cost":4e-1}]'

    [entry] = entries(tmp_path, "escaped.json", text)

    assert (entry.file, entry.prompt, entry.cost) == ("clips/a.mp4", "A 🦊", Decimal("0.4"))


def test_lines_of_a_csv_may_be_short_empty_padded_and_broken_in_quotes(tmp_path: Path) -> None:
    text = 'file , model, prompt,cost\n\na.mp4, ours,"A ball\nthat rolls"\n,,,\nb.mp4,ours, "A ""storm""",\n'

    assert [(entry.file, entry.prompt, entry.cost) for entry in entries(tmp_path, "odd.csv", text)] == [
        ("a.mp4", "A ball\nthat rolls", None),
        ("b.mp4", 'A "storm"', None),
    ]


@pytest.mark.parametrize(
    ("given", "moment"),
    [
        ("2026-08-01", datetime(2026, 8, 1, 12, tzinfo=UTC)),
        ("2026-08-01T09:30", datetime(2026, 8, 1, 9, 30, tzinfo=UTC)),
        ("2026-08-01 09:30:15", datetime(2026, 8, 1, 9, 30, 15, tzinfo=UTC)),
        ("2026-08-01T09:30:00Z", datetime(2026, 8, 1, 9, 30, tzinfo=UTC)),
        ("2026-08-01T09:30+02:00", datetime(2026, 8, 1, 9, 30, tzinfo=timezone(timedelta(hours=2)))),
    ],
)
def test_a_day_is_its_noon_and_a_moment_without_a_zone_is_utc(given: str, moment: datetime, tmp_path: Path) -> None:
    assert one(tmp_path, date=given).date == moment
    [entry] = entries(tmp_path, "d.yaml", f"- {{file: a.mp4, model: ours, prompt: A ball, date: {given!r}}}\n")
    assert entry.date == moment


@pytest.mark.parametrize(
    ("given", "moment"),
    [
        ("2026-08-01", datetime(2026, 8, 1, 12, tzinfo=UTC)),
        ("2026-08-01 09:30:15", datetime(2026, 8, 1, 9, 30, 15, tzinfo=UTC)),
        ("2026-08-01T09:30:15Z", datetime(2026, 8, 1, 9, 30, 15, tzinfo=UTC)),
    ],
)
def test_a_bare_date_in_yaml_is_the_same(given: str, moment: datetime, tmp_path: Path) -> None:
    [entry] = entries(tmp_path, "bare.yaml", f"- file: a.mp4\n  model: ours\n  prompt: A ball\n  date: {given}\n")

    assert entry.date == moment


# --- what is wrong ----------------------------------------------------------------------------------------------------

HEAD = "file,model,prompt"
LINE = "a.mp4,ours,A ball"

WRONG = {
    "an unknown column": ("x.csv", f"{HEAD},price\n{LINE},\n{LINE},0.40\n", 3, "unknown key 'price'"),
    "a column misspelt": ("x.csv", f"{HEAD},catgory\n{LINE},physics\n", 2, "did you mean 'category'"),
    "an unknown setting": (
        "x.csv",
        f"{HEAD},settings.fps\n{LINE},24\n",
        2,
        "unknown key 'fps'; there are aspect_ratio",
    ),
    "a column twice": ("x.csv", f"{HEAD},model\n{LINE},ours\n", 1, "the column 'model' stands twice"),
    "too many fields": ("x.csv", f"{HEAD}\n{LINE}\n{LINE}, rolling\n", 3, "4 fields under 3 headings"),
    "no model": ("x.csv", f"{HEAD}\na.mp4,,A ball\n", 2, "model: field required"),
    "a file without a name": ("x.json", '[\n{"file": "", "model": "ours", "prompt": "A"}]', 2, "must not be empty"),
    "a model that is no name": ("x.csv", f"{HEAD}\na.mp4,Our Model,A ball\n", 2, "given: 'Our Model'"),
    "a negative cost": ("x.csv", f"{HEAD},cost\n{LINE},-1\n", 2, "greater than or equal to 0"),
    "a cost in words": ("x.csv", f"{HEAD},cost\n{LINE},$0.40\n", 2, "given: '$0.40'"),
    "no seconds": ("x.csv", f"{HEAD},seconds\n{LINE},0\n", 2, "greater than 0"),
    "sample nought": ("x.csv", f"{HEAD},sample\n{LINE},0\n", 2, "greater than or equal to 1"),
    "a size that is none": ("x.csv", f"{HEAD},settings.size\n{LINE},0x720\n", 2, "given: '0x720'"),
    "a day that is none": ("x.csv", f"{HEAD},date\n{LINE},2026-02-30\n", 2, "given: '2026-02-30'"),
    "yesterday": ("x.csv", f"{HEAD},date\n{LINE},yesterday\n", 2, "given: 'yesterday'"),
    "a quote that does not end": ("x.csv", f'{HEAD}\na.mp4,ours,"A ball\n', 2, "not valid CSV: unexpected end of data"),
    "a quote in a word": ("x.csv", f'{HEAD}\na.mp4,ours,"A" ball\n', 2, "not valid CSV"),
    "a key twice in JSON": ("x.json", '[{"file": "a",\n"file": "b"}]', 2, "'file' stands twice"),
    "JSON that breaks off": ("x.json", '[\n{"file": "a"', 2, "not valid JSON"),
    "a comma too many": ("x.json", '[\n{"file": "a",}\n]', 2, "not valid JSON"),
    "a wrong field in JSON": (
        "x.json",
        '{"clips": [\n {"file": "🦊.mp4", "model": "ours", "prompt": "\\ud83e\\udd8a"},\n {"file": "a", '
        '"model": "ours",\n  "prompt": "A", "cost": -1}\n]}',
        4,
        "greater than or equal to 0",
    ),
    "a wrong field in YAML": ("x.yaml", YAML.replace("cost: 0.40", "cost: much"), 10, "given: 'much'"),
    "a ratio without quotes": (
        "x.yaml",
        "- file: a.mp4\n  model: ours\n  prompt: A\n  settings: {aspect_ratio: 16:9}\n",
        4,
        'write "16:9" in quotes',
    ),
    "a number for a list": ("x.yaml", "clips: 3\n", 1, "clips"),
    "no list at all": ("x.yaml", "file: a.mp4\n", 1, "unknown key 'file'"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_told_by_file_and_line(what: str, tmp_path: Path) -> None:
    name, text, line, said = WRONG[what]

    message = complaint(tmp_path, name, text)

    assert f"{tmp_path / name}:{line}: " in message
    assert said in message


def test_every_complaint_comes_at_once(tmp_path: Path) -> None:
    message = complaint(tmp_path, "x.csv", f"{HEAD},cost,sample\n{LINE},-1,1\n{LINE},1,0\n")

    assert f"{tmp_path / 'x.csv'}:2: " in message
    assert f"{tmp_path / 'x.csv'}:3: " in message


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("x.csv", ""),
        ("x.csv", f"{HEAD}\n"),
        ("x.csv", "\n\n"),
        ("x.json", "[]"),
        ("x.json", '{"clips": []}'),
        ("x.json", "{}"),
        ("x.yaml", ""),
        ("x.yaml", "# nothing\n"),
        ("x.yaml", "clips: []\n"),
    ],
)
def test_a_list_without_clips_is_refused(name: str, text: str, tmp_path: Path) -> None:
    message = complaint(tmp_path, name, text)

    assert message.startswith(f"{tmp_path / name}:1: ")


def test_an_empty_json_file_is_no_json(tmp_path: Path) -> None:
    assert "not valid JSON" in complaint(tmp_path, "x.json", "")


def test_json_in_another_encoding_is_refused_by_name(tmp_path: Path) -> None:
    assert "cannot be read" in complaint(tmp_path, "x.json", '[{"file": "é"}]'.encode("latin-1"))


def test_a_csv_with_semicolons_is_told_what_its_columns_are_called(tmp_path: Path) -> None:
    message = complaint(tmp_path, "x.csv", "file;model;prompt\na.mp4;ours;A ball\n")

    assert "x.csv:1: " in message
    assert "commas" in message


def test_a_manifest_of_another_kind_is_refused(tmp_path: Path) -> None:
    assert "is a CSV, JSON or YAML file, not '.txt'" in complaint(tmp_path, "x.txt", CSV)


def test_a_manifest_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match=r"gone\.csv: no such file"):
        read_manifest(tmp_path / "gone.csv")


# --- finding it -------------------------------------------------------------------------------------------------------


def test_the_usual_names_are_looked_for_in_the_folder(tmp_path: Path) -> None:
    (tmp_path / "manifest.yaml").write_text(YAML)
    assert find_manifest(tmp_path, None) == tmp_path / "manifest.yaml"

    (tmp_path / "manifest.csv").write_text(CSV)
    assert find_manifest(tmp_path, None) == tmp_path / "manifest.csv"
    assert find_manifest(tmp_path, Path("mine.json")) == Path("mine.json")


def test_a_folder_without_a_manifest_says_what_one_is(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"there is no manifest\.csv or manifest\.json") as raised:
        find_manifest(tmp_path, None)

    assert "--manifest" in (raised.value.hint or "")


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="there is no such folder"):
        find_manifest(tmp_path / "gone", None)
