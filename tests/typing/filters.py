"""Conditions as callers write them, right and wrong; checked by mypy and pyright, and never run.

As in `api.py` beside it: each wrong use is marked with what is said about it, and a mark without a
mistake is one. What no checker sees (`and`, `or`, a chain of comparisons) is refused when it runs:
see `tests/test_filters.py`.
"""

# pyright: strict, reportUnnecessaryTypeIgnoreComment=true

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import TypeVar, assert_type

from ngrok_async import Client, Page, Pager
from ngrok_async.filters import (
    BoolField,
    Condition,
    Filter,
    FromNow,
    IdField,
    Reference,
    ReferenceField,
    SetField,
    TextField,
    TimeField,
    ago,
    ahead,
    all_of,
    any_of,
    quote,
)
from ngrok_async.resources import DescribedFields, Ref
from ngrok_async.resources.credentials import Credential
from ngrok_async.resources.endpoints import Endpoint, EndpointFields, Endpoints
from ngrok_async.resources.event_destinations import EventDestination
from ngrok_async.resources.ip_policies import IPPolicies, IPPolicy
from ngrok_async.resources.ip_policy_rules import IPPolicyRule
from ngrok_async.resources.reserved_domains import ReservedDomain
from ngrok_async.resources.service_users import ServiceUser
from ngrok_async.resources.tls_certificates import TLSCertificate
from ngrok_async.resources.tunnel_sessions import TunnelSession, TunnelSessionFields

M = TypeVar("M")


def fields(ngrok: Client) -> None:
    """Each field has its kind, and knows what it is a field of."""
    f = ngrok.tunnel_sessions.fields
    assert_type(f, TunnelSessionFields)
    assert_type(f.id, IdField[TunnelSession])
    assert_type(f.region, TextField[TunnelSession])
    assert_type(f.started_at, TimeField[TunnelSession])
    assert_type(f.credential, ReferenceField[TunnelSession])
    assert_type(f.credential.id, IdField[TunnelSession])
    ef = ngrok.endpoints.fields
    assert_type(ef, EndpointFields)
    assert_type(ef.created_at, TimeField[Endpoint])
    assert_type(ef.pooling_enabled, BoolField[Endpoint])
    assert_type(ef.bindings, SetField[Endpoint])
    assert_type(ef.binding, TextField[Endpoint])
    assert_type(ef.principal, Reference[Endpoint])
    assert_type(ef.principal.id, IdField[Endpoint])
    assert_type(Endpoints.fields, EndpointFields)
    assert_type(IPPolicies.fields, DescribedFields[IPPolicy])
    assert_type(ngrok.ip_policies.fields.metadata, TextField[IPPolicy])
    assert_type(ngrok.credentials.fields.acl, SetField[Credential])
    assert_type(str(f.region), str)

    _ = f.regoin  # type: ignore[attr-defined]
    _ = f.transport  # type: ignore[attr-defined]
    _ = ef.updated_at  # type: ignore[attr-defined]
    _ = f.credential.uri  # type: ignore[attr-defined]
    _ = f.region.id  # type: ignore[attr-defined]
    _ = ngrok.tunnels.fields  # type: ignore[attr-defined]
    _ = ngrok.ssh_host_certificates.fields  # type: ignore[attr-defined]
    _ = ngrok.service_users.fields.name  # type: ignore[attr-defined]
    f.region = "eu"  # type: ignore[assignment]


def texts(ngrok: Client, names: list[str], either: tuple[str, ...]) -> None:
    """A text is compared with texts, and has no order."""
    f = ngrok.tunnel_sessions.fields
    assert_type(f.region == "eu", Condition[TunnelSession])
    assert_type(f.region != "eu", Condition[TunnelSession])
    assert_type(f.region.in_(["eu", "us"]), Condition[TunnelSession])
    assert_type(f.region.in_(names), Condition[TunnelSession])
    assert_type(f.region.in_(either), Condition[TunnelSession])
    assert_type(f.region.in_({"eu"}), Condition[TunnelSession])
    assert_type(f.region.in_(frozenset(names)), Condition[TunnelSession])
    assert_type(f.metadata.startswith("a"), Condition[TunnelSession])
    assert_type(f.metadata.contains("a"), Condition[TunnelSession])
    assert_type(f.metadata.endswith("a"), Condition[TunnelSession])
    assert_type(f.metadata.empty, Condition[TunnelSession])

    sessions = ngrok.tunnel_sessions
    sessions.list(filter=f.region == 5)  # type: ignore[arg-type]
    sessions.list(filter=f.region == None)  # type: ignore[arg-type] # noqa: E711 # the mistake
    sessions.list(filter=f.region != b"eu")  # type: ignore[arg-type]
    sessions.list(filter=f.region)  # type: ignore[arg-type]
    sessions.list(filter=f.metadata.empty())  # type: ignore[operator]
    _ = f.agent_version < "3.9"  # type: ignore[operator]
    _ = "3.9" >= f.agent_version  # type: ignore[operator]
    f.region.in_("eu")  # type: ignore[arg-type]
    f.region.in_([1, 2])  # type: ignore[type-var]
    f.region.in_(name for name in names)  # type: ignore[arg-type]
    f.region.in_("eu", "us")  # type: ignore[call-arg, arg-type]
    f.metadata.contains(5)  # type: ignore[arg-type]
    f.metadata.startswith(("a", "b"))  # type: ignore[arg-type]
    f.metadata.has("a")  # type: ignore[attr-defined]
    f.os.startsWith("win")  # type: ignore[attr-defined]
    _ = "a" in f.metadata  # type: ignore[operator]


def ids(ngrok: Client, session: TunnelSession, sessions: list[TunnelSession]) -> None:
    """A model or a reference goes wherever an id goes."""
    f = ngrok.tunnel_sessions.fields
    rf = ngrok.ip_policy_rules.fields
    assert_type(f.id == "ts_1", Condition[TunnelSession])
    assert_type(f.id != session, Condition[TunnelSession])
    assert_type(f.id.in_(["ts_1", session, Ref(id="ts_2")]), Condition[TunnelSession])
    assert_type(f.id.in_(sessions), Condition[TunnelSession])
    assert_type(f.id.in_({session}), Condition[TunnelSession])
    assert_type(f.credential == session.credential, Condition[TunnelSession])
    assert_type(f.credential.id == "cr_1", Condition[TunnelSession])
    assert_type(rf.ip_policy.in_(["ipp_1"]), Condition[IPPolicyRule])
    assert_type(rf.ip_policy.id != "ipp_1", Condition[IPPolicyRule])
    assert_type(ngrok.reserved_domains.fields.certificate.id == "c", Condition[ReservedDomain])

    ngrok.tunnel_sessions.list(filter=f.id == 5)  # type: ignore[arg-type]
    f.id.in_("ts_1")  # type: ignore[call-overload]
    f.id.in_([1])  # type: ignore[list-item]
    f.id.contains("ts")  # type: ignore[attr-defined]
    f.credential.startswith("cr_")  # type: ignore[attr-defined]
    _ = f.id < "ts_1"  # type: ignore[operator]
    ngrok.endpoints.list(filter=ngrok.endpoints.fields.principal == "u")  # type: ignore[arg-type, comparison-overlap]


def times(ngrok: Client, at: datetime, day: date) -> None:
    """A time is compared with moments, and with those that are told from now."""
    f = ngrok.tunnel_sessions.fields
    assert_type(ago(days=7), FromNow)
    assert_type(ahead(hours=1.5, minutes=2, seconds=3), FromNow)
    assert_type(f.started_at < at, Condition[TunnelSession])
    assert_type(f.started_at <= ago(days=7), Condition[TunnelSession])
    assert_type(f.started_at > ahead(hours=1), Condition[TunnelSession])
    assert_type(f.started_at >= at, Condition[TunnelSession])
    assert_type(f.started_at == at, Condition[TunnelSession])
    assert_type(at < f.started_at, Condition[TunnelSession])
    assert_type(ago(days=7) < f.started_at, Condition[TunnelSession])
    assert_type(ngrok.tls_certificates.fields.not_after < ahead(days=30), Condition[TLSCertificate])
    assert_type(ngrok.service_users.fields.created_at < at, Condition[ServiceUser])

    _ = f.started_at < "2026-01-31"  # type: ignore[operator]
    _ = f.started_at > 1769850000  # type: ignore[operator]
    _ = f.started_at < day  # type: ignore[operator]
    _ = f.started_at < timedelta(days=7)  # type: ignore[operator]
    ngrok.tunnel_sessions.list(filter=f.started_at == "2026-01-31")  # type: ignore[arg-type]
    f.started_at.in_([at])  # type: ignore[attr-defined]
    ago("7d")  # type: ignore[call-arg, arg-type]
    ago(weeks=1)  # type: ignore[call-arg]
    ahead(days="7")  # type: ignore[arg-type]


def others(ngrok: Client) -> None:
    """What is true or false is a condition by itself; of several texts one is asked for."""
    ef = ngrok.endpoints.fields
    assert_type(ef.pooling_enabled == True, Condition[Endpoint])  # noqa: E712 # as it can be written
    assert_type(~ef.pooling_enabled, Condition[Endpoint])
    assert_type(ef.pooling_enabled & (ef.url == "https://a.example"), Condition[Endpoint])
    assert_type((ef.url == "https://a.example") | ef.pooling_enabled, Condition[Endpoint])
    assert_type(ef.bindings.has("public"), Condition[Endpoint])
    assert_type(ef.binding == "public", Condition[Endpoint])
    ngrok.endpoints.list(filter=ef.pooling_enabled)

    ngrok.endpoints.list(filter=ef.pooling_enabled == "true")  # type: ignore[arg-type]
    ngrok.endpoints.list(filter=ef.bindings == "public")  # type: ignore[arg-type, comparison-overlap]
    ef.bindings.has(["public"])  # type: ignore[arg-type]
    ef.bindings.contains("public")  # type: ignore[attr-defined]
    _ = "public" in ef.bindings  # type: ignore[operator]


def joined(ngrok: Client, own: Condition[TunnelSession], many: list[Condition[Endpoint]]) -> None:
    """Conditions on one kind of thing go together."""
    f = ngrok.tunnel_sessions.fields
    ef = ngrok.endpoints.fields
    assert_type((f.region == "eu") & (f.os != "windows"), Condition[TunnelSession])
    assert_type((f.region == "eu") | ~f.metadata.empty, Condition[TunnelSession])
    assert_type(all_of(own, f.region == "eu", f.os == "linux"), Condition[TunnelSession])
    assert_type(any_of(*many), Condition[Endpoint])
    assert_type(str(own), str)
    assert_type(hash(own), int)
    assert_type(own == own, bool)  # noqa: PLR0124 # only its type matters

    _ = (f.region == "eu") & (ef.region == "eu")  # type: ignore[operator]
    all_of(own, ef.region == "eu")  # type: ignore[misc]
    any_of(many)  # type: ignore[arg-type]
    any_of('obj.region == "eu"')  # type: ignore[arg-type]
    _ = f.region == "eu" & (f.os != "windows")  # type: ignore[operator]
    _ = (f.region == "eu") & f.os == "linux"  # type: ignore[operator]
    _ = own & 'obj.os == "linux"'  # type: ignore[operator]
    _ = own + own  # type: ignore[operator]
    _ = -own  # type: ignore[operator]
    ngrok.tunnel_sessions.list(filter=not own)  # type: ignore[arg-type]


def asked(ngrok: Client, session: TunnelSession, endpoint: Endpoint) -> Iterator[object]:
    """A list takes its own kind of condition; it is asked about its own kind of item."""
    f = ngrok.tunnel_sessions.fields
    ef = ngrok.endpoints.fields
    yield assert_type(ngrok.tunnel_sessions.list(filter=f.os == "linux"), Pager[TunnelSession])
    yield ngrok.tunnel_sessions.list(filter=f"{f.metadata} == {quote('a')}")
    yield ngrok.tunnel_sessions.list(filter=None)
    yield assert_type((f.os == "linux").matches(session), bool)
    given: Filter[TunnelSession] = f.os == "linux"
    given = 'obj.os == "linux"'
    yield given
    assert_type(ngrok.event_destinations.fields.id == "ed_1", Condition[EventDestination])

    yield ngrok.tunnel_sessions.list(filter=ef.url == "https://a.example")  # type: ignore[arg-type]
    yield ngrok.endpoints.list(filter=f.region == "eu")  # type: ignore[arg-type]
    yield ngrok.endpoints.list(filter=[ef.region == "eu"])  # type: ignore[arg-type]
    yield ngrok.endpoints.list(filter={"region": "eu"})  # type: ignore[arg-type]
    yield ngrok.tunnels.list(filter=f.region == "eu")  # type: ignore[call-arg]
    yield (f.os == "linux").matches(endpoint)  # type: ignore[arg-type]
    yield (f.os == "linux").matches(session.id)  # type: ignore[arg-type]
    yield quote(5)  # type: ignore[arg-type]
    given = ef.url == "https://a.example"  # type: ignore[assignment]


async def generic(pager: Pager[M], condition: Condition[M]) -> Page[M]:
    """A function of a caller's own, over any kind."""
    page = await pager
    assert_type(condition.matches(page.items[0]), bool)
    return page
