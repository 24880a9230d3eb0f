"""XML, logs and text of fixed width: named for what they are, and tables are still tables."""

from __future__ import annotations

import pytest

from nuvyn_executor.discovery import formats
from nuvyn_executor.discovery.detection import Detection, detect_format
from nuvyn_executor.discovery.file_head import FileHead
from nuvyn_executor.discovery.text_kinds import is_fixed_width

PYTHON = """\
2026-01-31 10:00:00,123 - root - INFO - started, with 3 workers
2026-01-31 10:00:01,004 - root - ERROR - failed
Traceback (most recent call last):
  File "a.py", line 3, in <module>
2026-01-31 10:00:02,555 - root - INFO - again, with 2 workers
2026-01-31 10:00:03,555 - root - INFO - stopped
"""
COMMAS = "".join(f"2026-01-31 10:00:{i:02},123 INFO worker {i} is ready\n" for i in range(30))
JAVA = """\
26/01/31 10:00:00 INFO SparkContext: Running Spark version 3.5.9
26/01/31 10:00:01 WARN Utils: Your hostname resolves to a loopback address
26/01/31 10:00:02 INFO SparkUI: Bound SparkUI to 0.0.0.0
"""
SYSTEM = """\
Jan 31 10:00:00 web1 sshd[711]: Accepted publickey for anna from 10.0.0.1 port 4711
Jan 31 10:00:05 web1 systemd[1]: Started Daily apt download activities.
Feb  1 00:00:01 web1 CRON[9]: (root) CMD (test -x /usr/sbin/anacron)
"""
REQUESTS = """\
127.0.0.1 - - [10/Oct/2026:13:55:36 -0700] "GET /a,b HTTP/1.1" 200 2326 "-" "Mozilla/5.0 (X11; Linux)"
127.0.0.1 - - [10/Oct/2026:13:55:37 -0700] "GET /c,d HTTP/1.1" 404 12 "-" "Mozilla/5.0 (X11; Linux)"
"""
LEVELS = """\
[INFO] 2026-01-31T10:00:00.123Z started with 3 workers
[ERROR] 2026-01-31T10:00:01.123Z could not open the file
[INFO] 2026-01-31T10:00:02.123Z stopped
"""
BRACKETS = """\
[2026-01-31 10:00:00] production.ERROR: Undefined index, line 3
[2026-01-31 10:00:01] production.INFO: Mail was sent
"""
FIXED = """\
00017  Anna Smith       2026-01-31     12.50
00018  Bob              2026-02-01      7.00
00019  Zoë van der Berg 2026-02-03   1003.99
"""
REPORT = "".join(
    f"{i:06} {'name' + str(i):<12} {i * 37 % 1000:>6} {'yes' if i % 2 else 'no'}\n" for i in range(40)
)
TABLE_LOG = "time,level,message\n" + "".join(
    f"2026-01-31 10:00:{i:02},INFO,worker {i} is ready\n" for i in range(30)
)


def detect(name: str, text: str, head: int = 65536) -> Detection:
    content = text.encode()
    return detect_format(name, FileHead(content[:head], len(content) <= head))


class TestWhatIsNotProfiled:
    """Issue: "XML, logs, fixed width: a named 'not profiled' line"."""

    @pytest.mark.parametrize("name", ["app.log", "app.log.1", "app.log.2026-01-31", "out.txt", "log"])
    @pytest.mark.parametrize("text", [PYTHON, COMMAS, SYSTEM, REQUESTS, LEVELS, BRACKETS])
    def test_a_log(self, name: str, text: str) -> None:
        found = detect(name, text)
        assert (found.format, found.reason) == (None, "is a log, which is not profiled")
        assert found.remedy
        assert found.is_text  # source type csv reads it all the same

    @pytest.mark.parametrize("text", [JAVA, "one line without a moment\nand another, which is longer\n"])
    def test_what_is_called_a_log_and_is_no_table(self, text: str) -> None:
        assert detect("app.log", text).reason == "is a log, which is not profiled"

    @pytest.mark.parametrize("name", ["accounts.txt", "accounts.dat", "accounts", "accounts.prn"])
    @pytest.mark.parametrize("text", [FIXED, REPORT, FIXED.replace("\n", "\r\n")])
    def test_text_of_fixed_width(self, name: str, text: str) -> None:
        found = detect(name, text)
        assert (found.format, found.reason) == (None, "is text of fixed width, which is not profiled")
        assert "delimiter" in found.remedy
        assert found.is_text

    @pytest.mark.parametrize(
        ("name", "text"),
        [
            ("a.xml", "<?xml version='1.0'?>\n<a/>"),
            ("a.xml", "<orders>\n <order id='1'/>\n</orders>"),
            ("a.dat", "<?xml version='1.0'?><a/>"),
            ("a.txt", '<orders xmlns="urn:x"><order/></orders>'),
            ("a", "\ufeff\n<orders><order/></orders>"),
            ("a.svg", "<svg xmlns='x'/>"),
            ("a.xml", "<!DOCTYPE note SYSTEM 'n.dtd'><note/>"),
        ],
    )
    def test_xml(self, name: str, text: str) -> None:
        found = detect(name, text)
        assert (found.format, found.reason) == (None, "is XML, which is not profiled")
        assert found.remedy.startswith("Convert it to csv")

    def test_the_beginning_of_a_large_file_is_enough(self) -> None:
        assert "fixed width" in detect("a.txt", REPORT * 100, head=1000).reason
        assert "is a log" in detect("a.txt", COMMAS * 100, head=1000).reason


class TestWhatIsATableAllTheSame:
    """ "careful: a .log that is really a CSV/JSON-lines table is still read as such" """

    @pytest.mark.parametrize(
        ("name", "text"),
        [
            ("app.log", TABLE_LOG),
            ("app.log", TABLE_LOG.split("\n", 1)[1]),
            ("app.log", TABLE_LOG.replace(",", "\t")),
            ("app.log", TABLE_LOG.replace(",", " | ")),
            ("a.txt", "2026-01-31 10:00:00;12.5;a b c\n2026-01-31 10:00:01;13.5;d e f\n"),
            ("a.txt", "2026-01-31 10:00:00,123\n2026-01-31 10:00:01,456\n"),
            ("a.csv", COMMAS),
            ("a.csv", FIXED),
            ("a.csv", "<a>,b\n1,2\n"),
            ("a.txt", "<a>,b\n1,2\n"),
            ("a.txt", "".join(f"{i:05} ; {'name' + str(i):<9} ; {i * 7:>6}\n" for i in range(20))),
        ],
    )
    def test_with_delimiters(self, name: str, text: str) -> None:
        assert detect(name, text) == Detection(formats.CSV)

    @pytest.mark.parametrize("name", ["app.log", "app.log.1", "events.txt"])
    def test_json_lines(self, name: str) -> None:
        assert detect(name, '{"time":"2026-01-31 10:00:00","a":1}\n{"a":2}\n') == Detection(formats.JSON)


class TestWhatIsNeither:
    """A guess is made only where there is no doubt."""

    @pytest.mark.parametrize(
        "text",
        [
            "Dear reader,\nthis is prose.\nIt goes on here, and there.\n",
            "one two three four\none six seven nine\n",
            "aaaa bbbb cccc\naaaa bbbb cccc\naaaa bbbb cccc\n",  # one blank at the same places may be chance
            "a  b\n",
            "a  b\nc  d\n",
            "a  b\n\tc  d\ne  f\n",
            "first        second\nfirst\nfirst\nfirst\nfirst\n",
            "".join(f"The year {1900 + i} was {'good' if i % 3 else 'not so bad'}.\n" for i in range(3)),
        ],
    )
    def test_text_without_columns(self, text: str) -> None:
        assert detect("a.txt", text).reason == "is text without columns"

    def test_columns_of_many_lines_may_be_one_blank_apart(self) -> None:
        lines = "aaaa bbbb cccc\n"
        assert not is_fixed_width(lines * 9, whole=True)
        assert is_fixed_width(lines * 10, whole=True)
