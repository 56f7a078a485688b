"""How the pages of a list follow each other.

ngrok's links have the id of the page's last item. Whether it must still be there is not documented,
and clients get along with other servers only if they take the link as it is.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final, Literal, TypeAlias, get_args

import attrs

from ngrok_async._shown import shown
from ngrok_async.testing._refusals import refusal
from ngrok_async.testing._store import Collection

Style: TypeAlias = Literal["id", "existing", "offset", "opaque"]

_STYLES: Final = get_args(Style)


@attrs.frozen
class Place:
    """Where a page begins.

    Attributes:
        position: Before which place in the order of creation; None: with the newest item.
        skip: How many items to pass over from there.
    """

    position: int | None = None
    skip: int = 0


def _check_style(_cursors: object, _field: object, style: object) -> None:
    if style not in _STYLES:
        raise ValueError(f"cursors must be one of {', '.join(_STYLES)}; got {shown(style)}")


@attrs.frozen
class Cursors:
    """Makes and reads the cursors of all lists in one style.

    Attributes:
        style: "id": the id of the last item, which may be gone by then; "existing": its id, and it
            must be there; "offset": how many items came before, in a form that is no id; "opaque":
            the last item, in a form that is no id.
    """

    style: Style = attrs.field(default="id", validator=_check_style)

    def place(self, path: str, collection: Collection, before_id: str | None) -> Place:
        """Return where the page begins that a request asks for.

        The id of an item is taken in every style.

        Raises:
            RefusedError: The cursor is none of this list.
        """
        if before_id is None:
            return Place()
        position = collection.position(before_id, gone=self.style != "existing")
        if position is not None:
            return Place(position)
        place = _read(path, before_id) if self.style in {"offset", "opaque"} else None
        if place is None:
            # As recorded: https://github.com/ngrok/ngrok-api-dotnet/issues/16
            raise refusal(223, id=before_id)
        return place

    def following(self, path: str, place: Place, size: int, last: Place, id_: str) -> str:
        """Return the cursor of the next page.

        Args:
            path: The path of the list.
            place: Where this page begins.
            size: How many items it has.
            last: Where its last item is.
            id_: The id of that item.
        """
        if self.style == "offset":
            return _written(path, Place(place.position, place.skip + size))
        return _written(path, last) if self.style == "opaque" else id_


def _written(path: str, place: Place) -> str:
    return urlsafe_b64encode(f"{path} {place.position or 0} {place.skip}".encode()).decode()


def _read(path: str, cursor: str) -> Place | None:
    try:
        of, position, skip = urlsafe_b64decode(cursor).decode().split(" ")
        place = Place(int(position) or None, int(skip))
    except ValueError:  # of any of these steps
        return None
    return place if of == path and place.skip >= 0 else None
