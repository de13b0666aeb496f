"""Where we may post: not into our own network.

An address is looked up once, every place it leads to is judged, and the post goes to a place that was judged: a name
server that answers otherwise the second time leads nowhere.
"""

import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

_LOCAL = ("localhost", "127.0.0.1", "::1")
# Where a translator (NAT64) leads on to the IPv4 address in the last 32 bits (RFC 6052).
_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")
# IPv6 addresses that some registries call public and that lead into the own network: local translators (RFC 8215), and
# IPv4 addresses in the form given up by RFC 4291.
_INSIDE = (ipaddress.IPv6Network("64:ff9b:1::/48"), ipaddress.IPv6Network("::/96"))


class Forbidden(Exception):
    """We do not post there; the message says why."""


@dataclass(frozen=True)
class Place:
    """Where a post goes: the address with an IP in place of the name, and the name for TLS and the Host header."""

    address: str
    host: str
    name: str


def check_shape(address: str) -> None:
    """Raises Forbidden for what no lookup is needed to refuse."""
    parts = _parts(address)
    if parts.username or parts.password:
        raise Forbidden("An address with a user name or password is not posted to: the signature says who we are.")
    if parts.scheme == "http" and parts.hostname not in _LOCAL:
        raise Forbidden("Use https; http is for addresses on this machine only.")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Forbidden("Enter an https address.")
    if parts.port == 0:
        raise Forbidden("Nothing listens on port 0: leave the port out, or name the right one.")


def place_of(address: str) -> Place:
    """Where to post to. Raises Forbidden for a place in our own network, and OSError where the name leads nowhere."""
    check_shape(address)
    parts = _parts(address)
    name, port = str(parts.hostname), parts.port or (443 if parts.scheme == "https" else 80)
    found = [str(info[4][0]) for info in socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)]
    if not settings.WEBHOOK_ALLOW_PRIVATE and (private := [ip for ip in found if not is_public(ip)]):
        raise Forbidden(f"{name} leads to {private[0]}, which is not on the public Internet.")
    shown = f"[{found[0]}]" if ":" in found[0] else found[0]
    path = parts._replace(netloc=f"{shown}:{port}", fragment="").geturl()
    return Place(path, parts.netloc, name)


def is_public(ip: str) -> bool:
    """Whether an IP address belongs to the public Internet: no private, loopback, link-local or reserved one."""
    try:
        address = ipaddress.ip_address(ip.split("%")[0])
    except ValueError:
        return False
    places = [address]
    if isinstance(address, ipaddress.IPv6Address):
        if any(address in network for network in _INSIDE):
            return False
        places += [inner for inner in _inner(address) if inner]
    return all(place.is_global and not place.is_multicast for place in places)


def _inner(address: ipaddress.IPv6Address) -> tuple[ipaddress.IPv4Address | None, ...]:
    """The IPv4 addresses that an IPv6 address stands for."""
    translated = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF) if address in _TRANSLATED else None
    return address.ipv4_mapped, address.sixtofour, translated


def _parts(address: str) -> SplitResult:
    try:
        parts = urlsplit(address)
        parts.port  # noqa: B018 - raises for one that is no number
    except ValueError as error:
        raise Forbidden(f"This is no address: {error}.") from None
    return parts
