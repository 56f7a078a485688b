"""What ngrok tells of certificates: facts, where `cryptography` is at hand to read them."""

from importlib import import_module
from importlib.util import find_spec
from typing import Final, cast

from ngrok_async.testing._store import Item

SIGNING_CERTIFICATE: Final = """\
-----BEGIN CERTIFICATE-----
MIIBHzCBxaADAgECAgEBMAoGCCqGSM49BAMCMBgxFjAUBgNVBAMMDWlkcC5uZ3Jv
ay5jb20wIBcNMjUwMTAxMDAwMDAwWhgPMjA2MDAxMDEwMDAwMDBaMBgxFjAUBgNV
BAMMDWlkcC5uZ3Jvay5jb20wWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQUUgKY
fVI/88VOIPVpkAsuoa6IN2JrckcBlM8W2BS+CMuVGOLXbdQuSrNe1a4gDlxgNI6P
BzYigjdmo+Jv6dpXMAoGCCqGSM49BAMCA0kAMEYCIQDcm9JJ5qHC8Hr76AeKsVtt
DHeD4xti+hDZ4otNg0azrwIhAN4pX9/7gCkSC2LcTLb/1DBk9TMBTQSLF+iUu6Ay
C24p
-----END CERTIFICATE-----
"""
"""What requests of SAML are signed with; the key of this one was thrown away."""


def certificate_facts(pem: str) -> Item:
    """Return what answers tell of a certificate, the first in a text.

    Nothing is told without the package `cryptography`, nor of what it cannot read: tests send texts
    that only look like certificates.
    """
    if find_spec("cryptography") is None:
        return {}
    return cast("Item", import_module("ngrok_async.testing._x509").facts(pem))


def made_up_facts(serial: str) -> Item:
    """Return what is plausible for a certificate that cannot be read."""
    return {"private_key_type": "rsa", "serial_number": serial.encode().hex()}
