"""The pair page in a browser, served by the command: a person at a keyboard, and one at a telephone."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from rushes.benchmarks.folder import Folder
from rushes.benchmarks.votebook import Book
from rushes.benchmarks.votes import Vote, standing
from tests.pages.rating import MODELS, TELLING, make_folder

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext, Page

pytestmark = pytest.mark.asyncio(loop_scope="module")

SERVE = """
import sys
from pathlib import Path
from rushes.cli.options import Common
from rushes.cli.rate import rate
sys.exit(rate("secret-run", raw=sys.argv[2] == "raw", common=Common(home=Path(sys.argv[1]), json=True)))
"""


#: There once a choice is taken.
READY = '#verdict [data-choice=left][aria-disabled="false"]'


@dataclass
class Served:
    """`rushes rate` at work."""

    url: str
    folder: Folder
    process: subprocess.Popen[str]

    def votes(self, rater: str) -> list[Vote]:
        return [vote for vote in standing(Book(self.folder.path).lines())[0] if vote.rater == rater]


def start(home: Path, folder: Folder, how: str = "copies") -> Served:
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE, str(home), how], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    text = ""
    while not text.endswith("}\n"):
        line = process.stdout.readline()
        assert line, process.stderr.read() if process.stderr else ""
        text += line
    return Served(json.loads(text)["url"], folder, process)


def stop(served: Served) -> tuple[int, str]:
    """Its exit code after Ctrl-C, and what it said at last."""
    served.process.send_signal(signal.SIGINT)
    _, said = served.process.communicate(timeout=60)
    return served.process.returncode, said


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A run of three models and two prompts, for every test that takes a rater of its own."""
    home = tmp_path_factory.mktemp("home")
    served = start(home, make_folder(home, films=True))
    yield served
    stop(served)


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[[Folder], Served]]:
    """Serves the files themselves of a run in `tmp_path`."""
    started: list[Served] = []

    def serving(folder: Folder) -> Served:
        started.append(start(tmp_path, folder, "raw"))
        return started[-1]

    yield serving
    for each in started:
        if each.process.returncode is None:
            stop(each)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    found = shutil.which("chromium") or shutil.which("google-chrome")
    try:
        from playwright.async_api import async_playwright
    except ImportError:
        found = None
    if found is None:
        why = "no playwright or no chromium is installed"
        if os.environ.get("CI") == "true":
            pytest.fail(why)
        pytest.skip(why)
    async with async_playwright() as playwright:
        switches = [
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-sync",
            "--mute-audio",
        ]
        browser = await playwright.chromium.launch(executable_path=found, args=switches)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="module")
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A window; what a page's script complains of fails the test."""
    context = await browser.new_context(viewport={"width": 1280, "height": 800})
    complaints: list[str] = []
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    yield context
    await context.close()
    assert complaints == []


async def open_page(context: BrowserContext, served: Served, rater: str) -> Page:
    """The page of `rater` with its first pair."""
    page = await context.new_page()
    await page.goto(f"{served.url}?rater={rater}")
    await page.wait_for_selector("#stage:not([hidden]), #end:not([hidden])")
    return page


async def ended(page: Page) -> bool:
    return bool(await page.is_visible("#end"))


async def play(page: Page) -> None:
    """Presses space where the page waits for somebody to begin; to the browser a test that looks is one who acts."""
    if await page.inner_text("#play-word") == "Play both":
        await page.keyboard.press("Space")


async def play_until(page: Page, reached: str) -> None:
    """Plays until an expression of the page holds; where the browser lets it begin late or not at all, once more."""
    from playwright.async_api import TimeoutError as NotYet

    for _ in range(30):
        if await page.evaluate(f"() => {reached}"):
            return
        await play(page)
        try:
            await page.wait_for_function(f"() => {reached}", timeout=4_000)
            return
        except NotYet:
            continue
    pytest.fail(f"played in vain until {reached}; the page says: {await page.inner_text('#status')}")


async def play_to_the_end(page: Page) -> None:
    """Until a choice is taken, or there is none left."""
    await play_until(page, f"document.querySelector({json.dumps(READY + ', #end:not([hidden])')}) !== null")


async def choose(page: Page, key: str) -> None:
    """Presses the key and waits for the next pair, or the end."""
    before = await page.inner_text("#count")
    await page.keyboard.press(key)
    await page.wait_for_function("before => document.querySelector('#count').textContent !== before", arg=before)


async def players(page: Page) -> list[dict[str, Any]]:
    found = await page.evaluate(
        "[...document.querySelectorAll('video')].map((each) => "
        "({at: each.currentTime, muted: each.muted, paused: each.paused, src: each.getAttribute('src')}))"
    )
    return list(found)


# --- at a keyboard ----------------------------------------------------------------------------------------------------


async def test_a_whole_run_is_rated_by_keyboard_with_a_reload_in_the_middle_and_nothing_is_lost(
    served: Served, context: BrowserContext
) -> None:
    page = await context.new_page()
    heard: list[str] = []
    await page.goto(served.url)
    await page.wait_for_selector("#rater:focus")  # what is typed before that goes nowhere
    await page.keyboard.type("anna")
    await page.keyboard.press("Enter")
    await page.wait_for_selector("#stage:not([hidden])")
    keys = ["1", "2", "0", "b"] * 5
    chosen = 0
    while not await ended(page):
        await play_to_the_end(page)
        if chosen == 2:
            await page.keyboard.press("3")
            await page.keyboard.press("9")
        heard.append(await page.content())
        await choose(page, keys[chosen])
        chosen += 1
        if chosen == 3:
            sources = [each["src"] for each in await players(page)]
            await page.reload()
            await page.wait_for_selector("#stage:not([hidden])")
            assert [each["src"] for each in await players(page)] == sources
            assert (await page.inner_text("#count")).startswith("3 done")

    votes = served.votes("anna")
    assert len(votes) == chosen >= 6
    meant = {"1": "left", "2": "right", "0": "tie", "b": "both_bad"}
    assert [vote.choice for vote in votes] == [meant[key] for key in keys[:chosen]]
    assert [vote.reasons for vote in votes[:4]] == [(), (), ("motion", "text"), ()]
    assert all(vote.seconds is not None and vote.seconds >= 0.5 for vote in votes)
    heard.append(await page.content())
    assert not any(word in html for html in heard for word in TELLING)
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await page.wait_for_selector("table")
    text = await page.inner_text("main")
    assert all(model in text for model in MODELS)


async def test_no_choice_is_taken_before_both_were_seen_and_heard(served: Served, context: BrowserContext) -> None:
    page = await open_page(context, served, "early")

    await page.keyboard.press("1")

    said = await page.inner_text("#status")
    assert said == "Not yet: clip 1 has not been seen to its end, clip 2 has not been seen to its end."
    await play_to_the_end(page)
    assert await page.inner_text("#status") == "Seen and heard to the end: choose now."
    assert await page.inner_text("#left-seen") == await page.inner_text("#right-seen") == "heard 100 %"
    assert served.votes("early") == []
    await choose(page, "1")
    assert len(served.votes("early")) == 1


async def test_one_side_is_heard_at_a_time_and_both_play_in_step(served: Served, context: BrowserContext) -> None:
    page = await open_page(context, served, "ears")
    assert [each["muted"] for each in await players(page)] == [False, True]

    for key, muted in (
        ("ArrowRight", [True, False]),
        ("m", [False, True]),
        ("m", [True, False]),
        ("ArrowLeft", [False, True]),
    ):
        await page.keyboard.press(key)
        assert [each["muted"] for each in await players(page)] == muted
        pressed = await page.eval_on_selector_all(".ear", "all => all.map((each) => each.ariaPressed)")
        assert pressed == [str(not each).lower() for each in muted]

    await play_until(page, "[...document.querySelectorAll('video')].every((each) => each.currentTime > 0.1)")
    await page.keyboard.press("Space")
    left, right = await players(page)
    assert left["paused"]
    assert right["paused"]
    # The page lets one be 0.15 s ahead and looks four times a second.
    assert abs(left["at"] - right["at"]) < 0.5
    await page.keyboard.press("r")
    await play_to_the_end(page)


async def test_a_choice_taken_back_comes_again_as_it_was(served: Served, context: BrowserContext) -> None:
    page = await open_page(context, served, "undo")
    sources = [each["src"] for each in await players(page)]
    await play_to_the_end(page)
    await page.keyboard.press("6")
    await choose(page, "2")

    await choose(page, "u")

    assert [each["src"] for each in await players(page)] == sources
    assert await page.is_checked("[value=physics]")
    assert await page.inner_text("#status") == "Taken back: choose anew."
    assert served.votes("undo") == []
    await choose(page, "1")
    assert [vote.choice for vote in served.votes("undo")] == ["left"]


async def test_two_people_at_once_do_not_get_in_each_others_way(served: Served, browser: Browser) -> None:
    contexts = [await browser.new_context() for _ in range(2)]
    raters = ["bert", "carla"]
    pages = [await open_page(each, served, rater) for each, rater in zip(contexts, raters, strict=True)]

    for _ in range(2):
        for page in pages:
            await play(page)
        for page in pages:
            await play_to_the_end(page)
        for page, key in zip(pages, "12", strict=True):
            await choose(page, key)

    assert [[vote.choice for vote in served.votes(rater)] for rater in raters] == [["left"] * 2, ["right"] * 2]
    for each in contexts:
        await each.close()


async def test_whoever_wants_less_motion_begins_each_pair_alone(served: Served, browser: Browser) -> None:
    context = await browser.new_context(reduced_motion="reduce")
    page = await open_page(context, served, "calm")
    await play_to_the_end(page)

    await choose(page, "0")

    assert all(each["paused"] for each in await players(page))
    assert await page.inner_text("#status") == "Press Play both, or space."
    await context.close()


async def test_keys_can_be_turned_off_and_every_button_does_the_same(served: Served, context: BrowserContext) -> None:
    page = await open_page(context, served, "mouse")
    await page.click("summary")
    await page.uncheck("#keys")
    await page.keyboard.press("m")
    assert [each["muted"] for each in await players(page)] == [False, True]

    if await page.inner_text("#play-word") == "Play both":
        await page.click("#play")
    await page.wait_for_selector(READY, timeout=60_000)
    await page.click("text=Texture")
    await page.click("[data-choice=both_bad]")
    await page.wait_for_function("() => document.querySelector('#count').textContent.startsWith('1 done')")

    [vote] = served.votes("mouse")
    assert (vote.choice, vote.reasons) == ("both_bad", ("texture",))
    await page.click("#undo")
    await page.wait_for_function("() => document.querySelector('#count').textContent.startsWith('0 done')")


async def test_a_screen_reader_is_told_where_it_is(served: Served, context: BrowserContext) -> None:
    page = await open_page(context, served, "ears2")

    assert await page.evaluate("document.activeElement.id") == "title"
    tree = await page.locator("body").aria_snapshot()
    for words in (
        "Clip 1, left",
        "Clip 2, right",
        "Clip 1 is better",
        "Equally good",
        "Both bad",
        "Play both",
        "Motion",
    ):
        assert words in tree
    assert await page.get_attribute("#status", "role") == "status"


# --- at a telephone ---------------------------------------------------------------------------------------------------


async def test_a_telephone_shows_both_clips_and_every_choice_without_scrolling_sideways(
    served: Served, browser: Browser
) -> None:
    context = await browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = await open_page(context, served, "phone")

    assert await page.evaluate("document.documentElement.scrollWidth") == 390
    places = [await each.bounding_box() for each in await page.query_selector_all("video, [data-choice], #play")]
    assert all(place and place["x"] >= 0 and place["x"] + place["width"] <= 390 for place in places)
    assert all(place and place["y"] + place["height"] <= 844 for place in places)
    first, second = places[:2]
    assert first
    assert second
    assert second["y"] >= first["y"] + first["height"]
    if await page.inner_text("#play-word") == "Play both":
        await page.tap("#play")
    await page.wait_for_selector(READY, timeout=60_000)
    await page.tap("[data-choice=right]")
    await page.wait_for_function("() => document.querySelector('#count').textContent.startsWith('1 done')")
    assert [vote.choice for vote in served.votes("phone")] == ["right"]
    await context.close()


# --- when something goes wrong ----------------------------------------------------------------------------------------


#: Everything that the page ever alerts of, however soon it is gone again.
KEEP_ALERTS = """
addEventListener("DOMContentLoaded", () => {
  const alert = document.getElementById("alert");
  const keep = () => sessionStorage.setItem("told", `${sessionStorage.getItem("told")}|${alert.textContent}`);
  if (alert) new MutationObserver(keep).observe(alert, {childList: true, characterData: true, subtree: true});
});
"""


async def test_a_clip_that_cannot_be_played_is_told_and_left_out(
    tmp_path: Path, serve: Callable[[Folder], Served], context: BrowserContext
) -> None:
    folder = make_folder(tmp_path, films=True, models=MODELS[:2])
    broken = folder.path / "clips" / "wonder-9-short-p0-1.mp4"
    broken.write_bytes(b"no film")
    served = serve(folder)

    await context.add_init_script(KEEP_ALERTS)
    page = await open_page(context, served, "anna")
    while not await ended(page):
        await play_to_the_end(page)
        if not await ended(page):
            await choose(page, "1")

    told = str(await page.evaluate("sessionStorage.getItem('told')")).split("|")
    assert any(
        re.fullmatch(r"This browser could not play clip [12]: it is left out from here on\.", each) for each in told
    )
    votes = served.votes("anna")
    assert [vote.prompt for vote in votes] == ["p1"]
    assert votes[0].raw
    code, said = stop(served)
    assert (code, said) == (0, f"1 choice saved in {folder.path / 'votes.jsonl'}\n")


async def test_a_server_that_is_gone_is_told_and_the_choice_stays_to_be_made(
    tmp_path: Path, serve: Callable[[Folder], Served], context: BrowserContext
) -> None:
    served = serve(make_folder(tmp_path, films=True, models=MODELS[:2], prompts=1))
    page = await open_page(context, served, "anna")
    await play_to_the_end(page)
    stop(served)

    await page.keyboard.press("1")

    await page.wait_for_selector("#alert:not([hidden])")
    assert (await page.inner_text("#alert")).startswith("NOT saved: the server does not answer.")
    assert served.votes("anna") == []
    assert await page.get_attribute("[data-choice=left]", "aria-disabled") == "false"
