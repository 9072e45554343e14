"""A plan is yes, or every reason why not; what a fit mode adapts is listed, and nothing else is adapted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from rushes.card import Card, Endpoint, load_cards
from rushes.errors import BadInput, Retired, Unsupported
from rushes.plan import FITS, LINES, Change, Fit, Plan, Refusal, Settings, check, describe, plan
from rushes.request import ASPECT_RATIOS, RESOLUTIONS, Mode, VideoRequest

CARDS = load_cards()
ENDPOINTS = {endpoint.id: endpoint for card in CARDS.values() for endpoint in card.endpoints}
#: A day on which all four models of the brief lived.
SUMMER = date(2026, 8, 1)
SORA, PRO = ENDPOINTS["openai/sora-2"], ENDPOINTS["openai/sora-2-pro"]
VEO, VEO_GEMINI = ENDPOINTS["vertex/veo-3.1"], ENDPOINTS["gemini/veo-3.1"]
WAN = ENDPOINTS["dashscope-intl/wan-2.5"]
FOX = "a fox in snow"


def drawn(width: int, height: int, format: str = "PNG", mode: str = "RGB") -> bytes:
    out = BytesIO()
    Image.new(mode, (width, height), "red").save(out, format)
    return out.getvalue()


def endpoint(**facts: Any) -> Endpoint:
    """An endpoint of our own: one 8 s offer in 720p at a dollar a second, unless `facts` say otherwise."""
    offer = {
        "modes": ["text"],
        "seconds": [8],
        "sizes": {"720p": {"16:9": "1280x720"}},
        "audio": [True],
        "source": "made-up",
    }
    defaults = {"seconds": 8, "resolution": "720p", "aspect_ratio": "16:9", "audio": True}
    card = {
        "id": "fox-1",
        "name": "Fox",
        "maker": "Nobody",
        "defaults": defaults | facts.pop("defaults", {}),
        "simulation": {"detail": 0.5, "steadiness": 0.5},
        "sources": {"made-up": {"where": "made up for a test", "read": SUMMER, "confidence": "low"}},
        "endpoints": [
            {
                "provider": "den",
                "wire_names": "fox-1",
                "lifecycle": {"stage": "ga", "source": "made-up"} | facts.pop("lifecycle", {}),
                "offers": [offer | each for each in facts.pop("offers", [{}])],
                "inputs": facts.pop("inputs", {}),
                "prices": [
                    {"since": date(2026, 1, 1), "per_second": "1", "source": "made-up"} | each
                    for each in facts.pop("prices", [{}])
                ],
                "billing": {"failed": "free", "refused": "free", "source": "made-up"},
                **facts,
            }
        ],
    }
    return Card.model_validate(card).endpoints[0]


def planned(request: VideoRequest, at: Endpoint, day: date = SUMMER, **more: Any) -> Plan:
    answer = plan(request, at, day=day, **more)
    assert isinstance(answer, Plan), answer.reasons if isinstance(answer, Refusal) else answer
    return answer


def refused(request: VideoRequest, at: Endpoint, day: date = SUMMER, **more: Any) -> Refusal:
    answer = plan(request, at, day=day, **more)
    assert isinstance(answer, Refusal), answer
    return answer


def fox(**wishes: Any) -> VideoRequest:
    return VideoRequest(prompt=FOX, **wishes)


# --- the brief's words, and what is sent of them ----------------------------------------------------------------------

FITTING = [
    *[
        (at, f"{words}: {seconds} s, {shape}", {"seconds": seconds, "resolution": "720p", "aspect_ratio": ratio}, size)
        for at, words in ((SORA, "4–20 s"), (PRO, "4–20 s"))
        for seconds in (4, 8, 12, 16, 20)
        for shape, ratio, size in (
            ("portrait 720×1280", "9:16", "720x1280"),
            ("landscape 1280×720", "16:9", "1280x720"),
        )
    ],
    (PRO, "final production output: 1024p", {"resolution": "1024p"}, "1792x1024"),
    (PRO, "final production output: 1024p upright", {"resolution": "1024p", "aspect_ratio": "9:16"}, "1024x1792"),
    (PRO, "final production output: 1080p", {"seconds": 20, "resolution": "1080p"}, "1920x1080"),
    *[
        (VEO, f"4K: {seconds} s, {resolution}", {"seconds": seconds, "resolution": resolution}, size)
        for seconds in (4, 6, 8)
        for resolution, size in (("720p", "1280x720"), ("1080p", "1920x1080"))
    ],
    (VEO, "4K: 8 s, 4k", {"seconds": 8, "resolution": "4k"}, "3840x2160"),
    (WAN, "10 s: 5 s", {"seconds": 5}, "1280x720"),
    (WAN, "10 s: 10 s", {"seconds": 10}, "1280x720"),
    (WAN, "480p, square", {"resolution": "480p", "aspect_ratio": "1:1"}, "624x624"),
    (WAN, "720p, 4:3", {"resolution": "720p", "aspect_ratio": "4:3"}, "1088x832"),
]


@pytest.mark.parametrize(
    ("at", "words", "wishes", "size"), FITTING, ids=[f"{at.id} – the brief's {words}" for at, words, _, _ in FITTING]
)
def test_what_a_model_makes_is_planned_as_it_was_asked(
    at: Endpoint, words: str, wishes: dict[str, Any], size: str
) -> None:
    found = planned(fox(**wishes), at)

    assert found.exact
    assert str(found.settings.size) == size
    assert {field: getattr(found.settings, field) for field in wishes} == wishes


NOT_FITTING = [
    (SORA, "4–20 s", {"seconds": 3}, "makes 4 s, 8 s, 12 s, 16 s or 20 s, not 3 s"),
    (SORA, "4–20 s", {"seconds": 21}, "makes 4 s, 8 s, 12 s, 16 s or 20 s, not 21 s"),
    (SORA, "25 s (comparison)", {"seconds": 25}, "makes 4 s, 8 s, 12 s, 16 s or 20 s, not 25 s"),
    (SORA, "720p", {"resolution": "1080p"}, "makes 720p, not 1080p"),
    (SORA, "portrait, landscape", {"aspect_ratio": "1:1"}, "makes 16:9 or 9:16, not 1:1"),
    (SORA, "audio", {"audio": False}, "always makes sound; it cannot be switched off"),
    (PRO, "25 s", {"seconds": 25}, "makes 4 s, 8 s, 12 s, 16 s or 20 s, not 25 s"),
    (PRO, "final production output", {"resolution": "4k"}, "makes 720p, 1024p or 1080p, not 4k"),
    (
        VEO,
        "60 s",
        {"seconds": 60},
        "makes 4 s, 6 s or 8 s, not 60 s: 8 s in one call, more by extension (7 s at a time)",
    ),
    (VEO, "4K", {"seconds": 4, "resolution": "4k"}, "makes 4 s only with 720p or 1080p, not 4k"),
    (WAN, "10 s", {"seconds": 11}, "makes 5 s or 10 s, not 11 s"),
    (
        WAN,
        "480p",
        {"resolution": "480p", "aspect_ratio": "4:3"},
        "makes 480p only with 16:9, 9:16 or 1:1, not 4:3",
    ),
]


@pytest.mark.parametrize(
    ("at", "words", "wishes", "reason"),
    NOT_FITTING,
    ids=[f"{at.id} – the brief's {words} – {reason}" for at, words, _, reason in NOT_FITTING],
)
def test_what_a_model_does_not_make_is_refused_with_what_it_does(
    at: Endpoint, words: str, wishes: dict[str, Any], reason: str
) -> None:
    answer = refused(fox(**wishes), at)

    assert answer.reasons == (reason,)
    assert isinstance(answer.error(), Unsupported)


@pytest.mark.parametrize("at", [SORA, PRO])
def test_sora_starts_from_text_or_a_first_frame_and_from_nothing_else(at: Endpoint, tmp_path: Path) -> None:
    picture = drawn(1280, 720)

    planned(fox(image=picture), at)
    reasons = {
        mode: refused(fox(**inputs), at).reasons
        for mode, inputs in {
            Mode.FIRST_LAST: {"image": picture, "last_image": picture},
            Mode.EXTEND: {"extend": tmp_path / "fox.mp4"},
        }.items()
    }

    assert reasons == {
        Mode.FIRST_LAST: ("takes no first and last frame; it starts from text alone or a first frame",),
        Mode.EXTEND: ("takes no clip to extend; it starts from text alone or a first frame",),
    }


# --- lifecycle --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "day"), [("openai/sora-2", "2026-09-24"), ("gemini/veo-3.1", "2026-10-22")])
def test_an_endpoint_is_planned_until_the_day_before_it_retires_and_never_after(name: str, day: str) -> None:
    at, last = ENDPOINTS[name], date.fromisoformat(day)

    planned(fox(), at, day=last.replace(day=last.day - 1))
    answer = refused(fox(), at, day=last)

    assert answer.retired
    assert answer.reasons[0].startswith(f"retired on {day}")


def test_a_retired_model_is_refused_with_its_date_and_its_successor() -> None:
    error = refused(fox(), VEO_GEMINI, day=date(2026, 11, 22)).error()

    assert isinstance(error, Retired)
    assert "retired on 2026-10-22" in str(error)
    assert "vertex/veo-3.1" in str(error)


def test_a_retired_model_without_a_successor_says_so() -> None:
    error = refused(fox(), SORA, day=date(2026, 11, 22)).error()

    assert "no successor" in str(error)


def test_a_retired_model_gets_no_suggestion_since_no_request_would_work() -> None:
    assert refused(fox(seconds=3), SORA, day=date(2026, 11, 22)).nearest is None


def test_a_model_before_its_release_is_refused_with_the_day_and_is_not_called_retired() -> None:
    answer = refused(fox(), SORA, day=date(2025, 10, 5))

    assert answer.reasons[0] == "not released before 2025-10-06"
    assert not answer.retired
    assert isinstance(answer.error(), Unsupported)


def test_a_retired_model_is_refused_under_every_fit_mode() -> None:
    assert all(refused(fox(), SORA, day=date(2026, 11, 22), fit=fit).retired for fit in FITS)


# --- every reason at once ---------------------------------------------------------------------------------------------


def test_every_reason_comes_at_once() -> None:
    request = fox(
        seconds=3,
        resolution="1080p",
        aspect_ratio="1:1",
        audio=False,
        seed=7,
        negative_prompt="dogs",
        audio_track="rain.wav",
        options={"openai": {"quality": "high"}},
    )

    answer = refused(request, SORA, day=date(2026, 11, 22), options={"fields": dict})

    assert answer.reasons == (
        "retired on 2026-09-24 (no successor)",
        "takes no audio_track",
        "openai has no option 'quality'; it has fields",
        "takes no seed",
        "takes no negative_prompt",
        "makes 4 s, 8 s, 12 s, 16 s or 20 s, not 3 s",
        "makes 720p, not 1080p",
        "makes 16:9 or 9:16, not 1:1",
        "always makes sound; it cannot be switched off",
    )


def test_a_coupling_is_named_by_the_two_that_do_not_go_together() -> None:
    answer = refused(fox(seconds=4, resolution="1080p"), VEO_GEMINI)

    assert answer.reasons == ("makes 4 s only with 720p, not 1080p",)


def test_two_couplings_are_both_named() -> None:
    sizes = {"16:9": "1280x720"}
    at = endpoint(
        offers=[
            {"seconds": [4], "sizes": {"720p": sizes}, "audio": [False]},
            {"seconds": [8], "sizes": {"1080p": sizes}, "audio": [True]},
        ]
    )

    answer = refused(fox(seconds=4, resolution="1080p", audio=False), at)

    assert answer.reasons == (
        "makes 4 s only with 720p, not 1080p",
        "makes 1080p only with sound, not silence",
    )


def test_three_that_go_together_only_in_pairs_are_named_as_three() -> None:
    small, large = {"720p": {"16:9": "1280x720"}}, {"1080p": {"16:9": "1920x1080"}}
    at = endpoint(
        offers=[
            {"seconds": [4], "sizes": small, "audio": [True]},
            {"seconds": [4], "sizes": large, "audio": [False]},
            {"seconds": [8], "sizes": small, "audio": [False]},
        ]
    )

    alone = refused(fox(seconds=4, resolution="720p", audio=False), at)
    beside = refused(fox(seconds=4, resolution="720p", audio=False, aspect_ratio="1:1"), at)

    assert alone.reasons == ("does not combine 4 s, 720p, silence",)
    assert beside.reasons == ("makes 16:9, not 1:1", "does not combine 4 s, 720p, silence")


def test_a_refusal_names_the_nearest_request_that_works() -> None:
    answer = refused(fox(seconds=11, resolution="480p", aspect_ratio="4:3", seed=7), WAN)

    assert answer.nearest == fox(seconds=10, resolution="480p", aspect_ratio="16:9", audio=True, seed=7)
    assert "Nearest that works: 10 s, 480p, 16:9, with sound." in str(answer.error())


def test_the_nearest_request_says_what_it_leaves_out() -> None:
    answer = refused(fox(seed=7, negative_prompt="dogs"), SORA)

    assert answer.nearest == fox(seconds=8, resolution="720p", aspect_ratio="16:9", audio=True)
    assert "with sound, without seed and negative_prompt." in str(answer.error())


@pytest.mark.parametrize(
    ("wishes", "reason"),
    [
        ({"prompt": "fox " * 9000}, "takes a prompt of up to 32000 characters, not 36000"),
        ({"audio_track": "rain.wav"}, "takes no audio_track"),
        ({"image": drawn(64, 64, "BMP")}, "image: takes jpeg, png or webp, not bmp"),
    ],
    ids=["prompt", "audio_track", "image"],
)
def test_nothing_is_suggested_where_other_settings_would_not_help(wishes: dict[str, Any], reason: str) -> None:
    answer = refused(VideoRequest(**{"prompt": FOX, "seconds": 3, **wishes}), SORA)

    assert answer.reasons[0] == reason
    assert answer.nearest is None


# --- inputs and options -----------------------------------------------------------------------------------------------


def test_a_prompt_is_counted_in_characters_or_in_words_as_the_least_of_its_tokens() -> None:
    assert refused(VideoRequest(prompt="f" * 1501), WAN).reasons == (
        "takes a prompt of up to 1500 characters, not 1501",
    )
    planned(VideoRequest(prompt="f" * 1500), WAN)
    assert refused(VideoRequest(prompt="fox " * 1025), VEO).reasons == (
        "takes a prompt of up to 1024 tokens, not at least 1025",
    )
    planned(VideoRequest(prompt="foxes " * 1000), VEO)


def test_a_negative_prompt_is_counted_in_the_same_unit_as_its_limit() -> None:
    planned(fox(negative_prompt="no dogs " * 200), VEO)

    assert refused(fox(negative_prompt="dogs " * 1025), VEO).reasons == (
        "takes a negative_prompt of up to 1024 tokens, not at least 1025",
    )
    assert refused(fox(negative_prompt="d" * 501), WAN).reasons == (
        "takes a negative_prompt of up to 500 characters, not 501",
    )


@pytest.mark.parametrize(
    ("picture", "reason"),
    [
        (drawn(239, 400), "image: takes sides of at least 240 pixels, not 239x400"),
        (drawn(8001, 240), "image: takes sides of up to 8000 pixels, not 8001x240"),
        (drawn(400, 400, mode="RGBA"), "image: takes no transparency"),
    ],
    ids=["small", "large", "transparent"],
)
def test_a_picture_that_the_endpoint_does_not_take_is_refused_before_anything_is_sent(
    picture: bytes, reason: str
) -> None:
    assert refused(fox(image=picture), WAN).reasons == (reason,)


def test_a_picture_that_is_too_heavy_is_refused_with_both_sizes() -> None:
    limits = {"formats": ["png"], "max_bytes": 100, "source": "made-up"}
    at = endpoint(offers=[{"modes": ["image"]}], inputs={"images": limits})

    [reason] = refused(fox(image=drawn(400, 400)), at).reasons

    assert reason.startswith("image: takes up to 0.0001 MB, not 0.0 MB")


def test_reference_images_are_counted_and_each_is_looked_at() -> None:
    good, bad = drawn(400, 400), drawn(400, 400, "BMP")

    answer = refused(fox(reference_images=[good, good, good, bad]), VEO)

    assert answer.reasons == (
        "takes up to 3 reference images, not 4",
        "reference_images[3]: takes jpeg or png, not bmp",
    )


def test_a_picture_that_cannot_be_read_is_the_callers_error_and_no_refusal(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"nowhere\.png"):
        plan(fox(image=tmp_path / "nowhere.png"), SORA, day=SUMMER)


def test_what_is_done_to_a_first_frame_is_said_beforehand() -> None:
    fitted = planned(fox(image=drawn(640, 480)), SORA)
    untouched = planned(fox(image=drawn(1280, 720)), SORA)
    unseen = planned(fox(image="https://pictures.test/fox.png"), SORA)

    assert "image is scaled and cropped to 1280x720 (it is 640x480)" in fitted.notes
    assert not [note for note in untouched.notes if "cropped" in note]
    assert "image is scaled and cropped to 1280x720" in unseen.notes
    assert fitted.exact


def test_a_clip_that_takes_the_shape_of_its_first_frame_has_no_size_of_its_own() -> None:
    found = planned(fox(image=drawn(400, 300), aspect_ratio="4:3", resolution="480p"), WAN)

    assert (found.settings.resolution, found.settings.aspect_ratio, found.settings.size) == ("480p", None, None)
    assert found.exact


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"quality": 3}, "den has no option 'quality'; it has labels, storage or turbo"),
        ({"turbo": "yes"}, "den's option 'turbo' is of type bool, not 'yes'"),
        ({"storage": True}, "den's option 'storage' is of type str, not True"),
        ({"labels": ["fox"]}, "den's option 'labels' is of type dict, not ['fox']"),
    ],
)
def test_an_option_that_the_adapter_does_not_know_is_refused(options: dict[str, Any], reason: str) -> None:
    known = {"turbo": bool, "labels": dict, "storage": str}

    answer = refused(fox(options={"den": options}), endpoint(), options=known)

    assert answer.reasons == (reason,)


def test_an_adapter_without_options_says_that_it_has_none() -> None:
    answer = refused(fox(options={"den": {"turbo": True}}), endpoint(), options={})

    assert answer.reasons == ("den has no option 'turbo'; it has none",)


def test_options_for_another_provider_are_none_of_this_ones_business() -> None:
    planned(fox(options={"vertex": {"turbo": True}}), endpoint(), options={})


# --- defaults and prices ----------------------------------------------------------------------------------------------


def test_what_was_left_open_becomes_the_cards_default_said_out_loud() -> None:
    assert [planned(fox(), at).settings for at in (SORA, WAN)] == [
        Settings(Mode.TEXT, 8, "720p", "16:9", SORA.offers[0].sizes["720p"]["16:9"], True),
        Settings(Mode.TEXT, 5, "720p", "16:9", WAN.offers[0].sizes["720p"]["16:9"], True),
    ]


def test_the_default_gives_way_to_what_was_asked_where_they_do_not_go_together() -> None:
    found = planned(fox(resolution="4k"), replace_defaults(VEO_GEMINI, seconds=4))

    assert (found.settings.seconds, found.exact) == (8, True)


def replace_defaults(at: Endpoint, **defaults: Any) -> Endpoint:
    facts = at.card.model_dump(mode="json") | {"defaults": at.card.defaults.model_dump() | defaults}
    return next(each for each in Card.model_validate(facts).endpoints if each.provider == at.provider)


@pytest.mark.parametrize(
    ("at", "wishes", "price"),
    [
        (SORA, {"seconds": 8}, "0.80"),
        (SORA, {"seconds": 20}, "2.00"),
        (PRO, {"seconds": 8, "resolution": "720p"}, "2.40"),
        (PRO, {"seconds": 8, "resolution": "1024p"}, "4.00"),
        (PRO, {"seconds": 8, "resolution": "1080p"}, "5.60"),
        (VEO, {"seconds": 8, "audio": True}, "3.20"),
        (VEO, {"seconds": 8, "audio": False}, "1.60"),
        (VEO, {"seconds": 8, "resolution": "4k"}, "4.80"),
        (WAN, {"seconds": 5, "resolution": "480p"}, "0.25"),
        (WAN, {"seconds": 10, "resolution": "1080p"}, "1.50"),
    ],
    ids=lambda value: value.id if isinstance(value, Endpoint) else str(value),
)
def test_a_clip_costs_its_seconds_by_resolution_and_sound(at: Endpoint, wishes: dict[str, Any], price: str) -> None:
    found = planned(fox(**wishes), at)

    assert found.price == Decimal(price)
    assert found.price_source in at.card.sources


def test_the_price_is_that_of_the_day() -> None:
    at = endpoint(
        prices=[
            {"since": date(2026, 1, 1), "per_second": "0.50"},
            {"since": date(2026, 6, 1), "per_second": "0.25"},
            {"since": date(2027, 1, 1), "per_second": "9"},
        ]
    )

    prices = [
        planned(fox(), at, day=date(2026, month, day)).price for month, day in ((1, 1), (5, 31), (6, 1), (12, 31))
    ]

    assert prices == [Decimal(4), Decimal(4), Decimal(2), Decimal(2)]


def test_foreign_money_is_counted_in_dollars_at_the_cards_own_rate() -> None:
    yuan = {"per_second": "0.60", "currency": "CNY", "usd_rate": "0.1433", "rate_date": date(2026, 11, 22)}

    assert planned(fox(), endpoint(prices=[yuan])).price == Decimal("0.60") * Decimal("0.1433") * 8


def test_an_endpoint_without_a_price_is_refused_unless_the_caller_allows_it() -> None:
    unpriced = endpoint(prices=[])

    answer = refused(fox(), unpriced)
    allowed = planned(fox(), unpriced, unpriced=True)

    assert answer.reasons == ("its price is not known; allow that with unpriced (--unpriced)",)
    assert answer.nearest is None
    assert (allowed.price, allowed.price_source) == (None, None)


def test_the_nearest_request_is_one_whose_price_is_known() -> None:
    sizes = {"720p": {"16:9": "1280x720"}, "1080p": {"16:9": "1920x1080"}}
    at = endpoint(offers=[{"sizes": sizes}], prices=[{"resolutions": ["1080p"]}])

    answer = refused(fox(resolution="720p"), at)

    assert answer.nearest is not None
    assert answer.nearest.resolution == "1080p"


# --- fit modes --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fit", "seconds"),
    [("exact", None), ("nearest", 10), ("shorter", 5), ("cheaper", 5)],
)
def test_each_fit_mode_allows_another_length_than_nine_seconds(fit: Fit, seconds: float | None) -> None:
    answer = plan(fox(seconds=9), WAN, day=SUMMER, fit=fit)

    assert (answer.settings.seconds if isinstance(answer, Plan) else None) == seconds


@pytest.mark.parametrize(
    ("fit", "resolution"), [("exact", None), ("nearest", "1080p"), ("shorter", "1080p"), ("cheaper", None)]
)
def test_only_a_cheaper_fit_minds_a_larger_picture(fit: Fit, resolution: str | None) -> None:
    at = endpoint(offers=[{"sizes": {"1080p": {"16:9": "1920x1080"}}}])

    answer = plan(fox(resolution="720p"), at, day=SUMMER, fit=fit)

    assert (answer.settings.resolution if isinstance(answer, Plan) else None) == resolution


def test_a_cheaper_fit_goes_down_in_size_and_says_what_it_saves() -> None:
    found = planned(fox(seconds=9, resolution="4k"), WAN, fit="cheaper")

    assert found.changes == (
        Change("seconds", "9 s", "5 s", "makes 5 s or 10 s", Decimal("-0.60")),
        Change("resolution", "4k", "1080p", "makes 480p, 720p or 1080p", None),
    )
    assert str(found.changes[0]) == "seconds: asked 9 s, sent 5 s (makes 5 s or 10 s)"


def test_a_cheaper_fit_leaves_out_what_is_smaller_and_yet_dearer() -> None:
    square, wide = {"1:1": "720x720"}, {"16:9": "1280x720"}
    at = endpoint(
        offers=[{"sizes": {"480p": square}}, {"sizes": {"720p": wide}}],
        prices=[{"resolutions": ["480p"], "per_second": "3"}, {"resolutions": ["720p"], "per_second": "1"}],
    )

    dearer = planned(fox(resolution="720p", aspect_ratio="1:1"), at, fit="nearest")
    cheaper = planned(fox(resolution="720p", aspect_ratio="1:1"), at, fit="cheaper")

    assert (dearer.settings.resolution, dearer.price) == ("480p", Decimal(24))
    assert (cheaper.settings.resolution, cheaper.price) == ("720p", Decimal(8))


def test_a_change_by_coupling_says_what_it_does_not_go_with() -> None:
    found = planned(fox(seconds=4, resolution="4k"), VEO, fit="shorter")

    [change] = found.changes

    assert (change.field, change.asked, change.sent) == ("resolution", "4k", "1080p")
    assert change.why == "not with 4 s and 16:9 and sound"
    assert change.price_difference == Decimal("-0.80")


@pytest.mark.parametrize("fit", FITS)
def test_sound_is_a_must_that_no_fit_mode_gives_up(fit: Fit) -> None:
    silent, loud = endpoint(offers=[{"audio": [False]}]), endpoint()

    assert refused(fox(audio=True), silent, fit=fit).reasons == ("makes silent clips only",)
    assert refused(fox(audio=False), loud, fit=fit).reasons == ("always makes sound; it cannot be switched off",)


@pytest.mark.parametrize("fit", [fit for fit in FITS if fit != "exact"])
def test_seed_and_negative_prompt_are_left_out_only_under_a_fit_mode_and_listed(fit: Fit) -> None:
    request = fox(seed=7, negative_prompt="dogs")

    adapted = planned(request, SORA, fit=fit)

    assert [(change.field, change.asked, change.sent) for change in adapted.changes] == [
        ("seed", "7", "none"),
        ("negative_prompt", "given", "none"),
    ]
    assert (adapted.seed, adapted.negative_prompt) == (None, None)
    assert refused(request, SORA).reasons == ("takes no seed", "takes no negative_prompt")


def test_a_seed_that_is_too_large_is_left_out_and_not_made_smaller() -> None:
    request = fox(seed=2**31)

    assert refused(request, WAN).reasons == ("takes a seed of up to 2147483647",)
    assert planned(request, WAN, fit="nearest").seed is None
    assert planned(fox(seed=2**31 - 1), WAN).seed == 2**31 - 1


@pytest.mark.parametrize("fit", FITS)
def test_no_fit_mode_shortens_a_prompt_or_drops_an_input(fit: Fit) -> None:
    refused(VideoRequest(prompt="f" * 1501), WAN, fit=fit)
    refused(fox(audio_track="rain.wav"), SORA, fit=fit)
    refused(fox(image=drawn(239, 239)), WAN, fit=fit)


# --- a plan is held against the offers once more ----------------------------------------------------------------------


def test_every_plan_that_was_made_here_passes() -> None:
    for at in (SORA, PRO, VEO, VEO_GEMINI, WAN):
        check(planned(fox(seconds=7, seed=7), at, fit="nearest"))


@pytest.mark.parametrize(
    ("by_hand", "complaint"),
    [
        ({"settings": {"seconds": 60.0}}, "does not offer"),
        ({"settings": {"resolution": "4k"}}, "does not offer"),
        ({"settings": {"size": None}}, "does not offer"),
        ({"settings": {"audio": False}}, "does not offer"),
        ({"settings": {"mode": Mode.IMAGE}}, "does not offer"),
        ({"settings": {"seconds": 4.0}}, "would send 4 s for 8 s and does not say so"),
        ({"request": fox(seconds=8, seed=7)}, "takes no seed"),
        ({"request": fox(seconds=8, negative_prompt="dogs")}, "takes no negative_prompt"),
        ({"request": fox(seconds=8, audio_track="rain.wav")}, "takes no audio_track"),
        ({"request": VideoRequest(prompt="f" * 32001, seconds=8)}, "takes a prompt of up to 32000"),
        ({"day": date(2026, 9, 24)}, "retired on 2026-09-24"),
        ({"endpoint": WAN}, "does not offer"),
    ],
    ids=lambda value: ", ".join(value) if isinstance(value, dict) else value,
)
def test_a_plan_made_by_hand_is_refused(by_hand: dict[str, Any], complaint: str) -> None:
    made = planned(fox(seconds=8), SORA)
    check(made)
    if isinstance(by_hand.get("settings"), dict):
        by_hand = {"settings": replace(made.settings, **by_hand["settings"])}

    with pytest.raises(Unsupported, match=complaint):
        check(replace(made, **by_hand))


@pytest.mark.parametrize(
    ("wishes", "words"),
    [
        ({}, "the model's defaults"),
        ({"seconds": 7.5, "audio": False}, "7.5 s, silent"),
        ({"seconds": 8, "resolution": "4k", "aspect_ratio": "9:16", "audio": True}, "8 s, 4k, 9:16, with sound"),
    ],
)
def test_a_request_is_described_in_one_line(wishes: dict[str, Any], words: str) -> None:
    assert describe(fox(**wishes)) == words


# --- what holds for every request and every endpoint ------------------------------------------------------------------

SECONDS = st.sampled_from([1, 3, 4, 5, 6, 7, 7.5, 8, 9, 10, 11, 12, 16, 20, 25, 60])
wishes = st.fixed_dictionaries(
    {},
    optional={
        "seconds": SECONDS,
        "resolution": st.sampled_from(RESOLUTIONS),
        "aspect_ratio": st.sampled_from(ASPECT_RATIOS),
        "audio": st.booleans(),
        "seed": st.sampled_from([0, 7, 2**31, 2**33]),
        "negative_prompt": st.sampled_from(["dogs", "d" * 501]),
    },
)
starts: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [{}, {}, {"image": "https://pictures.test/fox.png"}, {"extend": "https://clips.test/fox.mp4"}]
)
requests = st.builds(lambda wish, start: fox(**wish, **start), wishes, starts)


@st.composite
def endpoints(draw: st.DrawFn) -> Endpoint:
    """Shipped ones, and made-up ones whose couplings and prices follow no reason at all."""
    if draw(st.booleans()):
        return ENDPOINTS[draw(st.sampled_from(sorted(ENDPOINTS)))]
    ratios = st.lists(st.sampled_from(ASPECT_RATIOS), min_size=1, max_size=3, unique=True)
    shapes = st.dictionaries(
        st.sampled_from(RESOLUTIONS), ratios.map(lambda names: dict.fromkeys(names, "64x64")), min_size=1, max_size=3
    )
    offers = st.fixed_dictionaries(
        {
            "seconds": st.lists(SECONDS, min_size=1, max_size=3, unique=True),
            "sizes": shapes,
            "audio": st.sampled_from([[True], [False], [True, False]]),
            "modes": st.sampled_from([["text"], ["text", "image"], ["text", "extend"]]),
        }
    )
    prices = st.fixed_dictionaries(
        {"per_second": st.sampled_from(["0.1", "0.5", "2"])},
        optional={
            "resolutions": st.lists(st.sampled_from(RESOLUTIONS), min_size=1, unique=True),
            "audio": st.booleans(),
        },
    )
    return endpoint(
        offers=draw(st.lists(offers, min_size=1, max_size=3)), prices=draw(st.lists(prices, min_size=0, max_size=3))
    )


fits = st.sampled_from(FITS)
#: Days before the releases, while all lived, and after the retirements.
days = st.sampled_from([date(2025, 1, 1), SUMMER, SUMMER, date(2026, 11, 22)])
many = settings(max_examples=100, deadline=None)


def offered(chosen: Settings, at: Endpoint) -> bool:
    """Whether one offer holds all of it: read from the card itself, not by the planner's own code."""
    return any(
        chosen.mode in offer.modes
        and chosen.seconds in offer.seconds
        and chosen.audio in offer.audio
        and (
            (chosen.aspect_ratio is None and chosen.size is None and chosen.resolution in offer.shaped_by_image)
            or (
                chosen.resolution in offer.sizes
                and chosen.aspect_ratio in offer.sizes[chosen.resolution]
                and chosen.size == offer.sizes[chosen.resolution][chosen.aspect_ratio]
            )
        )
        for offer in at.offers
    )


def differing(found: Plan) -> set[str]:
    """The fields of the request that the plan does not follow to the letter."""
    asked: Mapping[str, Any] = found.request.model_dump(include={"seconds", "resolution", "aspect_ratio", "audio"})
    sent = {field: getattr(found.settings, field) for field in asked}
    if sent["aspect_ratio"] is None:  # the first frame is cropped to it
        sent["aspect_ratio"] = asked["aspect_ratio"]
    return {field for field, value in asked.items() if value is not None and sent[field] != value} | {
        field for field in ("seed", "negative_prompt") if getattr(found, field) != getattr(found.request, field)
    }


@many
@given(requests, endpoints(), fits, days)
def test_a_plan_offers_what_the_card_offers_and_lists_every_difference(
    request: VideoRequest, at: Endpoint, fit: Fit, day: date
) -> None:
    answer = plan(request, at, day=day, fit=fit, unpriced=True)

    if isinstance(answer, Refusal):
        assert answer.reasons
        assert len(set(answer.reasons)) == len(answer.reasons)
        return
    assert offered(answer.settings, at)
    assert {change.field for change in answer.changes} == differing(answer)
    assert all(change.why and change.asked != change.sent for change in answer.changes)
    check(answer)


@many
@given(requests, endpoints(), days)
def test_an_exact_plan_changes_nothing(request: VideoRequest, at: Endpoint, day: date) -> None:
    answer = plan(request, at, day=day, unpriced=True)

    if isinstance(answer, Plan):
        assert answer.exact
        assert differing(answer) == set()


@many
@given(requests, endpoints(), fits)
def test_what_fits_as_it_is_is_adapted_by_no_fit_mode(request: VideoRequest, at: Endpoint, fit: Fit) -> None:
    exact = plan(request, at, day=SUMMER)

    if isinstance(exact, Plan):
        assert plan(request, at, day=SUMMER, fit=fit) == exact


@many
@given(requests, endpoints(), days, st.booleans())
def test_the_nearest_request_that_is_suggested_fits_exactly(
    request: VideoRequest, at: Endpoint, day: date, unpriced: bool
) -> None:
    answer = plan(request, at, day=day, unpriced=unpriced)

    if isinstance(answer, Refusal) and answer.nearest is not None:
        again = plan(answer.nearest, at, day=day, unpriced=unpriced)
        assert isinstance(again, Plan)
        assert again.exact
        assert describe(answer.nearest) in str(answer.error())


@many
@given(requests, endpoints())
def test_something_is_suggested_wherever_other_settings_are_all_it_takes(request: VideoRequest, at: Endpoint) -> None:
    answer = plan(request, at, day=SUMMER, unpriced=True)

    if isinstance(answer, Refusal) and any(request.mode in offer.modes for offer in at.offers) and at.alive(SUMMER):
        assert answer.nearest is not None


@many
@given(requests, endpoints())
def test_a_shorter_fit_is_never_longer_and_a_cheaper_one_never_larger(request: VideoRequest, at: Endpoint) -> None:
    for fit in ("shorter", "cheaper"):
        answer = plan(request, at, day=SUMMER, fit=fit, unpriced=True)
        if isinstance(answer, Plan):
            assert request.seconds is None or answer.settings.seconds <= request.seconds
            if fit == "cheaper" and request.resolution is not None:
                assert LINES[answer.settings.resolution] <= LINES[request.resolution]


@many
@given(requests, endpoints())
def test_a_cheaper_fit_never_costs_more_than_what_was_asked_where_both_have_a_price(
    request: VideoRequest, at: Endpoint
) -> None:
    answer = plan(request, at, day=SUMMER, fit="cheaper", unpriced=True)
    if isinstance(answer, Refusal) or answer.exact or answer.price is None:
        return
    wanted = {
        field: value if (value := getattr(request, field)) is not None else getattr(at.card.defaults, field)
        for field in ("seconds", "resolution", "audio")
    }
    row = at.price(SUMMER, wanted["resolution"], wanted["audio"])
    if row is not None and differing(answer) - {"seed", "negative_prompt"}:
        assert answer.price <= row.usd_per_second * Decimal(str(wanted["seconds"]))


@many
@given(requests, endpoints())
def test_the_nearest_fit_refuses_only_where_sound_is_in_the_way(request: VideoRequest, at: Endpoint) -> None:
    answer = plan(request, at, day=SUMMER, fit="nearest", unpriced=True)
    sounds = {sound for offer in at.offers if request.mode in offer.modes for sound in offer.audio}

    possible = at.alive(SUMMER) and bool(sounds) and request.audio in sounds | {None}

    assert isinstance(answer, Plan) == possible


@many
@given(requests, endpoints(), fits, days)
def test_planning_twice_gives_the_same_answer(request: VideoRequest, at: Endpoint, fit: Fit, day: date) -> None:
    assert plan(request, at, day=day, fit=fit) == plan(request, at, day=day, fit=fit)


@settings(max_examples=10, deadline=None)
@given(requests, st.lists(endpoints(), min_size=50, max_size=50), fits)
def test_fifty_endpoints_are_planned_each_for_itself_in_any_order(
    request: VideoRequest, fifty: list[Endpoint], fit: Fit
) -> None:
    forwards = [plan(request, at, day=SUMMER, fit=fit) for at in fifty]
    backwards = [plan(request, at, day=SUMMER, fit=fit) for at in reversed(fifty)]

    assert forwards == backwards[::-1]
    assert [answer.endpoint for answer in forwards] == fifty


def test_a_caution_stands_in_the_plans_that_it_concerns_and_in_no_other(tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"whatever")
    lengthened = plan(VideoRequest(prompt="on", extend=clip), ENDPOINTS["vertex/veo-3.1"], day=date(2026, 11, 22))
    made = plan(VideoRequest(prompt="on"), ENDPOINTS["vertex/veo-3.1"], day=date(2026, 11, 22))

    assert isinstance(lengthened, Plan)
    assert isinstance(made, Plan)
    assert any("37 s at most" in note for note in lengthened.notes)
    assert not any("37 s at most" in note for note in made.notes)
