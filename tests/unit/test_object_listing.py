"""Listings that go on around names which the library refuses."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any, Dict, Iterator, List, Optional, Tuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nuvyn_executor.sources.object_listing import (
    Meta,
    Odd,
    PageRefused,
    Pages,
    is_odd,
    objects,
    refused_name,
)

NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)
PAGE = 3


class Store:
    """A store as the library shows it: a page is refused for one odd name, and no odd name is accepted."""

    def __init__(self, keys: List[str], *, skips: bool = True) -> None:
        self.keys = sorted(keys)
        self.pages = Pages(self.flat, self.level, self.one, skips)

    def flat(self, folder: str, after: str) -> Iterator[Meta]:
        assert not after or not is_odd(after), after
        mine = [key for key in self.keys if not folder or key.startswith(folder + "/")]
        if self.pages.skips:
            mine = [key for key in mine if key > after]
        for start in range(0, len(mine), PAGE):
            page = mine[start : start + PAGE]
            self.check(page)
            yield from (self.meta(key) for key in page if key > after)

    def level(self, folder: str) -> Tuple[List[str], List[Meta]]:
        start = folder + "/" if folder else ""
        inside = [key[len(start) :] for key in self.keys if key.startswith(start)]
        folders = sorted({key.partition("/")[0] + "/" for key in inside if "/" in key})
        self.check(start + one for one in [*(f[:-1] for f in folders), *inside] if "/" not in one)
        here: List[Meta] = [self.meta(start + key) for key in inside if "/" not in key]
        return [start + one[:-1] for one in folders], here

    def one(self, key: str) -> Optional[Meta]:
        return self.meta(key) if key in self.keys else None

    @staticmethod
    def meta(key: str) -> Dict[str, Any]:
        return {"path": key, "size": 1, "last_modified": NOW, "e_tag": None}

    @staticmethod
    def check(keys: Any) -> None:
        for key in keys:
            if is_odd(key):
                raise PageRefused(key)


def listed(store: Store, folder: str = "") -> Tuple[List[str], List[Odd]]:
    paths: List[str] = []
    odd: List[Odd] = []
    for found in objects(store.pages, folder):
        if isinstance(found, Odd):
            odd.append(found)
        else:
            paths.append(found["path"])
    return paths, odd


class TestOddNames:
    def test_a_listing_without_odd_names_is_as_it_comes(self) -> None:
        keys = [f"a/{number}" for number in range(10)]

        assert listed(Store(keys)) == (keys, [])

    @pytest.mark.parametrize(
        ("key", "name"),
        [
            ("a//c.csv", "a//"),
            ("a/../c.csv", "a/../"),
            ("a/./c.csv", "a/./"),
            ("a/t\tb.csv", "a/t\t"),
            ("a/b//", "a/b//"),
        ],
    )
    def test_what_is_beside_an_odd_name_is_found(self, key: str, name: str) -> None:
        others = ["A/x", "a/b/c", "a/b0", "a/x/y/z", "a/z", "b/x", "z"]

        paths, odd = listed(Store([*others, key]))

        assert [one.name for one in odd] == [name]
        assert set(others) - set(paths) <= {
            one for one in others if one.startswith(odd[0].folder) and one < name
        }

    def test_where_a_listing_cannot_begin_behind_a_name_other_folders_are_found(self) -> None:
        paths, odd = listed(Store(["a/x", "a/z", "b//x", "b/y", "c/d/e", "f"], skips=False))

        assert sorted(paths) == ["a/x", "a/z", "c/d/e", "f"]
        assert odd == [Odd("b//", "b")]

    @given(st.lists(st.text("ab0!/.\t", min_size=1, max_size=7), unique=True, max_size=12), st.booleans())
    def test_nothing_is_listed_twice_and_nothing_is_missing_without_a_word(
        self,
        names: List[str],
        skips: bool,  # noqa: FBT001  hypothesis passes by position
    ) -> None:
        # a name that begins with a slash is not refused: the library shows it without
        keys = [name for name in names if not name.startswith("/") and not name.endswith("/")]

        paths, odd = listed(Store(keys, skips=skips))

        plain = [key for key in keys if not is_odd(key)]
        assert len(paths) == len(set(paths))
        assert set(paths) <= set(plain)
        for key in set(plain) - set(paths):
            assert any(
                (not one.folder or key.startswith(one.folder + "/")) and (not skips or key < one.name)
                for one in odd
            ), key
        for key in set(keys) - set(plain):
            assert any(key.startswith((one.name, one.folder + "/")) or not one.folder for one in odd), key


class TestTheLibrarysSentence:
    @pytest.mark.parametrize(
        ("text", "name"),
        [
            ('Path "a//c.csv" contained empty path segment\n\nDebug source:', "a//c.csv"),
            (
                'Error parsing Path "a/../up.csv": Encountered illegal character sequence ".." whilst',
                "a/../up.csv",
            ),
            ('Error parsing Path "a/q"x\ty": Encountered illegal', 'a/q"x\ty'),
            ("something else", None),
        ],
    )
    def test_the_name_is_read_from_it(self, text: str, name: Optional[str]) -> None:
        assert refused_name(text) == name
