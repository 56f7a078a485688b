"""The form in which ngrok writes URLs and host names, for comparing them here."""

from typing import Final

_PORTS: Final = {"http": ":80", "https": ":443", "tls": ":443"}


def as_written(url: str) -> str:
    """Return a URL, or a host name alone, as ngrok writes it.

    Scheme and host are in lower case; the port that the scheme implies, and a slash at the end, are
    gone. A text that is no URL comes back as one that equals no URL: nothing is refused here.
    """
    scheme, found, rest = url.partition("://") if "://" in url else ("", "", url)
    host, slash, path = rest.rstrip("/").partition("/")
    scheme, host = scheme.lower(), host.lower().removesuffix(":")
    return f"{scheme}{found}{host.removesuffix(_PORTS.get(scheme, ''))}{slash}{path}"
