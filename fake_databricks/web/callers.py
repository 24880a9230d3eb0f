"""Which requests may be answered at all: none that a web page of another site sends. Pure.

A page can make its own name lead to this machine (DNS rebinding). Its requests then have that name in
``Host``; other requests of pages have theirs in ``Origin``. (One of https is the server's own too: a proxy in
front of it has the certificate.)
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Iterable

_AUTHORITY = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\s:/?#@\[\]\\,]+)(?::([0-9]{0,5}))?")
_ORIGIN = re.compile(r"(https?)://(.+)", re.IGNORECASE)
_PORTS = {"http": "80", "https": "443"}
Headers = Iterable["tuple[str, str]"]


@dataclass(frozen=True)
class Callers:
    """The hosts under which a server is asked.

    Attributes:
        bound: the address or name that it listens at.
        names: further names, in lower case.
    """

    bound: str
    names: tuple[str, ...] = ()

    def objection(self, headers: Headers, target: str = "") -> str:
        """Return why a request is refused, or an empty text.

        Args:
            headers: names in lower case, and values; a name may be there twice.
            target: the target of the request line, which may be a whole URL.
        """
        pairs = list(headers)
        hosts = [value for name, value in pairs if name == "host"]
        if len(hosts) != 1:
            return f"A request must have exactly one Host header, this one has {len(hosts)}."
        absolute = _ORIGIN.match(target)
        for asked in (hosts[0], *([re.split(r"[/?#]", absolute[2], maxsplit=1)[0]] if absolute else [])):
            host = host_of(asked)
            if not host or not self._is_known(host):
                return (
                    f"This server is not asked as {asked[:100]!r}: use its own address, or start it with "
                    f"--allowed-host {host or 'NAME'}."
                )
        foreign = [value for name, value in pairs if name == "origin" and not _is_same(value, hosts[0])]
        if foreign:
            return f"The web page at {foreign[0][:100]!r} may not use this server: its Origin is another."
        return ""

    def _is_known(self, host: str) -> bool:
        if is_loopback(host) or host in (self.bound.lower(), *self.names):
            return True
        # A server at every address of the machine is asked by any of them; no page can have one as its name.
        return _address(self.bound) in _EVERY and _address(host) is not None


def host_of(authority: str) -> str:
    """Return the host of ``host:port`` in lower case, without brackets; empty for what is none."""
    match = _AUTHORITY.fullmatch(authority.strip())
    return match[1].strip("[]").lower().removesuffix(".") if match else ""


def is_loopback(host: str) -> bool:
    """Whether a host is this machine alone."""
    if host == "localhost":
        return True
    address = _address(host)
    mapped = getattr(address, "ipv4_mapped", None)
    return bool(address and (address.is_loopback or (mapped and mapped.is_loopback)))


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


_EVERY = (ipaddress.ip_address("0.0.0.0"), ipaddress.ip_address("::"))  # noqa: S104  compared, not bound


def _is_same(origin: str, host: str) -> bool:
    """Whether a page of this origin was served by this host."""
    match = _ORIGIN.fullmatch(origin.strip())
    if match is None:
        return False
    default = _PORTS[match[1].lower()]
    return _place(match[2], default) == _place(host, default)


def _place(authority: str, default: str) -> tuple[str, str]:
    match = _AUTHORITY.fullmatch(authority.strip())
    return (host_of(authority), (match[2] if match else "") or default)
