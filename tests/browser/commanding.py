"""A command, run by the palette as a person does: found by some of its words, seen, then taken."""

from __future__ import annotations

from playwright.sync_api import Page, expect


def run_command(page: Page, words: str) -> None:
    """Run the command whose label has *words*, as soon as it is offered."""
    page.keyboard.press("Control+k")
    expect(page.locator("#palette input")).to_be_focused()
    page.keyboard.type(words)
    expect(page.locator("#palette [aria-selected=true]")).to_contain_text(words, ignore_case=True)
    page.keyboard.press("Enter")
