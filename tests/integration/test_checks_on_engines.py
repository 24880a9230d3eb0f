"""A predicate is stated once; Python, Spark and Polars agree for which texts it holds."""

from __future__ import annotations

from typing import Any, Dict, List, Set, Tuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nuvyn_executor.profiling.spark import predicates
from nuvyn_executor.profiling.spark.cells import index_of
from tests.check_values import WITH_PREDICATES, examples_of, values_of

pl = pytest.importorskip("polars")
from nuvyn_executor.profiling.polars.predicates import satisfying  # noqa: E402  Polars may not be there

pytestmark = pytest.mark.spark


def generated() -> Dict[str, List[str]]:
    """Return texts for each form, in which half or so pass."""
    found: Dict[str, Set[str]] = {form.shape: set(examples_of(form)) for form in WITH_PREDICATES}

    @given(st.tuples(*(st.lists(values_of(form), max_size=10) for form in WITH_PREDICATES)))
    @settings(max_examples=60)
    def generate(lists: Tuple[List[str], ...]) -> None:
        for form, texts in zip(WITH_PREDICATES, lists):
            found[form.shape].update(texts)

    generate()
    return {shape: sorted(texts) for shape, texts in found.items()}


def test_the_three_engines_agree(spark: Any) -> None:
    texts = generated()
    forms = {index_of(form.shape): form for form in WITH_PREDICATES}
    rows = [(index, text) for index, form in forms.items() for text in texts[form.shape]]
    data = spark.createDataFrame(rows, "shape INT, text STRING")
    by_index = {index: form.predicate for index, form in forms.items() if form.predicate}
    matched = " ".join(
        f"WHEN {i} THEN {predicates.matches('text', form.pattern)}" for i, form in forms.items()
    )
    rewritten = " ".join(f"WHEN {i} THEN {predicates.rewritten('text', one)}" for i, one in by_index.items())
    data = data.selectExpr("*", f"CASE shape {rewritten} END AS rewritten")
    fails = predicates.failing("rewritten", by_index)
    found = data.selectExpr(
        "shape", "text", f"CASE shape {matched} END AS matches", f"{fails} AS fails"
    ).collect()
    by_spark = {(forms[row["shape"]].shape, row["text"]): not row["fails"] for row in found}
    assert all(row["matches"] for row in found)
    for form in WITH_PREDICATES:
        assert form.predicate is not None
        some = texts[form.shape]
        by_python = [form.predicate.holds(text) for text in some]
        by_polars = satisfying(pl.Series("text", some, dtype=pl.String), form.predicate).to_list()
        assert by_polars == by_python
        assert [by_spark[form.shape, text] for text in some] == by_python
        assert {True, False} == set(by_python), form.shape
