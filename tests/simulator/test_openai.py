"""The simulated OpenAI answers as OpenAI did."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from rushes.simulator.clock import VirtualClock
from rushes.simulator.world import World
from tests.simulator.conftest import CARDS, Vendor, parts, png


def error(response: Any) -> dict[str, Any]:
    body: dict[str, Any] = response.json()["error"]
    assert body.keys() == {"message", "type", "param", "code"}
    return body


async def test_a_create_with_nothing_but_a_prompt_takes_the_vendors_defaults(openai: Vendor) -> None:
    response = await openai.post("/videos", files=parts(prompt="a red kite"))

    assert response.status_code == 200
    video = response.json()
    assert video["id"].startswith("video_")
    assert (video["model"], video["seconds"], video["size"]) == ("sora-2", "4", "720x1280")
    assert (video["status"], video["progress"], video["error"]) == ("queued", 0, None)
    assert (video["completed_at"], video["expires_at"]) == (None, None)
    assert video["prompt"] == "a red kite"
    assert response.headers["x-request-id"].startswith("req_")
    assert response.headers["x-rushes-simulated"] == "true"
    assert response.headers["x-rushes-time-scale"] == "virtual"


async def test_json_makes_the_same_job_as_a_form(openai: Vendor) -> None:
    fields = {"prompt": "a kite", "model": "sora-2-pro", "seconds": "8", "size": "1792x1024"}

    form = (await openai.post("/videos", files=parts(**fields))).json()
    json = (await openai.post("/videos", json=fields)).json()

    assert form["id"] != json["id"]
    for name in ("model", "seconds", "size", "prompt"):
        assert form[name] == json[name] == fields[name]


async def test_a_job_is_queued_then_in_progress_then_completed(openai: Vendor) -> None:
    id = (await openai.post("/videos", files=parts(prompt="a kite"))).json()["id"]
    job = openai.world.job(id)
    assert job is not None

    await openai.wait(job.queue + job.render / 2)
    half = (await openai.get(f"/videos/{id}")).json()
    await openai.wait_for_the_end(id)
    done = (await openai.get(f"/videos/{id}")).json()

    assert half["status"] == "in_progress"
    assert 45 <= half["progress"] <= 55
    assert (done["status"], done["progress"]) == ("completed", 100)
    assert done["expires_at"] == done["completed_at"] + 3600


async def test_retrieving_says_when_to_ask_again(openai: Vendor) -> None:
    id = (await openai.post("/videos", files=parts(prompt="a kite"))).json()["id"]

    assert (await openai.get(f"/videos/{id}")).headers["openai-poll-after-ms"] == "10000"


@pytest.mark.parametrize(
    ("fields", "param", "code", "text"),
    [
        ({}, "prompt", "missing_required_parameter", "Missing required parameter: 'prompt'."),
        ({"prompt": ""}, "prompt", "empty_string", "empty string"),
        ({"prompt": "x" * 32_001}, "prompt", "string_above_max_length", "with length 32001"),
        ({"prompt": 7}, "prompt", "invalid_type", "expected a string, but got an integer instead."),
        (
            {"prompt": "x", "seconds": 8},
            "seconds",
            "invalid_type",
            "Invalid type for 'seconds': expected one of '4', '8', '12', '16', or '20', but got an integer instead.",
        ),
        ({"prompt": "x", "seconds": "5"}, "seconds", "invalid_value", "Invalid value: '5'."),
        (
            {"prompt": "x", "size": "1792x1024"},
            "size",
            "invalid_value",
            "Invalid value: '1792x1024'. Supported values are: '720x1280' and '1280x720'.",
        ),
        ({"prompt": "x", "seed": 1}, "seed", "unknown_parameter", "Unknown parameter: 'seed'."),
        (
            {"prompt": "x", "input_reference": "a.png"},
            "input_reference",
            "invalid_type",
            "Invalid type for 'input_reference': expected an object, but got a string instead.",
        ),
        ({"prompt": "x", "input_reference": {}}, "input_reference", None, "exactly one of"),
        ({"prompt": "x", "input_reference": {"file_id": "file-1"}}, "input_reference.file_id", None, "file-1"),
        ({"prompt": "x", "characters": [{"id": "1"}] * 3}, "characters", None, "at most 2"),
    ],
)
async def test_a_wrong_field_is_refused_by_name(
    openai: Vendor, fields: dict[str, Any], param: str, code: str | None, text: str
) -> None:
    response = await openai.post("/videos", json=fields)

    assert response.status_code == 400
    refused = error(response)
    assert (refused["param"], refused["code"], refused["type"]) == (param, code, "invalid_request_error")
    assert text in refused["message"]
    assert openai.world.truth()["jobs"] == []


async def test_a_length_that_is_no_text_in_a_form_is_text_all_the_same(openai: Vendor) -> None:
    response = await openai.post("/videos", files=parts(prompt="x", seconds=str(8)))

    assert response.json()["seconds"] == "8"


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp"])
async def test_a_first_frame_of_exactly_the_right_size_is_taken(openai: Vendor, kind: str) -> None:
    picture = ("first", png(1280, 720, kind=kind), f"image/{kind}")

    response = await openai.post("/videos", files=parts(prompt="x", size="1280x720", input_reference=picture))

    assert response.status_code == 200
    job = openai.world.job(response.json()["id"])
    assert job is not None
    assert job.asked.clip.first_image is not None


async def test_a_first_frame_of_another_size_is_refused_in_the_vendors_words(openai: Vendor) -> None:
    picture = ("first.png", png(720, 1280), "image/png")

    response = await openai.post("/videos", files=parts(prompt="x", size="1280x720", input_reference=picture))

    assert response.status_code == 400
    assert error(response) == {
        "message": "Inpaint image must match the requested width and height",
        "type": "invalid_request_error",
        "param": None,
        "code": None,
    }


@pytest.mark.parametrize(
    ("type", "content", "text"),
    [("image/gif", b"GIF89a", "unsupported mimetype ('image/gif')"), ("image/png", b"no picture", "not a readable")],
)
async def test_a_first_frame_that_is_no_picture_it_takes_is_refused(
    openai: Vendor, type: str, content: bytes, text: str
) -> None:
    response = await openai.post("/videos", files=parts(prompt="x", input_reference=("f", content, type)))

    assert response.status_code == 400
    assert text in error(response)["message"]


async def test_a_data_url_works_in_json_and_as_a_bracketed_part(openai: Vendor) -> None:
    url = "data:image/png;base64," + base64.b64encode(png(720, 1280)).decode()

    json = await openai.post("/videos", json={"prompt": "x", "input_reference": {"image_url": url}})
    form = await openai.post("/videos", files=[*parts(prompt="x"), ("input_reference[image_url]", (None, url))])

    assert (json.status_code, form.status_code) == (200, 200)


async def test_another_content_type_is_refused(openai: Vendor) -> None:
    response = await openai.post("/videos", content=b"prompt=x", headers={"content-type": "text/plain"})

    assert response.status_code == 400
    assert error(response)["code"] == "unsupported_content_type"


@pytest.mark.parametrize("key", ["", "Bearer ", "Bearer bad-key", "Basic abc"])
async def test_a_missing_or_wrong_key_is_refused_before_anything_else(openai: Vendor, key: str) -> None:
    response = await openai.post("/videos", json={}, headers={"authorization": key})

    assert response.status_code == 401
    assert "API key" in error(response)["message"]


async def test_an_unknown_model_is_not_found(openai: Vendor) -> None:
    response = await openai.post("/videos", json={"prompt": "x", "model": "sora-3"})

    assert response.status_code == 404
    assert error(response)["code"] == "model_not_found"


async def test_a_dated_name_means_the_model_itself(openai: Vendor) -> None:
    response = await openai.post("/videos", json={"prompt": "x", "model": "sora-2-2025-12-08"})

    assert response.json()["model"] == "sora-2-2025-12-08"
    assert openai.world.truth()["jobs"][0]["micro_usd"] == 0


@pytest.fixture
def late_openai(tmp_path: Path) -> Iterator[Vendor]:
    clock = VirtualClock(datetime(2026, 9, 23, 23, 59, tzinfo=UTC))
    with World(tmp_path / "late", clock, cards=CARDS) as world:
        yield Vendor(world, "openai")


async def test_from_its_last_day_on_nothing_is_made_and_nothing_is_found(late_openai: Vendor) -> None:
    id = (await late_openai.post("/videos", files=parts(prompt="the last"))).json()["id"]
    assert id
    await late_openai.wait(120)

    create = await late_openai.post("/videos", files=parts(prompt="too late"))
    retrieve = await late_openai.get(f"/videos/{id}")
    content = await late_openai.get(f"/videos/{id}/content")
    models = (await late_openai.get("/models")).json()["data"]

    assert create.status_code == retrieve.status_code == content.status_code == 404
    assert error(create)["message"] == "The model `sora-2` has been deprecated"
    assert {model["id"]: model["shutdown_date"] for model in models}["sora-2"] == "2026-09-24"
    assert len(late_openai.world.truth()["jobs"]) == 1


async def test_before_march_2026_there_were_no_20_seconds(tmp_path: Path) -> None:
    clock = VirtualClock(datetime(2026, 1, 1, tzinfo=UTC))
    with World(tmp_path / "early", clock, cards=CARDS) as world:
        response = await Vendor(world, "openai").post("/videos", json={"prompt": "x", "seconds": 20})

    assert "expected one of '4', '8', or '12', but got" in error(response)["message"]


async def test_the_list_pages_through_all_jobs_newest_first(openai: Vendor) -> None:
    made = []
    for number in range(5):
        made.append((await openai.post("/videos", files=parts(prompt=f"kite {number}"))).json()["id"])
        await openai.wait(1)

    first = (await openai.get("/videos", params={"limit": 3})).json()
    second = (await openai.get("/videos", params={"limit": 3, "after": first["last_id"]})).json()
    oldest = (await openai.get("/videos", params={"order": "asc", "limit": 1})).json()

    assert [video["id"] for video in first["data"] + second["data"]] == made[::-1]
    assert (first["has_more"], second["has_more"]) == (True, False)
    assert (first["first_id"], second["last_id"]) == (made[4], made[0])
    assert oldest["data"][0]["id"] == made[0]


@pytest.mark.parametrize("params", [{"limit": "101"}, {"limit": "many"}, {"order": "up"}, {"after": "video_0"}])
async def test_a_wrong_paging_value_is_refused(openai: Vendor, params: dict[str, str]) -> None:
    assert (await openai.get("/videos", params=params)).status_code == 400


async def test_a_running_job_cannot_be_deleted_and_a_finished_one_is_gone(openai: Vendor) -> None:
    id = (await openai.post("/videos", files=parts(prompt="a kite"))).json()["id"]

    early = await openai.delete(f"/videos/{id}", headers={"content-type": "application/json"})
    await openai.wait_for_the_end(id)
    late = await openai.delete(f"/videos/{id}", headers={"content-type": "application/json"})

    assert early.status_code == 400
    assert late.json() == {"id": id, "object": "video.deleted", "deleted": True}
    assert (await openai.get(f"/videos/{id}")).status_code == 404
    assert len(openai.world.truth()["jobs"]) == 1


async def test_an_unknown_id_is_not_found(openai: Vendor) -> None:
    assert (await openai.get("/videos/video_0")).status_code == 404


async def test_there_is_no_content_before_the_end(openai: Vendor) -> None:
    id = (await openai.post("/videos", files=parts(prompt="a kite"))).json()["id"]

    assert (await openai.get(f"/videos/{id}/content")).status_code == 400


async def test_the_content_lies_on_another_host_behind_a_link_that_needs_no_key(openai: Vendor) -> None:
    id = (await openai.post("/videos", files=parts(prompt="a kite"))).json()["id"]
    await openai.wait_for_the_end(id)

    redirect = await openai.get(f"/videos/{id}/content", headers={"accept": "application/binary"})
    link = redirect.headers["location"]
    film = await openai.get(link, headers={"authorization": ""})

    assert redirect.status_code == 302
    assert link.startswith("http://files.simulated/files/openai/")
    assert film.status_code == 200
    assert film.headers["content-type"] == "video/mp4"
    assert film.content[4:8] == b"ftyp"


async def test_a_link_with_another_signature_or_out_of_date_is_refused(openai: Vendor) -> None:
    id = (await openai.post("/videos", files=parts(prompt="a kite"))).json()["id"]
    await openai.wait_for_the_end(id)
    link = (await openai.get(f"/videos/{id}/content")).headers["location"]

    forged = await openai.get(link[:-1] + ("0" if link[-1] != "0" else "1"))
    await openai.wait(3601)
    late = await openai.get(link)
    again = await openai.get(f"/videos/{id}/content")

    assert (forged.status_code, late.status_code, again.status_code) == (403, 403, 404)
    assert "has expired" in late.text


@pytest.mark.parametrize(("variant", "type"), [("thumbnail", "image/webp"), ("spritesheet", "image/jpeg")])
async def test_stills_of_a_clip_can_be_had(openai: Vendor, variant: str, type: str) -> None:
    id = (await openai.post("/videos", files=parts(prompt="a kite"))).json()["id"]
    await openai.wait_for_the_end(id)

    response = await openai.get(f"/videos/{id}/content", params={"variant": variant})

    assert response.headers["content-type"] == type


async def test_an_unknown_variant_is_refused(openai: Vendor) -> None:
    id = (await openai.post("/videos", files=parts(prompt="a kite"))).json()["id"]

    assert (await openai.get(f"/videos/{id}/content", params={"variant": "gif"})).status_code == 400


async def test_a_remix_and_an_edit_are_new_jobs_of_a_finished_one(openai: Vendor) -> None:
    id = (await openai.post("/videos", files=parts(prompt="a kite", seconds="8"))).json()["id"]
    early = await openai.post(f"/videos/{id}/remix", json={"prompt": "at night"})
    await openai.wait_for_the_end(id)

    remix = (await openai.post(f"/videos/{id}/remix", json={"prompt": "at night"})).json()
    edit = (await openai.post("/videos/edits", files=[*parts(prompt="x"), ("video[id]", (None, id))])).json()

    assert early.status_code == 400
    assert remix["remixed_from_video_id"] == edit["remixed_from_video_id"] == id
    assert remix["seconds"] == "8"
    assert len({id, remix["id"], edit["id"]}) == 3


async def test_an_extension_says_its_whole_length_and_stops_at_two_minutes(openai: Vendor) -> None:
    id = (await openai.post("/videos", files=parts(prompt="a kite", seconds="20"))).json()["id"]
    await openai.wait_for_the_end(id)
    lengths = []
    for _ in range(5):
        body = {"prompt": "on and on", "seconds": "20", "video": {"id": id}}
        video = (await openai.post("/videos/extensions", json=body)).json()
        lengths.append(video["seconds"])
        id = video["id"]
        await openai.wait_for_the_end(id)

    refused = await openai.post("/videos/extensions", json={"prompt": "x", "seconds": "4", "video": {"id": id}})

    assert lengths == ["40", "60", "80", "100", "120"]
    assert error(refused)["message"] == "The extended video would exceed 120 seconds in total."


async def test_a_character_is_made_from_a_clip_and_used_by_its_id(openai: Vendor) -> None:
    job = openai.world.job((await openai.post("/videos", files=parts(prompt="a kite"))).json()["id"])
    assert job is not None
    clip = (await openai.world.film(job, 0)).read_bytes()

    made = (await openai.post("/videos/characters", files=parts(name="Kim", video=("k.mp4", clip, "video/mp4")))).json()
    found = (await openai.get(f"/videos/characters/{made['id']}")).json()
    used = await openai.post("/videos", files=[*parts(prompt="Kim flies"), ("characters[][id]", (None, made["id"]))])
    unknown = await openai.post("/videos", json={"prompt": "Kim flies", "characters": [{"id": "char_0"}]})
    no_clip = await openai.post("/videos/characters", files=parts(name="Kim", video=("k.mp4", b"..", "video/mp4")))

    assert found == made
    assert used.status_code == 200
    assert (unknown.status_code, no_clip.status_code) == (400, 400)


async def test_a_video_file_to_edit_is_for_eligible_customers(openai: Vendor) -> None:
    response = await openai.post("/videos/edits", files=parts(prompt="x", video=("a.mp4", b"..", "video/mp4")))

    assert response.status_code == 403


async def test_more_creates_than_the_vendor_takes_a_minute_are_refused(openai: Vendor) -> None:
    answers = [await openai.post("/videos", files=parts(prompt="x", model="sora-2-pro")) for _ in range(151)]
    await openai.wait(61)
    later = await openai.post("/videos", files=parts(prompt="x", model="sora-2-pro"))

    assert [answer.status_code for answer in answers] == [200] * 150 + [429]
    assert error(answers[-1])["code"] == "rate_limit_exceeded"
    assert int(answers[-1].headers["retry-after"]) <= 60
    assert later.status_code == 200


async def test_delivered_seconds_are_billed_once_they_are_delivered(openai: Vendor) -> None:
    id = (await openai.post("/videos", files=parts(prompt="a kite", seconds="8"))).json()["id"]
    before = openai.world.truth()["charges"]
    await openai.wait_for_the_end(id)

    assert before == []
    assert [(charge["job"], charge["micro_usd"]) for charge in openai.world.truth()["charges"]] == [(id, 800_000)]
