"""Opens each page in a browser as a person would, and says what that person would object to.

With LMMS_SHOTS=DIR it leaves a picture of each there.
"""

import os
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

SCREENS = {"phone": (390, 844), "desk": (1280, 900)}


def luminance(page):
    """Of the paper, from 0 to 255."""
    colour = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    red, green, blue = (float(part) for part in colour[colour.index("(") + 1 : -1].split(",")[:3])
    return 0.299 * red + 0.587 * green + 0.114 * blue


def objections(page, path, width, scheme):
    asked, said = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(path.as_uri())
    yield from (f"asks for {url}" for url in asked if not url.startswith(("file:", "data:")))

    wide = page.evaluate("document.documentElement.scrollWidth")
    if wide > width:
        yield f"is {wide} px wide"
    if (luminance(page) > 128) != (scheme == "light"):
        yield "does not follow the system's colours"
    page.click("#theme")
    if (luminance(page) > 128) == (scheme == "light"):
        yield "does not change its colours when asked to"
    page.click("#theme")

    charts = page.locator("svg[role=img]")
    if charts.count() == 0:
        yield "has no chart"
    for nth in range(charts.count()):
        chart = charts.nth(nth)
        if chart.is_visible():
            box = chart.bounding_box()
            if box["width"] < 100 or box["height"] < 20:
                yield f"has a chart of {box['width']} x {box['height']} px: {chart.get_attribute('aria-label')}"
    small = page.evaluate(
        """[...document.querySelectorAll("svg text, td, th, p, li")]
            .filter(one => one.getClientRects().length && one.textContent.trim())
            .filter(one => {
                const scale = one instanceof SVGElement ? one.getScreenCTM().a : 1;
                return parseFloat(getComputedStyle(one).fontSize) * scale < 10.5;
            }).map(one => one.textContent.trim()).slice(0, 3)"""
    )
    yield from (f"has text too small to read: {text}" for text in small)
    yield from (f"says on the console: {text}" for text in said)


def main():
    browser, *paths = sys.argv[1:]
    shots = os.environ.get("LMMS_SHOTS")
    found = []
    with sync_playwright() as playwright:
        # As root, which CI is, there is no other way; the pages are this repository's own.
        chromium = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        for path in (Path(path).resolve() for path in paths):
            for screen, (width, height) in SCREENS.items():
                for scheme in ("light", "dark"):
                    page = chromium.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
                    where = f"{path.name}, {screen}, {scheme}"
                    found += [f"{where}: {objection}" for objection in objections(page, path, width, scheme)]
                    if shots:
                        page.screenshot(path=f"{shots}/{path.stem}-{screen}-{scheme}.png", full_page=True)
                    page.close()
        chromium.close()
    print("\n".join(found) or f"{len(paths)} pages, each on a phone and on a desk, light and dark: nothing to object to")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
