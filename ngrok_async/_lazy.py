"""Resources that are imported when somebody asks for them."""

from collections.abc import Callable
from importlib import import_module
from types import FunctionType, MethodType
from typing import TYPE_CHECKING, ClassVar, Generic, Self, TypeVar, cast, overload

from ngrok_async._hints import Explained
from ngrok_async._operation import Caller

if TYPE_CHECKING:
    from ngrok_async.client import Client

R = TypeVar("R")


class Group(Explained):
    """Resources under one name, such as `ngrok.backends.failover`.

    Attributes:
        client: The client, or view of one, that it was taken from.
        module: The module that has all of them, below `ngrok_async.resources`; None where each
            names its own.
    """

    module: ClassVar[str | None] = None

    def __init_subclass__(cls, *, module: str | None = None) -> None:
        """Take the module of a group whose resources are one table."""
        super().__init_subclass__()
        cls.module = module

    def __init__(self, caller: Caller) -> None:
        """Keep what sends the requests: the client."""
        self.client: Client = cast("Client", caller)

    def __repr__(self) -> str:
        """Show the group's name."""
        return f"<{type(self).__name__}>"


class Lazy(Generic[R]):
    """A resource, or a group of them, as an attribute of the client or of a group.

    Attribute and module have one name, unless another module is given.
    """

    def __init__(self, class_name: str, *, module: str | None = None) -> None:
        """Remember what to import."""
        self._class_name = class_name
        self._module = module
        self._name = ""
        self._owner: type = object

    def __set_name__(self, owner: type, name: str) -> None:
        """Take the attribute's name, and whose it is."""
        self._name = name
        self._owner = owner
        # For type checkers only: who resolves it at run time would need every resource imported.
        vars(owner)["__annotations__"].pop(name, None)

    def __repr__(self) -> str:
        """Name the class; `help(Client)` shows it."""
        return f"<{self._class_name}, loaded when it is used>"

    @overload
    def __get__(self, owner: None, kind: type) -> Self: ...
    @overload
    def __get__(self, owner: object, kind: type) -> R: ...
    def __get__(self, owner: object, kind: type) -> Self | R:
        """Import the resource and keep it in the owner, where it is found first from now on."""
        if owner is None:
            return self
        caller = owner.client if isinstance(owner, Group) else owner
        resource = self.load(kind)(cast("Caller", caller))
        vars(owner)[self._name] = resource
        return resource

    def load(self, owner: type) -> Callable[[Caller], R]:
        """Import the class behind the attribute of `owner`."""
        common = owner.module if issubclass(owner, Group) else None
        module = import_module(f"ngrok_async.resources.{self._module or common or self._name}")
        return cast("Callable[[Caller], R]", getattr(module, self._class_name))

    # Where a client is used, type checkers have its resource.
    if not TYPE_CHECKING:  # pragma: no branch # nothing that runs is a type checker

        def __class_getitem__(cls, _: object) -> type[Self]:
            """Leave the type to type checkers: real aliases would make the import longer."""
            return cls

        def __getattr__(self, name: str) -> object:
            """Stand for the resource: `create_autospec(Client)` looks here for what it has."""
            if name.startswith("_"):  # what any tool asks any object for; nothing to import for
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
            if name == "client":
                raise AttributeError(
                    f"{self._owner.__name__}.{self._name} is used on the class; make a client "
                    f"first: `async with Client() as ngrok`, then `ngrok.{self._name}`"
                )
            member = getattr(self.load(self._owner), name)
            return MethodType(member, self) if isinstance(member, FunctionType) else member

        def __dir__(self) -> list[str]:
            """Name what the resource has."""
            return dir(self.load(self._owner))
