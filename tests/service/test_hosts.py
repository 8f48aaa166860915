"""Lists of host names, and the host in a `Host` header."""

import pytest

from service.hosts import host_in, is_allowed, is_loopback, parse_hosts
from service.settings import Settings


@pytest.mark.parametrize(
    ("header", "host"),
    [
        ("localhost", "localhost"),
        ("LocalHost:8000", "localhost"),
        ("localhost.", "localhost"),
        ("localhost.:8000", "localhost"),
        ("photos.example.org:", "photos.example.org"),
        ("127.0.0.1:8000", "127.0.0.1"),
        ("[::1]:8000", "::1"),
        ("[0:0:0:0:0:0:0:1]", "::1"),
        ("evil.example@localhost", None),
        ("localhost:80:80", None),
        ("localhost:port", None),
        ("localhost/evil", None),
        ("localhost evil.example", None),
        ("[::1", None),
        ("", None),
    ],
)
def test_the_host_of_a_header_has_no_port_and_no_capital_letters(header, host):
    assert host_in(header) == host


def test_loopback_names_are_localhost_and_loopback_addresses():
    assert all(is_loopback(host) for host in ("localhost", "127.0.0.1", "127.8.8.8", "::1"))
    others = ("0.0.0.0", "::", "192.168.0.1", "localhost.evil.example", "127.0.0.1.evil.example", "::2", "1")
    assert not any(is_loopback(host) for host in others)


@pytest.mark.parametrize(
    ("patterns", "allowed", "refused"),
    [
        ("photos.example.org", ["photos.example.org"], ["example.org", "a.photos.example.org", "photos"]),
        (
            "*.example.org",
            ["a.example.org", "a.b.example.org"],
            ["example.org", "evilexample.org", "example.org.evil"],
        ),
        ("192.0.2.1, [2001:DB8::1]", ["192.0.2.1", "2001:db8::1"], ["192.0.2.2", "2001:db8::2"]),
        ("iiae", ["iiae"], ["iiae.evil.example", "xiiae"]),
        ("*", ["anything.example"], []),
    ],
)
def test_patterns_match_whole_names(patterns, allowed, refused):
    parsed = parse_hosts(patterns, "IIAE_ALLOWED_HOSTS")
    assert all(is_allowed(host, parsed) for host in allowed)
    assert not any(is_allowed(host, parsed) for host in refused)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        ",",
        "a,",
        "http://a.example",
        "a.example:8000",
        "a.example/",
        "a b",
        "b\u00fccher.example",
        "*a",
    ],
)
def test_malformed_lists_are_refused(text):
    with pytest.raises(ValueError, match="IIAE_ALLOWED_HOSTS has the part"):
        Settings(allowed_hosts=text)
