"""URLs are compared in the one form that ngrok writes them in."""

import pytest

from ngrok_async.jobs._urls import as_written


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("https://shop.example.com", "https://shop.example.com"),
        ("HTTPS://Shop.Example.COM", "https://shop.example.com"),
        ("https://shop.example.com/", "https://shop.example.com"),
        ("https://shop.example.com:443", "https://shop.example.com"),
        ("https://shop.example.com:443/", "https://shop.example.com"),
        ("HTTPS://shop.example.com:443", "https://shop.example.com"),
        ("https://shop.example.com:8443", "https://shop.example.com:8443"),
        ("https://shop.example.com:4430", "https://shop.example.com:4430"),
        ("https://shop.example.com:80", "https://shop.example.com:80"),
        ("https://shop.example.com:", "https://shop.example.com"),
        ("http://shop.example.com:80", "http://shop.example.com"),
        ("http://shop.example.com:443", "http://shop.example.com:443"),
        ("tls://Shop.example.com:443", "tls://shop.example.com"),
        ("tcp://1.tcp.ngrok.io:443", "tcp://1.tcp.ngrok.io:443"),
        ("tcp://1.TCP.ngrok.io:20001", "tcp://1.tcp.ngrok.io:20001"),
        ("https://*.Example.com:443", "https://*.example.com"),
        ("https://[2001:DB8::1]:443", "https://[2001:db8::1]"),
        ("https://shop.example.com/A/b/", "https://shop.example.com/A/b"),
        ("https://shop.example.com/?to=http://A.b", "https://shop.example.com/?to=http://A.b"),
        ("Shop.Example.com", "shop.example.com"),
        ("*.Example.com", "*.example.com"),
        ("shop.example.com:443", "shop.example.com:443"),
        ("", ""),
        ("://", "://"),
    ],
)
def test_as_ngrok_writes_it(given: str, written: str) -> None:
    """Case of scheme and host, the implied port and the last slash make no difference."""
    assert written == as_written(given)
    assert written == as_written(written)
