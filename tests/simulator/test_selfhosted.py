"""The simulated vLLM-Omni and SGLang deviate from OpenAI's wire as they do."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.conftest import Vendor, parts, png

MODEL = "Wan-AI/Wan2.2-T2V-A14B-Diffusers"


async def made(vendor: Vendor, **fields: Any) -> dict[str, Any]:
    response = await vendor.post("/videos", files=parts(prompt="a kite", **fields))
    assert response.status_code == 200, response.text
    video: dict[str, Any] = response.json()
    return video


async def test_vllm_takes_forms_and_no_json(vllm: Vendor) -> None:
    form = await vllm.post("/videos", data={"prompt": "a kite"})
    json = await vllm.post("/videos", json={"prompt": "a kite"})

    assert form.json()["id"].startswith("video_gen_")
    assert json.status_code == 400
    assert json.json()["error"].keys() == {"message", "type", "param", "code"}
    assert (json.json()["error"]["type"], json.json()["error"]["code"]) == ("Bad Request", 400)


async def test_vllm_serves_one_model_and_says_so(vllm: Vendor) -> None:
    wrong = await vllm.post("/videos", files=parts(prompt="x", model="sora-2"))
    served = (await vllm.get("/models")).json()["data"][0]["id"]

    assert wrong.json()["error"]["message"] == (
        f"Model mismatch: request specifies 'sora-2' but server is running '{MODEL}'."
    )
    assert (await made(vllm, model=served))["model"] == MODEL


@pytest.mark.parametrize("fields", [{"seconds": "4.5"}, {"seconds": "0"}, {"size": "720p"}, {"fps": "many"}])
async def test_vllm_refuses_what_its_form_does_not_match(vllm: Vendor, fields: dict[str, str]) -> None:
    response = await vllm.post("/videos", files=parts(prompt="x", **fields))

    assert response.status_code == 400


async def test_vllm_ignores_a_bracketed_reference_without_a_word(vllm: Vendor) -> None:
    form = [*parts(prompt="x"), ("input_reference[image_url]", (None, "https://example.com/a.png"))]

    video = (await vllm.post("/videos", files=form)).json()

    job = vllm.world.job(video["id"])
    assert job is not None
    assert job.asked.clip.first_image is None


async def test_vllm_makes_4k_plus_1_frames_at_24_unless_told_the_rate(vllm: Vendor) -> None:
    plain = vllm.world.job((await made(vllm, seconds="5"))["id"])
    told = vllm.world.job((await made(vllm, seconds="5", fps="16"))["id"])
    assert plain is not None
    assert told is not None

    assert (plain.asked.clip.fps, plain.asked.settings["frames"]) == (24, 117)
    assert (told.asked.clip.fps, told.asked.settings["frames"]) == (16, 77)


async def test_vllm_resizes_a_reference_of_another_size(vllm: Vendor) -> None:
    video = await made(vllm, size="832x480", input_reference=("a.png", png(100, 100), "image/png"))

    job = vllm.world.job(video["id"])
    assert job is not None
    assert job.asked.clip.first_image is not None


async def test_vllm_shows_no_progress_and_then_the_clip_without_a_redirect(vllm: Vendor) -> None:
    id = (await made(vllm, seconds="1", fps="8", size="480x320"))["id"]
    job = vllm.world.job(id)
    assert job is not None
    await vllm.wait(job.queue + job.render / 2)
    half = (await vllm.get(f"/videos/{id}")).json()
    early = await vllm.get(f"/videos/{id}/content")
    await vllm.wait_for_the_end(id)

    done = (await vllm.get(f"/videos/{id}")).json()
    content = await vllm.get(f"/videos/{id}/content", params={"variant": "thumbnail"})

    assert (half["status"], half["progress"]) == ("in_progress", 0)
    assert early.json()["error"]["message"] == "Generation is still in-progress"
    assert (done["progress"], done["duration_s"], done["num_frames"]) == (100, 5 / 8, 5)
    assert (content.status_code, content.headers["content-type"]) == (200, "video/mp4")


async def test_a_failed_vllm_job_answers_with_an_http_error_and_the_video_object(vllm: Vendor) -> None:
    id = (await vllm.post("/videos", files=parts(prompt="x [simulate: late_failure]"))).json()["id"]
    await vllm.wait_for_the_end(id)

    response = await vllm.get(f"/videos/{id}")
    content = await vllm.get(f"/videos/{id}/content")

    assert response.status_code == 500
    assert (response.json()["status"], response.json()["error"]["code"]) == ("failed", 500)
    assert content.status_code == 422


async def test_deleting_a_running_vllm_job_cancels_it(vllm: Vendor) -> None:
    id = (await made(vllm))["id"]

    assert (await vllm.delete(f"/videos/{id}")).json()["deleted"] is True
    assert vllm.world.truth()["jobs"][0]["state"] == "cancelled"


async def test_vllm_says_unauthorized_as_a_bare_word(vllm: Vendor) -> None:
    response = await vllm.get("/videos", headers={"authorization": "Bearer bad-key"})

    assert (response.status_code, response.json()) == (401, {"error": "Unauthorized"})


async def test_sglang_takes_forms_and_json_and_needs_no_key(sglang: Vendor) -> None:
    form = await made(sglang, seconds="4")
    json = await sglang.post("/videos", json={"prompt": "a kite", "seconds": 4}, headers={"authorization": ""})

    assert form["seconds"] == json.json()["seconds"] == "4"
    assert "prompt" not in form


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"prompt": "x", "seconds": "4.5"}, 422),
        ({"prompt": "x", "input_reference": {"image_url": "data:"}}, 400),
        ({"prompt": "x", "size": "640x640"}, 400),
    ],
)
async def test_sglang_refuses_with_a_detail(sglang: Vendor, body: dict[str, Any], status: int) -> None:
    response = await sglang.post("/videos", json=body)

    assert response.status_code == status
    assert response.json().keys() == {"detail"}


async def test_a_variant_of_an_sglang_clip_is_an_index(sglang: Vendor) -> None:
    id = (await made(sglang, seconds="1", fps="8", size="480x832"))["id"]
    await sglang.wait_for_the_end(id)

    by_name = await sglang.get(f"/videos/{id}/content", params={"variant": "video"})
    by_index = await sglang.get(f"/videos/{id}/content", params={"variant": "0"})

    assert (by_name.status_code, by_name.json()) == (404, {"detail": "Video variant video not found"})
    assert by_index.content[4:8] == b"ftyp"


async def test_a_failed_sglang_job_has_no_code(sglang: Vendor) -> None:
    id = (await sglang.post("/videos", files=parts(prompt="x [simulate: late_failure]"))).json()["id"]
    await sglang.wait_for_the_end(id)

    response = await sglang.get(f"/videos/{id}")

    assert response.status_code == 200
    assert response.json()["error"].keys() == {"message"}


async def test_deleting_an_sglang_job_answers_with_the_video_and_does_not_stop_it(sglang: Vendor) -> None:
    id = (await made(sglang))["id"]

    deleted = (await sglang.delete(f"/videos/{id}")).json()
    await sglang.wait_for_the_end(id)

    assert (deleted["id"], deleted["status"]) == (id, "deleted")
    assert (await sglang.get(f"/videos/{id}")).json() == {"detail": "Video not found"}
    assert sglang.world.truth()["jobs"][0]["state"] == "succeeded"


async def test_both_list_newest_first(vllm: Vendor, sglang: Vendor) -> None:
    for vendor in (vllm, sglang):
        made_here = []
        for _ in range(3):
            made_here.append((await made(vendor))["id"])
            await vendor.wait(1)

        listed = (await vendor.get("/videos", params={"limit": "2"})).json()["data"]
        after = (await vendor.get("/videos", params={"after": listed[-1]["id"]})).json()["data"]

        assert [video["id"] for video in listed + after] == made_here[::-1]


async def test_sglang_lists_at_most_a_hundred(sglang: Vendor) -> None:
    assert (await sglang.get("/videos", params={"limit": "0"})).status_code == 422
