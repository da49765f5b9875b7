"""A figure with frames: what a reader sees who moves the slider, or has none."""

import pytest
from playwright.sync_api import Browser, Page, expect

LAST = {"en": "row 4, column 4", "zh": "第 4 行，第 4 列"}
FIRST = {"en": "row 1, column 1", "zh": "第 1 行，第 1 列"}
# The sum of the nine products, which stands below the grids.
SUMS = "svg[data-dl-frames] [data-dl-in] > text:visible"


def opened(browser: Browser, address: str, **options: object) -> Page:
    page = browser.new_context(**options).new_page()  # type: ignore[arg-type]
    page.goto(address)
    return page


def sums(page: Page) -> list[str]:
    """Return the sums that are seen: one, in every frame."""
    texts = page.locator(SUMS).all_text_contents()
    return [text for text in texts if " = " in text]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_arrow_keys_move_through_the_frames(
    browser: Browser, served: str, language: str
) -> None:
    page = opened(browser, f"{served}{language}/runs/convolution_slide.html")
    slider = page.locator("input[type=range]")
    name = page.locator(".dl-slider span")
    expect(slider).to_have_attribute("aria-valuetext", FIRST[language])
    assert [text.split(" = ")[1] for text in sums(page)] == ["12"]
    slider.focus()
    expect(slider).to_have_css("outline-style", "solid")
    page.keyboard.press("ArrowRight")
    assert [text.split(" = ")[1] for text in sums(page)] == ["15"]
    page.keyboard.press("End")
    expect(name).to_have_text(LAST[language])
    expect(slider).to_have_attribute("aria-valuetext", LAST[language])
    page.keyboard.press("Home")
    expect(name).to_have_text(FIRST[language])
    assert len(sums(page)) == 1
    page.context.close()


def test_a_finger_moves_the_slider_on_a_phone(browser: Browser, served: str) -> None:
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
    page = opened(browser, f"{served}en/runs/convolution_slide.html", **phone)
    slider = page.locator("input[type=range]")
    box = slider.bounding_box()
    assert box
    assert box["height"] >= 32
    slider.tap(position={"x": box["width"] - 10, "y": box["height"] / 2})
    expect(page.locator(".dl-slider span")).to_have_text(LAST["en"])
    assert len(sums(page)) == 1
    page.context.close()


def test_paper_and_pages_without_scripts_show_the_last_frame(
    browser: Browser, served: str
) -> None:
    address = f"{served}en/runs/convolution_slide.html"
    plain = opened(browser, address, java_script_enabled=False)
    assert plain.locator("input[type=range]").count() == 0
    (last,) = sums(plain)
    page = opened(browser, address)
    assert sums(page) != [last]
    page.emulate_media(media="print")
    assert sums(page) == [last]
    assert not page.locator(".dl-slider").is_visible()
    for each in (plain, page):
        each.context.close()
