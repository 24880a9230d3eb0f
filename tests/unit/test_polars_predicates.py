"""Predicates in Polars hold for the texts for which they hold in Python."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.check_values import WITH_PREDICATES, examples_of, values_of
from tests.how_many import at_most

pl = pytest.importorskip("polars")
from nuvyn_executor.profiling.polars.patterns import whole  # noqa: E402  Polars may not be there
from nuvyn_executor.profiling.polars.predicates import satisfying  # noqa: E402  as above

if TYPE_CHECKING:
    from nuvyn_executor.quality.checks.check import Form


@pytest.mark.parametrize("form", WITH_PREDICATES, ids=lambda form: form.shape)
@given(data=st.data())
@settings(max_examples=at_most(15))
def test_polars_and_python_agree(form: Form, data: Any) -> None:
    assert form.predicate is not None
    texts = [*examples_of(form), *data.draw(st.lists(values_of(form), min_size=1, max_size=8))]
    series = pl.Series("text", texts, dtype=pl.String)
    assert series.str.contains(whole(form.pattern)).all()
    assert satisfying(series, form.predicate).to_list() == [form.predicate.holds(text) for text in texts]
