"""The HTML of a report, read again by a test."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Dict, List, Optional, Tuple


class Page(HTMLParser):
    """What is in a page: its elements with their attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: List[Tuple[str, Dict[str, Optional[str]]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: List[Tuple[str, Optional[str]]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> List[Dict[str, Optional[str]]]:
        """Return the attributes of each element of a name."""
        return [attributes for one, attributes in self.elements if one == tag]
