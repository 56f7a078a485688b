"""What values a field of a request may have, beyond being of the declared type.

The rules are data: by the name of a field, by its collection or model and its name, or by what the
declarations say about it. `tools.pages.testing` writes them into docs/testing.md.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from ipaddress import ip_interface, ip_network
from typing import Any, Final, Literal, cast, get_args, get_origin
from urllib.parse import urlsplit

import attrs

from ngrok_async._kinds import TypeForm
from ngrok_async._request import JSON
from ngrok_async.testing._declared_types import choices, fields, model_in
from ngrok_async.testing._refusals import refusal, wrong_value


@attrs.frozen
class Check:
    """A rule for the value of a field.

    Attributes:
        must: What the message and the docs say of the value, such as "must be a CIDR block".
        fits: Tells whether a value is like that.
        code: The n of ERR_NGROK_n; 215, a bad value, where ngrok's own code is not known.
        maybe: Codes of which ngrok's own is one, as far as is known.
    """

    must: str
    fits: Callable[[Any], bool]
    code: int = 215
    maybe: str = ""


LIMITS: Final[Mapping[str, int]] = {"description": 255, "metadata": 4096}
"""The most bytes, as UTF-8, in the fields of these names."""

_BACKENDS: Final = {"description": 6503, "metadata": 6504}
_EDGES: Final = {"description": 7073, "metadata": 7074}
_LENGTH_CODES: Final[Mapping[str, Mapping[str, int]]] = {
    "/agent_ingresses": {"description": 6700, "metadata": 6701},
    "/backends/failover": _BACKENDS,
    "/backends/http_response": _BACKENDS,
    "/backends/static": _BACKENDS,
    "/backends/tunnel_group": _BACKENDS,
    "/backends/weighted": _BACKENDS,
    "/credentials": {"description": 604, "metadata": 605},
    "/edges/https": _EDGES,
    "/edges/tcp": _EDGES,
    "/edges/tls": _EDGES,
    "/endpoints": {"description": 18012, "metadata": 18013},
    "/ip_policy_rules": {"description": 1421},
    "/reserved_addrs": {"description": 504, "metadata": 505},
    "/reserved_domains": {"description": 420, "metadata": 421},
}
_CERTIFICATES: Final = "1914 to 1917, 1937, 1938, 1945 to 1948"
_LENGTH_MAYBE: Final[Mapping[str, str]] = dict.fromkeys(
    (
        "/certificate_authorities",
        "/ssh_certificate_authorities",
        "/ssh_host_certificates",
        "/ssh_user_certificates",
        "/tls_certificates",
    ),
    _CERTIFICATES,
)

_KNOWN_CODES: Final[Mapping[str, int]] = {
    "/edges/https/{}/routes match_type": 7130,
    "/endpoints bindings": 15005,
    "/ip_policy_rules action": 1422,
    "/ip_restrictions type": 1803,
    "/reserved_addrs region": 500,
    "/reserved_domains region": 400,
    "/ssh_certificate_authorities private_key_type": 1936,
    "AgentIngressCertPolicy authority": 1908,
    "AgentIngressCertPolicy private_key_type": 1909,
    "ReservedDomainCertPolicy authority": 435,
    "ReservedDomainCertPolicy private_key_type": 1909,
}
_IN_ANY_CASE: Final = frozenset({"enabled_features", "format"})
"""Fields whose values were seen in other letters than those that are described."""

_LABEL: Final = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
_HOST: Final = re.compile(rf"(?=.{{1,253}}\Z)(?:\*\.)?{_LABEL}(?:\.{_LABEL})*")
_PORTS: Final = range(1, 65536)
_PEM: Final = r"-----BEGIN ({0})-----\s.*\S.*\s-----END \1-----"


def _is_address(text: str) -> bool:
    # Go's parser, which ngrok uses, wants the length of the mask, and knows no zones.
    address, _, length = text.partition("/")
    try:
        ip_interface(text)
    except ValueError:
        return False
    return "%" not in address and length.isdecimal() | ("/" not in text)


def _is_lowest(text: str) -> bool:
    try:
        ip_network(text)
    except ValueError:
        return False
    return True


def _is_domain(text: str) -> bool:
    return "." in text and _HOST.fullmatch(text) is not None


def _is_label(text: str) -> bool:
    return re.fullmatch(_LABEL, text) is not None


def _is_hostport(text: str) -> bool:
    host, _, port = text.rpartition(":")
    return re.fullmatch("[0-9]{1,5}", port) is not None and _HOST.fullmatch(host) is not None


def _has_scheme(text: str) -> bool:
    return text.partition("://")[0] in {"http", "https", "tcp", "tls"}


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    rest = (parts.path.strip("/"), parts.query, parts.fragment, parts.username or "")
    return _HOST.fullmatch(parts.hostname or "") is not None and not any(rest)


def _has_port(text: str) -> bool:
    try:
        port = urlsplit(text).port
    except ValueError:
        return False
    return not text.startswith("tcp:") if port is None else port in _PORTS


def _is_policy(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return _is_mapping(text)


def _is_mapping(text: str) -> bool:
    """Tell whether a text is a mapping in YAML; without a parser nobody can, so it is one."""
    if find_spec("yaml") is None:
        return not text.lstrip().startswith(("{", "["))
    yaml = import_module("yaml")
    try:
        # The tree of nodes is enough: nothing is built from tags, and no alias is repeated.
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError):
        return False
    return isinstance(node, yaml.MappingNode)


def _has_pem(label: str) -> Callable[[str], bool]:
    pattern = re.compile(_PEM.format(label), re.DOTALL)
    return lambda text: pattern.search(text) is not None


def _targets(target: Mapping[str, JSON] | None) -> int:
    return sum(value is not None for value in (target or {}).values())


def _of_aws(target: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    names = ("cloudwatch_logs", "firehose", "kinesis")
    return [target[name] for name in names if target.get(name) is not None]


def _has_auth(target: Mapping[str, Any]) -> bool:
    return all(service.get("auth") is not None for service in _of_aws(target))


def _has_role(target: Mapping[str, Any]) -> bool:
    return all(any(service["auth"].values()) for service in _of_aws(target))


def _has_all_of_azure(target: Mapping[str, Any]) -> bool:
    service = target.get("azure_logs_ingestion")
    return service is None or all(service.get(name) for name in _AZURE)


_AZURE: Final = (
    "tenant_id",
    "client_id",
    "client_secret",
    "logs_ingestion_uri",
    "data_collection_rule_id",
    "data_collection_stream_name",
)
_CIDR: Final = (
    Check("must be a CIDR block such as 203.0.113.0/24", _is_address, 1406),
    Check("must have a mask, such as /32", lambda text: "/" in text, 1413),
    Check("must begin with the lowest address of its block", _is_lowest, 1409),
)
_NO_DOMAIN: Final = "402 to 411, 513, 514"
_POLICY: Final = "must be a traffic policy, in JSON or YAML"
_IS_CERTIFICATE: Final = _has_pem("CERTIFICATE")
_IS_KEY: Final = _has_pem("[A-Z ]*PRIVATE KEY")

_CHECKS: Final[Mapping[str, tuple[Check, ...]]] = {
    "acl": (
        Check(
            "must have rules such as bind:*.example.com, or *",
            lambda rules: all(re.fullmatch(r"bind:\S+|\*", rule) for rule in rules),
            600,
        ),
    ),
    "ca_pem": (Check("must be a certificate in PEM", _IS_CERTIFICATE, 1920),),
    "certificate_pem": (
        Check("must not be a private key", lambda text: not _IS_KEY(text), 1925),
        Check("must be a certificate in PEM", _IS_CERTIFICATE, 1922),
    ),
    "cidr": _CIDR,
    "hostports": (
        Check(
            "must have hosts with ports, such as shop.example.com:443",
            lambda hostports: all(map(_is_hostport, hostports)),
            7104,
        ),
        Check(
            "must have ports from 1 to 65535",
            lambda hostports: all(int(each.rpartition(":")[2]) in _PORTS for each in hostports),
            7112,
        ),
    ),
    "private_key_pem": (
        Check("must not be a certificate", lambda text: not _IS_CERTIFICATE(text), 1924),
        Check("must be a private key in PEM", _IS_KEY, 1901),
    ),
    "/agent_ingresses domain": (
        Check("must be a domain name such as connect.example.com", _is_domain, 6704),
    ),
    "/endpoints bindings": (
        Check("must not have one twice", lambda kinds: len({*kinds}) == len(kinds), 15006),
        Check("must have one kind of binding", lambda kinds: len(kinds) <= 1),
    ),
    "/endpoints traffic_policy": (Check(_POLICY, _is_policy, 18002),),
    "/endpoints url": (
        Check("must begin with http://, https://, tcp:// or tls://", _has_scheme, 18022),
        Check("must be a URL without path, query and user", _is_url, 18001),
        Check("must have a port from 1 to 65535 where its scheme has none", _has_port, 18003),
    ),
    "/reserved_domains domain": (
        Check("must have no underscore", lambda text: "_" not in text, 438),
        Check("must be a domain name such as shop.example.com", _is_domain, maybe=_NO_DOMAIN),
    ),
    "/reserved_domains name": (
        Check("must be one part of a domain name, such as shop", _is_label),
    ),
    "/ssh_certificate_authorities key_size": (
        Check("must be 2048 or 4096", {2048, 4096}.__contains__, 1939),
    ),
    "EndpointTrafficPolicy value": (Check(_POLICY, _is_policy),),
}
"""By the name of a field, or by its collection or model and its name: what its value must be."""


def _is_name(value: str | None) -> bool:
    return bool(value and value.strip())


NEEDED: Final[Mapping[str, tuple[Check, ...]]] = {
    "/bot_users name": (Check("must not be empty", _is_name),),
    "/event_destinations target": (
        Check("must have a service", lambda target: _targets(target) > 0, 5100),
        Check("must have one service, not several", lambda target: _targets(target) == 1, 5115),
        Check("must have 'auth' for AWS", _has_auth, 5106),
        Check("must have a role or keys for AWS", _has_role, 5107),
        Check("must have all settings for Azure", _has_all_of_azure),
    ),
    "/service_users name": (Check("must not be empty", _is_name),),
    "/vault_secrets name": (Check("must not be empty", _is_name, 24001),),
    "/vaults name": (Check("must not be empty", _is_name, 23001),),
}
"""What a create must have though the declarations call it optional, and no update may empty."""


MISSING: Final[Mapping[str, int]] = {
    "/certificate_authorities ca_pem": 1919,
    "/ip_policy_rules action": 1422,
    "/ip_policy_rules cidr": 1405,
    "/ip_policy_rules ip_policy_id": 1405,
    "/ssh_credentials public_key": 611,
    "/ssh_host_certificates public_key": 1952,
    "/ssh_user_certificates public_key": 1952,
    "/tls_certificates certificate_pem": 1922,
    "/tls_certificates private_key_pem": 1901,
}
"""The codes for required fields that are missing; for others it is 215."""

EXCLUSIVE: Final[Mapping[str, tuple[tuple[str, str, int], ...]]] = {
    "/reserved_domains": (
        ("certificate_id", "certificate_management_policy", 434),
        ("domain", "name", 449),
    ),
}
"""By collection: pairs of fields of which a request has one at most, and the code."""


def _is_given(value: JSON) -> bool:
    """Tell whether a value says something: official clients send "" and 0 for what is not given."""
    return value is False or value not in (None, "", 0)


@cache
def checks(scope: str, name: str, hint: TypeForm) -> tuple[Check, ...]:
    """Return the rules for a field, in the order in which they are applied.

    Args:
        scope: The path of its collection, or the name of its model where it is below others.
        name: Its name.
        hint: Its declared type.
    """
    key = f"{scope} {name}"
    found = [*_CHECKS.get(key, _CHECKS.get(name, ()))]
    if name in LIMITS:
        found.append(_sized(scope, name))
    if known := _known(hint):
        found.append(_one_of(known, key, in_any_case=name in _IN_ANY_CASE))
    return tuple(found)


def check_values(
    scope: str, content: Mapping[str, JSON], declared: Mapping[str, Any], path: str = ""
) -> None:
    """Hold values of the declared types to the rules for their fields.

    Args:
        scope: As for `checks`.
        content: The fields.
        declared: Their types.
        path: What the message puts before their names.

    Raises:
        RefusedError: A value breaks a rule.
    """
    for name, value in content.items():
        hint = declared[name]
        if _is_given(value):
            _apply(checks(scope, name, hint), f"{path}{name}", value)
        if isinstance(value, dict) and (model := model_in(hint)):
            below = cast("dict[str, JSON]", value)
            check_values(model.__name__, below, fields(model), f"{path}{name}.")


def check_needed(scope: str, content: Mapping[str, JSON], *, is_create: bool) -> None:
    """Look for what a request must have, or not have, though the declarations do not say so.

    Raises:
        RefusedError: It is missing, or empty; or two fields exclude each other.
    """
    for one, other, code in EXCLUSIVE.get(scope, ()):
        if _is_given(content.get(one)) and _is_given(content.get(other)):
            raise refusal(code)
    for key, found in NEEDED.items():
        collection, _, name = key.partition(" ")
        if collection == scope and (is_create or name in content):
            _apply(found, name, content.get(name))


def _apply(found: Sequence[Check], path: str, value: JSON) -> None:
    for check in found:
        if not check.fits(value):
            raise wrong_value(path, check.must, check.code)


def _sized(scope: str, name: str) -> Check:
    most = LIMITS[name]
    return Check(
        f"must have at most {most} bytes",
        lambda text: len(text.encode()) <= most,
        _LENGTH_CODES.get(scope, {}).get(name, 215),
        maybe=_LENGTH_MAYBE.get(scope, ""),
    )


def _known(hint: TypeForm) -> tuple[str, ...]:
    """Return the values that a declared type names, also those of the items of a list."""
    for kind in choices(hint):
        if get_origin(kind) is Literal:
            return cast("tuple[str, ...]", get_args(kind))
        if get_origin(kind) is Sequence:
            return _known(get_args(kind)[0])
    return ()


def _one_of(known: tuple[str, ...], key: str, *, in_any_case: bool) -> Check:
    names = {name.lower() for name in known} if in_any_case else {*known}

    def fits(value: str | Sequence[str]) -> bool:
        values = [value] if isinstance(value, str) else value
        return all((each.lower() if in_any_case else each) in names for each in values)

    *others, last = map(repr, known)
    return Check(
        f"must be {', '.join(others)} or {last}" if others else f"must be {last}",
        fits,
        _KNOWN_CODES.get(key, 215),
    )
