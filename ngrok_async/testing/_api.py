"""The rules of the API, from a request's values to an answer's, without any I/O.

ngrok's error codes and their meanings: https://ngrok.com/docs/errors. It documents few of the HTTP
statuses that go with them; here they are 401 for authentication and 400 for bad requests.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Mapping
from typing import Final, cast
from urllib.parse import urlencode

import attrs

from ngrok_async._operation import Operation
from ngrok_async._request import JSON
from ngrok_async._wire import MismatchError, loads
from ngrok_async.testing._answers import Answer, Behaviour, Incoming, RefusedError, json_answer
from ngrok_async.testing._filter import condition
from ngrok_async.testing._routes import Match, Routes
from ngrok_async.testing._store import Collection, Store, timestamp, without_empty
from ngrok_async.testing.clock import TurnableClock

_VERSION: Final = "2"
_PAGE_SIZES: Final = range(1, 101)


class API:
    """Answers requests from the declarations: lists, gets, creates, updates and deletes alike."""

    def __init__(
        self,
        operations: Iterable[Operation],
        store: Store,
        clock: TurnableClock,
        api_key: str,
        behaviours: Mapping[str, Behaviour],
    ) -> None:
        """Set up the API.

        Args:
            operations: What to serve.
            store: What there is.
            clock: What time it is.
            api_key: The only key that is let in.
            behaviours: What routes do that are not like the others.
        """
        self._routes = Routes(operations)
        self._store = store
        self._clock = clock
        self._api_key = api_key
        self._behaviours = behaviours

    def is_ours(self, headers: Mapping[str, str]) -> bool:
        """Tell whether a request has the key of the account."""
        scheme, _, token = headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and token == self._api_key

    def answer(self, request: Incoming) -> Answer:
        """Answer a request.

        Raises:
            RefusedError: The answer is ngrok's error envelope.
        """
        if not self.is_ours(request.headers):
            raise _who(request.headers.get("authorization"))
        _check_version(request.headers.get("ngrok-version"))
        match = self._routes.match(request.method, request.path)
        if match is None:
            raise RefusedError("There is nothing at this address.", status=404)
        query = _check_query(match.operation, request.query)
        body = _check_body(match.operation, request)
        behaviour = self._behaviours.get(match.operation.route)
        if behaviour is not None:
            return behaviour(match.parameters, body)
        return self._usual(match, query, body)

    def _usual(self, match: Match, query: Mapping[str, str], body: dict[str, JSON]) -> Answer:
        operation = match.operation
        if operation.items is not None:
            return self._list(operation, operation.items, f"/{'/'.join(match.segments)}", query)
        if operation.template.endswith("}"):
            path = f"/{'/'.join(match.segments[:-1])}"
            return self._one(operation, path, match.segments[-1], body)
        if operation.method == "POST" and operation.model is not type(None):
            return self._create(operation, f"/{'/'.join(match.segments)}", body)
        raise RefusedError(f"The fake cannot do {operation.route} yet.", status=501)

    def _one(self, operation: Operation, path: str, id_: str, body: dict[str, JSON]) -> Answer:
        collection = self._store[path]
        item = collection.get(id_)
        if item is None:
            raise RefusedError("There is no resource with this id.", status=404)
        if operation.method == "DELETE":
            collection.remove(id_)
            return Answer(204)
        if operation.method == "PATCH":
            changed = without_empty(item | body)
            item.clear()
            item.update(changed)
        return json_answer(200, item)

    def _create(self, operation: Operation, path: str, body: dict[str, JSON]) -> Answer:
        # "/ip_policies" gets "ip_...". ngrok's own prefixes cannot be derived; nobody parses them.
        prefix = "".join(word[0] for word in path.rpartition("/")[2].split("_"))
        item = self._store.ref(path, self._store.new_id(f"{prefix}_")) | body
        if "created_at" in {field.name for field in attrs.fields(operation.model)}:
            item["created_at"] = timestamp(self._clock.now())
        self._store[path].add(without_empty(item))
        return json_answer(201, without_empty(item))

    def _list(self, operation: Operation, name: str, path: str, query: Mapping[str, str]) -> Answer:
        size = _page_size(query.get("limit", "100"))
        collection = self._store[path]
        before = _position(collection, path, query.get("before_id"))
        meets = None
        if "filter" in query:
            meets = condition(query["filter"], operation.model, self._clock.now())
        items: list[JSON] = []
        last, link = 0, None
        for position, item in collection.older_than(before):
            if meets is not None and not meets(item):
                continue
            if len(items) == size:
                following = {**query, "before_id": _cursor(path, last)}
                link = f"{self._store.url}{path}?{urlencode(following)}"
                break
            items.append(item)
            last = position
        page = {name: items, "uri": f"{self._store.url}{path}", "next_page_uri": link}
        return json_answer(200, page)


def _who(authorization: str | None) -> RefusedError:
    if not authorization:
        return RefusedError("The authorization header is missing.", code=200, status=401)
    scheme, _, token = authorization.partition(" ")
    # ngrok repeats what was sent: whoever logs its messages logs keys.
    echo = f"Your credential: {token or authorization}"
    if scheme.lower() != "bearer" or not token:
        reason, code = "The authorization header must be 'Bearer' and an API key.", 201
    elif token.startswith("ak_"):
        reason, code = "This is the id of an API key, not the key.", 208
    elif not token.replace("_", "").isalnum():
        reason, code = "The API key is malformed.", 202
    else:
        reason, code = "The API key is not valid.", 203
    return RefusedError(f"{reason} {echo}", code=code, status=401)


def _check_version(version: str | None) -> None:
    if version is None:
        raise RefusedError("The ngrok-version header is missing.", code=218)
    if version != _VERSION:
        raise RefusedError(f"There is no version {version!r} of the API.", code=217)


def _check_query(operation: Operation, query: tuple[tuple[str, str], ...]) -> dict[str, str]:
    known = () if operation.sends_json else operation.parameters.keys() - {*operation.path_names}
    given: dict[str, str] = {}
    for name, value in query:
        if name not in known:
            raise RefusedError(f"There is no query parameter {name!r} here.", code=231)
        if name in given:
            raise RefusedError(f"The query parameter {name!r} may be given only once.", code=232)
        given[name] = value
    return given


def _check_body(operation: Operation, request: Incoming) -> dict[str, JSON]:
    if not operation.sends_json:
        if request.body:
            raise RefusedError("This request must not have a body.", code=211)
        return {}
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not kind:
        raise RefusedError("The content-type header is missing.", code=216)
    if kind != "application/json":
        raise RefusedError(f"The content type must be application/json, not {kind}.", code=210)
    try:
        body = loads(request.body)
    except MismatchError:
        body = None
    if not isinstance(body, dict):
        raise RefusedError("The body must be a JSON object.", code=213)
    content = cast("dict[str, JSON]", body)
    unknown = content.keys() - (operation.parameters.keys() - {*operation.path_names})
    if unknown:
        raise RefusedError(f"There is no field {min(unknown)!r} in this request.", code=214)
    return content


def _page_size(text: str) -> int:
    try:
        size = int(text)
    except ValueError:
        raise RefusedError(f"limit must be a number, not {text!r}.", code=233) from None
    if size not in _PAGE_SIZES:
        raise RefusedError(f"limit must be from 1 to 100, not {size}.", code=244)
    return size


def _cursor(path: str, position: int) -> str:
    # Encoded, so that no client takes it for the id of the last item.
    return urlsafe_b64encode(f"{path} {position}".encode()).decode()


def _position(collection: Collection, path: str, before_id: str | None) -> int | None:
    if before_id is None:
        return None
    position = collection.position(before_id)
    if position is not None:
        return position
    try:
        of, _, place = urlsafe_b64decode(before_id).decode().rpartition(" ")
        position = int(place) if of == path else None
    except ValueError:  # of any of the three steps
        position = None
    if position is None:
        raise RefusedError(f"{before_id!r} is not a valid identifier.", code=223)
    return position
