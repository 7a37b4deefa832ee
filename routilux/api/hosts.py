"""Names and addresses of machines, as they stand in a ``Host`` header."""

from __future__ import annotations

import ipaddress
import re

HEADER = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::[0-9]{1,5})?")


def address_of(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address that a text is, with or without brackets; None: it is a name."""
    try:
        address = ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)  # so a socket for both families tells of IPv4
    return mapped if mapped is not None else address


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine's own loopback."""
    if host == "localhost":
        return True
    address = address_of(host)
    return address is not None and address.is_loopback


def host_of(header: str) -> str:
    """The name in a ``Host`` header in lower case, without its port; empty if it is none."""
    found = HEADER.fullmatch(header.strip().lower())
    return found[1].strip("[]") if found is not None else ""
