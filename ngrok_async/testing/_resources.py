"""Resources as the declarations describe them: created, read, updated, deleted, all alike."""

import inspect
from collections.abc import Mapping
from typing import cast, get_origin

import attrs

from ngrok_async._operation import Operation
from ngrok_async._request import JSON
from ngrok_async.testing._answer_fields import whole
from ngrok_async.testing._conflicts import check_state, check_unique, check_unused
from ngrok_async.testing._declared_types import choices, fields
from ngrok_async.testing._id_prefixes import prefix_of
from ngrok_async.testing._kinds import Kind
from ngrok_async.testing._made_by_ngrok import EMPTY_UPDATES, RULES, Change
from ngrok_async.testing._messages import RefusedError
from ngrok_async.testing._references import not_found
from ngrok_async.testing._refusals import refusal, wrong_value
from ngrok_async.testing._request_to_answer import answer_form, made_up, secrets
from ngrok_async.testing._store import Item, Store, timestamp
from ngrok_async.testing.clock import TurnableClock


@attrs.frozen
class Place:
    """A collection of the account.

    Attributes:
        kind: What is known about its items.
        path: Its path, such as "/edges/https/edghts_1/routes".
    """

    kind: Kind
    path: str


class Resources:
    """Everything that the account holds, by the rules of the API."""

    def __init__(self, kinds: Mapping[str, Kind], store: Store, clock: TurnableClock) -> None:
        """Begin with what is in the store."""
        self._kinds = kinds
        self._store = store
        self._clock = clock

    def find(self, place: Place, key: str) -> Item:
        """Return an item.

        Raises:
            RefusedError: It is not there.
        """
        item = self._store[place.path].get(key)
        if item is None:
            raise not_found(place.kind.template, key if place.kind.key == "id" else None)
        return item

    def shown(self, place: Place, item: Item) -> Item:
        """Return what answers have of an item: itself, and the items below it."""
        below: Item = {}
        for name in place.kind.children:
            child = self._below(place, item, name)
            items = [self.shown(child, one) for _, one in self._store[child.path].older_than(None)]
            below[name] = items[::-1]
        return item | below

    def create(self, place: Place, body: Mapping[str, JSON], names: Mapping[str, str]) -> Item:
        """Create an item; returns the only answer that has its secrets.

        Args:
            place: Where.
            body: What was sent.
            names: The parameters of the path; a route knows the id of its edge.
        """
        model = place.kind.model
        item = made_up(self._store, model, self._clock.now())
        known = fields(model).keys() - {place.kind.key}
        item |= {name: value for name, value in names.items() if name in known}
        item |= answer_form(self._store, model, body)
        if place.kind.key == "id":
            item["id"] = item.get("id") or self._store.new_id(prefix_of(place.kind.template))
        key = _key(place.kind, item)
        if "uri" in known:
            item["uri"] = self._store.uri(place.path, key)
        hidden = {n: item.pop(n, v) for n, v in secrets(self._store, model, key).items()}
        self._settle(place, key, Change(self._store, self._clock.now(), body, {}, item))
        return self.shown(place, self.find(place, key)) | hidden

    def update(
        self, place: Place, key: str, operation: Operation, body: Mapping[str, JSON]
    ) -> Item:
        """Change what is sent and leave the rest; null and empty texts empty a field.

        A field that the operation declares as required is emptied when it is not sent: that is what
        ngrok does to the `backends` of failover and weighted backends.
        """
        before = self.find(place, key)
        allowed = [name for name in operation.parameters if name not in operation.path_names]
        if allowed and not body:
            code = EMPTY_UPDATES.get(place.kind.template)
            raise refusal(code) if code else RefusedError("There is nothing to change.")
        item = before | answer_form(self._store, place.kind.model, _emptied(operation) | {**body})
        if "updated_at" in item:
            item["updated_at"] = timestamp(self._clock.now())
        self._settle(place, key, Change(self._store, self._clock.now(), body, before, item))
        return self.shown(place, before)

    def delete(self, place: Place, key: str) -> None:
        """Delete an item and what is below it, unless others refer to it."""
        self.find(place, key)
        check_unused(place.kind.template, self._store, key)
        self._store[place.path].remove(key)
        self._store.clear(f"{place.path}/{key}")

    def part(self, place: Place, key: str, name: str) -> Item:
        """Return a part of an item, such as a module of an edge.

        Raises:
            RefusedError: The item or the part is not there. ngrok does not say how it answers for
                an item without the part; here it is 404.
        """
        part = self.find(place, key).get(name)
        if part is None:
            raise RefusedError(f"There is no {name} here.", status=404)
        return cast("Item", part)

    def replace(
        self, place: Place, key: str, name: str, operation: Operation, body: Mapping[str, JSON]
    ) -> Item:
        """Put a part in the place of the former one."""
        self._put(place, key, name, answer_form(self._store, operation.model, body))
        return self.part(place, key, name)

    def remove(self, place: Place, key: str, name: str) -> None:
        """Take a part away that is there."""
        self.part(place, key, name)
        self._put(place, key, name, None)

    def _put(self, place: Place, key: str, name: str, part: JSON) -> None:
        item, now = self.find(place, key), self._clock.now()
        change = Change(self._store, now, {name: part}, item, item | {name: part})
        self._settle(place, key, change)

    def _below(self, place: Place, item: Item, name: str) -> Place:
        kind = self._kinds[f"{place.kind.template}/{{}}/{name}"]
        return Place(kind, f"{place.path}/{item[place.kind.key]}/{name}")

    def _settle(self, place: Place, key: str, change: Change) -> None:
        """Make a change last, after all that could refuse it."""
        rule = RULES.get(place.kind.template)
        if rule is not None:
            rule(change)
        template, collection = place.kind.template, self._store[place.path]
        check_state(template, self._store, change.before, change.item)
        others = [item for _, item in collection.older_than(None) if item is not change.before]
        check_unique(template, others, change.item)
        below = {n: change.item.pop(n) for n in place.kind.children if n in change.item}
        for name, items in below.items():
            kind = self._below(place, change.item, name).kind
            for index, item in enumerate(items):
                _key(kind, item)
                check_unique(kind.template, items[:index], item)
        stored = whole(place.kind.model, change.item)
        for name in place.kind.children:
            stored.pop(name, None)
        if change.before:
            change.before.clear()
            change.before.update(stored)
        else:
            collection.add(stored, key)
        for name, items in below.items():
            child = self._below(place, change.item, name)
            self._store.clear(child.path)
            for item in items:
                self.create(child, item, {})


def _key(kind: Kind, item: Item) -> str:
    """Return what names an item; all but ids must have been sent."""
    key = item.get(kind.key, "")
    if not key and kind.key != "id":
        raise wrong_value(kind.key, "is required")
    return str(key)


def _emptied(operation: Operation) -> dict[str, JSON]:
    """Return empty values for the fields of an update that must be sent."""
    return {
        name: {} if get_origin(choices(operation.hints[name])[0]) is Mapping else []
        for name, parameter in operation.parameters.items()
        if name not in operation.path_names and parameter.default is inspect.Parameter.empty
    }
