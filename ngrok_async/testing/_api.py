"""The rules of the API, from a request's values to an answer's, without any I/O.

What it refuses, and with which code and status: `ngrok_async.testing._refusals`.
"""

import re
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Final

from ngrok_async._operation import Operation
from ngrok_async._request import JSON
from ngrok_async._shown import shown
from ngrok_async.testing._agents import Agents
from ngrok_async.testing._body import check_body, check_fields
from ngrok_async.testing._commands import DEEDS, Command
from ngrok_async.testing._conflicts import check_removable
from ngrok_async.testing._cursors import Cursors
from ngrok_async.testing._declared_types import fields, is_model
from ngrok_async.testing._kinds import kinds, plain
from ngrok_async.testing._lists import Listing, Pick, pick
from ngrok_async.testing._made_by_ngrok import VIEWS
from ngrok_async.testing._messages import Answer, Incoming, RefusedError, json_answer
from ngrok_async.testing._query import Query, check_query
from ngrok_async.testing._refusals import refusal, unrouted
from ngrok_async.testing._resources import Place, Resources
from ngrok_async.testing._routes import Match, Routes
from ngrok_async.testing._store import Item, Store
from ngrok_async.testing.clock import TurnableClock

_VERSION: Final = "2"
_BY_ID: Final = Cursors()


class API:
    """Answers requests from the declarations: lists, gets, creates, updates and deletes alike."""

    def __init__(
        self,
        operations: Iterable[Operation],
        store: Store,
        clock: TurnableClock,
        api_key: str,
        agents: Agents,
        *,
        cursors: Cursors = _BY_ID,
    ) -> None:
        """Set up the API.

        Args:
            operations: What to serve.
            store: What there is.
            clock: What time it is.
            api_key: The key that is let in, beside those that are created.
            agents: The agents, which obey commands.
            cursors: How the pages of lists follow each other.
        """
        operations = tuple(operations)
        self._routes = Routes(operations)
        self._kinds = kinds(operations)
        self._resources = Resources(self._kinds, store, clock)
        self._store = store
        self._clock = clock
        self._api_key = api_key
        self._agents = agents
        self._cursors = cursors
        self._tokens: dict[str, tuple[str, str]] = {}

    def is_ours(self, headers: Mapping[str, str]) -> bool:
        """Tell whether a request has a key of the account."""
        scheme, _, token = headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and (
            token == self._api_key or self._issuer(token) == "/api_keys"
        )

    def _issuer(self, token: str) -> str | None:
        """Return the collection whose item came with a token, as long as that item is there."""
        path, id_ = self._tokens.get(token, ("", ""))
        return path if path and self._store[path].get(id_) is not None else None

    async def answer(self, request: Incoming) -> Answer:
        """Answer a request.

        Raises:
            RefusedError: The answer is ngrok's error envelope.
        """
        self._agents.is_seen = True
        match = self._routes.match(request.method, request.path)
        if match is None:
            raise unrouted(request.path)
        if not self.is_ours(request.headers):
            raise self._who(request.headers.get("authorization"))
        _check_version(request.headers.get("ngrok-version"))
        query = check_query(match.operation, request.query)
        body = check_body(match.operation, request)
        if match.operation.route in DEEDS:
            return self._command(match, body)
        return await self._usual(match, query, body)

    def _who(self, authorization: str | None) -> RefusedError:
        if not authorization:
            return refusal(200)
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            code = 201
        elif self._issuer(token) == "/credentials":
            code = 206
        elif token.startswith("ak_"):
            code = 208
        elif not re.fullmatch("[0-9A-Za-z_]+", token):
            code = 202
        else:
            code = 203
        # ngrok repeats what was sent: whoever logs its messages logs keys.
        return refusal(code, echo=f" Your credential: {token or authorization}")

    def add(self, path: str, given: Mapping[str, JSON]) -> Item:
        """Put an item into a collection, as if it had been created.

        Raises:
            ValueError: There is no such collection, or an item of it cannot be like that.
        """
        kind = self._kinds.get(str(path))
        if kind is None:
            raise ValueError(f"path: there is no collection {shown(path)}; one is '/ip_policies'")
        if "id" in given and self._store[path].get(str(given["id"])) is not None:
            raise ValueError(f"{path} has {shown(given['id'])} already: each id can be there once")
        try:
            check_fields("", given, fields(kind.model))
            return self._create(Place(kind, path), given, {})
        except RefusedError as refused:
            raise ValueError(f"cannot add this to {path}: {refused}") from None
        except KeyError as field:
            raise ValueError(
                f"cannot add this to {path}: it needs the field {field}, from which others follow"
            ) from None

    async def _usual(self, match: Match, query: Query, body: dict[str, JSON]) -> Answer:
        operation = match.operation
        if operation.items is not None:
            return await self._list(match, operation.items, query)
        template, _, name = plain(operation.template).rpartition("/")
        if name == "{}":
            return self._item(operation, *self._locate(template, match.segments), body)
        if operation.method == "POST" and is_model(operation.model):
            self._above(match)  # which must be there
            place = Place(self._kinds[plain(operation.template)], _join(match.segments))
            return json_answer(201, self._create(place, body, match.parameters))
        kind = self._kinds.get(template.removesuffix("/{}"))
        if operation.method == "POST" or kind is None or name not in fields(kind.model):
            raise RefusedError(f"The fake cannot do {operation.route} yet.", status=501)
        place, key = self._locate(kind.template, match.segments[:-1])
        return self._part(operation, place, key, name, body)

    def _create(self, place: Place, body: Mapping[str, JSON], names: Mapping[str, str]) -> Item:
        item = self._resources.create(place, body, names)
        if "token" in item:
            self._tokens[item["token"]] = (place.path, item["id"])
        return item

    def _command(self, match: Match, body: dict[str, JSON]) -> Answer:
        place, item = self._above(match)
        command = Command(self._store, self._agents, self._clock.now(), body, item)
        DEEDS[match.operation.route](command)
        if place is None or not is_model(match.operation.model):
            return Answer(204)
        return json_answer(200, self._resources.shown(place, item))

    def _locate(self, template: str, segments: tuple[str, ...]) -> tuple[Place, str]:
        """Return where an item is: its collection and its key."""
        return Place(self._kinds[template], _join(segments[:-1])), segments[-1]

    def _item(self, operation: Operation, place: Place, key: str, body: dict[str, JSON]) -> Answer:
        if operation.method == "DELETE":
            self._resources.delete(place, key)
            return Answer(204)
        if operation.method == "PATCH":
            return json_answer(200, self._resources.update(place, key, operation, body))
        return json_answer(200, self._resources.shown(place, self._resources.find(place, key)))

    def _part(
        self, operation: Operation, place: Place, key: str, name: str, body: dict[str, JSON]
    ) -> Answer:
        if operation.method == "DELETE":
            check_removable(place.kind.template, self._resources.find(place, key), name)
            self._resources.remove(place, key, name)
            return Answer(204)
        if operation.method == "PUT":
            return json_answer(200, self._resources.replace(place, key, name, operation, body))
        return json_answer(200, self._resources.part(place, key, name))

    async def _list(self, match: Match, name: str, query: Query) -> Answer:
        operation, path = match.operation, _join(match.segments)
        _, parent = self._above(match)
        template = source = plain(operation.template)
        asked = pick(operation, query, self._clock.now())
        if template in VIEWS:
            source, belongs = VIEWS[template]
            asked = Pick(partial(belongs, parent))
        place = Place(self._kinds[source], path if source == template else source)
        listing = Listing(
            name=name,
            base=self._store.base,
            path=path,
            collection=self._store[place.path],
            shown=partial(self._resources.shown, place),
            pick=asked,
            cursors=self._cursors,
        )
        if "limit" in operation.parameters:
            return await listing.page(query)
        return listing.whole()

    def _above(self, match: Match) -> tuple[Place | None, Item]:
        """Return the item that a collection or command is below; nothing for one at the top."""
        above = plain(match.operation.template).rpartition("/")[0]
        if not above.endswith("/{}"):
            return None, {}
        place, key = self._locate(above.removesuffix("/{}"), match.segments[:-1])
        return place, self._resources.find(place, key)


def _join(segments: Iterable[str]) -> str:
    return "".join(f"/{segment}" for segment in segments)


def _check_version(version: str | None) -> None:
    if version is None:
        raise refusal(218)
    if version != _VERSION:
        raise refusal(217, version=version)
