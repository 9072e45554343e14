"""The pair page's server: what it shows, what it keeps, and what it never tells before the end."""

from __future__ import annotations

import json
import os
import re
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from rushes.benchmarks.folder import Folder
from rushes.benchmarks.votebook import VOTES, Book
from rushes.benchmarks.votes import REASONS, Vote, standing
from rushes.cli.options import Common
from rushes.cli.rate import rate
from rushes.errors import BadInput, SetupError
from rushes.pages.rate.app import app, rater_name
from rushes.pages.rate.desk import Desk
from rushes.pages.rate.server import is_here, serve
from rushes.pages.rate.shelf import worth_showing
from rushes.pages.rate.summary import counted_share, summary
from tests.pages.conftest import Page
from tests.pages.rating import MODELS, TELLING, clips_in, desk_of, make_folder, shelf_of

HERE = "http://127.0.0.1:8123"
HOSTS = {"127.0.0.1:8123"}


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return make_folder(tmp_path)


@pytest.fixture
def client(folder: Folder) -> TestClient:
    return client_of(desk_of(folder))


def client_of(desk: Desk, **settings: Any) -> TestClient:
    return TestClient(app(desk, **({"hosts": HOSTS} | settings)), base_url=HERE)


def shown(client: TestClient, rater: str = "anna") -> dict[str, Any]:
    answer = client.get("/pair", params={"rater": rater})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def vote(client: TestClient, pair: dict[str, Any], choice: str = "left", rater: str = "anna", **more: Any) -> Any:
    return client.post("/vote", json={"rater": rater, "id": pair["id"], "choice": choice} | more)


def rate_all(client: TestClient, rater: str = "anna", choice: str = "left") -> int:
    """Chooses until the end; returns how often."""
    pair, count = shown(client, rater), 0
    while not pair["end"]:
        answer = vote(client, pair, choice, rater)
        assert answer.status_code == 200, answer.text
        pair, count = answer.json(), count + 1
    return count


def saved(folder: Folder) -> list[Vote]:
    """The votes that stand, as the file has them."""
    return standing(Book(folder.path).lines())[0]


def lines(folder: Folder) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder.path / VOTES).read_text().splitlines()]


# --- choosing ---------------------------------------------------------------------------------------------------------


def test_a_pair_is_two_clips_of_one_prompt_with_its_words(folder: Folder, client: TestClient) -> None:
    pair = shown(client)

    assert pair["words"].startswith("Prompt ")
    assert len({*pair["clips"]}) == 2
    contents = [client.get(f"/clips/{token}").content.decode().split() for token in pair["clips"]]
    assert contents[0][1] == contents[1][1]
    assert contents[0][0] != contents[1][0]
    assert (pair["done"], pair["undo"], pair["end"], pair["sound"], pair["image"]) == (0, False, False, True, None)


def test_a_choice_is_on_disk_before_the_next_pair_is_shown(folder: Folder, client: TestClient) -> None:
    pair = shown(client)

    after = vote(client, pair, "right", reasons=["motion", "text", "motion"]).json()

    [line] = lines(folder)
    assert (line["type"], line["id"], line["rater"], line["kind"]) == ("vote", pair["id"], "anna", "person")
    assert (line["cell"], line["pool"], line["choice"]) == ("short", "sound", "right")
    assert line["reasons"] == ["motion", "text"]
    assert (line["raw"], line["repeats"]) == (True, None)
    assert line["seconds"] >= 0
    left, right = (client.get(f"/clips/{token}").content.decode().split()[0] for token in pair["clips"])
    assert (line["left"], line["right"]) == (f"short/{line['prompt']}/{left}/1", f"short/{line['prompt']}/{right}/1")
    assert (after["done"], after["undo"]) == (1, True)
    assert after["id"] != pair["id"]


def test_every_pair_is_shown_and_then_it_ends(folder: Folder, client: TestClient) -> None:
    count = rate_all(client)

    votes = saved(folder)
    assert len(votes) == count
    first = [vote for vote in votes if vote.repeats is None]
    assert len({frozenset((vote.left, vote.right)) for vote in first}) == len(first) == 6
    end = shown(client)
    assert (end["end"], end["left"], end["done"]) == (True, 0, count)
    assert "id" not in end


def test_some_pairs_come_again_with_the_sides_exchanged(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, prompts=12)
    client = client_of(desk_of(folder))

    rate_all(client)

    votes = {vote.id: vote for vote in saved(folder)}
    again = [vote for vote in votes.values() if vote.repeats is not None]
    assert len(again) >= 3
    for each in again:
        before = votes[str(each.repeats)]
        assert (each.left, each.right) == (before.right, before.left)


def test_the_progress_counts_down_to_nothing(tmp_path: Path) -> None:
    client = client_of(desk_of(make_folder(tmp_path, prompts=8)))
    pair = shown(client)
    counts = [(pair["done"], pair["left"])]
    while not pair["end"]:
        pair = vote(client, pair).json()
        counts.append((pair["done"], pair["left"]))

    assert [done for done, _ in counts] == [*range(len(counts))]
    assert [left for _, left in counts] == sorted((left for _, left in counts), reverse=True)
    assert all(left >= 1 for _, left in counts[:-1])
    assert counts[-1][1] == 0
    assert abs(sum(counts[0]) - sum(counts[-1])) <= 3


def test_a_limit_ends_it_sooner(folder: Folder) -> None:
    client = client_of(desk_of(folder, limit=2))
    assert shown(client)["left"] == 2

    assert rate_all(client) == 2
    assert rate_all(client, "bert") == 2


def test_a_reload_shows_the_same_pair_on_the_same_sides(client: TestClient) -> None:
    pair = vote(client, shown(client)).json()

    assert shown(client) == pair


def test_a_server_started_anew_goes_on_where_the_last_one_stopped(folder: Folder) -> None:
    first = client_of(desk_of(folder))
    pair = vote(first, shown(first)).json()
    words = [first.get(f"/clips/{token}").content for token in pair["clips"]]

    second = client_of(desk_of(folder))
    again = shown(second)

    assert (again["done"], again["words"]) == (1, pair["words"])
    assert [second.get(f"/clips/{token}").content for token in again["clips"]] == words


def test_a_choice_for_the_pair_of_an_earlier_server_is_told_not_to_be_saved(folder: Folder) -> None:
    pair = shown(client_of(desk_of(folder)))

    answer = vote(client_of(desk_of(folder)), pair)

    assert answer.status_code == 409
    assert "NOT saved" in answer.json()["problem"]
    assert not (folder.path / VOTES).exists()


def test_the_same_choice_sent_twice_is_saved_once(folder: Folder, client: TestClient) -> None:
    pair = shown(client)
    first = vote(client, pair)

    second = vote(client, pair)

    assert (first.status_code, second.status_code) == (200, 200)
    assert second.json() == first.json()
    assert len(lines(folder)) == 1


def test_a_pair_chosen_on_another_server_is_not_asked_here_again(folder: Folder) -> None:
    here, there = (client_of(desk_of(folder)) for _ in range(2))
    mine, theirs = shown(here), shown(there)
    assert [here.get(f"/clips/{token}").content for token in mine["clips"]] == [
        there.get(f"/clips/{token}").content for token in theirs["clips"]
    ]
    vote(there, theirs)

    answer = vote(here, mine)

    assert answer.status_code == 409
    assert "another window" in answer.json()["problem"]
    assert shown(here)["done"] == 1
    assert len(lines(folder)) == 1


# --- taking back ------------------------------------------------------------------------------------------------------


def test_the_last_choice_can_be_taken_back_and_made_anew(folder: Folder, client: TestClient) -> None:
    pair = shown(client)
    vote(client, pair, "left", reasons=["physics"])

    back = client.post("/undo", json={"rater": "anna"}).json()

    assert back["clips"] == pair["clips"]
    assert back["before"] == {"choice": "left", "reasons": ["physics"]}
    assert (back["done"], back["undo"], back["wait"]) == (0, False, False)
    assert saved(folder) == []
    vote(client, back, "right")
    assert [each.choice for each in saved(folder)] == ["right"]
    assert [line["type"] for line in lines(folder)] == ["vote", "undo", "vote"]


def test_choices_are_taken_back_one_after_the_other(folder: Folder, client: TestClient) -> None:
    pairs = [shown(client)]
    for _ in range(3):
        pairs.append(vote(client, pairs[-1]).json())

    back = [client.post("/undo", json={"rater": "anna"}).json() for _ in range(3)]

    assert [each["clips"] for each in back] == [each["clips"] for each in reversed(pairs[:3])]
    assert saved(folder) == []


def test_nothing_is_taken_back_where_there_is_nothing(folder: Folder, client: TestClient) -> None:
    vote(client, shown(client, "bert"), rater="bert")

    answer = client.post("/undo", json={"rater": "anna"})

    assert answer.status_code == 409
    assert "no choice of yours" in answer.json()["problem"]
    assert len(saved(folder)) == 1


def test_at_the_end_the_last_choice_can_still_be_taken_back_but_not_once_names_are_known(
    folder: Folder, client: TestClient
) -> None:
    count = rate_all(client)
    back = client.post("/undo", json={"rater": "anna"}).json()
    assert (back["end"], back["done"]) == (False, count - 1)
    vote(client, back)

    assert client.get("/summary", params={"rater": "anna"}).status_code == 200

    answer = client.post("/undo", json={"rater": "anna"})
    assert answer.status_code == 409
    assert shown(client)["undo"] is False
    assert len(saved(folder)) == count


# --- several raters ---------------------------------------------------------------------------------------------------


def test_raters_are_kept_apart(folder: Folder, client: TestClient) -> None:
    vote(client, shown(client), "left")
    vote(client, shown(client, "bert"), "right", "bert")

    assert [(each.rater, each.choice) for each in saved(folder)] == [("anna", "left"), ("bert", "right")]
    assert (shown(client)["done"], shown(client, "bert")["done"]) == (1, 1)
    answer = vote(client, shown(client, "bert"), rater="anna")
    assert answer.status_code == 409


def test_raters_on_two_servers_at_once_lose_nothing(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, prompts=4)
    desks = [desk_of(folder), desk_of(folder)]
    raters = [f"rater {number}" for number in range(6)]
    counts: dict[str, int] = {}

    def rate(rater: str, client: TestClient) -> None:
        counts[rater] = rate_all(client, rater)

    threads = [
        threading.Thread(target=rate, args=(rater, client_of(desks[number % 2]))) for number, rater in enumerate(raters)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    votes = saved(folder)
    assert len(counts) == 6
    assert len({each.id for each in votes}) == len(votes) == sum(counts.values())
    for rater in raters:
        first = {frozenset((each.left, each.right)) for each in votes if each.rater == rater}
        assert len(first) == 12


def test_votes_on_files_and_on_copies_are_two_matters(folder: Folder) -> None:
    desk = desk_of(folder)
    rate_all(client_of(desk))

    other = Desk(shelf_of(folder), Book(folder.path), raw=False, wait=False)

    assert other.show("anna")["done"] == 0
    assert other.show("anna")["end"] is False


@pytest.mark.parametrize("name", ["", "   ", "x" * 61, "a\x00b", "a\u202eb"])
def test_what_is_no_name_is_told(client: TestClient, name: str) -> None:
    page = client.get("/", params={"rater": name})

    assert page.status_code == 400
    assert "1 to 60 characters" in Page(page.text).text
    assert client.get("/pair", params={"rater": name}).status_code == 400
    assert client.post("/undo", json={"rater": name}).status_code == 422
    with pytest.raises(ValueError, match="1 to 60 characters"):
        rater_name(name)


def test_a_name_is_shown_as_text_whatever_it_holds(client: TestClient) -> None:
    name = "<script>alert(1)</script> & “Ann”"

    page = Page(client.get("/", params={"rater": name}).text)

    assert name in page.text
    assert len(page.all("script")) == 1
    assert shown(client, name)["done"] == 0


# --- not before both are over -----------------------------------------------------------------------------------------


def test_a_choice_takes_as_long_as_both_clips(tmp_path: Path) -> None:
    clock = Clock()
    folder = make_folder(tmp_path, seconds=4)
    client = client_of(desk_of(folder, wait=True, clock=clock))
    pair = shown(client)
    assert pair["wait"] is True
    clock.now += 7.4

    early = vote(client, pair)
    clock.now += 0.2
    late = vote(client, pair)

    assert early.status_code == 425
    assert early.json() == {"problem": "Neither clip can be over yet: the choice was NOT saved.", "again": True}
    assert late.status_code == 200
    assert lines(folder)[0]["seconds"] == 7.6


def test_silent_clips_play_once(tmp_path: Path) -> None:
    clock = Clock()
    folder = make_folder(tmp_path, seconds=4, sound=False)
    client = client_of(desk_of(folder, wait=True, clock=clock))
    pair = shown(client)
    clock.now += 3.6

    assert pair["sound"] is False
    assert vote(client, pair).status_code == 200
    assert lines(folder)[0]["pool"] == "silent"


def test_sound_decides_nothing_between_silent_clips(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, sound=False)
    client = client_of(desk_of(folder))

    answer = vote(client, shown(client), reasons=["sound"])

    assert answer.status_code == 422
    assert not (folder.path / VOTES).exists()


# --- what is never told -----------------------------------------------------------------------------------------------


def test_nothing_that_is_sent_before_the_end_tells_whose_a_clip_is(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, films=True, prompts=1)
    client = client_of(desk_of(folder, copies=True))
    answers = [
        client.get("/"),
        client.get("/", params={"rater": "anna"}),
        client.get("/rate.js"),
        client.get("/rate.css"),
    ]
    answers += [client.get("/summary", params={"rater": "anna"}), client.get("/nothing"), client.get("/clips/nothing")]
    pair = shown(client)
    while not pair["end"]:
        answers += [client.get(f"/clips/{token}") for token in pair["clips"]]
        answers.append(client.get(f"/clips/{pair['clips'][0]}", headers={"range": "bytes=0-99"}))
        answers.append(vote(client, {"id": "another"}))
        answers.append(vote(client, pair, "neither"))
        answers.append(vote(client, pair))
        pair = answers[-1].json()
        if not pair["end"] and pair["done"] == 1:
            answers.append(client.post("/undo", json={"rater": "anna"}))
            answers.append(vote(client, answers[-1].json()))
            pair = answers[-1].json()
    answers.append(client.get("/pair", params={"rater": "anna"}))

    for answer in answers:
        everything = f"{answer.url}\n{answer.headers}\n".encode() + answer.content
        for word in TELLING:
            assert word.encode() not in everything, (word, answer.url)
    assert {answer.headers.get("last-modified") for answer in answers} <= {None, "Thu, 01 Jan 1970 00:00:00 GMT"}


def test_files_are_shown_under_random_names_too(folder: Folder) -> None:
    first, second = ([each.token for each in shelf_of(folder).shown.values()] for _ in range(2))

    assert len({*first, *second}) == 12
    assert all(re.fullmatch(r"[0-9a-f]{32}", token) for token in first)


def test_names_are_told_at_the_end_only(client: TestClient) -> None:
    early = client.get("/summary", params={"rater": "anna"})
    rate_all(client)

    page = Page(client.get("/summary", params={"rater": "anna"}).text)

    assert early.status_code == 409
    assert all(model in page.text for model in MODELS)
    assert client.get("/summary", params={"rater": "bert"}).status_code == 409


# --- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        {"choice": "neither"},
        {"choice": None},
        {"id": "0123456789abcdef"},
        {"id": 7},
        {"reasons": ["colour"]},
        {"reasons": "motion"},
        {"more": 1},
        {"rater": ""},
    ],
)
def test_what_makes_no_sense_is_not_saved(folder: Folder, client: TestClient, change: dict[str, Any]) -> None:
    sense = {"rater": "anna", "id": shown(client)["id"], "choice": "left"}

    answer = client.post("/vote", json=sense | change)

    assert 400 <= answer.status_code < 500
    assert "NOT saved" in answer.json()["problem"]
    assert not (folder.path / VOTES).exists()


@pytest.mark.parametrize("path", ["/vote", "/undo", "/skip"])
def test_only_json_of_this_page_is_taken(folder: Folder, client: TestClient, path: str) -> None:
    body = json.dumps({"rater": "anna", "id": shown(client)["id"], "choice": "left"})
    json_type = {"content-type": "application/json"}

    def status(content: str = body, **headers: str) -> int:
        return client.post(path, content=content, headers=headers).status_code

    assert status(**{"content-type": "text/plain"}) == 415
    assert status(**{"content-type": "application/x-www-form-urlencoded"}) == 415
    assert status(**json_type, origin="http://evil.example") == 403
    assert status(**json_type, origin="null") == 403
    assert status("x" * 10_001, **json_type) == 413
    assert status("{", **json_type) == 422
    assert client.get(path).status_code == 405
    assert not (folder.path / VOTES).exists()


def test_this_pages_own_origin_is_taken(client: TestClient) -> None:
    answer = client.post(
        "/vote", json={"rater": "anna", "id": shown(client)["id"], "choice": "tie"}, headers={"origin": HERE}
    )

    assert answer.status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8123", "127.0.0.1", "127.0.0.1:80", "localhost.evil.example:8123", ""]
)
def test_another_host_than_ours_is_turned_away(client: TestClient, host: str) -> None:
    for path in ("/", "/pair?rater=anna", "/rate.js", "/nothing"):
        assert client.get(path, headers={"host": host}).status_code == 421


def test_without_the_secret_there_is_nothing(folder: Folder) -> None:
    client = client_of(desk_of(folder), hosts=None, secret="s3cret")

    assert client.get("/", headers={"host": "box.example"}).status_code == 404
    assert client.get("/pair?rater=anna").status_code == 404
    assert client.post("/vote", json={}).status_code == 404
    page = client.get("/s3cret/?rater=anna", headers={"host": "box.example"})
    assert page.status_code == 200
    assert client.get("/s3cret/pair?rater=anna").json()["end"] is False
    links = Page(page.text).values("src", "href", "action")
    assert all(not re.match(r"/|\w+:(?!,)|//", link) or link == "data:," for link in links)


def test_pages_load_nothing_from_elsewhere_and_say_so_in_their_headers(client: TestClient) -> None:
    for path in ("/", "/?rater=anna", "/rate.js", "/pair?rater=anna", "/nothing"):
        answer = client.get(path)
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert "http" not in re.sub(r'"use strict"', "", answer.text)


# --- what goes wrong --------------------------------------------------------------------------------------------------


def test_a_clip_that_is_gone_is_told_and_its_pairs_are_not_shown(folder: Folder, client: TestClient) -> None:
    pair = shown(client)
    gone = client.get(f"/clips/{pair['clips'][0]}").content.decode().split()
    (folder.path / "clips" / f"{gone[0]}-short-{gone[1]}-1.mp4").unlink()

    answer = vote(client, pair)

    assert client.get(f"/clips/{pair['clips'][0]}").status_code == 404
    assert answer.status_code == 410
    assert "NOT saved" in answer.json()["problem"]
    assert not (folder.path / VOTES).exists()
    rate_all(client)
    left_out = f"short/{gone[1]}/{gone[0]}/1"
    assert all(left_out not in (each.left, each.right) for each in saved(folder))
    assert left_out in Page(client.get("/summary", params={"rater": "anna"}).text).text


def test_a_clip_that_a_browser_cannot_play_is_left_out_for_that_rater(folder: Folder, client: TestClient) -> None:
    pair = shown(client)
    broken = client.get(f"/clips/{pair['clips'][1]}").content

    after = client.post("/skip", json={"rater": "anna", "id": pair["id"], "side": "right"})

    assert after.status_code == 200
    assert after.json()["id"] != pair["id"]
    assert after.json()["done"] == 0
    rate_all(client)
    model, prompt = broken.decode().split()
    assert all(f"short/{prompt}/{model}/1" not in (each.left, each.right) for each in saved(folder))
    assert rate_all(client, "bert") >= 6


def test_where_no_clip_is_left_it_ends_without_a_number(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, models=MODELS[:2], prompts=1)
    client = client_of(desk_of(folder))
    for path in (folder.path / "clips").iterdir():
        path.unlink()

    end = shown(client)
    page = Page(client.get("/summary", params={"rater": "anna"}).text)

    assert (end["end"], end["done"], end["left"]) == (True, 0, 0)
    assert "wonder-9 n/a 0" in page.text
    assert "n/a" in page.text.partition("exchanged")[2]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="limits of a process are a matter of POSIX")
def test_a_full_disk_is_told_and_leaves_no_part_of_a_line(folder: Folder, client: TestClient) -> None:
    import resource

    pair = vote(client, shown(client)).json()
    size = (folder.path / VOTES).stat().st_size
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 20, usual[1]))
    try:
        full = vote(client, pair)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)

    assert full.status_code == 507
    assert full.json()["again"] is True
    assert full.json()["problem"].startswith("NOT saved: votes.jsonl cannot be written: ")
    assert (folder.path / VOTES).stat().st_size == size
    assert shown(client) == pair
    assert vote(client, pair).json()["done"] == 2
    assert len(saved(folder)) == 2


def test_a_file_that_cannot_be_written_is_told(folder: Folder, client: TestClient) -> None:
    (folder.path / f".{VOTES}.lock").mkdir()

    answer = vote(client, shown(client))

    assert answer.status_code == 507
    assert "NOT saved" in answer.json()["problem"]
    assert str(folder.path) not in answer.text


def test_a_strange_line_that_comes_in_between_is_told_and_nothing_is_saved(folder: Folder, client: TestClient) -> None:
    pair = shown(client)
    (folder.path / VOTES).write_text('{"format": 2, "type": "vote"}\n')

    answer = vote(client, pair)

    assert answer.status_code == 500
    assert "NOT saved: votes.jsonl:1 cannot be read" in answer.json()["problem"]
    assert str(folder.path) not in answer.text


# --- the file ---------------------------------------------------------------------------------------------------------


def test_part_of_a_line_spoils_neither_the_line_after_it_nor_the_rest(folder: Folder) -> None:
    client = client_of(desk_of(folder))
    pair = vote(client, shown(client)).json()
    with (folder.path / VOTES).open("a") as file:
        file.write('{"format": 1, "type": "vo')

    vote(client, pair)

    book = Book(folder.path)
    assert len(book.lines()) == 2
    assert book.broken == [2]


@pytest.mark.parametrize(
    "line", ['{"format": 2}', '{"type": "poem"}', "[]", '{"format": 1, "type": "vote", "id": "a"}']
)
def test_a_line_of_another_form_is_named(folder: Folder, line: str) -> None:
    (folder.path / VOTES).write_text(f"\n{line}\n")

    with pytest.raises(BadInput, match=r"votes\.jsonl:2 cannot be read: "):
        Book(folder.path)


def test_a_votes_file_that_is_none_is_told(folder: Folder) -> None:
    (folder.path / VOTES).mkdir()

    with pytest.raises(SetupError, match=r"votes\.jsonl cannot be read"):
        Book(folder.path)


# --- the end ----------------------------------------------------------------------------------------------------------


def a_vote(id: str, left: str, right: str, choice: str, **more: Any) -> Vote:
    given = {"at": datetime(2026, 8, 1, tzinfo=UTC), "rater": "anna", "kind": "person", "cell": "short", "prompt": "p0"}
    return Vote(
        **(given | {"pool": "sound", "id": id, "choice": choice} | more),
        left=f"short/p0/{left}/1",
        right=f"short/p0/{right}/1",
    )


def test_a_summary_counts_shares_and_how_often_the_same_was_chosen_again(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, prompts=1)
    votes = [
        a_vote("1", "wonder-9", "wonder-8", "left", reasons=("motion", "text")),
        a_vote("2", "marvel-1", "wonder-9", "right", reasons=("motion",)),
        a_vote("3", "wonder-8", "marvel-1", "tie"),
        a_vote("4", "wonder-8", "wonder-9", "right", repeats="1"),
        a_vote("5", "wonder-9", "marvel-1", "right", repeats="2"),
        a_vote("6", "marvel-1", "wonder-8", "both_bad", repeats="3"),
    ]

    found = summary("anna", votes, shelf_of(folder).candidates, ["b", "a"])

    [group] = found.groups
    assert [(row.model, row.share, row.votes, row.won, row.tie, row.both_bad, row.lost) for row in group.rows] == [
        ("wonder-9", "100 %", 2, 2, 0, 0, 0),
        ("marvel-1", "25 %", 2, 0, 1, 0, 1),
        ("wonder-8", "25 %", 2, 0, 1, 0, 1),
    ]
    assert (found.votes, counted_share(found.again), counted_share(found.left)) == (6, "67 % (2 of 3)", "25 % (1 of 4)")
    assert found.reasons == [("Motion", 2), ("Written text", 1)]
    assert found.out == ["a", "b"]


def test_a_summary_of_nothing_is_n_a(tmp_path: Path) -> None:
    found = summary("anna", [], shelf_of(make_folder(tmp_path)).candidates, [])

    assert {row.share for group in found.groups for row in group.rows} == {"n/a"}
    assert counted_share(found.again) == counted_share(found.left) == "n/a"


# --- what there is to show --------------------------------------------------------------------------------------------


def test_clips_that_have_nothing_to_be_compared_with_are_not_shown(folder: Folder) -> None:
    info = folder.known()
    clips = clips_in(folder)
    lonely = [clip for clip in clips if clip.result.prompt == "p0" or clip.result.model == MODELS[0]]

    assert {clip.result.prompt for clip in worth_showing(info, lonely)} == {"p0"}


def test_where_no_two_models_meet_it_says_what_there_is(folder: Folder) -> None:
    info = folder.known()
    clips = clips_in(folder)

    with pytest.raises(BadInput, match="no two models with usable clips") as alone:
        worth_showing(info, [clip for clip in clips if clip.result.model == "wonder-9"])
    with pytest.raises(BadInput, match="among those asked for") as silent:
        worth_showing(info, clips, pool="silent")
    with pytest.raises(BadInput) as none:
        worth_showing(info, [])
    with pytest.raises(BadInput, match="there is no cell 'shrot'; did you mean 'short'"):
        worth_showing(info, clips, cells=["shrot"])

    assert alone.value.hint == "Usable clips: short, sound: wonder-9."
    assert silent.value.hint == "Usable clips: short, sound: marvel-1, wonder-8, wonder-9."
    assert none.value.hint == "It has no usable clip."


def test_a_picture_that_clips_start_from_is_shown(folder: Folder) -> None:
    info = folder.known()
    (folder.path / "images").mkdir()
    (folder.path / "images" / "p0.png").write_bytes(b"a picture")
    prompts = tuple(prompt.model_copy(update={"image": Path("images/p0.png")}) for prompt in info.suite.prompts)
    folder.save(info.model_copy(update={"suite": info.suite.model_copy(update={"prompts": prompts})}))
    client = client_of(desk_of(folder))

    token = shown(client)["image"]

    assert re.fullmatch(r"[0-9a-f]{32}", token)
    assert client.get(f"/images/{token}").content == b"a picture"
    assert client.get("/images/p0.png").status_code == 404
    (folder.path / "images" / "p0.png").unlink()
    assert client.get(f"/images/{token}").status_code == 404


@pytest.mark.parametrize(
    "path",
    ["/clips/../run.json", "/clips/..%2f..%2frun.json", "/clips/run.json", "/images/%2e%2e", "/copies/index.json"],
)
def test_no_other_file_is_to_be_had(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


# --- the page ---------------------------------------------------------------------------------------------------------


def test_the_page_names_every_key_and_reason_and_labels_everything(client: TestClient) -> None:
    page = Page(client.get("/", params={"rater": "anna"}).text)

    keys = {str(button.get("aria-keyshortcuts")) for name in ("button", "input") for button in page.all(name)}
    assert {"Space", "r", "u", "1", "2", "0", "b", "ArrowLeft", "ArrowRight", *"3456789"} <= keys
    assert [box["value"] for box in page.all("input") if box.get("name") == "reason"] == [*REASONS]
    assert [video["aria-label"] for video in page.all("video")] == ["Clip 1", "Clip 2"]
    assert "status" in page.values("role")
    assert "alert" in page.values("role")
    assert all(image.get("alt") for image in page.all("img"))
    assert page.all("html") == [{"lang": "en"}]


def test_the_page_says_what_is_different_about_it(folder: Folder) -> None:
    def text(**settings: Any) -> str:
        simulated = settings.pop("simulated", False)
        client = client_of(desk_of(folder, **settings), simulated=simulated)
        return Page(client.get("/", params={"rater": "anna"}).text).text

    assert "SIMULATED" not in text()
    assert "SIMULATED" in text(simulated=True)
    assert "they play twice" in text(wait=True)
    assert "You may choose at any time" in text(wait=False)
    assert "as they were delivered" in text(raw=True)
    assert "equally loud" in text(raw=False)


# --- the command ------------------------------------------------------------------------------------------------------


def test_the_command_refuses_what_cannot_be_rated(tmp_path: Path) -> None:
    folder = make_folder(tmp_path)
    here = Common(home=tmp_path)

    with pytest.raises(SetupError, match="there is no run 'another'") as none:
        rate("another", common=here)
    with pytest.raises(BadInput, match="--pairs 0: at least one pair"):
        rate("secret-run", pairs=0, common=here)
    with pytest.raises(BadInput, match="no two models"):
        rate("secret-run", pool="silent", common=here)
    (folder.path / "clips" / "wonder-9-short-p1-1.mp4").unlink()
    for raw in (True, False):
        with pytest.raises(SetupError, match=r"1 clip of the run .* files are gone: wonder-9-short-p1-1\.mp4"):
            rate("secret-run", raw=raw, common=here)

    assert "secret-run" in str(none.value.hint)
    assert not (folder.path / VOTES).exists()


def test_the_command_tells_of_parts_of_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = make_folder(tmp_path)
    (folder.path / VOTES).write_text('{"format": 1, "ty\n')

    with pytest.raises(BadInput, match="ports are numbers"):
        rate("secret-run", raw=True, port=-1, common=Common(home=tmp_path))

    assert "votes.jsonl:1 is only a part of a line" in capsys.readouterr().err


# --- on a port --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("localhost", True),
        ("127.0.0.2", True),
        ("0.0.0.0", False),
        ("192.168.1.4", False),
        ("box", False),
    ],
)
def test_only_addresses_of_this_machine_need_no_secret(host: str, here: bool) -> None:
    assert is_here(host) is here


def test_a_port_that_is_taken_and_a_host_that_is_not_ours_are_told(folder: Folder) -> None:
    import socket

    desk = desk_of(folder)

    def never(url: str) -> None:
        pytest.fail("served")

    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(SetupError, match="is taken") as taken:
        serve(desk, port=other.getsockname()[1], on_ready=never)
    assert "--port" in str(taken.value.hint)
    with pytest.raises(BadInput, match=r"--host 192\.0\.2\.1 --port 0: "):
        serve(desk, host="192.0.2.1", on_ready=never)
    with pytest.raises(BadInput, match=r"--port 70000: "):
        serve(desk, port=70_000, on_ready=never)
    with pytest.raises(BadInput, match="1 to 60 characters"):
        serve(desk, rater=" ", on_ready=never)
