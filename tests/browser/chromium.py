"""The browser of these tests, and what is asked of a page in it."""

from __future__ import annotations

import importlib.util
import shutil

import pytest

CHROMIUM = shutil.which("chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
]
SIZES = {"wide": (1280, 900), "narrow": (320, 700)}

# For every element that shows text of its own: the contrast with what is behind it (WCAG 2.2, 1.4.3).
CONTRASTS = """() => {
  const channel = (v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const found = [];
  for (const element of document.querySelectorAll('body *')) {
    const words = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!words || !element.checkVisibility() || element.closest('noscript, .skip')) continue;
    const [a, b] = [light(parse(getComputedStyle(element).color)), light(behind(element))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    found.push([element.tagName + '.' + element.className + ': ' + element.textContent.slice(0, 40), contrast]);
  }
  return found;
}"""


def require() -> None:
    """Skip a module where there is no browser."""
    if CHROMIUM is None:
        pytest.skip("chromium is not installed: apt-get install chromium fonts-dejavu-core", allow_module_level=True)
    if importlib.util.find_spec("playwright") is None:
        pytest.skip("playwright is not installed: make install", allow_module_level=True)
