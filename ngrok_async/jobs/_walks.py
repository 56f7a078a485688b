"""Which page a watch asks for next: one of a walk over all, or of one over the newest."""

from collections.abc import Callable
from typing import Final, Generic, TypeVar

from ngrok_async._id import HasId
from ngrok_async.errors import BadRequestError, NotFoundError, PaginationError
from ngrok_async.pagination import Page, Pager

T = TypeVar("T", bound=HasId)

# Looks at the newest page for each walk over all, so that every tenth walk is whole. They are
# spread over it: what is new is to be seen soon, however long the list is.
_LOOKS: Final = 9
# How many items of a page are tried as a cursor where the last one is gone.
_STEPS: Final = 3


class Walk(Generic[T]):
    """One walk; after a failure it goes on at its cursor.

    Attributes:
        pages: How many it has had.
        is_over: Whether the last one was among them, or the place in the list is lost.
    """

    def __init__(self, pager_from: Callable[[str | None], Pager[T]]) -> None:
        """Begin with the newest page.

        Args:
            pager_from: Makes a pager that begins after an id; None: with the newest item.
        """
        self._pager_from = pager_from
        self._pages = pager_from(None).pages()
        self._before: list[str] = []
        self.pages = 0
        self.is_over = False

    async def turn(self) -> Page[T] | None:
        """Get the next page, or None where it has to be asked for in another way.

        Raises:
            PaginationError: The place in the list is lost.
            NgrokError: It failed, and may be tried again.
        """
        try:
            page = await anext(self._pages)
        except PaginationError:
            self.is_over = True
            raise
        except (BadRequestError, NotFoundError) as error:
            if not self.pages:
                raise
            self._step_back(error)
            return None
        # The last one is the cursor.
        self._before = [item.id for item in page.items[:-1][-_STEPS:]]
        self.pages += 1
        self.is_over = not page.next_page_uri
        return page

    def _step_back(self, error: BadRequestError | NotFoundError) -> None:
        """Go on at another item: that of the cursor may have been deleted."""
        if self._before:
            self._pages = self._pager_from(self._before.pop()).pages()
            return
        self.is_over = True
        raise PaginationError(
            "ngrok does not take the cursor any more, so the walk begins anew",
            cursor=error.cursor,
            method=error.method,
            path=error.path,
        ) from error


class Walks(Generic[T]):
    """The walks of a watch, one after another.

    Attributes:
        length: Pages of the last one over all; 0 before it.
    """

    def __init__(self, pager_from: Callable[[str | None], Pager[T]]) -> None:
        """Begin with one over all; see `Walk` for the argument."""
        self._pager_from = pager_from
        self._whole: Walk[T] | None = None
        self._newest: Walk[T] | None = None
        self._looks = _LOOKS
        self._since = 0  # other answers since the last look; what failed is first tried again
        self._is_poked = False
        self.length = 0

    @property
    def is_newest_due(self) -> bool:
        """Whether it is time to look for what is new, before all that takes longer."""
        if self.length < 2:  # noqa: PLR2004 # one page is all there is
            return False
        if self._newest is not None or self._is_poked:
            return True
        return self._since > self.length // (_LOOKS + 1)

    def poke(self) -> None:
        """Have the newest page asked for next."""
        self._is_poked = True

    def anew(self) -> None:
        """Drop what is under way, and begin one over all."""
        self._whole = self._newest = None
        self._looks = _LOOKS

    def next(self) -> tuple[Walk[T], bool]:
        """Return the walk to go on with, and whether it is one over all."""
        rests = self.length > 1 and self._whole is None and self._looks < _LOOKS
        if self.is_newest_due or rests:
            if self._newest is None:
                self._newest = Walk(self._pager_from)
            return self._newest, False
        if self._whole is None:
            self._whole, self._looks = Walk(self._pager_from), 0
        return self._whole, True

    def answered_else(self) -> None:
        """Note that something else was answered than a page."""
        self._since += 1

    def took(self, walk: Walk[T], *, more: bool) -> None:
        """Note that a walk has had a page.

        Args:
            walk: Which one.
            more: Whether a walk over the newest is to go on.
        """
        self._is_poked = False
        if walk is self._whole:
            self._since += 1
            if walk.is_over:
                self._whole, self.length = None, walk.pages
        else:
            self._since = 0
            if walk.is_over or not more:
                self._newest = None
                self._looks += 1

    def lost(self, walk: Walk[T]) -> None:
        """Note that a walk cannot go on."""
        if walk is self._whole:
            self._whole = None
        else:
            self._newest = None
