"""The copy of the facts that the fake reads."""

from ngrok_async.testing import _facts
from tools.contract import facts, fake_facts


def test_the_fake_knows_the_facts() -> None:
    """Its copy is what the tool makes of the facts, byte for byte."""
    made = fake_facts.written(fake_facts.copy(facts.load()))

    assert fake_facts.COPY.read_text(encoding="utf-8") == made, (
        "run python -m tools.contract.fake_facts"
    )


def test_the_fake_reads_its_copy() -> None:
    """What is known of an operation and of a schema is found by route and by name."""
    create, keys = _facts.of_operation("POST /api_keys"), _facts.of_schema("APIKey")

    assert create.get("status") == 201
    assert create.get("body", {})["metadata"] == {"max_bytes": 4096}
    assert "owner_id" in _facts.of_operation("GET /api_keys").get("filter_fields", ())
    assert keys["token"] == {"answers": "there", "nullable": True}
    assert keys["id"] == {"answers": "set"}
    assert not _facts.of_operation("GET /nothing")
    assert not _facts.of_schema("Nothing")
