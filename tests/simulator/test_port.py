"""The simulator on a port: real connections that are really cut, and other processes as its clients."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from rushes.http import httpx
from rushes.simulator.serve import serve

SERVE = """
import json, sys
from datetime import date
from pathlib import Path
from rushes.simulator.serve import serve

options = json.loads(sys.argv[2])
if "as_of" in options:
    options["as_of"] = date.fromisoformat(options["as_of"])
serve(Path(sys.argv[1]), **options)
"""
#: An hour of the world, the life of a link, takes half a minute.
SCALE = 120


@contextlib.contextmanager
def serving(folder: Path, **options: Any) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The simulator in a process of its own, and the line it printed when it was ready."""
    command = [sys.executable, "-c", SERVE, str(folder), json.dumps(options)]
    log = folder.parent / "serving.log"
    with log.open("w") as errors:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=errors, text=True, cwd=Path(__file__).parents[2]
        )
    assert process.stdout is not None
    try:
        yield process, process.stdout.readline()
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[dict[str, Any]]:
    with serving(tmp_path / "world", json=True, time_scale=SCALE) as (_, line):
        yield json.loads(line)


@pytest.fixture
def http() -> Iterator[httpx.Client]:
    with httpx.Client(headers={"authorization": "Bearer sk-any"}, timeout=30) as client:
        yield client


def submit(http: httpx.Client, server: dict[str, Any], prompt: str) -> httpx.Response:
    return http.post(f"{server['openai']}/videos", files={"prompt": (None, prompt)})


def completed(http: httpx.Client, server: dict[str, Any], prompt: str) -> str:
    id = str(submit(http, server, prompt).json()["id"])
    for _ in range(600):
        if http.get(f"{server['openai']}/videos/{id}").json()["status"] == "completed":
            return id
        time.sleep(0.05)
    raise AssertionError(f"{id} did not complete")


def truth(http: httpx.Client, server: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = http.get(server["openai"].replace("/openai/v1", "/_simulator/truth")).json()
    return answer


def test_it_prints_its_date_and_every_base_url_when_it_is_ready(server: dict[str, Any], http: httpx.Client) -> None:
    assert server["as_of"] == "2026-08-01"
    assert server["time_scale"] == SCALE
    urls = {"openai", "vllm_omni", "sglang", "vertex", "dashscope", "judge_openai", "judge_gemini"}
    assert server.keys() == {"as_of", "time_scale", *urls}
    assert server["openai"].endswith("/openai/v1")
    assert server["dashscope"].endswith("/dashscope/api/v1")
    response = http.get(f"{server['openai']}/videos")
    assert response.headers["x-rushes-time-scale"] == str(SCALE)


def test_for_people_it_prints_the_date_first(tmp_path: Path) -> None:
    with serving(tmp_path / "world") as (_, line):
        assert line == "Simulated world of 2026-08-01, time × 60; nothing here costs money.\n"


def test_ctrl_c_ends_it_cleanly(tmp_path: Path) -> None:
    with serving(tmp_path / "world", json=True) as (process, _):
        process.send_signal(signal.SIGINT)

        assert process.wait(10) == 0


def test_a_world_can_be_moved_to_a_later_day_but_not_back(tmp_path: Path) -> None:
    with serving(tmp_path, json=True, as_of="2026-09-30") as (_, line):
        assert json.loads(line)["as_of"] == "2026-09-30"

    with pytest.raises(ValueError, match="already at 2026-09-30 and its time does not run backwards"):
        serve(tmp_path, as_of=date(2026, 8, 1))


def test_on_a_later_day_a_retired_model_is_gone(tmp_path: Path, http: httpx.Client) -> None:
    with serving(tmp_path, json=True, as_of="2026-11-22") as (_, line):
        response = submit(http, json.loads(line), "a kite")

    assert response.status_code == 404
    assert response.json()["error"]["message"] == "The model `sora-2` has been deprecated"


def test_a_job_goes_all_the_way_and_the_file_lies_on_another_host(server: dict[str, Any], http: httpx.Client) -> None:
    id = completed(http, server, "a kite")

    response = http.get(f"{server['openai']}/videos/{id}/content", follow_redirects=True)

    assert response.content[4:8] == b"ftyp"
    [redirect] = response.history
    assert redirect.url.host == "127.0.0.1"
    assert response.url.host == "localhost"
    assert "authorization" not in response.request.headers
    part = http.get(str(response.url), headers={"range": "bytes=0-99"})
    assert (part.status_code, len(part.content)) == (206, 100)


@pytest.mark.parametrize(("name", "jobs"), [("drop_before_accept", 0), ("drop_after_accept", 1), ("cut_answer", 1)])
def test_a_cut_connection_is_really_cut(server: dict[str, Any], http: httpx.Client, name: str, jobs: int) -> None:
    with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
        submit(http, server, f"a kite [simulate: {name}]")

    assert len(truth(http, server)["jobs"]) == jobs
    assert submit(http, server, "a boat").status_code == 200


def test_of_a_cut_answer_the_first_half_arrives(server: dict[str, Any], http: httpx.Client) -> None:
    form = {"prompt": (None, "a kite [simulate: cut_answer]")}

    with http.stream("POST", f"{server['openai']}/videos", files=form) as response:
        body = response.iter_raw()
        arrived = next(body)
        with pytest.raises(httpx.RemoteProtocolError, match="without sending complete message body"):
            next(body)

    assert arrived.startswith(b'{"id":"video_')
    assert len(arrived) == int(response.headers["content-length"]) // 2


def test_a_restarted_server_knows_its_jobs_and_its_time(tmp_path: Path, http: httpx.Client) -> None:
    with serving(tmp_path / "world", json=True, time_scale=SCALE) as (_, line):
        id = completed(http, json.loads(line), "a kite")
    # it was killed
    with serving(tmp_path / "world", json=True, time_scale=SCALE) as (_, line):
        video = http.get(f"{json.loads(line)['openai']}/videos/{id}").json()

    assert video["status"] == "completed"


def test_a_second_server_on_the_same_port_is_refused(server: dict[str, Any], tmp_path: Path) -> None:
    port = httpx.URL(server["openai"]).port
    assert port is not None

    with pytest.raises(OSError, match="in use"):
        serve(tmp_path / "other", port)


def test_a_caller_that_hangs_up_in_the_middle_of_its_request_makes_no_noise(tmp_path: Path) -> None:
    import socket

    with serving(tmp_path / "world", json=True) as (process, line):
        port = int(json.loads(line)["openai"].split(":")[2].split("/")[0])
        with socket.create_connection(("127.0.0.1", port)) as connection:
            head = "POST /openai/v1/videos HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer sk-any\r\n"
            connection.sendall(f"{head}Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{{".encode())
        truth = httpx.get(f"http://127.0.0.1:{port}/_simulator/truth").json()
        process.send_signal(signal.SIGINT)
        process.wait(30)

    assert truth["jobs"] == []
    assert "Traceback" not in (tmp_path / "serving.log").read_text()
