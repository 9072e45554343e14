"""`rushes judge`: the simulated judge without a key, caps, and a judge on a server of one's own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from rushes.benchmarks.folder import Folder
from rushes.benchmarks.settings import RunSettings
from rushes.simulator.film import Film, draw
from tests.benchmarks.conftest import make_info, make_result, make_suite
from tests.benchmarks.judging import CARDS, ONE_SECOND, lines, make_folder, says, votes
from tests.cli.conftest import Command

#: Nothing measures these clips: the gate goes by what they were delivered as.
UNMEASURED = RunSettings(scorers=())
#: Better ones first, by their cards.
MODELS = ("sora-2-pro", "wan-2.5", "veo-3.1-lite")
PROMPTS = (
    "a red ball on grass",
    "waves on a shore at dusk",
    "a city street",
    "snow falls in a forest",
    "a park at noon",
)


@pytest.fixture
def folder(home: Path) -> Folder:
    """A simulated run of two pairs."""
    return make_folder(home, prompts=2, settings=UNMEASURED)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a simulated run whose films are as good as the cards of three models say."""
    home = tmp_path_factory.mktemp("drawn")
    folder = Folder(home, "run")
    suite = make_suite(*PROMPTS, models=dict.fromkeys(MODELS))
    with folder.alone():
        folder.save(make_info(suite, settings=UNMEASURED))
        (folder.path / "clips").mkdir()
        for number, text in enumerate(PROMPTS, start=1):
            for place, model in enumerate(MODELS):
                name, simulation = f"clips/{model}-p{number}.mp4", CARDS[model].simulation
                film = Film(
                    text, model, 1.5, 160, 90, 8, False, number * 10 + place, simulation.detail, simulation.steadiness
                )
                draw(folder.path / name, film)
                digest = sha256((folder.path / name).read_bytes()).hexdigest()
                folder.add(make_result(model, f"p{number}", endpoint=None, clip=name, sha256=digest, **ONE_SECOND))
    return home


def test_the_better_model_wins_more_before_the_simulated_judge_and_its_liking_for_the_left_cancels_out(
    rushes: Command, drawn: Path
) -> None:
    ended = rushes("judge", "run", "--simulate", "--home", drawn, "--json")

    assert ended.code == 0, ended.err
    told = ended.json
    assert (told["votes"], told["unanswered"], told["simulated"]) == (15, 0, True)
    assert told["questions"] == {"answered": 30}
    assert 0.3 < told["position_bias"]["share"] < 0.8
    wins = dict.fromkeys(MODELS, 0)
    for vote in votes(Folder(drawn, "run")):
        if vote.choice in ("left", "right"):
            wins[{"left": vote.left, "right": vote.right}[vote.choice].split("/")[2]] += 1
    assert wins["sora-2-pro"] > wins["wan-2.5"] > wins["veo-3.1-lite"]


def test_the_gemini_wire_is_simulated_too_and_its_votes_carry_another_name(rushes: Command, drawn: Path) -> None:
    ended = rushes(
        "judge", "run", "--simulate", "--home", drawn, "--judge", "gemini-3.8-flash", "--pairs", "2", "--json",
        "--as-of", "2026-11-22",
    )  # fmt: skip

    assert ended.code == 0, ended.err
    assert (ended.json["judge"], ended.json["votes"]) == ("simulated:gemini-3.8-flash", 2)
    assert {vote.rater for vote in votes(Folder(drawn, "run"))} >= {"simulated:gemini-3.8-flash"}


def test_it_says_first_what_it_takes_and_at_last_what_came_of_it(rushes: Command, folder: Folder) -> None:
    ended = rushes("judge", "run", "--simulate")

    assert ended.code == 0
    assert "Simulated world of 2026-08-01" in ended.out
    assert "2 pairs, 0 of them judged already" in ended.err
    assert "4 questions to ask, both orders of each pair, for at most $" in ended.err
    for word in ("Votes made", "Flips", "Position bias", "Cost", "4 answered", "votes.jsonl"):
        assert word in ended.out


def test_a_second_start_has_nothing_to_ask(rushes: Command, folder: Folder) -> None:
    rushes("judge", "run", "--simulate", "--pairs", "1")
    assert len(votes(folder)) == 1

    rest = rushes("judge", "run", "--simulate", "--json").json
    again = rushes("judge", "run", "--simulate", "--json").json

    assert (rest["votes"], rest["there"]) == (1, 1)
    assert (again["votes"], again["there"], again["questions"]) == (0, 2, {})
    assert again["usd_of_all_starts"] == rest["usd_of_all_starts"]


def test_what_the_judge_would_not_say_is_counted_and_asked_again_on_demand(rushes: Command, home: Path) -> None:
    folder = make_folder(home, prompts=2, settings=UNMEASURED)
    info = folder.known()
    prompts = [
        info.suite.prompts[0].model_copy(update={"text": "a boat [judge: nonsense x1]"}),
        info.suite.prompts[1].model_copy(update={"text": "a kite [judge: rate_limited x2]"}),
    ]
    folder.save(info.model_copy(update={"suite": info.suite.model_copy(update={"prompts": tuple(prompts)})}))

    first = rushes("judge", "run", "--simulate", "--json")
    assert (first.code, first.json["votes"], first.json["unanswered"]) == (1, 1, 1)
    assert first.json["questions"] == {"answered": 2, "nonsense": 1, "rate_limited": 2}

    kept = rushes("judge", "run", "--simulate", "--json")
    assert (kept.code, kept.json["questions"], kept.json["unanswered"]) == (1, {}, 1)

    again = rushes("judge", "run", "--simulate", "--again", "--json")
    assert (again.code, again.json["votes"], again.json["questions"]) == (0, 1, {"answered": 2})


def test_a_judge_is_shown_rating_copies_and_the_clips_themselves_only_on_demand(
    rushes: Command, folder: Folder
) -> None:
    copies, raw = rushes("judge", "run", "--simulate"), rushes("judge", "run", "--simulate", "--raw", "--json")

    assert "on the run run, rating copies, 4 frames a second" in copies.err
    assert "on the run run, the clips themselves, 4 frames a second" in raw.err
    assert (raw.json["raw"], raw.json["votes"], raw.json["there"]) == (True, 2, 0)
    assert [vote.raw for vote in votes(folder)] == [False, False, True, True]


# --- refused before anything is sent ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        ((), 2, "say who judges"),
        (("--judge", "gpt-6-lunar"), 2, "did you mean 'gpt-6-luna'"),
        (("--judge", "simulated"), 2, "needs --simulate"),
        (("--simulate", "--pairs", "0"), 2, "at least 1"),
        (("--simulate", "--max-usd", "much"), 2, "--max-usd takes an amount"),
        (("--judge", "gpt-6-luna"), 3, "set OPENAI_API_KEY"),
        (("--judge", "gemini-3.8-flash-vertex"), 3, "set GOOGLE_CLOUD_PROJECT"),
        (("--simulate", "--max-usd", "0.0001"), 3, "above the cap"),
        (("--simulate", "--judge", "gpt-6-luna"), 3, "cannot be told beforehand"),
        (("--simulate", "--judge", "gpt-6-luna", "--unpriced", "--max-usd", "1"), 3, "cannot be held to"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_sent(
    rushes: Command, folder: Folder, options: tuple[str, ...], code: int, said: str
) -> None:
    ended = rushes("judge", "run", *options)

    assert (ended.code, votes(folder), lines(folder)) == (code, [], [])
    assert said in ended.err


def test_a_run_that_is_not_there_is_answered_with_those_that_are(rushes: Command, folder: Folder) -> None:
    ended = rushes("judge", "walk", "--simulate")

    assert ended.code == 2
    assert "There are: run" in ended.err


def test_a_simulated_judge_does_not_judge_a_real_run(rushes: Command, home: Path) -> None:
    make_folder(home, settings=UNMEASURED, simulated=False)

    ended = rushes("judge", "run", "--simulate")

    assert ended.code == 2
    assert "is not simulated" in ended.err


def test_a_run_without_two_clips_to_compare_says_so(rushes: Command, home: Path) -> None:
    make_folder(home, models=("sora-2",), settings=UNMEASURED)

    ended = rushes("judge", "run", "--simulate")

    assert ended.code == 2
    assert "no two usable clips" in ended.err


def test_a_person_is_asked_before_money_is_spent(rushes: Command, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = make_folder(home, settings=UNMEASURED, simulated=False)
    monkeypatch.setenv("GEMINI_API_KEY", "canary-key-3f9a")

    ended = rushes("judge", "run", "--judge", "gemini-3.8-flash")

    assert ended.code == 2
    assert "nobody can be asked" in ended.err
    assert "Google" not in ended.err.partition("who made")[2]
    assert "canary" not in ended.err + ended.out
    assert lines(folder) == []


# --- a server of one's own --------------------------------------------------------------------------------------------


class Server(ThreadingHTTPServer):
    """Chat completions on this machine: the first answer for the left, the next for the right, and so on."""

    def __init__(self, **headers: str) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.more, self.asked = headers, 0


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.server.asked += 1
        content = says("left" if self.server.asked % 2 else "right").content
        self.send_response(200 if self.path == "/v1/chat/completions" else 404)
        for name, value in ({"content-length": str(len(content))} | self.server.more).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        return


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    server = Server(**getattr(request, "param", {}))
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def own(folder: Path, server: Server, **more: Any) -> Path:
    """A config folder with a judge, `mine`, on that server."""
    folder.mkdir()
    entry = {
        "name": "My judge",
        "wire": "openai",
        "model": "judge-1",
        "base_url": f"http://127.0.0.1:{server.server_port}/v1",
        "auth": "none",
        "concurrency": 1,
    }
    (folder / "judges.yaml").write_text(json.dumps({"mine": entry | more}))
    return folder


def test_a_judge_on_a_server_of_ones_own_needs_no_key(
    rushes: Command, home: Path, tmp_path: Path, server: Server
) -> None:
    folder = make_folder(home, settings=UNMEASURED, simulated=False)
    config = own(tmp_path / "config", server)

    ended = rushes("judge", "run", "--judge", "mine", "--config", config, "--unpriced", "--yes")

    assert ended.code == 0, ended.err
    [vote] = votes(folder)
    assert (vote.rater, vote.choice, server.asked) == ("mine", "left", 2)
    assert vote.judged is not None
    assert vote.judged.usd is None
    assert "n/a" in ended.out
    assert "who made this judge is not known" in ended.err


@pytest.mark.parametrize("server", [{"x-rushes-simulated": "true"}], indirect=True)
def test_a_simulator_behind_a_base_url_judges_no_real_run(
    rushes: Command, home: Path, tmp_path: Path, server: Server
) -> None:
    folder = make_folder(home, settings=UNMEASURED, simulated=False)
    config = own(tmp_path / "config", server)

    ended = rushes("judge", "run", "--judge", "mine", "--config", config, "--unpriced", "--yes")

    assert ended.code == 2
    assert "is simulated, and this run is not" in ended.err
    assert votes(folder) == []


def test_what_stopped_it_stands_in_the_summary_for_programs(
    rushes: Command, home: Path, tmp_path: Path, server: Server
) -> None:
    make_folder(home, settings=UNMEASURED, simulated=False)
    config = own(tmp_path / "config", server, base_url=f"http://127.0.0.1:{server.server_port}/elsewhere")
    rejected = own(tmp_path / "other", server, base_url=f"http://127.0.0.1:{server.server_port}/v1", max_images=2)

    ended = rushes("judge", "run", "--judge", "mine", "--config", config, "--unpriced", "--yes", "--json")
    fine = rushes("judge", "run", "--judge", "mine", "--config", rejected, "--unpriced", "--yes", "--json")

    assert (ended.code, ended.json["questions"], ended.json["votes"]) == (1, {"rejected": 1}, 0)
    assert (fine.code, fine.json["stopped"], fine.json["votes"]) == (0, None, 1)


def test_a_mistake_in_ones_own_judges_is_named_by_line(rushes: Command, folder: Folder, tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.mkdir()
    (config / "judges.yaml").write_text("mine:\n  name: Mine\n  wire: smoke\n")

    ended = rushes("judge", "run", "--judge", "mine", "--config", config)

    assert ended.code == 2
    assert "judges.yaml:3: mine.wire" in ended.err
