"""What is to be there, whether it was before or not."""

import inspect
from collections.abc import AsyncIterable, Awaitable, Callable, Mapping
from typing import ClassVar, Final, Generic, Literal, ParamSpec, Protocol, TypeAlias, TypeVar

from ngrok_async._request import JSON
from ngrok_async._shown import shown
from ngrok_async._tracebacks import forget_locals
from ngrok_async.errors import ConflictError, NgrokError, SeveralFoundError
from ngrok_async.filters import TextField
from ngrok_async.jobs._passed import Item, differing, sent_for
from ngrok_async.jobs._urls import as_written
from ngrok_async.resources.endpoints import Endpoint

P = ParamSpec("P")
T = TypeVar("T", bound=Item)
T_co = TypeVar("T_co", bound=Item, covariant=True)

Outcome: TypeAlias = Literal["created", "updated", "unchanged"]
_FORMS: Final[Mapping[str, Callable[[str], str]]] = {"url": as_written, "domain": as_written}
# Of a key that is longer the filter could be too long for a URL; the list has it too.
_LONGEST_ASKED: Final = 500
_TWO: Final = 2


class Ensurable(Protocol[P, T_co]):
    """A resource whose items are told apart by what its `key` names."""

    key: ClassVar[str]

    @property
    def create(self) -> Callable[P, Awaitable[T_co]]:
        """Create one."""
        ...

    @property
    def update(self) -> Callable[..., Awaitable[T_co]]:
        """Change one."""
        ...

    @property
    def list(self) -> Callable[..., AsyncIterable[T_co]]:
        """Walk over them."""
        ...


async def ensure(
    resource: Ensurable[P, T], *args: P.args, **kwargs: P.kwargs
) -> tuple[T, Literal["created", "updated", "unchanged"]]:
    """Have something there that is like this: find it by its key, create it or change it.

        endpoint, what = await ensure(ngrok.endpoints, url=url, type="cloud", traffic_policy=text)
        print(what, endpoint.id)  # created; the second time: unchanged

    The key is what the resource names as `key`: `domain` of reserved domains and agent ingresses,
    `url` of cloud endpoints, `name` of vaults and service users, `metadata` of IP policies. Domains
    and URLs are compared as ngrok writes them: in lower case, without the port that goes without
    saying.

    Only what you pass is compared and changed; JSON is compared by its value, lists without regard
    to their order. What answers do not have cannot be compared, and is sent by a create only. A
    policy in YAML is the same only where its text is.

    ngrok does not keep the names of service users and the metadata of IP policies unique: two
    programs that ensure the same at once may make two, which the next call tells.

    Args:
        resource: Such as `ngrok.endpoints`.
        *args: None, as no `create` takes any by position.
        **kwargs: What its `create` takes, the key among it.

    Returns:
        What is there now, and whether it was "created", "updated" or "unchanged".

    Raises:
        TypeError: The resource has no key, the key was not passed, or `create` does not take this.
        ValueError: An argument cannot be sent, or what is there differs in what `update` does not
            take; nothing has been changed.
        SeveralFoundError: There are several; the error has two of them.
        ConflictError: ngrok refuses to create it, and none of yours is there: somebody else's
            is in the way, such as the endpoint of an agent.
        NgrokError: What a call raises. If a create may have been applied, it was looked for once
            more, and not found.
    """
    try:
        _check(resource)
        wanted = _Wanted(resource, sent_for(resource.create, args, kwargs), kwargs)
    except BaseException as error:
        forget_locals(error)
        raise
    finally:
        del args, kwargs  # they may be secret, and tracebacks print local variables
    return await wanted.ensure()


def _check(resource: object) -> None:
    """Refuse what has no key of its own."""
    if not isinstance(getattr(resource, "key", None), str):
        raise TypeError(
            "ensure takes a resource whose items have a key of their own: agent_ingresses,"
            " endpoints, ip_policies, reserved_domains, service_users, vaults; got"
            f" {resource!r}"
        )


class _Wanted(Generic[T]):
    """What is to be there. What is shown of it has no argument in it."""

    def __init__(
        self,
        resource: Ensurable[..., T],
        sent: Mapping[str, JSON],
        given: Mapping[str, object],
    ) -> None:
        self._resource = resource
        self._sent = sent
        self._form = _FORMS.get(resource.key, str)
        key = sent.get(resource.key)
        if resource.key not in sent:
            raise TypeError(
                f"ensure finds what is there by {resource.key}, which is missing: pass"
                f" {resource.key}=..."
            )
        if not isinstance(key, str) or not key:
            raise ValueError(
                f"{resource.key} must be a text that is not empty: it is what tells the items apart"
            )
        self._key = self._form(key)
        # What ngrok keeps of it, so that the next one finds what this one has created.
        as_kept = {resource.key: self._key} if resource.key in _FORMS else {}
        self._given: dict[str, object] = {**given, **as_kept}

    async def ensure(self) -> tuple[T, Outcome]:
        """Look, and create or change it."""
        found = await self._find()
        if found is not None:
            return await self._like_this(found, "unchanged")
        try:
            return await self._resource.create(**self._given), "created"
        except NgrokError as error:
            is_taken = isinstance(error, ConflictError)
            if not is_taken and not error.maybe_applied:
                raise
            try:
                found = await self._find()
            except NgrokError as failure:  # and so it stays unknown
                failure.maybe_applied |= error.maybe_applied
                raise
            if found is None:
                raise
        # Somebody was faster; or it is ours, and the answer was lost.
        return await self._like_this(found, "unchanged" if is_taken else "created")

    async def _find(self) -> T | None:
        """Return what has the key, if there is anything."""
        items: list[T] = []
        async for item in self._asked():
            if self._is_it(item):
                items.append(item)
            if len(items) == _TWO:
                raise SeveralFoundError(
                    f"several have the {self._resource.key} {shown(self._key)}; two are in `items`"
                    " of this error",
                    items=items,
                )
        return items[0] if items else None

    def _asked(self) -> AsyncIterable[T]:
        """Return a list that has what is looked for, and as little else as can be."""
        resource = self._resource
        field = getattr(getattr(resource, "fields", None), resource.key, None)
        # Filters do not find wildcards.
        if (
            isinstance(field, TextField)
            and len(self._key) < _LONGEST_ASKED
            and "*" not in self._key
        ):
            return resource.list(filter=field == self._key)
        return resource.list()

    def _is_it(self, item: T) -> bool:
        is_agents = isinstance(item, Endpoint) and item.type != "cloud"
        return not is_agents and self._form(getattr(item, self._resource.key)) == self._key

    async def _like_this(self, found: T, otherwise: Outcome) -> tuple[T, Outcome]:
        """Change what is there, where it differs from what was passed."""
        names = differing(self._sent, found)
        if not names:
            return found, otherwise
        takes = inspect.signature(self._resource.update).parameters
        fixed = [name for name in names if name not in takes]
        if fixed:
            raise ValueError(
                f"{found.id} of {self._resource!r} has another {' and '.join(fixed)}, which no"
                " update can change: delete it, or pass what it has; nothing was changed"
            )
        # No variable has the values, as tracebacks print these.
        changed = await self._resource.update(
            found.id, **{name: self._given[name] for name in names}
        )
        return changed, "updated"
