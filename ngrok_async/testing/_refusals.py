"""What the fake says when it refuses: one table of ngrok's codes, in our own words.

ngrok's own words: https://ngrok.com/docs/errors. It documents few of the HTTP statuses that go
with the codes. Where logs and reports of others show one, it is here: 403 for keys, 415 for a
content type, 404 for what is not there, and 400 for the rest, also for what is taken. Guessed are
403 for what a plan does not have, and 502 where ngrok lost its agent.
"""

from collections.abc import Mapping
from typing import Final

from ngrok_async.testing._messages import RefusedError

_FORBIDDEN: Final = 403
_NOT_FOUND: Final = 404
_MEDIA_TYPE: Final = 415
_TOO_MANY: Final = 429
_BAD_GATEWAY: Final = 502

_VALUES: Final = (
    *(215, 400, 420, 421, 435, 438, 439, 440, 500, 504, 505, 600, 604, 605, 611),
    *(1405, 1406, 1409, 1413, 1421, 1422, 1803, 1901, 1908, 1909, 1919, 1920, 1922, 1924, 1925),
    *(1936, 1939, 1952, 5100, 5106, 5107, 5115, 6503, 6504, 6700, 6701, 6704),
    *(7073, 7074, 7104, 7112, 7130, 15005, 15006, 18001, 18002, 18003, 18012, 18013, 18022),
    *(23001, 24001),
)
_VALUE: Final = "The field {field!r} {must}."
_NOTHING: Final = "There is nothing to change."
_USED: Final = "{id} still uses it."

MESSAGES: Final[Mapping[int, str]] = {
    **dict.fromkeys(_VALUES, _VALUE),
    **dict.fromkeys((422, 506, 606, 1400, 1401, 18004), _NOTHING),
    **dict.fromkeys((446, 1420, 1964, 5112, 6502), _USED),
    # The key.
    200: "The authorization header is missing.",
    201: "The authorization header must be 'Bearer' and an API key.{echo}",
    202: "The API key is malformed.{echo}",
    203: "The API key is not valid.{echo}",
    206: "This is an authtoken, which lets agents in; the API wants an API key.{echo}",
    208: "This is the id of an API key, not the key.{echo}",
    # The request.
    210: "The content type must be application/json, not {kind}.",
    211: "This request must not have a body.",
    213: "The body must be a JSON object.",
    214: "There is no field {field!r} in this request.",
    216: "The content-type header is missing.",
    217: "There is no version {version!r} of the API.",
    218: "The ngrok-version header is missing.",
    222: "{id!r} is no id.",
    223: "{id!r} is not a valid identifier.",
    225: "Your account is limited to {limit} simultaneous API requests.",
    226: "Your account is rate limited to {limit} API requests per {window:g} seconds.",
    227: "{id!r} is the id of something else; here it begins with {prefix!r}.",
    231: "There is no query parameter {name!r} here.",
    232: "The query parameter {name!r} may be given only once.",
    233: "limit must be a number, not {value!r}.",
    244: "limit must be from 1 to 100, not {value}.",
    250: "Invalid CEL query: {why}.",
    # Domains and addresses.
    413: "There is one with this domain already.",
    434: "A certificate and a policy for certificates exclude each other.",
    436: "ngrok manages this certificate: remove the policy for certificates.",
    # Commands to agents.
    804: "This agent cannot be restarted from here: {reason}.",
    805: "This agent cannot be stopped from here: {reason}.",
    806: "This agent cannot be updated from here: {reason}.",
    807: "The agent could not stop: {reason}.",
    808: "The agent could not restart: {reason}.",
    809: "The agent could not update: {reason}.",
    810: "The connection to the agent failed: {reason}. It may have done it all the same.",
    1700: "Your plan does not have commands to agents.",
    1701: "Your plan does not have restart and stop of agents.",
    1702: "Your plan does not have update of agents.",
    449: "A request has the whole domain, or a name for one of ngrok's.",
    # Keys and credentials.
    609: "There is one with this public key already.",
    # IP policies and restrictions.
    1402: "There is no IP policy with this id.",
    1404: "There is no IP policy rule with this id.",
    1408: "The IP policy has a rule for {cidr} already.",
    1419: "It is the only rule of an IP policy that {id} uses.",
    1802: "There is one with this type already.",
    1804: "An IP restriction needs at least one IP policy.",
    # Certificates.
    1949: "There is no SSH certificate authority with this id.",
    1965: "There is no TLS certificate with this id.",
    # Events.
    5103: "There is no event destination with this id.",
    5108: "The kind of an event destination's target cannot be changed.",
    5123: "There is no event subscription with this id.",
    5125: "The event subscription has no source of this type.",
    5127: "The event subscription has a source of this type already.",
    # Backends and edges.
    6514: "There is no backend with this id.",
    7000: "There is no edge with this id.",
    7117: "Reserve the domain of {hostport!r} first.",
    7113: "Reserve the address {hostport!r} first.",
    7122: "{hostport!r} is taken by {id}.",
    # Endpoints and operators.
    18005: "The scheme of an endpoint cannot be changed.",
    18016: "There is an endpoint with this URL that is not pooled.",
    18017: "There is an endpoint with this URL.",
    19002: "There is an operator with this deployment already.",
    # Vaults and secrets.
    23003: "{id} is still in it.",
    23004: "There is one with this name already.",
    24005: "There is one with this name in the vault already.",
    24006: "There is no vault with this id.",
    24008: "The field 'vault_id' is required, or 'vault_name'.",
    24009: "There is no vault with this name.",
}
"""What each code means, by the n of ERR_NGROK_n."""

INFERRED: Final = frozenset(
    {
        *(420, 421, 504, 505, 604, 605, 6503, 6504, 6700, 6701, 7073, 7074, 18012, 18013),
        *(19002, 24001),
    }
)
"""Codes that ngrok has for such a case, as far as their neighbours and reports tell."""

_STATUSES: Final[Mapping[int, int]] = {
    **dict.fromkeys((200, 201, 202, 203, 206, 208), _FORBIDDEN),
    210: _MEDIA_TYPE,
    810: _BAD_GATEWAY,
    **dict.fromkeys((1700, 1701, 1702), _FORBIDDEN),
    **dict.fromkeys((225, 226), _TOO_MANY),
    **dict.fromkeys((222, 1402, 1404, 1949, 1965, 5103, 5123, 5125, 6514, 7000), _NOT_FOUND),
    **dict.fromkeys((24006, 24009), _NOT_FOUND),
}
_WITHOUT_DETAILS: Final = frozenset({210})
"""Codes whose `details` are null where they were recorded."""


def refusal(code: int, /, **named: object) -> RefusedError:
    """Return the refusal with a code; `named` is what its message tells."""
    return RefusedError(
        MESSAGES[code].format(**named),
        code=code,
        status=_STATUSES.get(code, 400),
        has_details=code not in _WITHOUT_DETAILS,
    )


def wrong_value(field: str, must: str, code: int = 215) -> RefusedError:
    """Return the refusal of a field's value; without a code of its own it is 215."""
    return refusal(code, field=field, must=must)


def absent() -> RefusedError:
    """Return the refusal for an item that is not there, where ngrok sends no code."""
    return RefusedError("There is no resource with this id.", status=_NOT_FOUND)


def unrouted(path: str) -> RefusedError:
    """Return the refusal for an address that no operation has, which ngrok's router answers."""
    return RefusedError("Not Found", status=_NOT_FOUND, path=path)
