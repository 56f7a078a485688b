"""One page of a list, and what gives it."""

from collections.abc import Coroutine, Mapping
from shutil import get_terminal_size
from types import MappingProxyType
from typing import Any, ClassVar, Generic, Protocol, TypeAlias, TypeVar, get_args
from urllib.parse import parse_qsl, urlsplit

import attrs

from ngrok_async._hints import ExplainedList
from ngrok_async._model import Model, as_json, flags_of, some
from ngrok_async._pickles import Stored
from ngrok_async._request import JSON

T_co = TypeVar("T_co", covariant=True)

Query: TypeAlias = tuple[tuple[str, str], ...]
"""Names and values, not yet encoded."""


@attrs.frozen(kw_only=True)
class Page(ExplainedList, Stored, Generic[T_co]):
    """One page of a list.

    Attributes:
        items: The page's items, newest first; may be empty although more pages follow.
        uri: The page's own address.
        next_page_uri: The address of the next page, or None on the last one.
    """

    # Where people import it from, and find it in old pickles.
    __module__ = "ngrok_async.pagination"

    _instead: ClassVar[str] = (
        "this is one page of a list: take page.items, "
        "or `async for item in ...list()` for all pages"
    )

    items: tuple[T_co, ...]
    uri: str = ""
    next_page_uri: str | None = None
    _extra: Mapping[str, JSON] | None = attrs.field(
        default=None, repr=False, hash=False, alias="extra", converter=some
    )

    @property
    def extra(self) -> Mapping[str, JSON]:
        """Fields of the answer that this version of the package does not know, read-only."""
        return MappingProxyType(dict(self._extra or {}))

    @property
    def cursor(self) -> str | None:
        """What `before_id=` takes for the next page, as the link to it says.

        None on the last page, and where the link goes on without one: `next_page_uri` tells which,
        and a `Pager` follows that too.
        """
        return cursor_of(self.next_page_uri)

    def to_dict(self, *, secrets: bool = False) -> dict[str, JSON]:
        """Return the page as `json.dumps` takes it: `items`, `uri`, `next_page_uri` and `cursor`.

        The items have the form of their own `to_dict`; what is in `extra` comes last.

        Args:
            secrets: Whether to put in the items' secrets.
        """
        content: dict[str, JSON] = {
            "items": as_json(self.items, secrets=secrets),
            "uri": self.uri,
            "next_page_uri": self.next_page_uri,
            "cursor": self.cursor,
        }
        return content | {k: as_json(v) for k, v in self.extra.items() if k not in content}

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:  # noqa: ANN401,FBT001 # IPython's
        """Show the items as a table in IPython, without their secrets."""
        del cycle  # a page is in nothing that it has
        from ngrok_async._table import as_text  # noqa: PLC0415 # for people only

        width = get_terminal_size((printer.max_width, 24)).columns
        printer.text(as_text([_row(item) for item in self.items], self._note(), width))

    def _repr_html_(self) -> str:
        """Show the items as a table in a notebook, without their secrets."""
        from ngrok_async._table import as_html  # noqa: PLC0415 # for people only

        return as_html([_row(item) for item in self.items], self._note())

    def _note(self) -> str:
        """Return what stands below a table."""
        count = f"{len(self.items)} item{'s' * (len(self.items) != 1)}"
        if self.cursor is not None:
            return f"{count}; more behind before_id={self.cursor!r}"
        return f"{count}; {'more follow' if self.next_page_uri else 'the last page'}"

    @classmethod
    def __get_pydantic_core_schema__(
        cls,
        source: object,
        handler: Any,  # noqa: ANN401 # pydantic's
    ) -> object:
        """Tell pydantic, and so FastAPI, what this is; nobody else calls it."""
        from ngrok_async._pydantic import page_schema  # noqa: PLC0415 # imports pydantic

        item, *_ = get_args(source) or (Model,)
        return page_schema(cls, item if isinstance(item, type) else Model, handler.generate_schema)


class Listing(Protocol[T_co]):
    """What a pager needs of the operation that it walks."""

    @property
    def url(self) -> str:
        """The absolute URL of the list, without a query."""
        ...

    @property
    def path(self) -> str:
        """Its path below the base URL, for messages."""
        ...

    @property
    def prefetch(self) -> bool:
        """Whether to ask for the next page while the caller works on the current one."""
        ...

    def fetch(self, query: Query) -> Coroutine[object, object, Page[T_co]]:
        """Get one page."""
        ...


def _row(item: object) -> Mapping[str, JSON]:
    """Return what a table has of an item: the fields that are known, without its address."""
    kind: Any = type(item)
    if not isinstance(item, Model):
        return {kind.__name__: repr(item)}
    known = flags_of(kind).keys() - {"uri"}
    return {name: value for name, value in item.to_dict().items() if name in known}


def query_of(encoded: str) -> dict[str, str]:
    """Return names and values of a link's query; of a name that comes twice the last one.

    Raises:
        ValueError: It is not UTF-8.
    """
    return dict(parse_qsl(encoded, keep_blank_values=True, errors="strict"))


def cursor_of(link: str | None) -> str | None:
    """Return the cursor in the link to a next page, if it has one."""
    try:
        return query_of(urlsplit(link or "").query).get("before_id") or None
    except ValueError:  # it is no URL
        return None
