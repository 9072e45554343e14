"""The simulated Model Studio (DashScope) answers as Alibaba's does."""

from __future__ import annotations

import base64
import io
import wave
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.simulator.conftest import Vendor, png

CREATE = "/services/aigc/video-generation/video-synthesis"
ASYNC = {"x-dashscope-async": "enable"}
RESOLVE = {**ASYNC, "x-dashscope-ossresourceresolve": "enable"}


def t2v(prompt: str = "a kite", **parameters: Any) -> dict[str, Any]:
    return {"model": "wan2.5-t2v-preview", "input": {"prompt": prompt}, "parameters": parameters}


def i2v(url: str, **parameters: Any) -> dict[str, Any]:
    given = {"prompt": "it flies", "img_url": url}
    return {"model": "wan2.5-i2v-preview", "input": given, "parameters": parameters}


def data_url(content: bytes, kind: str = "image/png") -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def sound(seconds: float) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(int(seconds * 8000) * 2))
    return out.getvalue()


async def create(dashscope: Vendor, body: dict[str, Any], headers: dict[str, str] = ASYNC) -> str:
    response = await dashscope.post(CREATE, json=body, headers=headers)
    assert response.status_code == 200, response.text
    answer = response.json()
    assert answer.keys() == {"request_id", "output"}
    assert answer["output"].keys() == {"task_id", "task_status"}
    assert answer["output"]["task_status"] == "PENDING"
    return str(answer["output"]["task_id"])


async def query(dashscope: Vendor, id: str) -> dict[str, Any]:
    response = await dashscope.get(f"/tasks/{id}")
    assert response.status_code == 200
    answer: dict[str, Any] = response.json()
    return answer


async def finished(dashscope: Vendor, body: dict[str, Any], headers: dict[str, str] = ASYNC) -> dict[str, Any]:
    id = await create(dashscope, body, headers)
    await dashscope.wait_for_the_end(id)
    return await query(dashscope, id)


def refused(response: Any, status: int, code: str) -> str:
    answer = response.json()
    assert (response.status_code, answer["code"]) == (status, code)
    assert answer.keys() == {"request_id", "code", "message"}
    return str(answer["message"])


async def test_a_task_is_pending_then_running_then_succeeded(dashscope: Vendor) -> None:
    id = await create(dashscope, t2v())
    job = dashscope.world.job(id)
    assert job is not None

    pending = (await query(dashscope, id))["output"]
    await dashscope.wait(job.queue + 1)
    running = (await query(dashscope, id))["output"]
    await dashscope.wait_for_the_end(id)
    done = await query(dashscope, id)

    assert (pending["task_status"], "scheduled_time" in pending) == ("PENDING", False)
    assert (running["task_status"], "end_time" in running) == ("RUNNING", False)
    assert done["output"]["task_status"] == "SUCCEEDED"
    assert done["output"]["orig_prompt"] == "a kite"
    assert done["usage"] == {"video_duration": 5, "video_ratio": "1920*1080", "video_count": 1}


async def test_times_are_written_in_utc_plus_8_and_the_link_lives_24_hours(dashscope: Vendor) -> None:
    done = (await finished(dashscope, t2v()))["output"]

    assert done["submit_time"] == "2026-08-01 08:00:00.000"
    end = datetime.fromisoformat(done["end_time"] + "+08:00").astimezone(UTC)
    expires = int(done["video_url"].partition("Expires=")[2].partition("&")[0])
    assert abs(expires - (end + timedelta(hours=24)).timestamp()) <= 1


async def test_the_link_needs_no_key_and_expires(dashscope: Vendor) -> None:
    done = (await finished(dashscope, t2v(size="832*480")))["output"]
    keyless = {"authorization": ""}

    film = await dashscope.get(done["video_url"], headers=keyless)
    await dashscope.wait(86_400)
    late = await dashscope.get(done["video_url"], headers=keyless)

    assert done["video_url"].startswith("http://files.simulated/")
    assert film.content[4:8] == b"ftyp"
    assert late.status_code == 403


async def test_without_the_async_header_a_create_is_denied(dashscope: Vendor) -> None:
    assert "synchronous" in refused(await dashscope.post(CREATE, json=t2v()), 403, "AccessDenied")


@pytest.mark.parametrize("key", ["", "Bearer bad-key"])
async def test_a_missing_or_wrong_key_is_refused(dashscope: Vendor, key: str) -> None:
    response = await dashscope.post(CREATE, json=t2v(), headers={**ASYNC, "authorization": key})

    refused(response, 401, "InvalidApiKey")


@pytest.mark.parametrize("model", ["wan2.5-t2v", "wan9", "veo-3.1-generate-001"])
async def test_an_unknown_model_is_not_found(dashscope: Vendor, model: str) -> None:
    refused(await dashscope.post(CREATE, json={**t2v(), "model": model}, headers=ASYNC), 404, "ModelNotFound")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"input": {"prompt": "x"}}, "model"),
        ({"model": "wan2.5-t2v-preview"}, "input"),
        ({"model": "wan2.5-t2v-preview", "input": {"prompt": "x"}, "parameters": []}, "parameters"),
        (t2v(""), "input.prompt"),
        ({**t2v(), "input": {"prompt": 1}}, "input.prompt must be a string"),
        (t2v(duration=6), "duration must be one of: 5, 10"),
        (t2v(duration="5"), "must be an integer"),
        (t2v(duration=True), "must be an integer"),
        (t2v(size="1280x720"), "The size is not match"),
        (t2v(size="480P"), "The size is not match"),
        (t2v(size="1:1"), "The size is not match"),
        (t2v(size="624*832"), "The size is not match"),
        (t2v(seed=2147483648), "seed must be between"),
        (t2v(prompt_extend="false"), "must be a boolean"),
        (t2v(watermark=1), "must be a boolean"),
        ({**i2v(""), "input": {"prompt": "x"}}, "input.img_url"),
        (i2v(data_url(png(1280, 720)), resolution="720p"), "resolution must be one of: 480P, 720P, 1080P"),
        (i2v(data_url(png(239, 720))), "240 to 8000 pixels"),
        (i2v(data_url(png(300, 300, "RGBA"))), "alpha channel"),
    ],
)
async def test_a_wrong_value_is_an_invalid_parameter(dashscope: Vendor, body: dict[str, Any], words: str) -> None:
    response = await dashscope.post(CREATE, json=body, headers=ASYNC)

    assert words in refused(response, 400, "InvalidParameter")
    assert dashscope.world.truth()["jobs"] == []


@pytest.mark.parametrize(
    ("size", "shape"),
    [("832*480", (832, 480)), ("624*624", (624, 624)), ("832*1088", (832, 1088)), ("1440*1440", (1440, 1440))],
)
async def test_every_size_of_the_table_is_taken(dashscope: Vendor, size: str, shape: tuple[int, int]) -> None:
    id = await create(dashscope, t2v(size=size))

    job = dashscope.world.job(id)
    assert job is not None
    assert (job.asked.clip.width, job.asked.clip.height) == shape


async def test_too_long_a_prompt_is_cut_without_a_word(dashscope: Vendor) -> None:
    id = await create(dashscope, t2v("x" * 2000))

    job = dashscope.world.job(id)
    assert job is not None
    assert len(job.asked.prompt) == 1500


async def test_a_clip_from_an_image_needs_no_prompt(dashscope: Vendor) -> None:
    body = i2v(data_url(png(1280, 720)))
    body["input"]["prompt"] = None  # as the SDK sends it

    assert await create(dashscope, body)


async def test_a_field_the_model_does_not_document_is_ignored(dashscope: Vendor) -> None:
    id = await create(dashscope, t2v(resolution="480P", audio=False))

    job = dashscope.world.job(id)
    assert job is not None
    assert (job.asked.clip.resolution, job.asked.clip.sound) == ("1080p", True)


async def test_a_prompt_is_rewritten_unless_told_not_to(dashscope: Vendor) -> None:
    rewritten = await finished(dashscope, t2v())
    kept = await finished(dashscope, t2v(prompt_extend=False))

    assert rewritten["output"]["actual_prompt"].startswith("a kite ")
    assert "actual_prompt" not in kept["output"]


async def test_from_an_image_the_shape_follows_the_image(dashscope: Vendor) -> None:
    done = await finished(dashscope, i2v(data_url(png(600, 1200, kind="jpeg"), "image/jpeg"), resolution="720P"))

    job = dashscope.world.job(done["output"]["task_id"])
    assert job is not None
    clip = job.asked.clip
    assert clip.height == pytest.approx(2 * clip.width, rel=0.03)
    assert clip.width * clip.height == pytest.approx(1280 * 720, rel=0.05)
    assert done["usage"] == {"duration": 5, "SR": 720, "video_count": 1}


@pytest.mark.parametrize(
    ("url", "status", "code"),
    [
        ("abc", 400, "InvalidURL"),
        ("data:image/gif;base64,QUJD", 400, "InvalidURL"),
        ("data:image/png;base64,%%", 400, "InvalidURL"),
        ("data:image/png;base64,QUJD", 415, "BadRequest.UnsupportedFileFormat"),
        ("https://example.com/a.png", 415, "BadRequest.InputDownloadFailed"),
        ("oss://nowhere/a.png", 400, "InvalidURL"),
    ],
)
async def test_an_image_that_cannot_be_used_is_refused(dashscope: Vendor, url: str, status: int, code: str) -> None:
    refused(await dashscope.post(CREATE, json=i2v(url), headers=RESOLVE), status, code)


async def upload(dashscope: Vendor, name: str, content: bytes) -> tuple[Any, str]:
    params = {"action": "getPolicy", "model": "wan2.5-i2v-preview"}
    policy = (await dashscope.get("/uploads", params=params)).json()["data"]
    key = f"{policy['upload_dir']}/{name}"
    form = {
        "OSSAccessKeyId": policy["oss_access_key_id"],
        "Signature": policy["signature"],
        "policy": policy["policy"],
        "key": key,
        "x-oss-object-acl": policy["x_oss_object_acl"],
        "x-oss-forbid-overwrite": policy["x_oss_forbid_overwrite"],
        "success_action_status": "200",
    }
    keyless = {"authorization": ""}
    response = await dashscope.post(policy["upload_host"], data=form, files={"file": (name, content)}, headers=keyless)
    return response, f"oss://{key}"


async def test_an_uploaded_picture_works_with_the_resolve_header_alone(dashscope: Vendor) -> None:
    response, url = await upload(dashscope, "a.png", png(1280, 720))
    assert response.status_code == 200

    unresolved = await dashscope.post(CREATE, json=i2v(url), headers=ASYNC)

    refused(unresolved, 400, "InvalidURL")
    assert await create(dashscope, i2v(url), RESOLVE)


async def test_an_upload_without_the_policys_signature_is_denied(dashscope: Vendor) -> None:
    params = {"action": "getPolicy", "model": "wan2.5-i2v-preview"}
    policy = (await dashscope.get("/uploads", params=params)).json()["data"]
    form = {"Signature": "forged", "policy": policy["policy"], "key": f"{policy['upload_dir']}/a.png"}

    response = await dashscope.post(policy["upload_host"], data=form, files={"file": ("a.png", b"x")})

    assert response.status_code == 403


async def test_a_sound_to_drive_the_clip_is_uploaded_and_never_written_into_the_request(dashscope: Vendor) -> None:
    _, url = await upload(dashscope, "a.wav", sound(4))
    body = t2v()

    body["input"]["audio_url"] = url
    taken = await dashscope.post(CREATE, json=body, headers=RESOLVE)
    body["input"]["audio_url"] = data_url(sound(4), "audio/wav")
    inline = await dashscope.post(CREATE, json=body, headers=RESOLVE)

    assert taken.status_code == 200
    refused(inline, 400, "InvalidURL")


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (sound(2), 400, "InvalidParameter"),
        (sound(31), 400, "InvalidParameter"),
        (b"no sound", 415, "BadRequest.UnsupportedFileFormat"),
    ],
)
async def test_a_sound_of_another_kind_or_length_is_refused(
    dashscope: Vendor, content: bytes, status: int, code: str
) -> None:
    _, url = await upload(dashscope, "a.wav", content)
    body = t2v()
    body["input"]["audio_url"] = url

    refused(await dashscope.post(CREATE, json=body, headers=RESOLVE), status, code)


async def test_the_older_models_path_is_a_url_error(dashscope: Vendor) -> None:
    response = await dashscope.post("/services/aigc/image2video/video-synthesis", json=t2v(), headers=ASYNC)

    assert "url error" in refused(response, 400, "InvalidParameter")


async def test_a_task_can_be_cancelled_while_it_is_pending_and_not_after(dashscope: Vendor) -> None:
    pending = await create(dashscope, t2v("one"))
    running = await create(dashscope, t2v("two"))

    cancelled = await dashscope.post(f"/tasks/{pending}/cancel")
    job = dashscope.world.job(running)
    assert job is not None
    await dashscope.wait(job.queue + 1)
    too_late = await dashscope.post(f"/tasks/{running}/cancel")

    assert cancelled.json().keys() == {"request_id"}
    assert (await query(dashscope, pending))["output"]["task_status"] == "CANCELED"
    assert "PENDING status" in refused(too_late, 400, "UnsupportedOperation")
    await dashscope.wait_for_the_end(running)
    assert [charge["job"] for charge in dashscope.world.truth()["charges"]] == [running]


async def test_an_unknown_id_answers_unknown_and_so_does_a_task_after_24_hours(dashscope: Vendor) -> None:
    done = await finished(dashscope, t2v())
    await dashscope.wait(86_400)

    old = await query(dashscope, done["output"]["task_id"])
    never = await query(dashscope, "00000000-0000-4000-8000-000000000000")

    assert old["output"] == {"task_id": done["output"]["task_id"], "task_status": "UNKNOWN"}
    assert never["output"]["task_status"] == "UNKNOWN"


async def test_the_list_filters_by_model_status_and_time(dashscope: Vendor) -> None:
    first = await create(dashscope, t2v("one"))
    await dashscope.wait_for_the_end(first)
    await dashscope.wait(3600)
    second = await create(dashscope, t2v("two"))

    async def ids(**params: str) -> list[str]:
        answer = (await dashscope.get("/tasks", params=params)).json()
        assert answer["data"] == answer["tasks"]
        return [item["task_id"] for item in answer["data"]]

    assert await ids() == [second, first]
    assert await ids(status="SUCCEEDED") == [first]
    assert await ids(model_name="wan2.5-i2v-preview") == []
    assert await ids(start_time="20260801083000") == [second]
    assert await ids(end_time="20260801083000") == [first]
    assert await ids(page_no="2", page_size="1") == [first]
    answer = (await dashscope.get("/tasks", params={"page_size": "1"})).json()
    assert (answer["total"], answer["total_page"]) == (2, 2)


@pytest.mark.parametrize("params", [{"page_no": "0"}, {"page_size": "101"}, {"start_time": "yesterday"}])
async def test_a_wrong_filter_is_refused(dashscope: Vendor, params: dict[str, str]) -> None:
    refused(await dashscope.get("/tasks", params=params), 400, "InvalidParameter")


async def test_five_tasks_run_at_once_and_the_sixth_waits_as_pending(dashscope: Vendor) -> None:
    ids = []
    for number in range(6):
        ids.append(await create(dashscope, t2v(f"kite {number}")))
        await dashscope.wait(0.5)
    jobs = [job for job in map(dashscope.world.job, ids) if job is not None]

    assert jobs[5].starts >= min(job.ends for job in jobs[:5])
    for moment in sorted(job.starts for job in jobs):
        assert sum(job.starts <= moment < job.ends for job in jobs) <= 5


async def test_six_submits_in_a_second_are_throttled(dashscope: Vendor) -> None:
    for number in range(5):
        await create(dashscope, t2v(f"kite {number}"))

    response = await dashscope.post(CREATE, json=t2v("one too many"), headers=ASYNC)

    refused(response, 429, "Throttling.RateQuota")


async def test_more_than_twenty_queries_in_a_second_are_throttled(dashscope: Vendor) -> None:
    id = await create(dashscope, t2v())
    for _ in range(20):
        await query(dashscope, id)

    response = await dashscope.get(f"/tasks/{id}")
    await dashscope.wait(1.01)

    refused(response, 429, "Throttling.RateQuota")
    assert await query(dashscope, id)


async def test_seconds_are_billed_by_tier(dashscope: Vendor) -> None:
    await finished(dashscope, t2v(size="832*480", duration=10))
    await finished(dashscope, t2v(size="1280*720"))

    assert [charge["micro_usd"] for charge in dashscope.world.truth()["charges"]] == [500_000, 500_000]
