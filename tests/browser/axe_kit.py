"""axe-core in a page, and what can be reached in a small window.

axe-core comes by npm, for tests alone; it is told to the page over Chromium's DevTools, past the page's policy.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from world import shot, until

AXE = (Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js").read_text()
# WCAG 2.2 A and AA, and what else axe holds for right.
RUN = """
axe.run(document, {resultTypes: ['violations'], runOnly: {type: 'tag', values: [
  'wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']}})
  .then(found => JSON.stringify(found.violations.map(({id, impact, help, nodes}) =>
    ({id, impact, help, nodes: nodes.map(({target, failureSummary}) => [target.join(' '), failureSummary])}))))
"""
THEMES = ("dark", "light", "contrast")


class Axe:
    """axe in a page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self._devtools = page.context.new_cdp_session(page)

    def _evaluate(self, expression: str) -> Any:
        answer = self._devtools.send(
            "Runtime.evaluate", {"expression": expression, "awaitPromise": True, "returnByValue": True}
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def check(self, what: str) -> None:
        """Fail when axe holds anything in the page for wrong that hinders a person."""
        if self._evaluate("typeof axe") == "undefined":
            self._evaluate(AXE)
        still(self.page)
        found = json.loads(self._evaluate(RUN))
        bad = [each for each in found if each["impact"] in ("serious", "critical")]
        assert not bad, f"{what}: {json.dumps(bad, indent=2)}"

    def check_themes(self, what: str, output: Path, by_key: bool = False) -> None:
        """Check in each theme, and keep a picture of each; *by_key*: of the canvas too, by the key for the next one."""
        root = "document.documentElement.dataset.theme"
        for theme in THEMES:
            if by_key:
                assert self.page.evaluate(root) == theme
            else:
                self.page.evaluate(f"{root} = {theme!r}")
            self.check(f"{what}, {theme}")
            shot(self.page, output / f"access-{what.replace(' ', '-')}-{theme}.png")
            if by_key:
                self.page.keyboard.press("t")
        self.page.evaluate(f"{root} = 'dark'")


def still(page: Page) -> None:
    """Wait until nothing in *page* moves or fades: colours on their way are neither one nor the other."""
    until(page, "document.getAnimations().every(each => each.playState !== 'running')")


# What can be used now and yet not be seen: outside the window, however it is scrolled, or covered by something else.
# Of dialogs over one another only the topmost can be used: the one that has the keyboard.
OUTSIDE = """
() => {
const open = document.activeElement?.closest('dialog[open]') ?? document.querySelector('dialog[open]') ?? document;
return [...document.querySelectorAll('button, input, select, textarea, a[href], summary, [tabindex="0"]')]
  .filter(each => each.checkVisibility({visibilityProperty: true}) && !each.disabled && !each.closest('[role=grid]'))
  .filter(each => open.contains(each))
  .filter(each => {
    each.scrollIntoView({block: 'nearest', inline: 'nearest'});
    const {left, top, right, bottom, width, height} = each.getBoundingClientRect();
    if (left < -1 || right > innerWidth + 1 || top < -1 || bottom > innerHeight + 1) return true;
    const over = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
    return !over || !(each.contains(over) || over.contains(each) || each.labels?.length);
  })
  .map(each => `${each.tagName} ${each.getAttribute('aria-label') ?? each.textContent} ` +
    JSON.stringify(each.getBoundingClientRect()));
}
"""


def all_within(page: Page, what: str) -> None:
    """Fail when the page scrolls sideways, or a control cannot be brought into view."""
    still(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{what}: scrolls sideways"
    assert page.evaluate(OUTSIDE) == [], what
