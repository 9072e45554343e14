"""The report: everything is in it once, nothing in it is loaded from elsewhere, and a browser shows it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from functools import cache
from pathlib import Path
from random import Random
from urllib.parse import unquote

import pytest

from rushes.benchmarks.measured import Value
from rushes.benchmarks.metrics import METRICS
from rushes.benchmarks.suite import Prompt
from rushes.benchmarks.table import Table, make_table
from rushes.pages.overview import overview
from rushes.pages.players import KEY_METRICS, MANY_CLIPS, prompts, url
from rushes.pages.report import FILE, render, write
from rushes.pages.tables import cell_tables
from tests.pages.conftest import Page
from tests.pages.runs import (
    CELLS,
    MODELS,
    NO_FILE,
    NOW,
    imported,
    make_info,
    make_result,
    make_run,
    make_suite,
    measure,
    write_clips,
)

NOWHERE = Path("/nowhere")
HOSTILE = (
    'A "sign" reads <script>alert(1)</script> & <img src=x onerror=alert(2)> — 🦊 שלום \u202eabc {{ 7 * 7 }} </style>'
)


@cache
def usual() -> Table:
    return make_run(make_suite(prompts=7), trouble=0.4)


@cache
def page() -> Page:
    return Page(render(usual(), NOWHERE))


def small(*changes: dict[str, object], suite: object = None, **info: object) -> Table:
    """Clips of one model and cell, one for each of `changes`."""
    found = suite or make_suite(MODELS[:1], CELLS[:1], max(1, len(changes)))
    results = [make_result(**({"prompt": f"p{at}"} | each)) for at, each in enumerate(changes)]
    return make_table(make_info(found, **info), results, {})  # type: ignore[arg-type]


def with_clips(folder: Path) -> Page:
    write_clips(usual(), folder)
    path = write(usual(), folder)
    assert path == folder / FILE
    return Page(path.read_text(encoding="utf-8"))


# --- what it may load ---------------------------------------------------------------------------------------------


def test_a_page_asks_nothing_of_any_other_address_and_all_it_points_at_is_there(tmp_path: Path) -> None:
    found = with_clips(tmp_path)

    assert "http:" not in found.html
    assert "https:" not in found.html
    assert {"link", "iframe", "object", "embed"} & {tag for tag, _ in found.tags} == set()
    assert "@import" not in found.html
    assert re.findall(r"url\((?!#)", found.html) == []
    ids = set(found.values("id"))
    for target in found.values("src", "href", "xlink:href", "poster", "action"):
        if target.startswith("#"):
            assert target[1:] in ids
        else:
            assert not target.startswith(("/", "data:text")), target
            assert (tmp_path / unquote(target)).is_file(), target


def test_ids_are_the_pages_own_and_every_label_points_at_one() -> None:
    ids = page().values("id")

    assert len(ids) == len(set(ids))
    assert set(page().values("aria-labelledby")) <= set(ids)


def test_the_same_table_gives_the_same_page(tmp_path: Path) -> None:
    one, two = (render(make_run(make_suite(MODELS[:2], CELLS[:1], 2)), tmp_path) for _ in range(2))

    assert one == two


# --- what it says -------------------------------------------------------------------------------------------------


def test_every_clip_is_there_once_and_a_failure_stands_where_its_player_would(tmp_path: Path) -> None:
    found = with_clips(tmp_path)

    cards = [each["id"] for each in found.all("article")]
    assert sorted(str(each) for each in cards) == sorted(f"clip/{clip.result.label}" for clip in usual().whole)
    files = [clip.result.clip for clip in usual().whole if clip.result.clip]
    assert 0 < len(files) < len(usual().whole)
    assert sorted(str(each["src"]) for each in found.all("video")) == sorted(files)
    for player in found.all("video"):
        assert player["preload"] == "none"
        assert player["aria-label"]
        assert "controls" in player
        assert not {"autoplay", "loop", "muted", "poster"} & set(player)
    assert found.text.count(": no file") == len(usual().whole) - len(files)
    assert "failed Internal error" in found.text
    assert "given up after 900.0 s" in found.text
    assert "unusable frozen for 61 % of its length" in found.text


def test_what_vendors_and_prompts_say_is_shown_and_never_obeyed() -> None:
    suite = make_suite(MODELS[:1], CELLS[:1], 1, title=HOSTILE)
    suite = suite.model_copy(update={"prompts": (Prompt(id="p0", text=HOSTILE, category="any"),)})
    failed = NO_FILE | {"reason": HOSTILE}
    table = small(failed, suite=suite, left_out={"vendor/x": (HOSTILE,)}, stopped=HOSTILE)
    table = make_table(
        table.info.model_copy(update={"command": ("rushes", HOSTILE)}),
        [table.whole[0].result, make_result(sample=2, rewritten_prompt=HOSTILE, notes=(HOSTILE,))],
        {},
    )

    found = Page(render(table, NOWHERE))

    assert len(found.all("script")) == 1
    assert found.all("img") == []
    assert found.values("onerror") == []
    assert found.text.count("<script>alert(1)</script>") >= 7
    assert "🦊 שלום" in found.text
    assert "{{ 7 * 7 }}" in found.text
    assert [each["dir"] for each in found.all("blockquote")] == ["auto"]


def test_imported_clips_bear_a_badge_and_are_told_apart() -> None:
    suite = make_suite(MODELS[:2], CELLS[:1], 1)
    table = make_table(
        make_info(suite, simulated=False), [make_result(simulated=False), imported(model="sora-2-pro")], {}
    )

    found = Page(render(table, NOWHERE))

    assert "Imported: sora-2-pro. Nobody here saw these clips being made" in found.text
    badges = [each["class"] for each in found.all("span") if "badge imported" in str(each.get("class"))]
    assert len(badges) == 2  # in the table and at the clip
    assert "badge measured" in found.html


def test_every_metric_is_explained_with_its_unit_and_which_way_is_better() -> None:
    for metric in METRICS.values():
        assert metric.about in page().text
        assert metric.title in page().text
    assert "never ranked by them" in page().text
    assert "Frozen (%) lower is better" in page().text
    assert "Cuts neither way is better" in page().text


def test_checks_show_what_was_asked_and_what_was_found() -> None:
    assert "frozen : fail asked: " in page().text
    assert "length : pass asked: 4 s ± 0.25 s; found: 4 s" in page().text
    assert "onsets , described:" in page().text


def test_more_than_so_many_clips_show_key_numbers_only_and_say_so() -> None:
    suite = make_suite(MODELS[:1], CELLS[:1], 1)
    results = [make_result(sample=sample) for sample in range(1, MANY_CLIPS + 2)]
    measures = {result.label: measure(result) for result in results}

    html = render(make_table(make_info(suite), results, measures), NOWHERE)

    assert f"More than {MANY_CLIPS} clips: each shows only black, frozen" in Page(html).text
    card = html.split('<article class="card"')[1].split("</article>")[0]
    titles = re.findall(r'<th scope="row">([^<]+)</th>', card.split('class="numbers"')[1])
    assert titles == [METRICS[name].title for name in KEY_METRICS]
    assert "checks passed" in card
    assert html.count("<article") == MANY_CLIPS + 1


def test_the_foot_holds_all_that_is_needed_to_repeat_the_run() -> None:
    text = page().text

    assert "rushes bench run house --simulate" in text
    assert "Seed of the order 0" in text
    assert "id: house version: 3" in text
    assert "samples: 1" in text
    assert "python 3.11.7" in text
    assert "av 18.1.0" in text
    assert f"frozen {METRICS['frozen'].version}" in text
    for note in usual().notes:
        assert re.sub(r"\s+", " ", note) in text


def test_tables_can_be_read_by_ear() -> None:
    assert len(page().all("caption")) == len(page().all("table"))
    assert all(each.get("scope") in ("col", "row") for each in page().all("th"))
    assert len(page().all("h1")) == 1
    assert all(each.get("tabindex") == "0" and each.get("role") == "region" for each in _boxes())
    assert page().all("html")[0]["lang"] == "en"


def _boxes() -> list[dict[str, str | None]]:
    found = [each for each in page().all("div") if each.get("class") == "box"]
    assert found
    return found


# --- single facts -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("clip", ["clips/a b#1?.mp4", "clips/über & <so>.mp4", 'clips/"quoted".mp4'])
def test_the_name_of_a_file_may_hold_anything(clip: str, tmp_path: Path) -> None:
    (tmp_path / "clips").mkdir()
    (tmp_path / clip).touch()

    found = str(url(clip, tmp_path))

    assert unquote(found) == clip
    assert re.fullmatch(r"[\w%./~-]+", found)


@pytest.mark.parametrize("clip", ["../other.mp4", "clips/../../other.mp4", "/etc/hostname", "clips", "clips/gone.mp4"])
def test_what_is_not_a_file_of_the_run_has_no_address(clip: str, tmp_path: Path) -> None:
    (tmp_path / "other.mp4").touch()
    (tmp_path / "run" / "clips").mkdir(parents=True)

    assert url(clip, tmp_path / "run") is None


def test_dollars_in_all_say_of_how_many_clips_they_are_not_known() -> None:
    some = small({}, {"usd": None, "usd_how": "unknown"}, simulated=False)
    none = small({"usd": None, "usd_how": "unknown"})

    assert dict(overview(some).facts)["Dollars in all"] == "at least $0.40, simulated; 1 clip n/a"
    assert dict(overview(none).facts)["Dollars in all"] == "n/a"
    assert dict(overview(small({}, {})).facts)["Dollars in all"] == "$0.80, simulated"


def test_what_was_not_alike_is_said() -> None:
    file = make_result().delivered or {}
    silent = {"model": "sora-2-pro", "delivered": {**file, "audio_codec": None}}
    wide = {"prompt": "p1", "delivered": {**file, "width": 1920, "height": 1080}}
    changed = {"prompt": "p2", "changes": ({"field": "seconds", "asked": 5, "sent": 4, "why": "it makes 4"},)}
    suite = make_suite(("sora-2", "sora-2-pro", "wan-2.5", "veo-3.1"), CELLS[:1], 3)
    table = small(silent, wide, changed, suite=suite, left_out={"vendor/wan-2.5": ("retired on 2026-09-24",)})

    apart = overview(table).apart

    assert apart[:4] == [
        "Lengths in short: sora-2 4 s, sora-2-pro 4 s, wan-2.5 5 s, veo-3.1 4 s.",
        "Sound in short: sora-2-pro returned silent files.",
        "Sizes in short: sora-2 1280x720, 1920x1080; sora-2-pro 1280x720.",
        "Adapted: sora-2 got other settings than asked; each clip lists them.",
    ]
    assert apart[4:6] == [
        "Left out: vendor/wan-2.5: retired on 2026-09-24.",
        "Missing: veo-3.1: no clip was made or imported.",
    ]
    assert apart[6].startswith("Not finished")
    assert overview(small({})).apart == []


def test_sound_in_some_files_only_is_said() -> None:
    file = make_result().delivered or {}
    table = small({}, {"delivered": {**file, "audio_codec": None}})

    assert overview(table).apart == ["Sound in short: sora-2 in 1 of 2 files only."]


def test_a_run_over_midnight_names_both_days_and_one_not_finished_says_so() -> None:
    def made(**info: object) -> str:
        return dict(overview(small({}, **info)).facts)["Made"]

    assert made() == "2026-08-01 09:30 to 11:30 UTC"
    assert made(finished=NOW + timedelta(hours=25)) == "2026-08-01 09:30 to 2026-08-02 10:30 UTC"
    assert made(finished=None) == "2026-08-01 09:30 UTC, not finished"


def test_pairs_say_how_many_times_faster_and_what_is_equivalent() -> None:
    slow = [make_result("sora-2-pro", f"p{at}", seconds=300.0 + at) for at in range(8)]
    quick = [make_result(model, f"p{at}", seconds=60.0 + at) for at in range(8) for model in ("sora-2", "veo-3.1")]
    suite = make_suite(("sora-2", "sora-2-pro", "veo-3.1"), CELLS[:1], 8)

    [cell] = cell_tables(make_table(make_info(suite), slow + quick, {}))

    rows = {model: [None if each is None else each.words for each in verdicts] for model, verdicts in cell.pairs.rows}
    assert rows == {
        "sora-2": [None, "4.8 × faster", "equivalent"],
        "sora-2-pro": ["4.8 × slower", None, "4.8 × slower"],
        "veo-3.1": ["equivalent", "4.8 × faster", None],
    }
    assert [(row.model, row.tier) for row in cell.decisions] == [("sora-2", 1), ("veo-3.1", 1), ("sora-2-pro", 2)]


def test_pairs_that_cannot_be_told_apart_say_how_many_prompts_it_would_take() -> None:
    dice = Random(3)
    results = [
        make_result(model, f"p{at}", seconds=seconds * dice.lognormvariate(0, 0.5))
        for at in range(8)
        for model, seconds in (("sora-2", 60), ("sora-2-pro", 90))
    ]

    [cell] = cell_tables(make_table(make_info(make_suite(MODELS[:2], CELLS[:1], 8)), results, {}))

    verdict = cell.pairs.rows[0][1][1]
    assert verdict is not None
    assert re.fullmatch(r"not separable yet: about \d+ prompts in all", verdict.words)
    assert re.fullmatch(r"1\.\d\d × faster \[0\.\d\d–\d\.\d\d\], n\xa08", verdict.ratio)


@pytest.mark.parametrize("shared", [5, 1, 0])
def test_pairs_with_too_few_prompts_say_how_many_there_are(shared: int) -> None:
    results = [make_result(model, f"p{at}") for at in range(shared) for model in ("sora-2", "sora-2-pro")]
    results += [make_result("sora-2", "p8"), make_result("sora-2-pro", "p9")]
    [cell] = cell_tables(make_table(make_info(make_suite(MODELS[:2], CELLS[:1], 10)), results, {}))

    verdict = cell.pairs.rows[0][1][1]

    assert verdict is not None
    assert verdict.words == f"too few prompts: {shared} of 6"
    assert verdict.ratio == (f"1.00 × faster, n\xa0{shared}" if shared else "n/a")


def test_a_prompts_image_is_shown_where_it_is(tmp_path: Path) -> None:
    suite = make_suite(MODELS[:1], CELLS[:1], 1)
    prompt = suite.prompts[0].model_copy(update={"image": Path("images/p0.png")})
    table = small({}, suite=suite.model_copy(update={"prompts": (prompt,)}))
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "p0.png").touch()

    [image] = Page(render(table, tmp_path)).all("img")

    assert image["src"] == "images/p0.png"
    assert "prompt p0" in str(image["alt"])
    assert prompts(table, NOWHERE)[0].image is None


# --- single clips -------------------------------------------------------------------------------------------------


@cache
def odd() -> tuple[Table, Page]:
    """A real run with clips of which something is to be told, and the page of it."""
    suite = make_suite(MODELS[:1], CELLS[:1], 5)
    unknown = {"timing": {}, "usd": None, "usd_how": "unknown", "at": None, "job": None, "take": None}
    changed = ({"field": "seconds", "asked": 5, "sent": 4, "why": "it makes 4"},)
    results = [
        make_result(**({"prompt": f"p{at}", "simulated": False} | each))
        for at, each in enumerate(
            (
                {"asked_seconds": 12.0, "rewritten_prompt": "a golden ball", "changes": changed},
                {"timing": {}, "resumed": True, "waited_seconds": 900.0},
                unknown | {"asked": {}, "sent": {}, "sha256": None},
                NO_FILE | {"status": "overdue", "waited_seconds": None, "usd": None, "usd_how": "reserved"},
                {},
            )
        )
    ]
    said = {"flicker": Value.degenerate(0.0, "it stands still"), "true_peak": Value.missing("it has no sound")}
    measures = {results[4].label: measure(results[4], **said)}
    table = make_table(make_info(suite, simulated=False), results, measures)
    return table, Page(render(table, NOWHERE))


def test_a_clip_shows_what_was_asked_sent_and_delivered_and_where_it_came_from() -> None:
    table, found = odd()

    assert "length 4 s (its words: 12 s) 4 s 4 s" in found.text
    assert "size 720p 16:9 1280×720 1280×720" in found.text
    assert "sound sound sound aac" in found.text
    assert "h264, 24 frames/s, 2.4 MB" in found.text
    assert "60.0 s to file · $0.40, estimated" in found.text
    assert "Prompt as the vendor rewrote it: a golden ball" in found.text
    assert "seconds: asked 5, sent 4: it makes 4" in found.text
    sha256 = str(table.whole[0].result.sha256)
    assert f'<code title="{sha256}">{sha256[:12]}…</code>' in found.html
    assert "job-short/p0/sora-2/1" in found.text
    assert "take-short/p0/sora-2/1" in found.text


def test_a_clip_that_was_waited_for_in_vain_and_came_later_took_longer_than_that() -> None:
    assert "more than 900.0 s to file" in odd()[1].text


def test_a_number_that_could_not_be_measured_says_why() -> None:
    text = odd()[1].text

    assert "True peak n/a it has no sound" in text
    assert "Flicker 0.00 levels it stands still" in text
    assert "n 0, 1 degenerate" in text


def test_what_nobody_knows_is_n_a_and_nothing_is_shown_as_python_writes_it() -> None:
    for found in (odd()[1], page(), bare()):
        assert re.findall(r"\b(?:None|nan|NaN|inf|Infinity|Decimal|False|True(?! peak))\b", found.text) == []
    cards = odd()[1].html.split("<article")
    unknown = next(card for card in cards if "clip/short/p2/" in card)
    assert "n/a to file · n/a" in unknown
    assert "<code>n/a</code>" in unknown
    assert unknown.count("n/a") > 12


def test_a_clip_whose_file_is_gone_says_so_and_one_without_any_too() -> None:
    found = odd()[1]

    assert found.all("video") == []
    assert found.text.count("usable: its file is not in this folder") == 4
    assert "overdue: no file" in found.text


def test_a_real_run_is_nowhere_called_simulated() -> None:
    assert "simulated" not in odd()[1].text.lower()


# --- whole runs ---------------------------------------------------------------------------------------------------


@cache
def bare() -> Page:
    """Of a run in which nothing was made."""
    return Page(render(make_table(make_info(make_suite(MODELS[:1], CELLS[:1], 2)), [], {}), NOWHERE))


def test_a_simulated_run_says_so_before_anything_else() -> None:
    assert page().text.lstrip().startswith("Prompts of the house (house 3), SIMULATED, world of 2026-08-01")
    assert page().text.index("SIMULATED. No vendor was asked") < page().text.index("Suite")


def test_a_run_without_clips_is_a_whole_page() -> None:
    assert len(bare().all("svg")) == 4
    assert bare().all("article") == []
    assert "No clip of this prompt was made or imported." in bare().text
    assert "no two models have seconds to compare" in bare().text
    assert "not made" in bare().text


def test_seven_models_stand_in_every_table_and_legend() -> None:
    found = Page(render(make_run(make_suite(MODELS, CELLS[:1], 2)), NOWHERE))

    assert len(found.all("article")) == 14
    for model in MODELS:
        assert found.text.count(model) > 8
    assert len(set(re.findall(r'class="swatch" style="background:([^"]+)"', found.html))) == 7


def test_models_of_one_tier_share_its_colour_and_nobody_is_set_in_bold() -> None:
    tables = page().html.split('<section id="decision"')[1].split("</section>")[0]

    assert re.findall(r"<(?:b|strong|em)\b", tables) == []
    tiers = re.findall(r'class="tier tier-(\d)">(\d)<', tables)
    assert tiers
    assert all(colour == tier for colour, tier in tiers)


def test_the_page_lies_beside_the_clips_and_no_half_of_it_stays(folder: Path) -> None:
    assert (folder / FILE).is_file()
    assert [each.name for each in folder.glob(".report*")] == []


# --- in a browser -------------------------------------------------------------------------------------------------

LOOK = """<script>
const wide = [...document.querySelectorAll("body *")].filter(
  (each) => !each.closest(".box, pre, svg, .skip, thead") && each.getBoundingClientRect().right > innerWidth + 1);
const seen = {
  width: innerWidth, scroll: document.documentElement.scrollWidth,
  wide: wide.map((each) => each.outerHTML.slice(0, 90)),
  tables: [...document.querySelectorAll("section > .box table, .table[open] table")].map((each) => each.offsetHeight),
  players: [...document.querySelectorAll("details[open] video")].map((each) => each.offsetHeight),
  sync: document.querySelectorAll(".sync:not([hidden])").length, filter: !document.querySelector("#filter").hidden,
};
</script>"""
TELL = "<script>parent.document.documentElement.dataset.seen = JSON.stringify(seen);</script>"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with long names, its clips and its page."""
    where = tmp_path_factory.mktemp("run")
    suite = make_suite(("sora-2", "a-model-with-a-name-as-long-as-the-name-of-a-model-may-ever-be"[:60]), CELLS[:2], 3)
    table = make_run(suite, trouble=0)
    write_clips(table, where)
    write(table, where)
    return where


def seen(dump: str) -> dict[str, object]:
    found = re.search(r'data-seen="([^"]*)"', dump)
    assert found is not None, dump[:2000]
    return dict(
        json.loads(found[1].replace("&quot;", '"').replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
    )


def changed(folder: Path, name: str, change: Callable[[str], str]) -> Path:
    path = folder / name
    path.write_text(change((folder / FILE).read_text(encoding="utf-8")), encoding="utf-8")
    return path


def test_a_telephone_never_scrolls_sideways(folder: Path, browse: Callable[..., str]) -> None:
    # A window cannot be so narrow, but a frame can.
    changed(folder, "inner.html", lambda html: html.replace("</body>", f"{LOOK}{TELL}</body>"))
    frame = changed(
        folder, "frame.html", lambda _: '<iframe src="inner.html" width="390" height="800" style="border:0">'
    )

    found = seen(browse(frame))

    assert found["width"] == 390
    assert found["wide"] == []
    assert int(str(found["scroll"])) <= 390


def test_without_its_script_a_page_shows_its_tables_and_players(folder: Path, browse: Callable[..., str]) -> None:
    def bare(html: str) -> str:
        return re.sub(r"<script>.*</script>", LOOK + TELL, html, flags=re.DOTALL)

    found = seen(browse(changed(folder, "bare.html", bare)))

    assert found["tables"]
    assert found["players"]
    assert all([*found["tables"], *found["players"]])  # type: ignore[misc]
    assert (found["sync"], found["filter"]) == (0, False)


def test_the_script_plays_a_round_in_step_and_filters_clips(folder: Path, browse: Callable[..., str]) -> None:
    play = """<script>
    document.querySelector('.sync [data-do=restart]').click();
    const seen = {};
    setTimeout(() => {
      const videos = [...document.querySelector('.round').querySelectorAll('video')];
      seen.times = videos.map((each) => each.currentTime);
      seen.lengths = videos.map((each) => each.duration);
      const filter = document.querySelector('#filter');
      filter.elements.model.value = 'sora-2';
      filter.dispatchEvent(new Event('change'));
      const left = [...document.querySelectorAll('article:not([hidden])')];
      seen.left = new Set(left.map((each) => each.dataset.model)).size;
      seen.output = filter.querySelector('output').textContent;
      document.documentElement.dataset.seen = JSON.stringify(seen);
    }, 3000);
    </script>"""

    found = seen(browse(changed(folder, "play.html", lambda html: html.replace("</body>", f"{play}</body>"))))

    assert found["lengths"] == [1, 1]
    assert found["times"] == [1, 1]
    assert (found["left"], found["output"]) == (1, "6 clips")
