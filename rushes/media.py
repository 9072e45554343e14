"""Pictures, sound and clips that go into a request: what they are, found out without sending anything."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as Base64Error
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote_to_bytes

from rushes.errors import BadInput
from rushes.request import VideoRequest

REMOTE = ("http://", "https://", "gs://", "oss://")
#: The JPEG of a camera that puts several pictures into one file.
MANY_JPEGS = "mpo"
EXIF_ORIENTATION = 0x0112


@dataclass(frozen=True)
class Picture:
    """What a picture is: its format as `jpeg`, `png`, `webp` or `bmp`, sides in pixels, size in bytes."""

    format: str
    width: int
    height: int
    bytes: int
    alpha: bool


@dataclass(frozen=True)
class Sound:
    """What a sound is: its format as FFmpeg names it, such as `wav` or `mp3`, size in bytes, length where it tells."""

    format: str
    bytes: int
    seconds: float | None


@dataclass(frozen=True)
class Footage:
    """What a clip is: its format as FFmpeg names it, length in seconds, frames a second, sides in pixels."""

    format: str
    seconds: float
    fps: float
    width: int
    height: int


def is_remote(media: Path | str | bytes) -> bool:
    """True for what only the network knows: http(s), gs:// and oss:// URLs."""
    return isinstance(media, str) and media.startswith(REMOTE)


def name_of(media: Path | str | bytes) -> str:
    """How to call it in a message; never its content."""
    match media:
        case Path():
            return str(media)
        case str() if is_remote(media):
            return media.partition("?")[0]
        case _:
            return "the data given"


def local_bytes(media: Path | str | bytes) -> bytes:
    """The content of what is not remote. Raises BadInput where it cannot be read."""
    match media:
        case bytes():
            return media
        case Path():
            try:
                return media.expanduser().read_bytes()
            except OSError as error:
                raise BadInput(f"{media}: cannot be read: {error.strerror or error}") from None
        case str() if media.startswith("data:"):
            head, comma, payload = media[5:].partition(",")
            if not comma:
                raise BadInput("a data: URL without a comma holds no data")
            if head.endswith(";base64"):
                try:
                    return b64decode(payload, validate=True)
                except Base64Error:
                    raise BadInput("a data: URL whose base64 is broken") from None
            return unquote_to_bytes(payload)
        case _:
            raise BadInput(f"{name_of(media)} is not on this machine")


def picture(media: Path | str | bytes) -> Picture | None:
    """What a local picture is, or None for a remote one. Raises BadInput for what is no picture."""
    if is_remote(media):
        return None
    if isinstance(media, Path):
        try:
            stat = media.expanduser().stat()
        except OSError as error:
            raise BadInput(f"{media}: cannot be read: {error.strerror or error}") from None
        return _picture_file(media, stat.st_mtime_ns, stat.st_size)
    return picture_of(local_bytes(media), name_of(media))


@lru_cache(maxsize=64)
def _picture_file(path: Path, _changed: int, _size: int) -> Picture:
    return picture_of(local_bytes(path), str(path))


def picture_of(data: bytes, name: str) -> Picture:
    """What the picture in `data` is. Raises BadInput for what is no picture, or a broken one."""
    from io import BytesIO

    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(BytesIO(data)) as image:
            image.load()
            alpha = "A" in image.getbands() or "transparency" in image.info
            kind = (image.format or "unknown").lower()
            return Picture("jpeg" if kind == MANY_JPEGS else kind, image.width, image.height, len(data), alpha)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise BadInput(
            f"{name}: not a picture that can be read ({error})", hint="Give a JPEG, PNG or WebP file."
        ) from None


def sound_of(data: bytes, name: str) -> Sound:
    """What the sound in `data` is. Raises BadInput for what is none."""
    from io import BytesIO

    import av

    try:
        with av.open(BytesIO(data), "r") as sound:
            if not sound.streams.audio:
                raise BadInput(f"{name}: has no sound")
            seconds = None if sound.duration is None else sound.duration / av.time_base
            return Sound(sound.format.name, len(data), seconds)
    except (av.FFmpegError, ValueError) as error:
        said = getattr(error, "strerror", None) or type(error).__name__
        raise BadInput(f"{name}: not a sound that can be read ({said})", hint="Give WAV or MP3.") from None


def footage_of(data: bytes, name: str) -> Footage:
    """What the clip in `data` is. Raises BadInput for what is none."""
    from io import BytesIO

    import av

    try:
        with av.open(BytesIO(data), mode="r") as container:
            if not container.streams.video:
                raise BadInput(f"{name}: holds no picture")
            video, seconds = container.streams.video[0], (container.duration or 0) / av.time_base
            return Footage(container.format.name, seconds, float(video.average_rate or 0), video.width, video.height)
    except (av.FFmpegError, ValueError) as error:
        raise BadInput(f"{name}: not a video that can be read ({type(error).__name__})") from None


def cover(data: bytes, width: int, height: int) -> bytes:
    """The picture scaled and cropped around its middle to exactly `width` x `height`, as PNG.

    One that is already so large, and not turned by its EXIF data, stays byte for byte as it is.
    """
    from io import BytesIO

    from PIL import Image, ImageOps

    with Image.open(BytesIO(data)) as image:
        if image.size == (width, height) and image.getexif().get(EXIF_ORIENTATION, 1) == 1:
            return data
        fitted = ImageOps.fit(ImageOps.exif_transpose(image).convert("RGB"), (width, height), Image.Resampling.LANCZOS)
        out = BytesIO()
        fitted.save(out, "PNG")
        return out.getvalue()


def pictures_of(request: VideoRequest) -> dict[str, Picture | None]:
    """Every picture of a request by the name of its field; None for remote ones."""
    found: dict[str, Picture | None] = {}
    if request.image is not None:
        found["image"] = picture(request.image)
    if request.last_image is not None:
        found["last_image"] = picture(request.last_image)
    for index, reference in enumerate(request.reference_images):
        found[f"reference_images[{index}]"] = picture(reference)
    return found
