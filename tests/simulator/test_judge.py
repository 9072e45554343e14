"""The simulated judge: strict about what it is sent, fair in what it looks at, with a bias that can be found out."""

from __future__ import annotations

import base64
import copy
import io
import json
from collections.abc import AsyncIterator, Callable
from itertools import combinations
from pathlib import Path
from typing import Any

import av
import pytest
from PIL import Image

from rushes.http import httpx
from rushes.simulator.app import simulator
from rushes.simulator.clock import VirtualClock
from rushes.simulator.faults import Dropped
from rushes.simulator.film import Film, draw
from rushes.simulator.judge import FAULTS, POSITION_BIAS, opinion
from rushes.simulator.sight import Look, look_at_film, look_at_pictures
from rushes.simulator.world import World
from tests.simulator.conftest import png

CHAT, GENERATE = "/judge/openai/v1/chat/completions", "/judge/gemini/v1beta/models/judge-1:generateContent"
FORM = 'Answer as {"left": {"motion": 1-5, "stability": 1-5, "sound": 1-5, "text": 1-5}, …}'
#: How steady each of three models is; better ones first.
STEADY = {"best": 0.95, "fair": 0.7, "poor": 0.4}
PROMPTS = ("a red ball on grass", "waves on a shore at dusk", "a city street", "snow falls in a forest")


@pytest.fixture(scope="session")
def films(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], list[bytes]]:
    """Frames, four a second, of small films that models of known steadiness made of the same prompts."""
    folder = tmp_path_factory.mktemp("films")
    return {(model, prompt): frames(film(folder, model, prompt)) for model in STEADY for prompt in PROMPTS}


def film(folder: Path, model: str, prompt: str, **changes: Any) -> Path:
    steady = STEADY[model]
    path = folder / f"{model}-{PROMPTS.index(prompt)}.mp4"
    given: dict[str, Any] = {"seconds": 1.5, "width": 160, "height": 90, "fps": 8, "sound": False}
    seed = 100 * PROMPTS.index(prompt) + [*STEADY].index(model)
    draw(path, Film(prompt, model, seed=seed, detail=steady, steadiness=steady, **(given | changes)))
    return path


def frames(path: Path, fps: int = 4) -> list[bytes]:
    found: list[bytes] = []
    with av.open(str(path), "r") as container:
        for frame in container.decode(video=0):
            if (frame.time or 0.0) + 1e-6 >= len(found) / fps:
                out = io.BytesIO()
                Image.fromarray(frame.to_ndarray(format="rgb24")).save(out, "jpeg", quality=90)
                found.append(out.getvalue())
    return found


def jpeg(shade: int = 128) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (32, 18), (shade, shade, shade)).save(out, "jpeg")
    return out.getvalue()


def chat(left: list[bytes], right: list[bytes], prompt: str = "a kite", **more: Any) -> dict[str, Any]:
    content: list[Any] = [{"type": "text", "text": prompt}]
    for side, pictures in (("LEFT", left), ("RIGHT", right)):
        content.append({"type": "text", "text": f"{side} video:"})
        urls = (f"data:image/jpeg;base64,{base64.b64encode(each).decode()}" for each in pictures)
        content += [{"type": "image_url", "image_url": {"url": url}} for url in urls]
    content.append({"type": "text", "text": FORM})
    return {"model": "judge-1", "messages": [{"role": "user", "content": content}], "temperature": 0} | more


def generate(left: bytes, right: bytes, kind: str = "video/mp4", **metadata: Any) -> dict[str, Any]:
    parts: list[Any] = [{"text": "a kite"}]
    for side, data in (("LEFT", left), ("RIGHT", right)):
        inline = {"mimeType": kind, "data": base64.b64encode(data).decode()}
        parts += [{"text": f"{side} video:"}, {"inlineData": inline} | metadata]
    parts.append({"text": FORM})
    return {"contents": [{"role": "user", "parts": parts}], "generationConfig": {"temperature": 0}}


@pytest.fixture
async def http(world: World) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"authorization": "Bearer sk-any"}
    transport = httpx.ASGITransport(simulator(world))
    async with httpx.AsyncClient(transport=transport, base_url="http://simulated", headers=headers) as client:
        yield client


def words(response: httpx.Response) -> Any:
    assert response.status_code == 200, response.text
    return json.loads(response.json()["choices"][0]["message"]["content"])


# --- what it sees -----------------------------------------------------------------------------------------------------


def test_the_less_steady_a_model_the_more_unrest_is_seen(films: dict[tuple[str, str], list[bytes]]) -> None:
    for prompt in PROMPTS:
        best, fair, poor = (look_at_pictures(films[model, prompt], picture_tokens=1).unrest for model in STEADY)
        assert best < fair < poor


async def test_the_better_model_wins_more(films: dict[tuple[str, str], list[bytes]], http: httpx.AsyncClient) -> None:
    wins = dict.fromkeys(STEADY, 0)
    for one, other in combinations(STEADY, 2):
        for prompt in PROMPTS:
            first = words(await http.post(CHAT, json=chat(films[one, prompt], films[other, prompt])))["choice"]
            second = words(await http.post(CHAT, json=chat(films[other, prompt], films[one, prompt])))["choice"]
            if (first, second) == ("left", "right"):
                wins[one] += 1
            elif (first, second) == ("right", "left"):
                wins[other] += 1

    assert wins["best"] > wins["fair"] > wins["poor"]


def test_its_liking_for_the_left_side_is_as_large_as_it_says() -> None:
    left = 0
    for number in range(2000):
        looks = {"left": Look(9.0, f"l{number}", 1), "right": Look(0.0, f"r{number}", 1)}
        left += json.loads(opinion(looks, FORM, 0))["choice"] == "left"  # type: ignore[arg-type]

    # All of them are bias, but for the few that are chance.
    assert POSITION_BIAS * 0.8 < left / 2000 < POSITION_BIAS * 1.2 + 0.04


def test_the_same_film_twice_is_a_tie_but_for_bias_and_chance() -> None:
    looks = {side: Look(1.0, "same", 1) for side in ("left", "right")}

    choices = [json.loads(opinion(looks, FORM, seed))["choice"] for seed in range(300)]  # type: ignore[arg-type]

    assert choices.count("tie") > 240
    assert choices.count("left") > choices.count("right")


def test_two_films_beyond_bearing_are_both_bad() -> None:
    looks = {"left": Look(30.0, "a", 1), "right": Look(40.0, "b", 1)}
    choices = {json.loads(opinion(looks, FORM, seed))["choice"] for seed in range(30)}  # type: ignore[arg-type]

    assert "both_bad" in choices


def test_a_film_that_stands_still_is_not_mistaken_for_a_calm_one() -> None:
    still = look_at_pictures([jpeg()] * 4, picture_tokens=10)

    assert still.unrest > 2
    assert still.tokens == 40


def test_a_film_is_looked_at_as_often_as_it_is_asked_to_be(tmp_path: Path) -> None:
    path = film(tmp_path, "fair", PROMPTS[0], sound=True)

    slow, fast = (look_at_film(path.read_bytes(), fps, frame_tokens=70, sound_tokens=0) for fps in (2, 6))

    assert (slow.tokens, fast.tokens) == (3 * 70, 9 * 70)
    assert slow.heard


# --- what it says -----------------------------------------------------------------------------------------------------


async def test_its_answer_has_the_dimensions_that_were_asked_for_and_says_that_it_is_simulated(
    http: httpx.AsyncClient, films: dict[tuple[str, str], list[bytes]]
) -> None:
    pictures = films["best", PROMPTS[0]], films["poor", PROMPTS[0]]

    response = await http.post(CHAT, json=chat(*pictures))

    said = words(response)
    assert {*said["left"]} == {"motion", "stability", "sound", "text"}
    assert (said["left"]["text"], said["left"]["sound"]) == (None, None)
    assert said["left"]["stability"] > said["right"]["stability"]
    assert "SIMULATED" in said["reason"]
    assert response.headers["x-rushes-simulated"] == "true"
    body = response.json()
    assert body["usage"]["prompt_tokens"] > 160 * 12
    assert body["usage"]["completion_tokens"] == len(body["choices"][0]["message"]["content"]) // 4 + 1


async def test_the_same_request_gets_the_same_answer_and_takes_its_time(
    http: httpx.AsyncClient, clock: VirtualClock
) -> None:
    body = chat([jpeg(1), jpeg(9)], [jpeg(2), jpeg(8)])

    first = words(await http.post(CHAT, json=body))
    took = clock.monotonic()
    second = words(await http.post(CHAT, json=body))

    assert first == second
    assert 1 < took < 60


async def test_both_wires_see_the_same(http: httpx.AsyncClient, tmp_path: Path) -> None:
    best, poor = (film(tmp_path, model, PROMPTS[0]).read_bytes() for model in ("best", "poor"))

    response = await http.post(GENERATE, json=generate(best, poor, videoMetadata={"fps": 4}))

    body = response.json()
    said = json.loads(body["candidates"][0]["content"]["parts"][0]["text"])
    assert said["left"]["stability"] > said["right"]["stability"]
    assert body["candidates"][0]["finishReason"] == "STOP"
    assert body["modelVersion"] == "judge-1"
    assert body["usageMetadata"]["promptTokenCount"] >= 12 * 70


async def test_who_does_not_say_which_film_is_which_learns_nothing(http: httpx.AsyncClient) -> None:
    body = chat([jpeg()], [])

    response = await http.post(CHAT, json=body)

    assert "cannot tell" in response.json()["choices"][0]["message"]["content"]


async def test_an_answer_ends_where_its_limit_is(http: httpx.AsyncClient) -> None:
    response = await http.post(CHAT, json=chat([jpeg(1)] * 2, [jpeg(2)] * 2, max_tokens=5))

    choice = response.json()["choices"][0]
    assert choice["finish_reason"] == "length"
    assert len(choice["message"]["content"]) == 20


# --- what it refuses --------------------------------------------------------------------------------------------------


def change(change_it: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    body = copy.deepcopy(chat([jpeg()], [jpeg()]))
    change_it(body)
    return body


@pytest.mark.parametrize(
    "change_it",
    [
        lambda body: body.update(mystery=1),
        lambda body: body.pop("model"),
        lambda body: body.pop("messages"),
        lambda body: body.update(messages=[]),
        lambda body: body.update(messages=[{"role": "user"}]),
        lambda body: body.update(temperature=3),
        lambda body: body.update(temperature="cold"),
        lambda body: body.update(max_tokens=0),
        lambda body: body.update(max_tokens=9, max_completion_tokens=9),
        lambda body: body.update(response_format={"type": "yaml"}),
        lambda body: body.update(
            response_format={
                "type": "json_schema",
                "json_schema": {
                    "name": "a",
                    "strict": True,
                    "schema": {"type": "object", "properties": {"a": {"type": "string"}}, "required": []},
                },
            }
        ),
        lambda body: body["messages"][0]["content"].append({"type": "input_video"}),
        lambda body: body["messages"][0]["content"].insert(
            0, {"type": "image_url", "image_url": {"url": "data:image/jpeg;base64,AAAA"}}
        ),
        lambda body: body["messages"][0]["content"][2]["image_url"].update(url="https://example.com/a.jpg"),
        lambda body: body["messages"][0]["content"][2]["image_url"].update(url="data:image/jpeg;base64,%%%"),
        lambda body: body["messages"][0]["content"][2]["image_url"].update(url="data:image/jpeg;base64,AAAA"),
    ],
)
async def test_a_chat_of_another_form_is_refused_in_openais_shape(
    http: httpx.AsyncClient, change_it: Callable[[dict[str, Any]], object]
) -> None:
    response = await http.post(CHAT, json=change(change_it))

    assert response.status_code == 400
    assert response.json()["error"].keys() == {"message", "type", "param", "code"}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "contents"),
        ({"contents": [], "mystery": 1}, "mystery"),
        ({"contents": [{"role": "user", "parts": [{}]}]}, "must not be empty"),
        ({"contents": [{"role": "system", "parts": []}]}, "valid role"),
        ({"contents": [{"parts": [{"text": "x"}]}], "generationConfig": {"temp": 1}}, "temp"),
        (generate(b"x", b"y", videoMetadata={"fps": 25}), "fps"),
        (generate(b"x", b"y", videoMetadata={"fps": 0}), "fps"),
        (generate(b"x", b"y", kind="video/x-flv"), "MIME"),
        (generate(b"not a film", b"nor this"), "film"),
    ],
)
async def test_a_request_of_another_form_is_refused_in_googles_shape(
    http: httpx.AsyncClient, body: dict[str, Any], said: str
) -> None:
    response = await http.post(GENERATE, json=body)

    error = response.json()["error"]
    assert (response.status_code, error["code"], error["status"]) == (400, 400, "INVALID_ARGUMENT")
    assert said in error["message"]


async def test_pictures_of_every_usual_kind_are_taken_on_googles_wire(http: httpx.AsyncClient) -> None:
    response = await http.post(GENERATE, json=generate(png(64, 36), png(64, 36), kind="image/png"))

    assert response.status_code == 200


@pytest.mark.parametrize("key", [None, "bad-key"])
async def test_a_key_is_asked_for(world: World, key: str | None) -> None:
    headers = {} if key is None else {"authorization": f"Bearer {key}", "x-goog-api-key": key}
    transport = httpx.ASGITransport(simulator(world))
    async with httpx.AsyncClient(transport=transport, base_url="http://simulated", headers=headers) as http:
        chatted = await http.post(CHAT, json=chat([jpeg()], [jpeg()]))
        generated = await http.post(GENERATE, json=generate(png(8, 8), png(8, 8), kind="image/png"))

    assert chatted.status_code == 401
    assert generated.status_code in (400, 403)


async def test_another_method_of_a_model_is_not_there(http: httpx.AsyncClient) -> None:
    response = await http.post(GENERATE.replace("generateContent", "countTokens"), json={})

    assert response.status_code == 404


# --- faults -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "status"),
    [("rate_limited", 429), ("rate_limited_bare", 429), ("error_500", 500), ("unauthorized", 401)],
)
async def test_a_fault_in_the_prompt_strikes_both_wires(http: httpx.AsyncClient, name: str, status: int) -> None:
    body = generate(png(8, 8), png(8, 8), kind="image/png")
    body["contents"][0]["parts"][0]["text"] = f"[judge: {name}]"

    chatted = await http.post(CHAT, json=chat([jpeg()], [jpeg()], f"a kite [judge: {name}]"))
    generated = await http.post(GENERATE, json=body)

    assert (chatted.status_code, generated.status_code) == (status, status)
    assert ("retry-after" in chatted.headers) == (name == "rate_limited")
    assert ("details" in generated.json()["error"]) == (name == "rate_limited")


async def test_a_judge_that_misbehaves_says_so_in_each_wires_way(http: httpx.AsyncClient) -> None:
    said = {}
    for name in ("nonsense", "wrong_keys", "refusal", "truncated"):
        response = await http.post(CHAT, json=chat([jpeg(1)] * 2, [jpeg(2)] * 2, f"[judge: {name}]"))
        said[name] = response.json()["choices"][0]

    assert "choose" in said["nonsense"]["message"]["content"]
    assert "winner" in json.loads(said["wrong_keys"]["message"]["content"])
    assert said["refusal"]["message"]["refusal"]
    assert said["refusal"]["message"]["content"] is None
    assert said["truncated"]["finish_reason"] == "length"
    body = generate(png(8, 8), png(8, 8), kind="image/png")
    body["contents"][0]["parts"][0]["text"] = "[judge: refusal]"
    assert (await http.post(GENERATE, json=body)).json()["promptFeedback"]["blockReason"] == "PROHIBITED_CONTENT"


async def test_a_slow_judge_takes_longer_than_anybody_waits_and_a_cut_one_breaks_off(
    http: httpx.AsyncClient, clock: VirtualClock
) -> None:
    await http.post(CHAT, json=chat([jpeg()], [jpeg()], "[judge: slow]"))
    assert clock.monotonic() >= 3600

    with pytest.raises(Dropped):
        await http.post(CHAT, json=chat([jpeg()], [jpeg()], "[judge: cut]"))


async def test_a_fault_strikes_as_often_as_it_says(http: httpx.AsyncClient) -> None:
    body = chat([jpeg()], [jpeg()], "[judge: error_500 x2]")

    assert [(await http.post(CHAT, json=body)).status_code for _ in range(4)] == [500, 500, 200, 200]


async def test_a_fault_can_be_set_for_later_and_the_books_tell_what_became_of_every_question(
    http: httpx.AsyncClient,
) -> None:
    made = await http.post("/_simulator/judge", json={"name": "nonsense", "times": 1, "after": 1})
    assert made.status_code == 201

    for _ in range(3):
        await http.post(CHAT, json=chat([jpeg()], [jpeg()]))

    books = (await http.get("/_simulator/judge")).json()
    assert books["questions"] == {"answered": 2, "nonsense": 1}
    assert books["faults"] == FAULTS


@pytest.mark.parametrize("body", [{}, {"name": "earthquake"}, {"name": "cut", "times": "often"}, []])
async def test_a_fault_that_is_none_is_refused(http: httpx.AsyncClient, body: Any) -> None:
    assert (await http.post("/_simulator/judge", json=body)).status_code == 400


async def test_an_unknown_fault_in_a_prompt_is_refused_by_name(http: httpx.AsyncClient) -> None:
    response = await http.post(CHAT, json=chat([jpeg()], [jpeg()], "[judge: earthquake]"))

    assert response.status_code == 400
    assert "nonsense" in response.json()["error"]["message"]
