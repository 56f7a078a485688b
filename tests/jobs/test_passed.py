"""An item is known by what was passed to the create that made it."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from examples.every_resource import Tour, services, verbs
from ngrok_async import UNSET, Client
from ngrok_async.jobs._passed import differing, is_like, sent_for
from ngrok_async.testing import FakeNgrok


class Creating(Tour):
    """Creates one of each kind, and looks at it in its list."""

    async def call(self, service: str, _verb: str, arguments: Mapping[str, Any]) -> Any:  # noqa: ANN401 # any model
        """Create one; the list shows it like what was passed, and unlike anything else."""
        resource: Any = self.find(service)
        made = await resource.create(**arguments)
        if hasattr(made, "id") and {"delete", "list"} <= set(verbs(resource)):
            sent = sent_for(resource.create, (), arguments)
            (item,) = [each for each in await resource.list().collect() if each.id == made.id]
            assert is_like(sent, item), service
            for name, value in sent.items():
                if isinstance(value, str) and getattr(item, name, None):
                    other = {**sent, name: f"0{value}"}
                    assert name in differing(other, item), (service, name)
                    assert not is_like(other, item)
        return made


async def test_of_every_kind() -> None:
    """Whatever a create takes, its item is known by it."""
    async with FakeNgrok(limit=None) as fake, Client(fake.api_key, base_url=fake.url) as ngrok:
        tour = Creating(ngrok)
        for service in services(ngrok):
            if "create" in verbs(tour.find(service)):
                await tour.one(service)

    assert len(tour.made) > 30


@pytest.mark.parametrize("later", [0.0, 0.4, 1.0])
async def test_times_are_known_by_their_seconds(later: float) -> None:
    """Nobody says how exactly ngrok keeps them."""
    moment = datetime(2026, 11, 25, 20, 0, 0, tzinfo=UTC)
    async with FakeNgrok() as fake, Client(fake.api_key, base_url=fake.url) as ngrok:
        authority = fake.add("/ssh_certificate_authorities")
        create = ngrok.ssh_user_certificates.create
        made = await create(
            ssh_certificate_authority_id=authority, public_key="ssh-ed25519 A", valid_until=moment
        )
        passed = {
            "ssh_certificate_authority_id": authority,
            "public_key": "ssh-ed25519 A",
            "valid_until": moment + timedelta(seconds=later),
        }

    assert ["valid_until"] * (later >= 1) == differing(sent_for(create, (), passed), made)


async def test_of_a_double() -> None:
    """What somebody's tests have in the place of a create is taken as it is."""

    def create(**_: object) -> None:
        """Do nothing."""

    given = {"name": "v", "description": UNSET, "sources": ({"a": 1},)}

    assert {"name": "v", "sources": [{"a": 1}]} == sent_for(create, (), given)
