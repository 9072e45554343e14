"""The dashscope SDK at work on Wan: its older surface (`VideoSynthesis`) and its newer one (`Client`)."""

from pathlib import Path

import dashscope
import requests
from answering import answer
from dashscope import Client, VideoSynthesis


def reach(url, key="sk-any"):
    dashscope.base_http_api_url = url
    dashscope.api_key = key


def shown(response):
    """An answer as JSON: the SDK's own fields, none of them renamed."""
    output = response.output
    return {
        "http": int(response.status_code),
        "code": response.code,
        "message": response.message,
        "output": dict(output) if output else None,
        "usage": dict(response.usage) if response.usage else None,
    }


def create(url, key="sk-any", **given):
    reach(url, key)
    return shown(VideoSynthesis.async_call(**given))


def make(url, to, **given):
    """From the prompt to the file."""
    reach(url)
    response = VideoSynthesis.wait(VideoSynthesis.async_call(**given))
    if to:
        fetch(response.output.video_url, to)
    return shown(response)


def query(url, id):
    reach(url)
    return shown(VideoSynthesis.fetch(id))


def cancel(url, id):
    reach(url)
    return shown(VideoSynthesis.cancel(id))


def listed(url, **filters):
    reach(url)
    return shown(VideoSynthesis.list(**filters))


def make_with_client(url, to, **given):
    job = Client(api_key="sk-any", base_url=url).videos.generate(poll_interval=0.2, **given)
    fetch(job.video_url, to)
    return {"id": job.job_id, "succeeded": job.succeeded}


def fetch(link, to):
    got = requests.get(link, timeout=60)
    got.raise_for_status()
    Path(to).write_bytes(got.content)


def described(error):
    if not type(error).__module__.startswith("dashscope"):
        return None
    return {"class": type(error).__name__, "message": str(error)}


if __name__ == "__main__":
    answer(
        {
            "create": create,
            "make": make,
            "query": query,
            "cancel": cancel,
            "list": listed,
            "make_with_client": make_with_client,
        },
        described,
    )
