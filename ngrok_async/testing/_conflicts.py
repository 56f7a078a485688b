"""What cannot be because of something else that is: names that are taken, things in use, states."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from ipaddress import ip_network
from typing import Final, TypeAlias, cast

from ngrok_async._request import JSON
from ngrok_async.testing._refusals import absent, refusal, wrong_value
from ngrok_async.testing._store import Item, Store

UNIQUE: Final[Mapping[str, tuple[tuple[str, ...], int]]] = {
    "/event_subscriptions/{}/sources": (("type",), 5127),
    "/ip_policy_rules": (("cidr", "ip_policy"), 1408),
    "/ip_restrictions": (("type",), 1802),
    "/kubernetes_operators": (("deployment",), 19002),
    "/reserved_domains": (("domain",), 413),
    "/ssh_credentials": (("public_key",), 609),
    "/vault_secrets": (("name", "vault"), 24005),
    "/vaults": (("name",), 23004),
}
"""Fields that no two items of a collection may have in common, and the code for it."""

_EDGES: Final = ("/edges/https", "/edges/tcp", "/edges/tls")
_BACKENDS: Final = (("/backends/failover", "/backends/weighted"), 6502)
USERS: Final[Mapping[str, tuple[tuple[str, ...], int]]] = {
    "/backends/failover": _BACKENDS,
    "/backends/http_response": _BACKENDS,
    "/backends/static": _BACKENDS,
    "/backends/tunnel_group": _BACKENDS,
    "/backends/weighted": _BACKENDS,
    "/event_destinations": (("/event_subscriptions",), 5112),
    "/ip_policies": (("/ip_restrictions",), 1420),
    "/reserved_domains": (("/endpoints", "/edges/https", "/edges/tls"), 446),
    "/ssh_certificate_authorities": (("/ssh_host_certificates", "/ssh_user_certificates"), 1964),
    "/vaults": (("/vault_secrets",), 23003),
}
"""The collections whose items keep one from being deleted by referring to it, and the code."""

HELD: Final[Mapping[tuple[str, str], tuple[str, int]]] = {
    ("/reserved_domains", "certificate"): ("certificate_management_policy", 436),
}
"""By collection and part: the field that keeps the part from being taken away, and the code."""

OWN_ONLY: Final = "is for domains of your own; this one is ngrok's"
_OWN: Final = ("ngrok.app", "ngrok.dev", "ngrok.io", "ngrok-free.app", "ngrok-free.dev")
"""Domains below which ngrok lets accounts reserve names; it keeps their certificates itself."""


def check_unique(template: str, items: list[Item], new: Item) -> None:
    """Compare an item with the others of its collection.

    Raises:
        RefusedError: One of them has the same name, domain or whatever must be unique.
    """
    names, code = UNIQUE.get(template, ((), 0))
    wanted = [_compared(name, new.get(name)) for name in names]
    if not names or None in wanted:
        return
    if any(wanted == [_compared(name, item.get(name)) for name in names] for item in items):
        raise refusal(code, **new)


def _compared(name: str, value: JSON) -> JSON:
    """Return what is compared of a value: a block of addresses has many spellings, for one."""
    if isinstance(value, dict) and name == "deployment":
        deployment = cast("Mapping[str, JSON]", value)
        return [deployment.get(part) for part in ("name", "namespace", "cluster_name")]
    if not isinstance(value, str):
        return cast("JSON", value)
    if name == "cidr":
        with suppress(ValueError):
            return str(ip_network(value, strict=False))
    return value.lower() if name == "domain" else value


def check_unused(template: str, store: Store, id_: str) -> None:
    """Look for what keeps an item that is there from being deleted.

    Raises:
        RefusedError: Another item refers to it, or it is not the API's to delete.
    """
    item = store[template].get(id_) or {}
    if template == "/endpoints":
        _check_cloud(item)
    if template == "/ip_policy_rules":
        _check_not_the_only_rule(store, item)
    paths, code = USERS.get(template, ((), 0))
    for path in paths:
        for _, other in store[path].older_than(None):
            if other["id"] != id_ and (_mentions(other, id_) or _is_host(other, item)):
                raise refusal(code, id=other["id"])


def check_removable(template: str, item: Item, name: str) -> None:
    """Look for what keeps a part of an item from being taken away.

    Raises:
        RefusedError: There is something.
    """
    holder, code = HELD.get((template, name), ("", 0))
    if item.get(holder) is not None:
        raise refusal(code)


def _mentions(value: JSON, id_: str) -> bool:
    if isinstance(value, dict):
        content = cast("Mapping[str, JSON]", value)
        return id_ in content or any(_mentions(part, id_) for part in content.values())
    if isinstance(value, list):
        return any(_mentions(part, id_) for part in cast("Sequence[JSON]", value))
    return bool(value == id_)


def _is_host(edge: Item, domain: Item) -> bool:
    return any(_covers(domain, hostport) for hostport in edge.get("hostports") or ())


def _check_cloud(endpoint: Item) -> None:
    # Those of agents come and go with the agents: to the calls for cloud endpoints they are absent.
    if endpoint.get("type") != "cloud":
        raise absent()


def _check_not_the_only_rule(store: Store, rule: Item) -> None:
    policy = rule["ip_policy"]["id"]
    rules = [each for _, each in store["/ip_policy_rules"].older_than(None)]
    if sum(each["ip_policy"]["id"] == policy for each in rules) == 1:
        for _, restriction in store["/ip_restrictions"].older_than(None):
            if _mentions(restriction, policy):
                raise refusal(1419, id=restriction["id"])


def check_state(template: str, store: Store, before: Item, item: Item) -> None:
    """Hold an item that is created or updated to what else there is, and to what it was.

    Args:
        template: Its collection.
        store: What else there is.
        before: The item until now; nothing where it is created.
        item: The item from now on.

    Raises:
        RefusedError: It cannot be like that.
    """
    for rule, _ in STATES.get(template, ()):
        rule(store, before, item)


def _keeps_its_service(_store: Store, before: Item, item: Item) -> None:
    if before and _services(before) != _services(item):
        raise refusal(5108)


def _services(destination: Item) -> set[str]:
    target: Item = destination.get("target") or {}
    return {name for name, value in target.items() if value is not None}


def _is_of_the_cloud(_store: Store, before: Item, _item: Item) -> None:
    if before:
        _check_cloud(before)


def _keeps_its_scheme(_store: Store, before: Item, item: Item) -> None:
    if before and _scheme(before) != _scheme(item):
        raise refusal(18005)


def _scheme(endpoint: Item) -> str:
    url: str = endpoint.get("url", "")
    return url.partition(":")[0]


def _shares_its_url(store: Store, _before: Item, item: Item) -> None:
    others = [other for _, other in store["/endpoints"].older_than(None)]
    rivals = [o for o in others if o.get("url") == item.get("url") and o["id"] != item["id"]]
    if rivals and not item.get("pooling_enabled"):
        raise refusal(18017)
    if not all(rival.get("pooling_enabled") for rival in rivals):
        raise refusal(18016)


def _needs_a_policy(_store: Store, _before: Item, item: Item) -> None:
    if not item.get("ip_policies"):
        raise refusal(1804)


def _is_bound_by_its_url(_store: Store, _before: Item, item: Item) -> None:
    host = item.get("url", "").partition("://")[2].partition("/")[0].partition(":")[0]
    if "internal" in item.get("bindings", ()) and not host.endswith(".internal"):
        raise wrong_value("url", "must end with .internal for this binding")


def _certificates_are_kept(_store: Store, _before: Item, item: Item) -> None:
    if item.get("certificate_management_policy") and is_ngroks(item["domain"]):
        raise wrong_value("certificate_management_policy", OWN_ONLY, 439)


def is_ngroks(domain: str) -> bool:
    """Tell whether a name is below a domain of ngrok's own."""
    return domain.lower().endswith(tuple(f".{own}" for own in _OWN))


def _has_reserved_hostports(store: Store, before: Item, item: Item) -> None:
    _check_hostports(store, before, item, "/reserved_domains", 7117)


def _has_reserved_addresses(store: Store, before: Item, item: Item) -> None:
    _check_hostports(store, before, item, "/reserved_addrs", 7113)


def _check_hostports(store: Store, before: Item, item: Item, path: str, code: int) -> None:
    hostports: Sequence[str] = item.get("hostports") or ()
    taken = dict(_hostports(store, item["id"]))
    for index, hostport in enumerate(hostports):
        if hostport in hostports[:index]:
            raise refusal(7122, hostport=hostport, id=item["id"])
        if hostport in taken:
            raise refusal(7122, hostport=hostport, id=taken[hostport])
        found = any(_covers(each, hostport) for _, each in store[path].older_than(None))
        if not found and hostport not in (before.get("hostports") or ()):
            raise refusal(code, hostport=hostport)


def _hostports(store: Store, id_: str) -> Iterator[tuple[str, str]]:
    """Return hostports of edges and those edges' ids, but for one edge."""
    for path in _EDGES:
        for _, edge in store[path].older_than(None):
            if edge["id"] != id_:
                yield from ((hostport, edge["id"]) for hostport in edge.get("hostports") or ())


def _covers(reserved: Item, hostport: str) -> bool:
    """Tell whether a reserved domain or address is that of a hostport."""
    host = hostport.rpartition(":")[0].lower()
    domain = reserved.get("domain", "").lower()
    is_below = domain.startswith("*.") and host.endswith(domain[1:])
    return hostport == reserved.get("addr") or host == domain or is_below


_Rule: TypeAlias = Callable[[Store, Item, Item], None]
_HOSTS: Final[tuple[tuple[_Rule, str], ...]] = (
    (
        _has_reserved_hostports,
        "`hostports` are of reserved domains (7117), and of no other edge (7122)",
    ),
)
STATES: Final[Mapping[str, tuple[tuple[_Rule, str], ...]]] = {
    "/edges/https": _HOSTS,
    "/edges/tcp": (
        (
            _has_reserved_addresses,
            "`hostports` are reserved addresses (7113), and of no other edge (7122)",
        ),
    ),
    "/edges/tls": _HOSTS,
    "/endpoints": (
        (_is_of_the_cloud, "those of agents are neither changed nor deleted (404)"),
        (
            _is_bound_by_its_url,
            "the binding `internal` wants a URL that ends with .internal (215?)",
        ),
        (_keeps_its_scheme, "the scheme of `url` stays (18005)"),
        (
            _shares_its_url,
            "a URL is shared only where all have `pooling_enabled` (18016, 18017)",
        ),
    ),
    "/event_destinations": ((_keeps_its_service, "the kind of the target stays (5108)"),),
    "/ip_restrictions": ((_needs_a_policy, "`ip_policy_ids` must have one (1804)"),),
    "/reserved_domains": (
        (
            _certificates_are_kept,
            "no `certificate_management_policy` (439) or certificate (440) on ngrok's own domains",
        ),
    ),
}
"""By collection: rules, and what docs/testing.md says of them."""
