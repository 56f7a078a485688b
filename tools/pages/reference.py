"""Writes the pages of the reference, one per resource, for Sphinx to fill: see `docs/conf.py`.

A page says only which classes stand on it. Their text is that of the docstrings.
"""

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Final, cast, get_args

from ngrok_async._model import Model
from ngrok_async._operation import Resource, operations
from ngrok_async.filters import Fields
from tools.contract.declared import models, resources
from tools.pages.examples import EXAMPLES

GROUPS: Final[Mapping[str, Sequence[str]]] = {
    "Agents and endpoints": (
        "tunnel_sessions",
        "endpoints",
        "agent_ingresses",
        "credentials",
        "ssh_credentials",
        "kubernetes_operators",
    ),
    "Names and certificates": (
        "reserved_domains",
        "reserved_addrs",
        "tls_certificates",
        "certificate_authorities",
        "ssh_certificate_authorities",
        "ssh_host_certificates",
        "ssh_user_certificates",
    ),
    "Who may connect": (
        "ip_policies",
        "ip_policy_rules",
        "ip_restrictions",
        "application_users",
        "application_sessions",
    ),
    "Events and secrets": (
        "event_destinations",
        "event_subscriptions",
        "event_sources",
        "vaults",
        "secrets",
    ),
    "Account": ("api_keys", "service_users", "abuse_reports"),
    "Deprecated by ngrok": (
        "tunnels",
        "bot_users",
        "ai_gateway_api_keys",
        "backends",
        "edges",
        "edge_modules",
    ),
}
"""The attributes of the client, as ngrok's dashboard and documentation sort them."""

_PUBLIC: Final[Mapping[str, Sequence[str]]] = {
    "ngrok_async.resources._endpoint": ("ngrok_async.resources.endpoints",),
    "ngrok_async.resources._event_source": ("ngrok_async.resources.event_sources",),
    "ngrok_async.resources._secret": ("ngrok_async.resources.secrets",),
    "ngrok_async.resources._shared": ("ngrok_async.resources",),
    "ngrok_async.resources.edges._models": (
        "ngrok_async.resources.edges.edge_modules",
        "ngrok_async.resources.edges.https_routes",
    ),
}
"""Where callers import what several resources share."""


def pages() -> Mapping[str, str]:
    """Return the text of each page by its name.

    Raises:
        ValueError: A resource stands in no group, or a group names one that does not exist.
    """
    known = {path.partition(".")[0] for path in resources()}
    grouped = {name for names in GROUPS.values() for name in names}
    if known != grouped:
        raise ValueError(
            f"GROUPS in tools/pages/reference.py lacks or invents {sorted(known ^ grouped)}"
        )
    texts = {name: _page(name) for name in sorted(known)}
    texts |= {_group_page(title): _group(title) for title in GROUPS} | {"index": _index()}
    return {name: "\n".join(lines) + "\n" for name, lines in texts.items()}


def write(directory: Path) -> None:
    """Write the pages, and take away those of resources that are no more."""
    directory.mkdir(exist_ok=True)
    wanted = {directory / f"{name}.rst": text for name, text in pages().items()}
    for old in set(directory.glob("*.rst")) - set(wanted):
        old.unlink()
    for path, text in wanted.items():
        if not path.exists() or path.read_text("utf-8") != text:  # else Sphinx reads it anew
            path.write_text(text, encoding="utf-8")


def public_name(kind: type) -> str:
    """Return the name by which a class of `ngrok_async.resources` is imported."""
    modules = (kind.__module__, *_PUBLIC.get(kind.__module__, ()))
    return next(
        f"{module}.{kind.__name__}"
        for module in modules
        if not module.rpartition(".")[2].startswith("_")
        and kind.__name__ in vars(import_module(module))
    )


def _index() -> Iterator[str]:
    yield from _title("Reference", "=")
    yield "All of this hangs on a client, which has :doc:`a page of its own <../client>`, and so"
    yield "have :doc:`conditions for lists <../filters>`, :doc:`jobs <../jobs-api>` and"
    yield ":doc:`the fake for tests <../testing-api>`. Names are those of the API. A link on the"
    yield "left leads to a resource and its models, a link on the right to an operation."
    own_pages = ("   ../client", "   ../filters", "   ../jobs-api", "   ../testing-api")
    groups = (f"   {_group_page(title)}" for title in GROUPS)
    yield from ("", ".. toctree::", "   :hidden:", "", *own_pages, *groups, "")
    for title in GROUPS:
        yield from _title(title, "-")
        yield from _operations(title)


def _group_page(title: str) -> str:
    return title.lower().replace(" ", "-")


def _group(title: str) -> Iterator[str]:
    """A page that makes of a group a branch of the site's menu."""
    yield from _title(title, "=")
    entries = (f"   {name} <{name}>" for name in GROUPS[title])
    yield from (".. toctree::", "   :hidden:", "", *entries, "")
    yield from _operations(title)


def _operations(title: str) -> Iterator[str]:
    """Show what there is in a group, and what each of it can do."""
    yield from (".. list-table::", "   :widths: 36 64", "")
    for name in GROUPS[title]:
        for path, kind in _below(name):
            links = (f":py:meth:`~{home_of(path, kind)}.{verb}`" for verb in operations(kind))
            yield f"   * - :doc:`{path} <{name}>`"
            yield f"     - {', '.join(links)}"
    yield ""


def _page(name: str) -> Iterator[str]:
    found = _below(name)
    yield from _title(f"ngrok.{name}", "=")
    yield from (".. code-block:: python", "", textwrap.indent(EXAMPLES[name], "   "))
    if name == "edge_modules":
        yield from _modules(found)
    else:
        for path, kind in found:
            if path != name:
                yield from _title(f"ngrok.{path}", "-")
            yield from (f".. autoclass:: {public_name(kind)}", "   :members:", "")
            yield from _fields(kind)
    # What several of them are made of is shown among them.
    parts = {part for model in models().values() for part in model.__mro__}
    kinds = [part for part in parts if issubclass(part, Model) and part is not Model]
    shown = sorted((kind for kind in kinds if _home(kind) == name), key=lambda kind: kind.__name__)
    if shown:
        yield from _title("Models", "-")
    for model in shown:
        yield from (f".. autoclass:: {public_name(model)}", "   :show-inheritance:", "")


def filter_fields(resource: type[Resource]) -> Mapping[str, type]:
    """Return what the filter of a resource's list knows, with the kind of each field."""
    of = getattr(resource, "fields", None)
    names = dir(of) if isinstance(of, Fields) else ()
    shown = [name for name in names if not name.startswith("_")]
    return {name: type(cast("object", getattr(of, name))) for name in shown}


def _fields(resource: type[Resource]) -> Iterator[str]:
    """Give each field of a resource's filter a place that can be linked, if there is a filter."""
    fields, (module, _, shown) = filter_fields(resource), public_name(resource).rpartition(".")
    if not fields:
        return
    yield from (f".. py:currentmodule:: {module}", "", f".. py:attribute:: {shown}.fields", "")
    yield from ("   What conditions on its list are made of: see :doc:`../filters`.", "")
    for name, kind in fields.items():
        yield from (f".. py:attribute:: {shown}.fields.{name}", "   :no-contents-entry:")
        yield from (f"   :type: ~ngrok_async.filters.{kind.__name__}", "")
    yield from (".. py:currentmodule:: None", "")


def home_of(path: str, kind: type[Resource]) -> str:
    """Return where the operations of a resource are shown: those of modules are all alike."""
    if not path.startswith("edge_modules."):
        return public_name(kind)
    shape = kind.__bases__[0].__name__
    return f"ngrok_async.resources.edges._module.{shape}"


def _modules(found: Sequence[tuple[str, type[Resource]]]) -> Iterator[str]:
    """Show the two shapes in whole, and of each module where it is and what it takes."""
    yield from ("Each module is read, replaced and removed as a whole. Deprecated by ngrok.", "")
    for shape in ("EdgeModule", "RouteModule"):
        yield from (f".. autoclass:: ngrok_async.resources.edges._module.{shape}", "   :members:")
        yield ""
    yield from _title("All modules", "-")
    yield from (".. list-table::", "   :header-rows: 1", "   :widths: 40 60", "")
    yield from ("   * - attribute", "     - its address, and what ``replace`` takes")
    for path, kind in found:
        replace = operations(kind)["replace"]
        taken = cast("tuple[object, ...]", get_args(replace.hints["module"]))
        links = " or ".join(
            f":py:class:`~{public_name(part)}`"
            for part in taken
            if isinstance(part, type) and issubclass(part, Model)
        )
        yield f"   * - ``{path.partition('.')[2]}``"
        yield f"     - ``{replace.template}``: {links}"
    yield ""


def _below(name: str) -> list[tuple[str, type[Resource]]]:
    return [(p, kind) for p, kind in resources().items() if p.partition(".")[0] == name]


def _home(model: type[Model]) -> str:
    """Return the page of a model; "client" for what all resources share."""
    path = public_name(model).removeprefix("ngrok_async.resources").rpartition(".")[0]
    parts = path.strip(".").split(".")
    own_pages = {"backends", "edge_modules"}
    return next((part for part in parts if part in own_pages), parts[0] or "client")


def _title(text: str, line: str) -> tuple[str, ...]:
    return text, line * len(text), ""
