"""The openai SDK at work on the Videos API; the same calls in 2.26, 2.54 and 3.x."""

from pathlib import Path

import openai
from answering import answer


def client(url, key="sk-any"):
    return openai.OpenAI(base_url=url, api_key=key, max_retries=0)


def arguments(fields):
    """The fields of a create, with the file that a path names."""
    return fields | ({"input_reference": Path(fields["input_reference"])} if "input_reference" in fields else {})


def create(url, key="sk-any", **fields):
    response = client(url, key).videos.with_raw_response.create(**arguments(fields))
    return {"sent_as": response.http_request.headers["content-type"], "video": response.parse().model_dump()}


def make(url, to=None, **fields):
    """From the prompt to the file, by the SDK's own helpers."""
    videos = client(url).videos
    video = videos.create_and_poll(poll_interval_ms=50, **arguments(fields))
    if to and video.status == "completed":
        videos.download_content(video.id).write_to_file(to)
    return video.model_dump()


def download(url, id, to, variant):
    client(url).videos.download_content(id, variant=variant).write_to_file(to)


def retrieve(url, id):
    return client(url).videos.retrieve(id).model_dump()


def listed(url, page):
    """Every id, page by page."""
    return [video.id for video in client(url).videos.list(limit=page)]


def delete(url, id):
    return client(url).videos.delete(id).model_dump()


def remix(url, id, prompt):
    return client(url).videos.remix(id, prompt=prompt).model_dump()


def described(error):
    if not isinstance(error, openai.APIError):
        return None
    return {
        "class": type(error).__name__,
        "status": getattr(error, "status_code", None),
        "code": error.code,
        "param": error.param,
        "message": error.message,
    }


if __name__ == "__main__":
    answer(
        {
            "create": create,
            "make": make,
            "download": download,
            "retrieve": retrieve,
            "list": listed,
            "delete": delete,
            "remix": remix,
        },
        described,
    )
