"""Writes the table *checked / not checked* of docs/testing.md: `python -m tools.pages.testing`.

What is checked comes from the tables of the fake, what is not from `NOT_CHECKED` here.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from ngrok_async._kinds import TypeForm
from ngrok_async._operation import Operation
from ngrok_async.testing._conflicts import HELD, STATES, UNIQUE, USERS
from ngrok_async.testing._declared_types import fields, model_in
from ngrok_async.testing._kinds import kinds, plain
from ngrok_async.testing._references import CODES, TARGETS
from ngrok_async.testing._refusals import INFERRED
from ngrok_async.testing._routes import declared
from ngrok_async.testing._values import EXCLUSIVE, LIMITS, NEEDED, Check, checks

PAGE: Final = Path(__file__).parents[2] / "docs" / "testing.md"
_BEGIN: Final = "<!-- made by `python -m tools.pages.testing` -->\n"
_BAD_VALUE: Final = 215
_END: Final = "<!-- end of what is made -->\n"

NOT_CHECKED: Final[Mapping[str, str]] = {
    "/abuse_reports": "whether a URL is ngrok's",
    "/agent_ingresses": "whether the domain is yours",
    "/backends/failover": "whether it would lead to itself",
    "/backends/http_response": "`status_code`, `headers`",
    "/backends/static": "the form of `address`",
    "/backends/weighted": "weights; whether it would lead to itself",
    "/certificate_authorities": "what is in the PEM; whether an edge uses it",
    "/credentials": "the names in `acl`; whether it is the one you use (601)",
    "/edges/https": "`min_version`; ports",
    "/edges/https/{}/routes": "the form of `match`; durations, numbers, providers of modules",
    "/edges/tls": "`min_version`; ports",
    "/endpoints": "whether the domain is yours; actions and expressions of a policy",
    "/event_destinations": "the settings of a service; whether ngrok can reach it",
    "/event_subscriptions": "the names of event types",
    "/event_subscriptions/{}/sources": "the names of event types",
    "/ip_policies": "the number of rules (1411, 1417); whether an edge uses it",
    "/ip_restrictions": "whether it would lock you out (220)",
    "/kubernetes_operators": "selectors, certificate requests, regions",
    "/reserved_addrs": "whether an edge uses it",
    "/reserved_domains": "whether somebody else has it (414); DNS; `resolves_to`",
    "/ssh_certificate_authorities": "`elliptic_curve`; whether size and curve fit the type",
    "/ssh_credentials": "the form of `public_key`; the names in `acl`",
    "/ssh_host_certificates": "the form of `public_key`; principals; dates",
    "/ssh_user_certificates": "the form of `public_key`; principals, options; dates",
    "/tls_certificates": "what is in the PEM; whether a domain uses it",
    "/vault_secrets": "the size of `value`; whether a policy uses it",
}
"""By collection: what ngrok surely looks at, and the fake does not."""


def table() -> str:
    """Return the table."""
    operations = declared()
    lines = ["| resource | checked | not checked |", "|---|---|---|"]
    for template in sorted(kinds(operations)):
        changes = [o for o in operations if _collection(o) == template and o.sends_json]
        checked = _marked("; ".join(dict.fromkeys(_checked(template, changes))) or "-")
        name = re.sub(r"^/|/\{\}", "", template)
        lines.append(f"| `{name}` | {checked} | {NOT_CHECKED.get(template, '-')} |")
    return "\n".join(lines) + "\n"


def written(page: str) -> str:
    """Return a page with the table in its place."""
    before, _, rest = page.partition(_BEGIN)
    return f"{before}{_BEGIN}\n{table()}\n{_END}{rest.partition(_END)[2]}"


def _collection(operation: Operation) -> str:
    return plain(operation.template).removesuffix("/{}")


def _checked(template: str, changes: list[Operation]) -> Iterator[str]:
    needed = {key: found for key, found in NEEDED.items() if key.partition(" ")[0] == template}
    for key, found in needed.items():
        yield _told(key.partition(" ")[2], found)
    for operation in changes:
        names = [name for name in operation.parameters if name not in operation.path_names]
        for name in names:
            yield from _field(template, name, name, operation.hints[name])
    for one, other, code in EXCLUSIVE.get(template, ()):
        yield f"`{one}` and `{other}` exclude each other ({code})"
    if template == "/vault_secrets":
        yield "one of `vault_id` and `vault_name` must be given (24008), and exist (24009)"
    yield from _lasting(template)


def _lasting(template: str) -> Iterator[str]:
    """Tell what is checked of an item among others."""
    if template in UNIQUE:
        names, code = UNIQUE[template]
        yield f"{' and '.join(f'`{name}`' for name in names)} only once ({code})"
    yield from (text for _, text in STATES.get(template, ()))
    if template in USERS:
        paths, code = USERS[template]
        where = ", ".join(f"`{path[1:]}`" for path in paths)
        yield f"not deleted while in use by {where} ({code})"
    if template == "/ip_policy_rules":
        yield "not deleted while the only one of a policy in use (1419)"
    for (collection, part), (holder, code) in HELD.items():
        if collection == template:
            yield f"`{part}` not removed while there is a `{holder}` ({code})"


def _field(scope: str, path: str, name: str, hint: TypeForm) -> Iterator[str]:
    found = checks(scope, name, hint)
    if found and name not in LIMITS:
        yield _told(path, found)
    elif any(_has_code(check) for check in found):
        # All sizes are the same, and said above the table, but for their codes.
        yield f"the size of `{path}` ({', '.join(_code(check) for check in found)})"
    if name in TARGETS:
        code = CODES.get(TARGETS[name][0])
        yield f"`{path}` exists ({code or '404, no code'})"
    if model := model_in(hint):
        for below, kind in fields(model).items():
            yield from _field(model.__name__, f"{path}.{below}", below, kind)


def _has_code(check: Check) -> bool:
    return check.code != _BAD_VALUE or bool(check.maybe)


def _told(path: str, found: tuple[Check, ...]) -> str:
    texts = [
        f"{check.must.removeprefix('must ').replace(chr(39), '`')} ({_code(check)})"
        for check in found
    ]
    return f"`{path}` must {', '.join(texts)}"


def _code(check: Check) -> str:
    if check.code != _BAD_VALUE:
        return str(check.code)
    return f"215; ngrok's is of {check.maybe}" if check.maybe else "215?"


def _marked(text: str) -> str:
    """Put a question mark behind codes that are inferred."""
    return re.sub(r"\b\d{3,5}\b", lambda n: n[0] + "?" * (int(n[0]) in INFERRED), text)


def main() -> None:
    """Write the table."""
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
