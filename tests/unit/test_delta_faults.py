"""What of a Delta table cannot be read, by Delta's words."""

from __future__ import annotations

from typing import Optional

import pytest

from nuvyn_executor.reading.delta_faults import asks_for_log, fault_of_delta, fault_of_features

FILE = "part-00000-5b2f6e37-8f4e-4b6a-9df5-0c1d2e3f4a5b-c000.snappy.parquet"


class TestFaults:
    """Issue: "Delta's unknown reader feature (the log names it); a Delta data file that is gone for good" """

    @pytest.mark.parametrize(
        ("said", "meaning"),
        [
            (
                "table feature(s) that are unsupported by Delta Lake 3.3.2: superVectors, otherThings.",
                "it needs superVectors, otherThings, which this Delta does not read",
            ),
            (
                "[DELTA_INVALID_PROTOCOL_VERSION] Unsupported Delta protocol version: table requires ...",
                "its protocol is one that this Delta does not read",
            ),
            (
                f"java.io.FileNotFoundException: File file:/t/{FILE} does not exist",
                f"its log names the file {FILE}, which is gone",
            ),
            (
                "[FAILED_READ_FILE.FILE_NOT_EXIST] Error while reading file file:/t/there.parquet. ",
                "its file there.parquet vanished while it was read",
            ),
            (
                f"java.lang.RuntimeException: file:/t/day=2024-01-01/{FILE} is not a Parquet file.",
                f"its file {FILE} is damaged",
            ),
            (
                "com.fasterxml.jackson.core.JsonParseException: Unexpected character ('t' (code 116))",
                "its log is damaged",
            ),
            ("file:/t/_delta_log/00000000000000000010.checkpoint.parquet does not exist", None),
            ("something else", None),
        ],
    )
    def test_name_what_is_wrong(self, said: str, meaning: Optional[str]) -> None:
        found = fault_of_delta(said, ["there.parquet"])
        assert (None if found is None else found.meaning) == meaning

    def test_features_that_the_log_names_are_passed_on(self) -> None:
        found = fault_of_features(["deletionVectors", "superVectors"])
        assert found is not None
        assert found.meaning == "it needs superVectors, which this Delta does not read"
        assert fault_of_features(["deletionVectors", "columnMapping"]) is None
        assert asks_for_log("[DELTA_STATE_RECOVER_ERROR] The protocol of your Delta table could not be ...")
