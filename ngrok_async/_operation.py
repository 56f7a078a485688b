"""A declared operation: route, signature and docstring in, a method that sends it out.

The decorators return what they were given as far as type checkers are concerned: hover, completion
and go-to-definition show what is written in the resource. As a declaration is data (`Operation`),
the contract tests can hold it against the facts of the API, and the fake server can serve it.
"""

import inspect
import re
from collections.abc import Callable, Mapping
from functools import cached_property, wraps
from types import MappingProxyType
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Final,
    Protocol,
    TypeVar,
    cast,
    get_args,
    get_type_hints,
)

import attrs

from ngrok_async._hints import OF_RESOURCE, ExplainedResource, Instead, explained_arguments
from ngrok_async._json import Body, dumps
from ngrok_async._kinds import TypeForm
from ngrok_async._page import Page, Query
from ngrok_async._request import (
    EFFECTS,
    JSON,
    NO_LIMITS,
    Effect,
    Limits,
    Request,
    encode_segment,
    new_request,
)
from ngrok_async._tracebacks import forget_locals
from ngrok_async._wire.arguments import Encoder, encoder, id_of
from ngrok_async._wire.query import QUERY, pairs
from ngrok_async._wire.read import read
from ngrok_async.pagination import Pager
from ngrok_async.unset import UNSET

if TYPE_CHECKING:
    from ngrok_async.client import Client

F = TypeVar("F", bound=Callable[..., object])
T = TypeVar("T")

_NO_TYPES: Final[Mapping[object, Any]] = MappingProxyType({})
_PLACEHOLDER: Final = re.compile(r"\{(\w+)\}")
_WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH"})


class Caller(Protocol):
    """What a resource needs of the client."""

    @property
    def base_url(self) -> str:
        """The base URL without a slash at its end."""
        ...

    @property
    def prefetch(self) -> bool:
        """Whether pagers ask for the next page early."""
        ...

    def limits(self) -> Limits:
        """Return what the client's options set for a request that is made now."""
        ...

    async def call(self, request: Request, decode: Callable[[bytes], T]) -> T:
        """Send a request and return what `decode` makes of the answer's body."""
        ...


class Resource(ExplainedResource):
    """The operations of one kind of resource; reached as an attribute of `Client`.

    A class whose list has a filter has `fields`, what the filter knows. One whose items are told
    apart by something that `create` takes has its name as `key`: a domain is by its "domain".

    Attributes:
        client: The client, or view of one, that it was taken from.
    """

    __slots__ = ("client",)

    _synonyms: ClassVar[Instead] = OF_RESOURCE

    def __init__(self, caller: Caller) -> None:
        """Keep what sends the requests: the client."""
        self.client: Client = cast("Client", caller)

    def __repr__(self) -> str:
        """Show the name under which the client has it."""
        return f"<{type(self).__name__}>"


class Operation:
    """What a declaration says.

    Attributes:
        method: The HTTP method.
        template: The path, with the names of its parameters in braces.
        items: The field of a page that holds its items; None where the operation is no list.
        effect: What sending it twice does.
        function: The declaration itself.
    """

    def __init__(
        self,
        route: str,
        function: Callable[..., object],
        *,
        items: str | None = None,
        effect: Effect | None = None,
        types: Mapping[object, Any] = _NO_TYPES,
    ) -> None:
        """Read the route now; the signature, which takes time to resolve, is read on first use."""
        self.route = route
        self.method, self.template = route.split(" ")
        self.items = items
        self.effect: Effect = effect or EFFECTS[self.method]
        self.function = function
        self._types = types
        self.path_names = tuple(_PLACEHOLDER.findall(self.template))
        self._holes = tuple((name, f"{{{name}}}") for name in self.path_names)
        # Arguments that are not in the path go into a JSON body, else into the query.
        self.sends_json = self.method in _WITH_BODY

    @cached_property
    def hints(self) -> Mapping[str, Any]:
        """The types of the parameters, and of what comes back under "return"."""
        hints = get_type_hints(self.function)
        return {name: _specialised(hint, self._types) for name, hint in hints.items()}

    @cached_property
    def parameters(self) -> Mapping[str, inspect.Parameter]:
        """The parameters without `self`, in their order."""
        parameters = inspect.signature(self.function).parameters
        return {name: parameter for name, parameter in parameters.items() if name != "self"}

    @cached_property
    def model(self) -> TypeForm:
        """What an answer is decoded into: a model, the item of a list, or None."""
        returned = self.hints["return"]
        return get_args(returned)[0] if self.items else returned

    def bind(self, args: tuple[object, ...], kwargs: Mapping[str, object]) -> dict[str, object]:
        """Return the arguments that were passed, by name.

        Raises:
            TypeError: They do not fit the signature; the text is Python's own.
        """
        only = self._only
        if only is not None and len(args) == 1 and not kwargs:
            return {only: args[0]}
        positional, required, names = self._binding
        bound = dict(zip(positional, args, strict=False))
        if (
            len(args) > len(positional)
            or not names.issuperset(kwargs)
            or not bound.keys().isdisjoint(kwargs)
        ):
            self._complain(args, kwargs)
        bound.update(kwargs)
        if not required <= bound.keys():
            self._complain(args, kwargs)
        return bound

    @cached_property
    def _binding(self) -> tuple[tuple[str, ...], frozenset[str], frozenset[str]]:
        parameters = self.parameters.values()
        keyword_only = inspect.Parameter.KEYWORD_ONLY
        return (
            tuple(p.name for p in parameters if p.kind is not keyword_only),
            frozenset(p.name for p in parameters if p.default is inspect.Parameter.empty),
            frozenset(self.parameters),
        )

    @cached_property
    def _only(self) -> str | None:
        """The name of the only parameter, such as the id of a GET."""
        positional, required, names = self._binding
        return positional[0] if len(positional) == len(required) == len(names) == 1 else None

    def _complain(self, args: tuple[object, ...], kwargs: Mapping[str, object]) -> None:
        # Calling the declaration lets Python write the message: it has the method's name, and
        # "did you mean" from 3.13 on.
        try:
            self.function(None, *args, **kwargs)
        except TypeError as error:
            raise explained_arguments(error, args, self.parameters) from None

    @cached_property
    def _encoders(self) -> Mapping[str, Encoder]:
        return {
            # A body may have a field of that name.
            name: QUERY[name] if name in QUERY and not self.sends_json else encoder(hint)
            for name, hint in self.hints.items()
            if name != "return" and name not in self.path_names
        }

    def request(self, arguments: Mapping[str, object], limits: Limits = NO_LIMITS) -> Request:
        """Build the request for arguments that `bind` returned.

        Args:
            arguments: The arguments by name.
            limits: What the client's options set.

        Raises:
            ValueError: A value cannot be sent; names the parameter.
        """
        path = self.template
        for name, hole in self._holes:
            path = path.replace(hole, encode_segment(name, id_of(name, arguments[name])))
        body: Body | None = None
        query: Query = ()
        if self.sends_json:
            body = dumps(self._json(arguments))
        elif len(arguments) > len(self._holes):
            query = tuple(pairs(self.content(arguments)))
        return new_request(
            self.method, path, query, body=body, route=self.route, effect=self.effect, limits=limits
        )

    def _json(self, arguments: Mapping[str, object]) -> JSON:
        content = self.content(arguments)
        if self.method == "PUT":
            return content["module"]  # alone: the names in the path are no part of it
        if self.method == "PATCH" and not content and self._encoders:
            raise ValueError(f"nothing to change; pass at least one of {', '.join(self._encoders)}")
        return content

    def content(self, arguments: Mapping[str, object]) -> dict[str, JSON]:
        """Return what is sent for arguments that `bind` returned; see `request`."""
        encoders = self._encoders
        required = self._binding[1]
        return {
            name: encoders[name](name, value)
            for name, value in arguments.items()
            if (value is not UNSET or name in required) and name not in self.path_names
        }

    def decode(self, body: bytes) -> Any:  # noqa: ANN401 # the declared type
        """Turn the body of a success into what the declaration returns, a `Page` for a list."""
        if self.model is type(None):
            return None
        found = read(body, self.model, self.items)
        if self.items is None:
            return found
        models, uri, link, extra = found
        return Page(items=models, uri=uri, next_page_uri=link, extra=extra)


def _specialised(hint: TypeForm, types: Mapping[object, Any]) -> TypeForm:
    """Put the types of a concrete class in the place of a generic one's variables."""
    if hint in types:
        return types[hint]
    variables = getattr(hint, "__parameters__", ())
    return hint[tuple(types[v] for v in variables)] if variables else hint


class _Listing:
    """One list with its arguments, as a pager walks it."""

    __slots__ = ("_caller", "_operation", "_request")

    def __init__(self, caller: Caller, operation: Operation, request: Request) -> None:
        self._caller = caller
        self._operation = operation
        self._request = request

    @property
    def url(self) -> str:
        return f"{self._caller.base_url}{self._request.path}"

    @property
    def path(self) -> str:
        return self._request.path

    @property
    def prefetch(self) -> bool:
        return self._caller.prefetch

    async def fetch(self, query: Query) -> Page[Any]:
        request = attrs.evolve(self._request, query=query, **self._caller.limits())
        return await self._caller.call(request, self._operation.decode)


def operation(route: str, *, effect: Effect | None = None) -> Callable[[F], F]:
    """Declare an operation.

    Args:
        route: Method and path, such as "GET /tunnels/{id}". The names in braces are parameters of
            the signature; the others go into the query of a GET or DELETE, else into a JSON body.
        effect: What sending it twice does, where the method does not tell; see `Effect`.
    """

    def declare(function: F) -> F:
        return _method(function, Operation(route, function, effect=effect))

    return declare


def at_route(declared: F, route: str, types: Mapping[object, Any]) -> F:
    """Return the operation of a generic resource as a concrete one has it.

    Args:
        declared: A method that `operation` made.
        route: Its method and path there.
        types: What the type variables of its signature stand for.
    """
    generic = cast("Operation", getattr(declared, "operation"))  # noqa: B009 # unknown to F
    function = cast("F", generic.function)
    return _method(function, Operation(route, function, effect=generic.effect, types=types))


def _method(function: F, declared: Operation) -> F:
    @wraps(function)
    async def call(self: Resource, /, *args: object, **kwargs: object) -> object:
        caller = self.client
        try:
            request = declared.request(declared.bind(args, kwargs), caller.limits())
        except BaseException as error:
            forget_locals(error)
            raise
        finally:
            del args, kwargs  # they may be secret, and tracebacks print local variables
        return await caller.call(request, declared.decode)

    call.operation = declared  # type: ignore[attr-defined] # see `operations`
    return cast("F", call)


def paged(route: str, *, items: str) -> Callable[[F], F]:
    """Declare a list; `items` is the field of the answer that holds the items of a page."""

    def declare(function: F) -> F:
        declared = Operation(route, function, items=items)

        @wraps(function)
        def call(self: Resource, /, *args: object, **kwargs: object) -> Pager[Any]:
            request = declared.request(declared.bind(args, kwargs))
            listing = _Listing(self.client, declared, request)
            return Pager(listing, request.query, limited="limit" in declared.parameters)

        call.operation = declared  # type: ignore[attr-defined] # see `operations`
        return cast("F", call)

    return declare


def operations(resource: type[Resource]) -> Mapping[str, Operation]:
    """Return what a resource class declares, by method name."""
    found = {name: getattr(member, "operation", None) for name, member in vars(resource).items()}
    return {name: value for name, value in found.items() if isinstance(value, Operation)}
