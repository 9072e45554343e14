"""The google-genai SDK at work on Veo in Vertex mode."""

import time
from pathlib import Path

from answering import answer
from google import genai
from google.genai import errors, types
from google.oauth2.credentials import Credentials

PROJECT, LOCATION = "simulated", "us-central1"


def client(url, key="ya29.any"):
    return genai.Client(
        vertexai=True,
        project=PROJECT,
        location=LOCATION,
        credentials=Credentials(token=key),
        http_options=types.HttpOptions(base_url=url),
    )


def picture(path):
    return types.Image(image_bytes=Path(path).read_bytes(), mime_type="image/png")


def submitted(api, model, prompt=None, image=None, video=None, last_frame=None, references=(), **config):
    """A create; files are given by their paths, and a video of Cloud Storage by its URI."""
    source = types.GenerateVideosSource(prompt=prompt)
    if image:
        source.image = picture(image)
    if video and video.startswith("gs://"):
        source.video = types.Video(uri=video, mime_type="video/mp4")
    elif video:
        source.video = types.Video(video_bytes=Path(video).read_bytes(), mime_type="video/mp4")
    if last_frame:
        config["last_frame"] = picture(last_frame)
    if references:
        config["reference_images"] = [
            types.VideoGenerationReferenceImage(image=picture(each), reference_type="ASSET") for each in references
        ]
    return api.models.generate_videos(model=model, source=source, config=types.GenerateVideosConfig(**config))


def create(url, key="ya29.any", **given):
    return submitted(client(url, key), **given).name


def make(url, to, **given):
    """From the prompt to the files, asking until the operation is done."""
    api = client(url)
    operation = submitted(api, **given)
    while not operation.done:
        time.sleep(0.1)
        operation = api.operations.get(operation)
    if operation.error:
        return {"name": operation.name, "error": operation.error}
    response = operation.response
    clips = [each.video for each in response.generated_videos or []]
    for number, clip in enumerate(clips):
        if clip.video_bytes:
            Path(to, f"{number}.mp4").write_bytes(clip.video_bytes)
    return {
        "name": operation.name,
        "clips": len(clips),
        "types": [clip.mime_type for clip in clips],
        "uris": [clip.uri for clip in clips if clip.uri],
        "filtered": response.rai_media_filtered_count,
        "reasons": response.rai_media_filtered_reasons,
    }


def described(error):
    if not isinstance(error, errors.APIError):
        return None
    return {"class": type(error).__name__, "status": error.code, "word": error.status, "message": error.message}


if __name__ == "__main__":
    answer({"create": create, "make": make}, described)
