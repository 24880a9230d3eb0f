"""What is a secret in a text, and what is not."""

from __future__ import annotations

import copy
import json
import pickle
from typing import Tuple

import pytest

from nuvyn_executor.redaction import Redactor, Secret

API_KEY = "nv-key/7+Qz==&x"
CONNECTION = (
    "DefaultEndpointsProtocol=https;AccountName=lake;"
    "AccountKey=Zm9vYmFyYmF6cXV4Zm9vYmFy==;EndpointSuffix=core.windows.net"
)


class TestSecret:
    """Secrets have a redacting repr."""

    def test_neither_str_nor_repr_nor_formatting_shows_it(self) -> None:
        secret = Secret(API_KEY)
        assert API_KEY not in f"{secret} {secret!r} {[secret]}"
        assert secret.reveal() == API_KEY

    def test_equal_texts_are_equal_secrets(self) -> None:
        assert Secret("a") == Secret("a") != Secret("b")
        assert len({Secret("a"), Secret("a")}) == 1
        assert Secret("a") != "a"

    def test_it_is_not_pickled_and_not_copied_by_pickling(self) -> None:
        for leak in (pickle.dumps, copy.copy):
            with pytest.raises(TypeError, match="not pickled"):
                leak(Secret(API_KEY))


class TestKnownSecrets:
    """Secrets are masked in every log line, result, error and table, whatever raised them."""

    @pytest.mark.parametrize(
        "spelling",
        [API_KEY, "nv-key%2F7%2BQz%3D%3D%26x", "nv-key/7%2BQz%3D%3D%26x", "nv-key%2f7%2bQz%3d%3d%26x"],
    )
    def test_plain_and_url_encoded_forms_are_masked(self, spelling: str) -> None:
        assert Redactor([API_KEY])(f"refused: {spelling}!") == "refused: [REDACTED]!"

    def test_json_escaped_form_is_masked(self) -> None:
        secret = 'pa"ss\\wörd-1'
        text = json.dumps({"note": f"it was {secret}"})
        assert json.loads(Redactor([secret])(text)) == {"note": "it was [REDACTED]"}

    def test_the_longer_of_two_is_masked_whole(self) -> None:
        assert Redactor(["abcdefgh", "abcdefghijkl"])("x abcdefghijkl y") == "x [REDACTED] y"

    def test_the_key_inside_a_connection_string_is_a_secret_of_its_own(self) -> None:
        assert Redactor([CONNECTION])("bad key Zm9vYmFyYmF6cXV4Zm9vYmFy==") == "bad key [REDACTED]"

    def test_every_line_of_a_secret_of_several_lines_is_masked(self) -> None:
        redact = Redactor(["first-line-of-it\nsecond-line-of-it"])
        assert redact("a\nsecond-line-of-it\nb") == "a\n[REDACTED]\nb"

    def test_a_secret_of_less_than_four_characters_does_not_tear_words_apart(self) -> None:
        assert Redactor(["a", "ta", "dat", ""])("metadata") == "metadata"

    def test_a_short_secret_is_masked_as_a_word_only(self) -> None:
        assert Redactor(["data"])("metadata, data, data_reading") == "metadata, [REDACTED], data_reading"

    def test_a_secret_that_is_part_of_the_mask_does_no_harm(self) -> None:
        redact = Redactor(["REDACTED", "[REDACTED]", "]tail-of-it"])
        assert redact("x [REDACTED] y") == "x [REDACTED] y"
        assert redact(redact("[REDACTED]tail-of-it")) == redact("[REDACTED]tail-of-it")


LEAKS: Tuple[Tuple[str, str], ...] = (
    # text, what it must become
    (
        "https://a.blob.core.windows.net/c/f.csv?sv=2022-11-02&sig=ab%2Bcd%3D&se=2024",
        "https://a.blob.core.windows.net/c/f.csv?sv=2022-11-02&sig=[REDACTED]&se=2024",
    ),
    ("?sig=abc", "?sig=[REDACTED]"),
    # cut before the quote that closes it
    ("user=me password='hunter2", "user=me password=[REDACTED]"),
    ('user=me password="hunter2', "user=me password=[REDACTED]"),
    ("AccountName=lake;AccountKey=Zm9v/YmFy==;X=1", "AccountName=lake;AccountKey=[REDACTED];X=1"),
    (
        "SharedAccessSignature=sv=2022&sig=abc&se=1;BlobEndpoint=https://x",
        "SharedAccessSignature=[REDACTED];BlobEndpoint=https://x",
    ),
    ("postgres://user:pa:ss@host:5432/db", "postgres://user:[REDACTED]@host:5432/db"),
    ("http://user:12345@host/", "http://user:[REDACTED]@host/"),
    # a password with an at sign, behind a port
    (
        "jdbc:sqlserver://h:1433;databaseName=d;user=sa;password=P@ssw0rd;encrypt=true",
        "jdbc:sqlserver://h:1433;databaseName=d;user=sa;password=[REDACTED];encrypt=true",
    ),
    ("jdbc:databricks://h:443;PWD=P@ssw0rd", "jdbc:databricks://h:443;PWD=[REDACTED]"),
    ("jdbc:sqlserver://h;user=a:b;password=P@ssw0rd", "jdbc:sqlserver://h;user=a:b;password=[REDACTED]"),
    ("s3a://wJalrXUtnFEMI@bucket/x", "s3a://[REDACTED]@bucket/x"),
    ("redis://:only-password@host", "redis://:[REDACTED]@host"),
    ("https://ghtoken@host/x.git", "https://[REDACTED]@host/x.git"),
    (
        "jdbc:sqlserver://h:1433;user=sa;password={a;b};encrypt=true",
        "jdbc:sqlserver://h:1433;user=sa;password=[REDACTED];encrypt=true",
    ),
    (
        "jdbc:postgresql://h/db?user=me&password=p,w&ssl=true",
        "jdbc:postgresql://h/db?user=me&password=[REDACTED]&ssl=true",
    ),
    ("jdbc:oracle:thin:scott/tiger@//h:1521/x", "jdbc:oracle:thin:scott/[REDACTED]@//h:1521/x"),
    ("Server=h;Uid=me;PWD=x y", "Server=h;Uid=me;PWD=[REDACTED] y"),
    ("db_password = 'two words'", "db_password = [REDACTED]"),
    ("trustStorePassword=abc", "trustStorePassword=[REDACTED]"),
    ("AWS_SECRET_ACCESS_KEY=abc/def+1", "AWS_SECRET_ACCESS_KEY=[REDACTED]"),
    ("client_secret%3Dabc", "client_secret%3D[REDACTED]"),
    ("connect(user='me', token=abc, port=1)", "connect(user='me', token=[REDACTED], port=1)"),
    (
        "fs.azure.account.key.lake.dfs.core.windows.net=AAA==",
        "fs.azure.account.key.lake.dfs.core.windows.net=[REDACTED]",
    ),
    ("Authorization: Bearer abc, then", "Authorization: Bearer [REDACTED], then"),
    ("{'Authorization': 'Bearer abc'}", "{'Authorization': 'Bearer [REDACTED]'}"),
    ("authorization=Basic dXNlcjpwYXNz", "authorization=Basic [REDACTED]"),
    (
        "Authorization: AWS4-HMAC-SHA256 Credential=x/y, Signature=ff\nnext",
        "Authorization: AWS4-HMAC-SHA256 [REDACTED]\nnext",
    ),
    ("X-Api-Key: abc", "X-Api-Key: [REDACTED]"),
    ("sent Bearer abcdef0123456789", "sent Bearer [REDACTED]"),
    ("token is dapi1234567890abcdef.", "token is [REDACTED]."),
    ("dapi0123456789abcdef0123456789abcdef-2", "[REDACTED]"),
    ("AKIAIOSFODNN7EXAMPLE", "[REDACTED]"),
    (
        "X-Amz-Credential=AKIA%2F2024&X-Amz-Signature=fe5f&X-Amz-Date=1",
        "X-Amz-Credential=[REDACTED]&X-Amz-Signature=[REDACTED]&X-Amz-Date=1",
    ),
    ("?Expires=1&Signature=abc", "?Expires=1&Signature=[REDACTED]"),
    (
        "-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc\n-----END RSA PRIVATE KEY-----\nrest",
        "-----BEGIN RSA PRIVATE KEY-----[REDACTED]-----END RSA PRIVATE KEY-----\nrest",
    ),
    ('{"password": "a\\"b", "n": 1}', '{"password": "[REDACTED]", "n": 1}'),
    ("{'pwd': 'abc', 'n': 1}", "{'pwd': '[REDACTED]', 'n': 1}"),
    (
        '{"details": "{\\"token\\": \\"abc\\", \\"n\\": 1}"}',
        '{"details": "{\\"token\\": \\"[REDACTED]\\", \\"n\\": 1}"}',
    ),
    ("first\npassword=abc\nlast", "first\npassword=[REDACTED]\nlast"),
)

ORDINARY = (
    "the signature was verified and the password must be changed",
    "tokens=5 passwords: none; secretary=Anna keyboard=us design=new",
    "WHERE password == None AND token => 3",
    "/dbfs/mnt/client-data/orders/part-00000.parquet",
    "abfss://container@lake.dfs.core.windows.net/raw/a:b@c.csv",
    "http://host:8080/path?mail=anna@example.com",
    "mongodb://h1:27017,h2:27017/db?contact=a@b.example",
    "see http://h:80/a and http://i:9/b@c",
    "anna.smith@example.com wrote to bob@example.com: hello",
    "Bearer tokens are checked by the platform",
    '{"query": "password=", "n": "1"}',
    '{"password": null, "token": 5}',
    "jdbc:postgresql://host:5432/db?user=a@b.c",
    "🚀 Starting job execution: job_abc123",
    "2024-01-31T10:00:00Z - nuvyn_executor.job_manager - INFO",
    "",
)


class TestPatterns:
    """URLs with SAS tokens or passwords included."""

    @pytest.mark.parametrize(("text", "masked"), LEAKS)
    def test_what_looks_like_a_secret_is_masked_and_nothing_else(self, text: str, masked: str) -> None:
        assert Redactor()(text) == masked

    @pytest.mark.parametrize("text", ORDINARY)
    def test_ordinary_text_stays(self, text: str) -> None:
        assert Redactor()(text) == text

    def test_a_long_line_without_blanks_takes_no_quadratic_time(self) -> None:
        text = "YWJj" * 100_000
        assert Redactor(["not-in-there"])(text) == text


class TestRedactJson:
    """A result is masked wherever the secret stands in it."""

    def test_texts_are_masked_at_any_depth_and_other_values_stay(self) -> None:
        value = {"a": [{"url": f"x {API_KEY}"}, 1, None, True, 2.5], "b": ("t", API_KEY)}
        assert Redactor([API_KEY]).redact_json(value) == {
            "a": [{"url": "x [REDACTED]"}, 1, None, True, 2.5],
            "b": ["t", "[REDACTED]"],
        }

    def test_keys_are_masked_too(self) -> None:
        assert Redactor().redact_json({"f.csv?sig=abc": 1}) == {"f.csv?sig=[REDACTED]": 1}

    def test_two_keys_that_are_masked_alike_both_stay(self) -> None:
        masked = Redactor().redact_json({"f?sig=a": 1, "f?sig=b": 2, "f?sig=c": 3})
        assert masked == {"f?sig=[REDACTED]": 1, "f?sig=[REDACTED] (2)": 2, "f?sig=[REDACTED] (3)": 3}

    def test_a_text_whose_key_names_a_secret_is_masked_whole(self) -> None:
        value = {"clientSecret": "any thing", "access_key_id": "x", "design": "new", "token": 5, "pwd": ""}
        assert Redactor().redact_json(value) == {
            "clientSecret": "[REDACTED]",
            "access_key_id": "[REDACTED]",
            "design": "new",
            "token": 5,
            "pwd": "",
        }

    def test_the_value_given_is_not_changed(self) -> None:
        value = {"password": "x", "list": [API_KEY]}
        Redactor([API_KEY]).redact_json(value)
        assert value == {"password": "x", "list": [API_KEY]}


class TestSecretsThatComeLater:
    """A source may be opened with keys that no variable holds: those of a profile."""

    def test_they_are_masked_from_then_on(self) -> None:
        redact = Redactor(["first-secret"])
        before = redact("first-secret later-secret")

        redact.add(["later-secret"])

        assert before == "[REDACTED] later-secret"
        assert redact("first-secret later-secret") == "[REDACTED] [REDACTED]"
