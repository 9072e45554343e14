"""What the shipped cards say, model by model, and what holds for every card."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from rushes.card import Card, Endpoint, load_cards
from rushes.config import load_config
from rushes.request import Mode

CARDS = load_cards()
ENDPOINTS = {endpoint.id: endpoint for card in CARDS.values() for endpoint in card.endpoints}
PROVIDERS = load_config().providers
TODAY = date(2026, 11, 22)

every_card = pytest.mark.parametrize("card", CARDS.values(), ids=CARDS)
every_endpoint = pytest.mark.parametrize("endpoint", ENDPOINTS.values(), ids=ENDPOINTS)


def makes(endpoint: Endpoint, mode: Mode) -> set[tuple[float, str, str | None, str | None]]:
    """Every combination offered for a mode: seconds, resolution, aspect ratio, pixels (None: the first frame's)."""
    found: set[tuple[float, str, str | None, str | None]] = set()
    for offer in endpoint.offers:
        if mode in offer.modes:
            for seconds in offer.seconds:
                found |= {(seconds, resolution, None, None) for resolution in offer.shaped_by_image}
                for resolution, sizes in offer.sizes.items():
                    found |= {(seconds, resolution, ratio, str(size)) for ratio, size in sizes.items()}
    return found


def seconds_of(endpoint: Endpoint, mode: Mode, resolution: str | None = None) -> set[float]:
    return {each[0] for each in makes(endpoint, mode) if resolution in (None, each[1])}


def pixels_of(endpoint: Endpoint, mode: Mode, resolution: str) -> dict[str | None, str | None]:
    return {ratio: pixels for _, tier, ratio, pixels in makes(endpoint, mode) if tier == resolution}


def sound_of(endpoint: Endpoint) -> set[bool]:
    return {sound for offer in endpoint.offers for sound in offer.audio}


def modes_of(endpoint: Endpoint) -> set[Mode]:
    return {mode for offer in endpoint.offers for mode in offer.modes}


def per_second(name: str, resolution: Any, audio: bool, day: date = TODAY) -> Decimal | None:
    price = ENDPOINTS[name].price(day, resolution, audio)
    return None if price is None else price.per_second


def sources_named_in(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key == "source":
                yield inner
            else:
                yield from sources_named_in(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from sources_named_in(inner)


# --- Sora 2 -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", [Mode.TEXT, Mode.IMAGE])
def test_sora_2_makes_4_8_12_16_or_20_s_at_720p_in_two_shapes_and_nothing_else(mode: Mode) -> None:
    assert makes(ENDPOINTS["openai/sora-2"], mode) == {
        (seconds, "720p", ratio, pixels)
        for seconds in (4, 8, 12, 16, 20)
        for ratio, pixels in (("16:9", "1280x720"), ("9:16", "720x1280"))
    }


def test_sora_2_takes_text_or_a_first_frame_and_always_makes_sound() -> None:
    endpoint = ENDPOINTS["openai/sora-2"]

    assert modes_of(endpoint) == {Mode.TEXT, Mode.IMAGE}
    assert sound_of(endpoint) == {True}


def test_sora_2_wants_a_first_frame_of_exactly_the_clips_size() -> None:
    for name in ("openai/sora-2", "openai/sora-2-pro", "azure/sora-2"):
        images = ENDPOINTS[name].inputs.images

        assert images is not None
        assert images.exact_size


def test_sora_2_on_azure_stops_at_12_s() -> None:
    assert seconds_of(ENDPOINTS["azure/sora-2"], Mode.TEXT) == {4, 8, 12}


def test_sora_2_pro_adds_1024p_and_1080p() -> None:
    endpoint = ENDPOINTS["openai/sora-2-pro"]

    assert seconds_of(endpoint, Mode.TEXT) == {4, 8, 12, 16, 20}
    assert pixels_of(endpoint, Mode.TEXT, "720p") == {"16:9": "1280x720", "9:16": "720x1280"}
    assert pixels_of(endpoint, Mode.TEXT, "1024p") == {"16:9": "1792x1024", "9:16": "1024x1792"}
    assert pixels_of(endpoint, Mode.TEXT, "1080p") == {"16:9": "1920x1080", "9:16": "1080x1920"}


@pytest.mark.parametrize(
    ("name", "resolution", "dollars"),
    [
        ("openai/sora-2", "720p", "0.10"),
        ("openai/sora-2-pro", "720p", "0.30"),
        ("openai/sora-2-pro", "1024p", "0.50"),
        ("openai/sora-2-pro", "1080p", "0.70"),
    ],
)
def test_sora_costs_more_the_larger_the_clip(name: str, resolution: str, dollars: str) -> None:
    assert per_second(name, resolution, True) == Decimal(dollars)


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("openai/sora-2", date(2026, 9, 24)),
        ("openai/sora-2-pro", date(2026, 9, 24)),
        ("azure/sora-2", date(2026, 10, 15)),
        ("fal/sora-2", date(2026, 9, 24)),
        ("fal/sora-2-pro", date(2026, 9, 24)),
        ("replicate/sora-2", date(2026, 9, 24)),
        ("replicate/sora-2-pro", date(2026, 9, 24)),
        ("openrouter/sora-2-pro", date(2026, 9, 24)),
    ],
)
def test_sora_2_ended_everywhere_and_has_no_successor(name: str, day: date) -> None:
    endpoint = ENDPOINTS[name]

    assert endpoint.lifecycle.retired == day
    assert endpoint.alive(date.fromordinal(day.toordinal() - 1))
    assert not endpoint.alive(day)
    assert endpoint.lifecycle.successor is None


def test_no_endpoint_of_sora_2_is_left_out_of_the_list_of_dead_ones() -> None:
    living = {name for name, endpoint in ENDPOINTS.items() if "sora" in name and endpoint.alive(TODAY)}

    assert living == set()


# --- Veo 3.1 ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["vertex/veo-3.1", "vertex/veo-3.1-fast", "vertex/veo-3.1-lite"])
@pytest.mark.parametrize("mode", [Mode.TEXT, Mode.IMAGE, Mode.FIRST_LAST])
def test_veo_on_vertex_makes_4_6_or_8_s_at_720p_and_1080p(name: str, mode: Mode) -> None:
    made = {each for each in makes(ENDPOINTS[name], mode) if each[1] != "4k"}

    assert made == {
        (seconds, resolution, ratio, pixels)
        for seconds in (4, 6, 8)
        for resolution, ratio, pixels in (
            ("720p", "16:9", "1280x720"),
            ("720p", "9:16", "720x1280"),
            ("1080p", "16:9", "1920x1080"),
            ("1080p", "9:16", "1080x1920"),
        )
    }


def test_veo_on_vertex_makes_4k_with_the_full_model_and_8_s_only() -> None:
    assert seconds_of(ENDPOINTS["vertex/veo-3.1"], Mode.TEXT, "4k") == {8}
    assert pixels_of(ENDPOINTS["vertex/veo-3.1"], Mode.TEXT, "4k") == {"16:9": "3840x2160", "9:16": "2160x3840"}
    assert seconds_of(ENDPOINTS["vertex/veo-3.1-fast"], Mode.TEXT, "4k") == set()
    assert seconds_of(ENDPOINTS["vertex/veo-3.1-lite"], Mode.TEXT, "4k") == set()


def test_veo_takes_three_reference_images_with_8_s_except_lite() -> None:
    for name in ("vertex/veo-3.1", "vertex/veo-3.1-fast"):
        images = ENDPOINTS[name].inputs.images

        assert images is not None
        assert images.references == 3
        assert seconds_of(ENDPOINTS[name], Mode.REFERENCES) == {8}
    assert Mode.REFERENCES not in modes_of(ENDPOINTS["vertex/veo-3.1-lite"])


@pytest.mark.parametrize("name", ["vertex/veo-3.1", "vertex/veo-3.1-fast", "vertex/veo-3.1-lite"])
def test_veo_on_vertex_is_extended_by_7_s_while_the_clip_has_at_most_30(name: str) -> None:
    video = ENDPOINTS[name].inputs.video

    assert seconds_of(ENDPOINTS[name], Mode.EXTEND) == {7}
    assert video is not None
    assert video.max_seconds == 30


@pytest.mark.parametrize("name", ["vertex/veo-3.1", "vertex/veo-3.1-fast", "vertex/veo-3.1-lite"])
def test_veo_on_vertex_leaves_sound_to_the_caller_and_makes_up_to_four_samples(name: str) -> None:
    assert sound_of(ENDPOINTS[name]) == {True, False}
    assert ENDPOINTS[name].inputs.samples == 4


@pytest.mark.parametrize("name", ["gemini/veo-3.1", "gemini/veo-3.1-fast", "gemini/veo-3.1-lite"])
def test_veo_on_the_gemini_api_made_1080p_and_4k_with_8_s_only_and_always_sound(name: str) -> None:
    endpoint = ENDPOINTS[name]

    assert seconds_of(endpoint, Mode.TEXT, "720p") == {4, 6, 8}
    assert seconds_of(endpoint, Mode.TEXT, "1080p") == {8}
    assert seconds_of(endpoint, Mode.TEXT, "4k") == (set() if name.endswith("lite") else {8})
    assert sound_of(endpoint) == {True}
    assert endpoint.inputs.samples == 1


@pytest.mark.parametrize("name", ["gemini/veo-3.1", "gemini/veo-3.1-fast", "gemini/veo-3.1-lite"])
def test_veo_ended_on_the_gemini_api_and_goes_on_at_vertex(name: str) -> None:
    life = ENDPOINTS[name].lifecycle

    assert life.retired == date(2026, 10, 22)
    assert life.successor is not None
    assert life.successor.startswith(name.replace("gemini/", "vertex/") + " ")
    assert "gemini-omni-1.1-flash" in life.successor


@pytest.mark.parametrize(
    ("name", "stage", "released", "until"),
    [
        ("vertex/veo-3.1", "ga", date(2025, 11, 17), date(2027, 5, 4)),
        ("vertex/veo-3.1-fast", "ga", date(2025, 11, 17), date(2027, 5, 4)),
        ("vertex/veo-3.1-lite", "preview", date(2026, 4, 2), None),
    ],
)
def test_veo_lives_on_vertex_and_is_promised_until_may_2027_except_lite(
    name: str, stage: str, released: date, until: date | None
) -> None:
    life = ENDPOINTS[name].lifecycle

    assert ENDPOINTS[name].alive(TODAY)
    assert (life.stage, life.released, life.earliest_retirement, life.retired) == (stage, released, until, None)


@pytest.mark.parametrize(
    ("name", "resolution", "with_sound", "silent"),
    [
        ("vertex/veo-3.1", "720p", "0.40", "0.20"),
        ("vertex/veo-3.1", "1080p", "0.40", "0.20"),
        ("vertex/veo-3.1", "4k", "0.60", "0.40"),
        ("vertex/veo-3.1-fast", "720p", "0.10", "0.08"),
        ("vertex/veo-3.1-fast", "1080p", "0.12", "0.10"),
        ("vertex/veo-3.1-lite", "720p", "0.05", "0.03"),
        ("vertex/veo-3.1-lite", "1080p", "0.08", "0.05"),
    ],
)
def test_veo_on_vertex_is_priced_by_size_and_sound(name: str, resolution: str, with_sound: str, silent: str) -> None:
    assert per_second(name, resolution, True) == Decimal(with_sound)
    assert per_second(name, resolution, False) == Decimal(silent)


def test_veo_fast_was_dearer_before_april_2026() -> None:
    assert per_second("vertex/veo-3.1-fast", "720p", True, date(2026, 3, 31)) == Decimal("0.15")
    assert per_second("vertex/veo-3.1-fast", "720p", True, date(2026, 4, 1)) == Decimal("0.10")
    assert per_second("gemini/veo-3.1-fast", "4k", True, date(2026, 3, 31)) == Decimal("0.35")
    assert per_second("gemini/veo-3.1-fast", "4k", True, date(2026, 4, 1)) == Decimal("0.30")


def test_veo_charges_for_delivered_clips_only() -> None:
    for name in ("vertex/veo-3.1", "vertex/veo-3.1-fast", "vertex/veo-3.1-lite"):
        billing = ENDPOINTS[name].billing

        assert (billing.failed, billing.refused) == ("free", "free")


# --- Wan 2.5 ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["dashscope-intl/wan-2.5", "dashscope-cn/wan-2.5"])
def test_wan_makes_5_or_10_s_with_alibabas_table_of_pixels(name: str) -> None:
    endpoint = ENDPOINTS[name]

    assert seconds_of(endpoint, Mode.TEXT) == {5, 10}
    assert pixels_of(endpoint, Mode.TEXT, "480p") == {"16:9": "832x480", "9:16": "480x832", "1:1": "624x624"}
    assert pixels_of(endpoint, Mode.TEXT, "720p") == {
        "16:9": "1280x720",
        "9:16": "720x1280",
        "1:1": "960x960",
        "4:3": "1088x832",
        "3:4": "832x1088",
    }
    assert pixels_of(endpoint, Mode.TEXT, "1080p") == {
        "16:9": "1920x1080",
        "9:16": "1080x1920",
        "1:1": "1440x1440",
        "4:3": "1632x1248",
        "3:4": "1248x1632",
    }


@pytest.mark.parametrize("name", ["dashscope-intl/wan-2.5", "dashscope-cn/wan-2.5", "fal/wan-2.5", "replicate/wan-2.5"])
def test_wan_shapes_a_clip_by_its_first_frame_and_always_makes_sound(name: str) -> None:
    endpoint = ENDPOINTS[name]

    assert makes(endpoint, Mode.IMAGE) == {
        (seconds, resolution, None, None) for seconds in (5, 10) for resolution in ("480p", "720p", "1080p")
    }
    assert sound_of(endpoint) == {True}
    assert modes_of(endpoint) == {Mode.TEXT, Mode.IMAGE}


@pytest.mark.parametrize("name", ["dashscope-intl/wan-2.5", "dashscope-cn/wan-2.5"])
def test_wan_takes_1500_characters_500_of_what_to_avoid_and_a_sound_to_follow(name: str) -> None:
    takes = ENDPOINTS[name].inputs

    assert takes.prompt is not None
    assert (takes.prompt.max, takes.prompt.unit) == (1500, "characters")
    assert takes.negative_prompt is not None
    assert takes.negative_prompt.max == 500
    assert takes.seed is not None
    assert takes.seed.max == 2**31 - 1
    assert takes.audio_track is not None
    assert (takes.audio_track.min_seconds, takes.audio_track.max_seconds) == (3, 30)


def test_wan_on_fal_takes_800_characters_only() -> None:
    prompt = ENDPOINTS["fal/wan-2.5"].inputs.prompt

    assert prompt is not None
    assert prompt.max == 800


@pytest.mark.parametrize(("resolution", "dollars", "yuan"), [("480p", "0.05", "0.30"), ("720p", "0.10", "0.60")])
def test_wan_is_billed_in_dollars_in_singapore_and_in_yuan_in_beijing(resolution: Any, dollars: str, yuan: str) -> None:
    beijing = ENDPOINTS["dashscope-cn/wan-2.5"].price(TODAY, resolution, True)

    assert per_second("dashscope-intl/wan-2.5", resolution, True) == Decimal(dollars)
    assert beijing is not None
    assert (beijing.per_second, beijing.currency) == (Decimal(yuan), "CNY")
    assert beijing.usd_per_second == Decimal(yuan) * Decimal("0.1433")
    assert beijing.usd_per_second < Decimal(dollars)


def test_wan_lives_and_says_that_singapore_may_be_silent() -> None:
    assert ENDPOINTS["dashscope-intl/wan-2.5"].alive(TODAY)
    assert ENDPOINTS["dashscope-cn/wan-2.5"].alive(TODAY)
    assert any("silent" in caution.text for caution in ENDPOINTS["dashscope-intl/wan-2.5"].cautions)


# --- the product brief ------------------------------------------------------------------------------------------------


def test_where_the_brief_and_the_vendor_disagree_both_are_kept_and_the_vendor_is_enforced() -> None:
    assert CARDS["sora-2"].brief["duration"] == "4–20 s (specification), 25 s (comparison)"
    assert max(seconds_of(ENDPOINTS["openai/sora-2"], Mode.TEXT)) == 20
    assert CARDS["veo-3.1"].brief["duration"] == "60 s"
    assert max(seconds_of(ENDPOINTS["vertex/veo-3.1"], Mode.TEXT)) == 8


def test_the_brief_has_words_for_its_four_models_only() -> None:
    assert {card.id for card in CARDS.values() if card.brief} == {"sora-2", "sora-2-pro", "veo-3.1", "wan-2.5"}


def test_drafts_lead_to_the_model_that_renders_best() -> None:
    assert {card.id: card.draft_of for card in CARDS.values() if card.draft_of} == {
        "sora-2": "sora-2-pro",
        "veo-3.1-fast": "veo-3.1",
        "veo-3.1-lite": "veo-3.1",
    }


# --- every card -------------------------------------------------------------------------------------------------------


@every_card
def test_every_source_that_is_named_is_there_and_none_is_idle(card: Card) -> None:
    named = set(sources_named_in(card.model_dump(exclude={"sources"})))

    assert named == set(card.sources)


@every_card
def test_no_source_was_read_in_the_future_or_is_a_private_one(card: Card) -> None:
    for key, source in card.sources.items():
        assert source.read <= TODAY, key
        assert "public report" not in source.where.lower(), key


@every_card
def test_no_provider_stands_twice_on_a_card(card: Card) -> None:
    providers = [endpoint.provider for endpoint in card.endpoints]

    assert len(providers) == len(set(providers))


@every_card
def test_a_draft_leads_to_a_model_that_has_a_card(card: Card) -> None:
    assert card.draft_of is None or card.draft_of in CARDS


@every_card
def test_every_card_has_advice_for_always_for_sound_and_for_drafts(card: Card) -> None:
    assert {tip.when for tip in card.tips} == {"always", "sound", "draft"}


@every_endpoint
def test_the_defaults_of_a_model_can_be_had_from_every_endpoint(endpoint: Endpoint) -> None:
    default = endpoint.card.defaults
    wanted = (default.seconds, default.resolution, default.aspect_ratio)

    assert wanted in {each[:3] for each in makes(endpoint, Mode.TEXT)}
    assert default.audio in sound_of(endpoint)


@every_endpoint
def test_every_provider_of_a_card_is_in_providers_yaml(endpoint: Endpoint) -> None:
    assert endpoint.provider in PROVIDERS


@every_endpoint
def test_every_mode_offered_has_a_name_on_the_wire(endpoint: Endpoint) -> None:
    assert modes_of(endpoint) <= set(endpoint.wire_names)


@every_endpoint
def test_a_mode_that_starts_from_something_says_what_it_may_be(endpoint: Endpoint) -> None:
    modes, takes = modes_of(endpoint), endpoint.inputs

    assert (takes.images is not None) == bool(modes & {Mode.IMAGE, Mode.FIRST_LAST, Mode.REFERENCES})
    assert (takes.video is not None) == (Mode.EXTEND in modes)
    assert (takes.images is not None and takes.images.references > 0) == (Mode.REFERENCES in modes)


@every_endpoint
def test_prices_are_positive_and_begin_no_earlier_than_the_endpoint(endpoint: Endpoint) -> None:
    for price in endpoint.prices:
        assert price.per_second > 0
        assert price.since >= (endpoint.lifecycle.released or price.since)


@every_endpoint
def test_a_price_is_known_for_all_that_an_endpoint_offers_or_for_nothing(endpoint: Endpoint) -> None:
    offered = {(tier, sound) for offer in endpoint.offers for tier in offer.resolutions for sound in offer.audio}
    priced = {pair for pair in offered if endpoint.price(TODAY, *pair) is not None}

    assert priced in (offered, set())


@every_endpoint
def test_no_two_rows_claim_the_price_of_the_same_day(endpoint: Endpoint) -> None:
    offered = {(tier, sound) for offer in endpoint.offers for tier in offer.resolutions for sound in offer.audio}
    for tier, sound in offered:
        begins = [
            price.since
            for price in endpoint.prices
            if (price.resolutions is None or tier in price.resolutions) and price.audio in (None, sound)
        ]

        assert len(begins) == len(set(begins)), (tier, sound)


@pytest.mark.parametrize("name", [name for name, endpoint in ENDPOINTS.items() if not endpoint.prices])
def test_an_endpoint_without_a_price_says_so(name: str) -> None:
    assert any("price" in note for note in ENDPOINTS[name].notes)


@every_endpoint
def test_a_prior_for_speed_is_a_judgement_and_never_a_measurement(endpoint: Endpoint) -> None:
    if endpoint.speed is not None:
        source = endpoint.card.sources[endpoint.speed.source]

        assert endpoint.speed.low < endpoint.speed.median < endpoint.speed.high
        assert source.confidence == "low"
        assert source.where.startswith("our judgement")


@every_endpoint
def test_every_living_endpoint_has_a_prior_for_speed(endpoint: Endpoint) -> None:
    assert endpoint.speed is not None or not endpoint.alive(TODAY)


# --- versions ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "name"),
    [
        (date(2025, 10, 5), None),
        (date(2025, 10, 6), "sora-2-2025-10-06"),
        (date(2026, 1, 12), "sora-2-2025-10-06"),
        (date(2026, 1, 13), "sora-2-2025-12-08"),
        (TODAY, "sora-2-2025-12-08"),
    ],
)
def test_the_version_behind_a_name_is_the_newest_that_has_begun(day: date, name: str | None) -> None:
    version = ENDPOINTS["openai/sora-2"].version(day)

    assert (version and version.name) == name


def test_a_clip_is_outdated_once_its_version_is_no_longer_served() -> None:
    endpoint = ENDPOINTS["openai/sora-2"]

    assert endpoint.outdated(date(2026, 1, 12), TODAY)
    assert not endpoint.outdated(date(2026, 1, 12), date(2026, 1, 12))
    assert not endpoint.outdated(date(2026, 1, 13), TODAY)


def test_where_no_change_is_known_no_clip_is_outdated() -> None:
    endpoint = ENDPOINTS["vertex/veo-3.1"]

    assert endpoint.version(TODAY) is None
    assert not endpoint.outdated(date(2025, 11, 17), TODAY)
