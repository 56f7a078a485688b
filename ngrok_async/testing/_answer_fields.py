"""What answers have of a resource: the fields that ngrok's documented answers always have."""

from collections.abc import Mapping, Sequence
from typing import Final, Literal, cast, get_args, get_origin

from ngrok_async._kinds import TypeForm, is_time
from ngrok_async._model import Model
from ngrok_async._request import JSON
from ngrok_async.testing import _facts
from ngrok_async.testing._declared_types import choices, fields, is_model, model_in
from ngrok_async.testing._store import Item

_UNSET: Final = "0001-01-01T00:00:00Z"
"""What ngrok's servers, which are written in Go, answer for a time that is not known."""

_DEFAULTS: Final[Mapping[str, JSON]] = {
    "AgentIngressCertPolicy.authority": "letsencrypt",
    "AgentIngressCertPolicy.private_key_type": "rsa",
    "BotUser.active": True,
    "Endpoint.type": "cloud",
    "EndpointOAuth.cookie_prefix": "ngrok.",
    "EndpointSAML.allow_idp_initiated": True,
    "EndpointSAML.nameid_format": "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
    "EndpointTLSTermination.terminate_at": "edge",
    "EventDestination.format": "json",
    "HTTPResponseBackend.status_code": 200,
    "KubernetesOperator.binding": {},
    "KubernetesOperator.region": "global",
    "ReservedAddr.region": "us",
    "ReservedDomain.region": "",
    "ReservedDomainCertPolicy.authority": "letsencrypt",
    "ReservedDomainCertPolicy.private_key_type": "ecdsa",
    "SSHUserCertificate.extensions": {"permit-pty": "", "permit-user-rc": ""},
    "ServiceUser.active": True,
}
"""What ngrok puts in where nobody says anything, by its texts and examples; any other field is null
or empty then."""

_BLANK: Final[Mapping[object, JSON]] = {
    str: "",
    bool: False,
    int: 0,
    float: 0.0,
    Literal: "",
    tuple: [],
    Mapping: {},
}


def whole(model: type[Model], item: Item) -> Item:
    """Complete an item by the fields that answers always have, at any depth.

    One rule makes all of them: a field that some documented answers lack is left out where it is
    empty; any other is there, whether or not there is anything to say.
    """
    known = _facts.of_schema(model.__name__)
    complete: Item = {}
    for name, hint in fields(model).items():
        fact = known.get(name, {})
        value = item.get(name)
        may_lack = fact.get("answers") in {"sometimes", "never"}
        if may_lack and value in (None, "", [], {}):
            continue
        if value is None or value == "":
            value = _blank(f"{model.__name__}.{name}", hint, fact)
        complete[name] = _deep(hint, value)
    return complete


def _blank(place: str, hint: TypeForm, fact: _facts.Field) -> JSON:
    if place in _DEFAULTS:
        return _DEFAULTS[place]
    # Of a resource that the facts do not have, the declaration says what may be null.
    nullable = fact.get("nullable", not fact and type(None) in choices(hint))
    if nullable or fact.get("answers") == "there":
        return None
    kind = choices(hint)[0]
    if is_model(kind):
        return {}  # which becomes whole
    return _UNSET if is_time(kind) else _BLANK.get(get_origin(kind) or kind)


def _deep(hint: TypeForm, value: JSON) -> JSON:
    model = model_in(hint)
    if model is not None and isinstance(value, dict):
        return whole(model, cast("Item", value))
    if isinstance(value, list):
        (inner, *_) = get_args(hint)
        return [_deep(inner, item) for item in cast("Sequence[JSON]", value)]
    return value
