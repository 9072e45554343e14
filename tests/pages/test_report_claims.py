"""The report's part on the brief: every claim with its words, its finding and its verdict, and no link to elsewhere."""

from __future__ import annotations

from pathlib import Path

from rushes.benchmarks.claims import claims
from rushes.benchmarks.table import Table, make_table
from rushes.benchmarks.votes import Vote
from rushes.card import Card, load_cards
from rushes.pages.claims import claims_view
from rushes.pages.report import render
from tests.benchmarks.ballots import vote
from tests.pages.conftest import Page
from tests.pages.runs import CELLS, MODELS, NO_FILE, make_info, make_result, make_run, make_suite

NOWHERE = Path("/nowhere")
CARDS = load_cards()
HOSTILE = "<script>alert(1)</script> & {{ 7 * 7 }}"


def voted(simulated: bool = False, models: tuple[str, ...] = MODELS[:2]) -> Table:
    """Two Soras on eight prompts: the Pro is slower, and wins every vote for its texture."""
    suite = make_suite(models, CELLS[:1], 8)
    results = [
        make_result(model, prompt.id, seconds=60.0 * (1 + place) + number, simulated=simulated)
        for number, prompt in enumerate(suite.prompts)
        for place, model in enumerate(models)
    ]
    return make_table(make_info(suite, simulated=simulated), results, {}, votes(suite.prompts))


def votes(prompts: tuple[object, ...]) -> list[Vote]:
    return [
        vote(f"short/p{number}/sora-2-pro/1", f"short/p{number}/sora-2/1", prompt=f"p{number}", reasons=("texture",))
        for number in range(len(prompts))
    ]


def part(table: Table, cards: dict[str, Card] | None = None) -> Page:
    """The section of the page."""
    page = render(table, NOWHERE, cards)
    start = page.index('<section id="claims"')
    return Page(page[start : page.index("</section>", start) + len("</section>")])


def test_every_claim_stands_with_its_words_its_finding_and_its_verdict() -> None:
    text = part(voted()).text

    assert "Does the brief hold?" in text
    assert 'The brief on speed: sora-2 “Faster”, sora-2-pro “Standard ("Slower" beside Sora 2)”.' in text
    assert "sora-2 sooner than sora-2-pro short holds sora-2-pro takes " in text
    assert "sora-2-pro better in texture than sora-2 all holds ahead on 8 of 8 prompts" in text
    assert "sora-2 reaches 25 s all contradicted longest delivered 4.0 s" in text
    assert "the vendor's limit in one call is 20 s (openai/sora-2) [sora-2, openai-guide]" in text
    assert "sora-2 reaches 20 s all not testable here" in text
    assert "SIMULATED" not in text


def test_each_verdict_has_a_look_of_its_own_and_a_label_for_narrow_screens() -> None:
    found = part(voted())

    cells = [each for each in found.all("td") if each.get("data-label") == "Verdict"]
    assert {"pass", "fail", "few"} <= {str(each["class"]) for each in cells}
    assert {each["data-label"] for each in found.all("td")} == {"Cell", "Verdict", "Found here"}
    assert all(each["class"] == "stack text" for each in found.all("table"))


def test_a_simulated_run_says_on_every_line_that_it_proves_nothing() -> None:
    table = voted(simulated=True)

    found = part(table)

    lines = [claim for claim in claims(table, CARDS) if not claim.missing]
    assert found.text.count("proves nothing about the model") == len(lines) > 10


def test_vendors_limits_have_their_sources_but_no_link() -> None:
    found = part(voted())

    source = "OpenAI guide, developers.openai.com/api/docs/guides/video-generation; read 2026-11-22, trust high"
    assert f"sora-2, openai-guide {source}" in found.text
    assert "http" not in found.html
    assert found.all("a") == []


def test_models_that_the_run_lacks_are_named_and_their_own_limits_shown() -> None:
    text = part(voted()).text

    assert "Not in this run: veo-3.1, wan-2.5;" in text
    assert "veo-3.1 reaches 60 s all contradicted n/a" in text
    assert "better than veo-3.1" not in text


def test_a_run_of_other_models_says_so() -> None:
    table = make_run(make_suite(MODELS[4:5], CELLS[:1], 1), trouble=0)
    sayings = {"sora-2": CARDS["sora-2"].model_copy(update={"brief": {"speed": "Faster", "audio": "yes"}})}

    text = part(table, sayings).text

    assert "No model of the brief is in this run." in text
    assert "Not in this run: sora-2; 1 claim not tested for that." in text


def test_what_is_unknown_is_n_a_and_nothing_python_says_comes_onto_the_page() -> None:
    suite = make_suite(MODELS[:4], CELLS[:1], 1)
    nothing = [make_result(model, **NO_FILE) for model in MODELS[:4]]

    words = part(make_table(make_info(suite), nothing, {})).text.split()

    assert "n/a" in words
    assert {"None", "nan", "inf", "True", "False"} & set(words) == set()


def test_words_of_a_card_are_shown_and_never_obeyed() -> None:
    said = CARDS["sora-2"].model_copy(update={"brief": {"speed": "Faster", "audio": f"yes {HOSTILE}"}})

    found = part(voted(), {"sora-2": said, "sora-2-pro": CARDS["sora-2-pro"]})

    assert HOSTILE in found.text
    assert found.all("script") == []


def test_the_view_keeps_the_order_of_subjects_and_cites_each_source_once() -> None:
    view = claims_view(voted(models=MODELS[:4]), CARDS)

    assert [each.subject for each in view.tables] == [
        *("speed", "quality", "texture", "stability", "physics", "audio", "duration", "resolution"),
    ]
    assert view.untested is None
    assert len({key for key, _ in view.sources}) == len(view.sources) > 3
