"""Create the certificate of a server with TLS, and the small authority that signs it.

Both are made once for each set of names, and again when they end. The key of the authority is stored nowhere,
so nobody can have it sign for another host.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import ipaddress
import os
import re
import ssl
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Iterable, Iterator, Mapping

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes

LOOPBACK = ("localhost", "127.0.0.1", "::1")
VALID = timedelta(days=365)
RENEWED = timedelta(days=7)
"""How long before its end a certificate is made anew."""
_AHEAD = timedelta(days=1)  # for clients whose clock is behind
_BLOCK = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
OWNER_FOLDER, OWNER_FILE = 0o700, 0o600
_KEY_USES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


class CertificateError(Exception):
    """There is no certificate for a name, or the folder cannot be written; the message is for a person."""


@dataclass(frozen=True)
class Certificates:
    """The files of a server with TLS.

    Attributes:
        authority: the certificate of the authority, for clients that add it to those they trust.
        bundle: the same with the public authorities, for clients that trust the file alone.
        certificate: the certificate of the server.
        key: its key.
    """

    authority: Path
    bundle: Path
    certificate: Path
    key: Path

    def variables(self) -> dict[str, str]:
        """Return the environment variables with which clients trust the server, besides all others."""
        return {
            "REQUESTS_CA_BUNDLE": str(self.bundle),
            "SSL_CERT_FILE": str(self.bundle),
            "NODE_EXTRA_CA_CERTS": str(self.authority),
        }


def cache_folder(environment: Mapping[str, str]) -> Path:
    """Return the folder for the certificates of servers without a state folder."""
    cache = environment.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "fake-databricks" / "tls"


def certificates_for(
    names: Iterable[str], folder: Path, now: datetime, environment: Mapping[str, str]
) -> Certificates:
    """Return the certificates of a server with these names; make them where there are none that are valid.

    Args:
        names: hosts and addresses besides those of loopback.
        folder: contains a folder for each set of names; readable for its owner alone.
        now: the time, with its zone.
        environment: the variables that may name a file with public authorities.

    Raises:
        CertificateError: a name is no text in ASCII, or the folder cannot be written.
    """
    known = _subject_names({*LOOPBACK, *names})
    digest = hashlib.sha256("\n".join(sorted(str(name.value) for name in known)).encode()).hexdigest()
    place = folder / digest[:8]
    found = Certificates(*(place / f"{name}.pem" for name in ("authority", "bundle", "server", "server-key")))
    try:
        with _lock(folder, place):
            if not _is_valid(found, now):
                _make(found, known, now)
            own = _BLOCK.findall(found.authority.read_bytes())
            blocks = dict.fromkeys([*_BLOCK.findall(_public_authorities(environment)), *own])
            _write(found.bundle, b"\n".join(blocks) + b"\n")
    except OSError as error:
        raise CertificateError(f"The certificate cannot be written to {place} ({error}).") from error
    return found


def _subject_names(names: Iterable[str]) -> list[x509.GeneralName]:
    return [_subject_name(name) for name in sorted(names)]


def _subject_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        pass
    try:
        return x509.DNSName(name)
    except ValueError:
        raise CertificateError(
            f"There is no certificate for the name {name}: write it in ASCII (xn--...)."
        ) from None


@contextlib.contextmanager
def _lock(folder: Path, place: Path) -> Iterator[None]:
    """Let one server at a time look for certificates and make them."""
    place.mkdir(mode=OWNER_FOLDER, parents=True, exist_ok=True)
    for each in (folder, place):
        each.chmod(OWNER_FOLDER)
    descriptor = os.open(place / "lock", os.O_RDWR | os.O_CREAT, OWNER_FILE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _is_valid(found: Certificates, now: datetime) -> bool:
    """Whether the files are there, fit each other, and are good for some days yet."""
    try:
        authority, certificate = (
            x509.load_pem_x509_certificate(path.read_bytes()) for path in (found.authority, found.certificate)
        )
        key = serialization.load_pem_private_key(found.key.read_bytes(), None)
        certificate.verify_directly_issued_by(authority)
    except Exception:  # noqa: BLE001  a missing or broken file, of whatever kind, is made anew
        return False
    fits = key.public_key() == certificate.public_key()
    return fits and certificate.not_valid_before_utc <= now < certificate.not_valid_after_utc - RENEWED


def _make(found: Certificates, names: list[x509.GeneralName], now: datetime) -> None:
    authority_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    about = x509.Name(
        [x509.NameAttribute(NameOID.COMMON_NAME, f"fake_databricks of {now:%Y-%m-%d %H:%M:%S}")]
    )
    of_authority = x509.SubjectKeyIdentifier.from_public_key(authority_key.public_key())
    authority = (
        _builder(about, about, authority_key.public_key(), now)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_uses("key_cert_sign", "crl_sign"), critical=True)
        .sign(authority_key, hashes.SHA256())
    )
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "fake_databricks")])
    certificate = (
        _builder(subject, about, key.public_key(), now)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_uses("digital_signature"), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(of_authority), critical=False
        )
        .sign(authority_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    plain = serialization.NoEncryption()
    _write(found.key, key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    _write(found.certificate, certificate.public_bytes(pem))
    _write(found.authority, authority.public_bytes(pem))


def _builder(
    subject: x509.Name, issuer: x509.Name, key: CertificatePublicKeyTypes, now: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _AHEAD)
        .not_valid_after(now + VALID)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _uses(*wanted: str) -> x509.KeyUsage:
    return x509.KeyUsage(**{use: use in wanted for use in _KEY_USES})


def _public_authorities(environment: Mapping[str, str]) -> bytes:
    """Return what this process trusts: the file that a variable names, else the system's, else requests'."""
    named = [environment.get(name) for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")]
    for path in (*named, ssl.get_default_verify_paths().cafile):
        if path and Path(path).is_file():
            return Path(path).read_bytes()
    from requests.utils import DEFAULT_CA_BUNDLE_PATH  # noqa: PLC0415  a slow import, for systems without any

    return Path(DEFAULT_CA_BUNDLE_PATH).read_bytes()


def _write(path: Path, content: bytes) -> None:
    """Write a file that is readable for its owner alone; another process sees it whole or not at all."""
    part = path.with_suffix(".part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, OWNER_FILE)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    part.replace(path)
