"""Answers what people try first by what works.

All of it is hidden from type checkers: they refuse these mistakes by themselves.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from inspect import Parameter, signature
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar, Final, NoReturn, TypeVar, cast

F = TypeVar("F", bound=Callable[..., object])

Instead = Mapping[str, tuple[str, ...]]
"""What people look for, and what they may find in its place: names, or `a piece of code`."""

# Half a word is no reason to name another one.
_ALIKE: Final = 0.75
# Enough to see how it is written; the signature has all of them.
_SHOWN: Final = 3

RESOURCES: Final = frozenset({
    "abuse_reports", "agent_ingresses", "ai_gateway_api_keys", "api_keys",
    "application_sessions", "application_users", "backends", "bot_users",
    "certificate_authorities", "credentials", "edge_modules", "edges", "endpoints",
    "event_destinations", "event_sources", "event_subscriptions", "ip_policies",
    "ip_policy_rules", "ip_restrictions", "kubernetes_operators", "reserved_addrs",
    "reserved_domains", "secrets", "service_users", "ssh_certificate_authorities",
    "ssh_credentials", "ssh_host_certificates", "ssh_user_certificates", "tls_certificates",
    "tunnel_sessions", "tunnels", "vaults",
})  # fmt: skip
"""The names of the client's resources."""

ITEMS: Final = RESOURCES | {
    *("https_edges", "ingresses", "keys", "operators", "sources", "tcp_edges", "tls_edges")
}
"""What lists call their items: under these names the official client has them in a page."""

_OF_LISTS: Final = ITEMS | {
    *("all", "collect", "count", "cursor", "extra", "first", "items", "next", "next_page_uri"),
    *("data", "one", "pages", "results", "to_dict", "to_list", "total", "uri"),
}

OF_CLIENT: Final[Instead] = {
    "addresses": ("reserved_addrs",),
    "agents": ("tunnel_sessions",),
    "authtokens": ("credentials",),
    "bots": ("bot_users",),
    "certificates": ("tls_certificates",),
    "certs": ("tls_certificates",),
    "close": ("`await ngrok.aclose()`",),
    "delete": ('`await ngrok.request("DELETE", ...)`',),
    "domains": ("reserved_domains",),
    "events": ("event_subscriptions",),
    "get": ('`await ngrok.request("GET", ...)`',),
    "ingresses": ("agent_ingresses",),
    "ips": ("ip_policies",),
    "keys": ("api_keys",),
    "operators": ("kubernetes_operators",),
    "patch": ('`await ngrok.request("PATCH", ...)`',),
    "policies": ("ip_policies",),
    "post": ('`await ngrok.request("POST", ...)`',),
    "put": ('`await ngrok.request("PUT", ...)`',),
    "rate_limit": ("budget",),
    "restrictions": ("ip_restrictions",),
    "rules": ("ip_policy_rules",),
    "sessions": ("tunnel_sessions",),
    "sources": ("event_sources",),
    "tcp_addresses": ("reserved_addrs",),
    "tokens": ("credentials",),
    "urls": ("endpoints",),
    "users": ("service_users",),
    "vault_secrets": ("secrets",),
    "webhooks": ("event_destinations",),
    **{
        name: (f"`from ngrok_async.jobs import {name}`",)
        for name in ("ensure", "plan_ip_rules", "release", "temporary", "wait_for", "watch")
    },
}

OF_RESOURCE: Final[Instead] = {
    **dict.fromkeys(("add", "insert", "make", "new", "post", "register"), ("create",)),
    **dict.fromkeys(("change", "edit", "modify", "patch", "save"), ("update", "replace")),
    **dict.fromkeys(("describe", "fetch", "find", "read", "retrieve", "show"), ("get", "list")),
    **dict.fromkeys(("destroy", "kill", "remove", "revoke", "rm"), ("delete", "stop")),
    **dict.fromkeys(("all", "collect", "filter", "items", "pages", "search", "walk"), ("list",)),
    **dict.fromkeys(("put", "set"), ("replace", "update")),
    **dict.fromkeys(("reboot", "reload"), ("restart",)),
    **dict.fromkeys(("close", "delete", "disconnect", "end", "shutdown", "terminate"), ("stop",)),
    "replace": ("update",),
    "stop": ("delete",),
    "update": ("replace",),
    "upgrade": ("update",),
    "watch": ("`from ngrok_async.jobs import watch`",),
}

OF_FIELD: Final[Instead] = {
    **dict.fromkeys(("eq", "equals", "is_"), ("`field == value`",)),
    **dict.fromkeys(("isin", "is_in", "one_of"), ("in_",)),
    **dict.fromkeys(("not_in", "notin_"), ("`~field.in_([...])`",)),
    **dict.fromkeys(("icontains", "ilike", "like", "match", "matches"), ("contains", "has")),
    **dict.fromkeys(("is_empty", "is_none", "is_null", "isnull"), ("empty",)),
    "endsWith": ("endswith",),
    "startsWith": ("startswith",),
}

_OF_JSON: Final = ("as_dict", "asdict", "dict", "json", "model_dump", "serialize", "to_json")

OF_LIST: Final[Instead] = {
    **dict.fromkeys(_OF_JSON, ("to_dict",)),
    **dict.fromkeys(("has_more", "has_next", "next_cursor", "next_page"), ("cursor",)),
    **dict.fromkeys(("first_or_none", "get", "head", "newest"), ("first",)),
    **dict.fromkeys(("one_or_none", "only", "single"), ("one",)),
    **dict.fromkeys(("filter", "where"), ("`list(filter=...)`",)),
}

OF_MODEL: Final[Instead] = {
    **dict.fromkeys((*_OF_JSON, "items", "keys", "values"), ("to_dict",)),
    **dict.fromkeys(("copy", "evolve"), ("`attrs.evolve(item, ...)`",)),
    **{
        verb: (f"`await ngrok.<resource>.{verb}(item)`",)
        for verb in ("delete", "get", "replace", "restart", "stop", "update")
    },
    **dict.fromkeys(("refresh", "reload"), ("`await ngrok.<resource>.get(item)`",)),
    "save": ("`await ngrok.<resource>.update(item, ...)`",),
}

OF_PACKAGE: Final[Instead] = {
    **dict.fromkeys(("AsyncClient", "AsyncNgrok", "Ngrok", "NgrokClient"), ("Client",)),
    "RedisRateLimit": ("`from ngrok_async.redis import RedisRateLimit`",),
    "redis": ("`import ngrok_async.redis`",),
    "testing": ("`import ngrok_async.testing`",),
}

# The modules whose names are looked through for one that the package does not have.
_WITH_NAMES: Final = ("errors", "events", "filters", "jobs", "resources")

_NO_FILTER: Final = "ngrok has no filter for this list, so walk over `list()` and choose there"
_UNEXPECTED: Final = re.compile(r"unexpected keyword argument '(\w+)'")

_NONE: Final[Instead] = MappingProxyType({})


if TYPE_CHECKING:

    class Explained:
        """Names what may have been meant by an attribute that is missing."""

        _synonyms: ClassVar[Instead]

    class ExplainedContext(Explained):
        """Is for `async with`, and says so."""

    class ExplainedModel(Explained):
        """Is no dictionary, but gives one."""

    class ExplainedResource(Explained):
        """Is no list, but has one."""

    class ExplainedList:
        """Is no list, and says what is one."""

        _instead: ClassVar[str]

else:

    class Explained:
        """Names what may have been meant by an attribute that is missing."""

        __slots__ = ()

        _synonyms = _NONE

        def __getattr__(self, name: str) -> NoReturn:
            hint = "" if name.startswith("_") else self._hint(name)
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}{hint}")

        def _hint(self, name: str) -> str:
            return _instead(name, dir(type(self)), self._synonyms)

    class ExplainedContext(Explained):
        """Is for `async with`, and says so."""

        def __enter__(self) -> NoReturn:
            raise TypeError("write `async with Client() as ngrok`, and not `with`")

        def __exit__(self, *_: object) -> None:
            """Have `with` call `__enter__`, which it does not without this."""

    class ExplainedModel(Explained):
        """Is no dictionary, but gives one."""

        __slots__ = ()

        _synonyms = OF_MODEL
        __iter__ = None  # else Python would walk by `__getitem__`

        def __getitem__(self, index: object) -> NoReturn:
            raise TypeError(
                f"{type(self).__name__!r} object is not subscriptable; its fields are attributes, "
                "as in `item.id`, and item.to_dict() is a dictionary"
            )

    class ExplainedResource(Explained):
        """Is no list, but has one."""

        __slots__ = ()

        def __aiter__(self) -> NoReturn:
            raise TypeError(f"{self!r} is not iterable; write `async for item in ...list()`")

        def __getitem__(self, index: object) -> NoReturn:
            raise TypeError(f"{self!r} is not subscriptable; write `await ...get(id)`, or `list()`")

        def _hint(self, name: str) -> str:
            if name == "fields":
                return f"; {_NO_FILTER}"
            if name in {"first", "one"}:
                return f"; write `await ...list().{name}()`"
            return super()._hint(name)

    class ExplainedList(Explained):
        """Is no list, and says what is one."""

        __slots__ = ()

        def _hint(self, name: str) -> str:
            if name in _OF_LISTS:
                return f"; {self._instead}"
            return _instead(name, dir(type(self)), OF_LIST)

        def __iter__(self) -> NoReturn:
            raise TypeError(f"{type(self).__name__!r} object is not iterable; {self._instead}")

        def __aiter__(self) -> NoReturn:
            raise TypeError(f"{type(self).__name__!r} object is not iterable; {self._instead}")

        def __getitem__(self, index: object) -> NoReturn:
            raise TypeError(f"{type(self).__name__!r} object is not subscriptable; {self._instead}")

        def __len__(self) -> NoReturn:
            raise TypeError(f"object of type {type(self).__name__!r} has no len(); {self._instead}")

        def __bool__(self) -> bool:
            return True  # as without a length


def missing_name(name: str, names: Iterable[str]) -> AttributeError:
    """Return the error about a name that the package does not have.

    Args:
        name: What was looked for.
        names: What there is.
    """
    from importlib import import_module  # noqa: PLC0415 # an import for mistakes only

    text = f"module 'ngrok_async' has no attribute {name!r}"
    if name.startswith("_"):
        return AttributeError(text)
    if not (hint := _instead(name, names, OF_PACKAGE)):
        homes = (f"ngrok_async.{module}" for module in _WITH_NAMES)
        found = (home for home in homes if name in import_module(home).__all__)
        hint = "".join(f"; write `from {home} import {name}`" for home in found)
    return AttributeError(f"{text}{hint}")


def _instead(name: str, names: Iterable[str], synonyms: Instead) -> str:
    """Return what to write instead of a name that is missing; "" if there is no telling."""
    from difflib import get_close_matches  # noqa: PLC0415 # an import for mistakes only

    public = [name for name in names if not name.startswith("_")]
    for alike in (name, *get_close_matches(name, {*public, *synonyms}, 3, _ALIKE)):
        for found in synonyms.get(alike, (alike,)):
            if found in public:
                return f"; did you mean {found!r}?"
            if found.startswith("`"):
                return f"; write {found}"
    return ""


def explained_options(function: F) -> F:
    """Have options refused that only a new client can have, with that as the cure."""

    @wraps(function)
    def checked(self: object, **options: object) -> object:
        known = signature(function).parameters
        for name in signature(type(self)).parameters:
            if name in options and name not in known:
                raise TypeError(
                    f"{function.__qualname__}() got an unexpected keyword argument {name!r}; it is "
                    f"shared by a client and its views, so make another client: Client({name}=...)"
                )
        return function(self, **options)

    return cast("F", checked)


def explained_arguments(
    error: TypeError, args: tuple[object, ...], parameters: Mapping[str, Parameter]
) -> TypeError:
    """Return Python's error about arguments that do not fit, with what they are passed by.

    Args:
        error: What Python said.
        args: What was passed by position.
        parameters: Those of the signature without `self`.
    """
    if unexpected := _UNEXPECTED.search(str(error)):
        return TypeError(f"{error}{_of_keyword(unexpected[1], parameters)}")
    kinds = {name: parameter.kind for name, parameter in parameters.items()}
    named = [name for name, kind in kinds.items() if kind is Parameter.KEYWORD_ONLY]
    if len(args) <= len(kinds) - len(named) or not named:
        return TypeError(str(error))
    shown = ", ".join(f"{name}=..." for name in named[:_SHOWN])
    more = ", ..." if len(named) > _SHOWN else ""
    return TypeError(f"{error}; pass by name: {shown}{more}")


def _of_keyword(name: str, parameters: Iterable[str]) -> str:
    """Return what a list takes instead of a keyword that it does not have."""
    if "before_id" not in parameters or _instead(name, parameters, _NONE):
        return ""  # no list, or a slip of the pen
    if name == "filter":
        return f"; {_NO_FILTER}"
    if name in {"after", "cursor"}:
        return "; a cursor is passed as before_id="
    return "; conditions go into filter=, see its `fields`" if "filter" in parameters else ""
