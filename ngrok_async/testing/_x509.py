"""Reads certificates. It needs `cryptography`, without which the fake does; see `_certificates`."""

from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ngrok_async.testing._store import Item, timestamp

_SUBJECT: Final = {
    "subject_common_name": NameOID.COMMON_NAME,
    "subject_country": NameOID.COUNTRY_NAME,
    "subject_locality": NameOID.LOCALITY_NAME,
    "subject_organization": NameOID.ORGANIZATION_NAME,
    "subject_organizational_unit": NameOID.ORGANIZATIONAL_UNIT_NAME,
    "subject_province": NameOID.STATE_OR_PROVINCE_NAME,
}
_USAGES: Final = {
    "digital_signature": "digital_signature",
    "content_commitment": "content_commitment",
    "key_encipherment": "key_encipherment",
    "data_encipherment": "data_encipherment",
    "key_agreement": "key_agreement",
    "key_cert_sign": "cert_sign",
    "crl_sign": "crl_sign",
}
"""How ngrok calls what a key is for; known of the last two, in their manner for the others."""

_EXTENDED: Final = {
    ExtendedKeyUsageOID.SERVER_AUTH: "server_auth",
    ExtendedKeyUsageOID.CLIENT_AUTH: "client_auth",
    ExtendedKeyUsageOID.CODE_SIGNING: "code_signing",
    ExtendedKeyUsageOID.EMAIL_PROTECTION: "email_protection",
    ExtendedKeyUsageOID.TIME_STAMPING: "time_stamping",
    ExtendedKeyUsageOID.OCSP_SIGNING: "ocsp_signing",
    ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE: "any",
}


def facts(pem: str) -> Item:
    """Return what answers tell of the first certificate in a text; {} where it cannot be read."""
    try:
        return _facts(x509.load_pem_x509_certificate(pem.encode()))
    except Exception:  # noqa: BLE001 # it has many kinds of errors for what is no certificate
        return {}


def _facts(certificate: x509.Certificate) -> Item:
    serial = f"{certificate.serial_number:x}"
    return {
        **{field: _name(certificate.subject, oid) for field, oid in _SUBJECT.items()},
        **_extensions(certificate.extensions),
        "issuer_common_name": _name(certificate.issuer, NameOID.COMMON_NAME),
        "not_before": timestamp(certificate.not_valid_before_utc),
        "not_after": timestamp(certificate.not_valid_after_utc),
        "private_key_type": _key_type(certificate.public_key()),
        "serial_number": serial.zfill(len(serial) + len(serial) % 2),  # whole bytes
    }


def _name(of: x509.Name, oid: x509.ObjectIdentifier) -> str:
    return "".join(str(part.value) for part in of.get_attributes_for_oid(oid)[:1])


def _key_type(key: object) -> str:
    if isinstance(key, RSAPublicKey):
        return "rsa"
    return "ed25519" if isinstance(key, Ed25519PublicKey) else "ecdsa"


def _extensions(extensions: x509.Extensions) -> Item:
    told: Item = {
        "key_usages": [],
        "extended_key_usages": [],
        "subject_alternative_names": {"dns_names": [], "ips": []},
    }
    for extension in extensions:
        value = extension.value
        if isinstance(value, x509.KeyUsage):
            told["key_usages"] = [name for flag, name in _USAGES.items() if getattr(value, flag)]
        elif isinstance(value, x509.ExtendedKeyUsage):
            told["extended_key_usages"] = [_EXTENDED.get(o, o.dotted_string) for o in value]
        elif isinstance(value, x509.SubjectAlternativeName):
            told["subject_alternative_names"] = {
                "dns_names": value.get_values_for_type(x509.DNSName),
                "ips": [str(ip) for ip in value.get_values_for_type(x509.IPAddress)],
            }
    return told
