"""Models and pages as fields of pydantic's models, and as answers of FastAPI."""

import json
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import attrs
import fastapi
import httpx
import pydantic
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ngrok_async import Client, Page
from ngrok_async._model import Model
from ngrok_async.resources import Ref
from ngrok_async.resources.api_keys import APIKey
from ngrok_async.resources.edges.edge_modules import (
    EndpointOAuth,
    EndpointOAuthGitHub,
    EndpointOAuthProvider,
)
from ngrok_async.resources.edges.https_routes import HTTPSEdgeRoute
from ngrok_async.resources.endpoints import Endpoint
from ngrok_async.resources.ip_policies import IPPolicy
from ngrok_async.resources.tunnel_sessions import TunnelSession
from ngrok_async.testing import FakeNgrok
from tests import drawn
from tools.contract.declared import models
from tools.pages import start_here

PAGE_OF_MODELS: Final = Path(__file__).parent.parent / "docs" / "models.md"
MODELS: Final = models()
KEY: Final = APIKey(
    id="ak_1",
    created_at=datetime(2026, 11, 25, 12, 30, 15, 120_000, tzinfo=UTC),
    token="s3cret",
    extra={"later": [1]},
)
ROUTE: Final = HTTPSEdgeRoute(
    id="edghtsrt_1",
    created_at=KEY.created_at,
    oauth=EndpointOAuth(
        provider=EndpointOAuthProvider(
            github=EndpointOAuthGitHub(client_id="id", client_secret="s3cret")
        )
    ),
)
PAGE: Final = Page(
    items=(KEY,), uri="u", next_page_uri="https://api.ngrok.com/api_keys?before_id=ak_1"
)


# pydantic


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("kind", MODELS.values(), ids=MODELS)
@settings(max_examples=10)
@given(data=st.data())
def test_every_model_is_a_field(kind: type[Model], data: st.DataObject) -> None:
    """Its JSON is that of `to_dict`, which it also reads; its schema is that of what it writes."""
    adapter = pydantic.TypeAdapter(kind)
    value = data.draw(drawn.of(kind))
    written = adapter.dump_json(value)

    assert value.to_dict() == json.loads(written)
    assert kind.from_dict(value.to_dict()) == adapter.validate_json(written)
    assert value is adapter.validate_python(value)
    assert value == adapter.validate_python(value.to_dict(secrets=True))


@pytest.mark.parametrize("kind", MODELS.values(), ids=MODELS)
def test_every_model_is_documented(kind: type[Model]) -> None:
    """Each field but the secrets, with what the docstring says about it."""
    schema = pydantic.TypeAdapter(kind).json_schema()
    schema = schema["$defs"][kind.__name__] if "$ref" in schema else schema
    fields = {field.name: field for field in attrs.fields(kind) if field.name != "_extra"}
    shown = {name: field for name, field in fields.items() if field.repr}

    assert shown.keys() == schema["properties"].keys()
    assert kind.__name__ == schema["title"]
    assert schema["description"]
    assert "Attributes:" not in schema["description"]
    assert [name for name, field in shown.items() if field.default is attrs.NOTHING] == schema.get(
        "required", []
    )
    described = "Attributes:" in (kind.__doc__ or "")
    assert not described or any("description" in f for f in schema["properties"].values())
    written = pydantic.TypeAdapter(kind).json_schema(mode="serialization")
    assert pydantic.TypeAdapter(kind).json_schema() == written


def test_a_field_says_what_it_is() -> None:
    """Types as in JSON, and descriptions of the base's fields too."""
    properties = pydantic.TypeAdapter(APIKey).json_schema()["properties"]

    assert {
        "title": "Created At",
        "type": "string",
        "format": "date-time",
        "description": "When it was created, in UTC.",
    } == properties["created_at"]
    assert [{"type": "string"}, {"type": "null"}] == properties["owner_id"]["anyOf"]


class Report(pydantic.BaseModel):
    """A model of somebody else's, with ours in it."""

    session: TunnelSession | None = None
    keys: list[APIKey] = pydantic.Field(default=[])
    page: Page[APIKey] | None = None
    routes: Mapping[str, HTTPSEdgeRoute] = pydantic.Field(default={})
    anything: Page | None = None  # type: ignore[type-arg] # that is the point


def test_models_are_fields_of_others() -> None:
    """Alone, in lists and maps, and in pages; without a secret at any depth."""
    report = Report(keys=[KEY], page=PAGE, routes={"a": ROUTE}, anything=PAGE)
    text = report.model_dump_json()

    assert "s3cret" not in text
    assert "s3cret" not in str(report.model_dump())
    assert {
        "session": None,
        "keys": [KEY.to_dict()],
        "page": PAGE.to_dict(),
        "routes": {"a": ROUTE.to_dict()},
        "anything": PAGE.to_dict(),
    } == json.loads(text)
    assert KEY is report.keys[0]
    again = Report.model_validate_json(text)
    assert APIKey.from_dict(KEY.to_dict()) == again.keys[0]
    assert attrs.evolve(PAGE, items=(again.keys[0],)) == again.page


def test_options_of_pydantic_reach_what_is_in_a_model() -> None:
    """`exclude_none` and `include` of FastAPI are these."""
    adapter = pydantic.TypeAdapter(HTTPSEdgeRoute)

    assert "saml" not in adapter.dump_python(ROUTE, exclude_none=True)
    assert "google" not in adapter.dump_python(ROUTE, exclude_none=True)["oauth"]["provider"]
    assert {"id": "edghtsrt_1"} == adapter.dump_python(ROUTE, include={"id"})
    assert KEY.created_at is pydantic.TypeAdapter(APIKey).dump_python(KEY)["created_at"]


def test_a_page_is_read_with_what_is_unknown() -> None:
    """The cursor is known from the link."""
    content = PAGE.to_dict(secrets=True) | {"total": 3}
    found = pydantic.TypeAdapter(Page[APIKey]).validate_python(content)

    assert attrs.evolve(PAGE, extra={"total": 3}) == found
    assert PAGE is pydantic.TypeAdapter(Page[APIKey]).validate_python(PAGE)
    assert Page(items=()) == pydantic.TypeAdapter(Page[APIKey]).validate_python({"items": []})
    with pytest.raises(pydantic.ValidationError, match="items"):
        pydantic.TypeAdapter(Page[APIKey]).validate_python({"uri": "u"})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"id": 1}, r"this is no Ref: expected a string, got an integer @ \$\.id"),
        ({}, r"this is no Ref: required field missing @ \$\.id"),
        ([], "this is no Ref: expected an object, got an array"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(content: object, message: str) -> None:
    """Reading goes the same way as without pydantic."""
    with pytest.raises(pydantic.ValidationError, match=message):
        pydantic.TypeAdapter(Ref).validate_python(content)


def test_ids_of_requests_are_written_as_ids() -> None:
    """Whatever has them."""
    kind = MODELS["EndpointBackendMutate"]

    assert b'{"backend_id":"b"}' == pydantic.TypeAdapter(kind).dump_json(
        kind(backend_id=Ref(id="b"))
    )


def test_a_page_of_any_type_is_one_of_models() -> None:
    """What is in the brackets may be what no class is."""
    adapter = pydantic.TypeAdapter(Page[APIKey | Ref])

    assert PAGE.to_dict() == json.loads(adapter.dump_json(PAGE))


def test_pydantic_is_not_loaded_unless_it_asks() -> None:
    """Who does not use it need not have it."""
    program = """
import sys, importlib, pkgutil, ngrok_async, ngrok_async.resources as resources
for module in pkgutil.walk_packages(resources.__path__, "ngrok_async.resources."):
    importlib.import_module(module.name)
resources.Ref.from_dict(resources.Ref(id="x").to_dict())
ngrok_async.Page(items=()).to_dict()
print([name for name in sys.modules if "pydantic" in name])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)

    assert b"[]" == done.stdout.strip()


# FastAPI


def application() -> fastapi.FastAPI:
    """Return an application that answers with ours."""
    app = fastapi.FastAPI()

    @app.get("/keys")
    async def keys() -> Page[APIKey]:
        return PAGE

    @app.get("/routes/1")
    async def route() -> HTTPSEdgeRoute:
        return ROUTE

    @app.get("/sparse", response_model_exclude_none=True)
    async def sparse() -> list[HTTPSEdgeRoute]:
        return [ROUTE]

    @app.post("/policies")
    async def create(policy: Annotated[IPPolicy, fastapi.Body()]) -> IPPolicy:
        return policy

    return app


async def asked(
    method: str, path: str, content: object = None, app: fastapi.FastAPI | None = None
) -> httpx.Response:
    """Ask an application, by default that one, and return its answer."""
    transport = httpx.ASGITransport(app or application())
    async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
        return await client.request(method, path, json=content)


@pytest.mark.parametrize(
    ("path", "value"),
    [("/keys", PAGE.to_dict()), ("/routes/1", ROUTE.to_dict())],
    ids=["page", "model"],
)
async def test_answers_are_as_ngrok_writes_them(path: str, value: object) -> None:
    """Names, times, unknown fields; no secret, however deep."""
    answer = await asked("GET", path)

    assert 200 == answer.status_code
    assert value == answer.json()
    assert "s3cret" not in answer.text


async def test_options_of_a_route_are_kept() -> None:
    """Those that leave things out, on every level."""
    (found,) = (await asked("GET", "/sparse")).json()

    assert "saml" not in found
    assert ["github"] == list(found["oauth"]["provider"])


async def test_a_model_is_a_body() -> None:
    """Read as an answer of ngrok's would be; what is wrong is a 422 with its place."""
    policy = {"id": "ipp_1", "created_at": "2026-01-02T03:04:05Z"}
    answer = await asked("POST", "/policies", policy)

    assert IPPolicy.from_dict(policy).to_dict() == answer.json()
    wrong = await asked("POST", "/policies", {"id": "ipp_1"})
    assert 422 == wrong.status_code
    assert wrong.json()["detail"][0]["msg"].endswith("required field missing @ $.created_at")


async def test_the_document_shows_fields_and_no_secrets() -> None:
    """One schema for a kind, whether it comes or goes, under its own name."""
    document = (await asked("GET", "/openapi.json")).json()
    schemas = document["components"]["schemas"]

    answer = document["paths"]["/keys"]["get"]["responses"]["200"]["content"]["application/json"]
    assert {"$ref": "#/components/schemas/Page_APIKey_"} == answer["schema"]
    assert ["items", "uri", "next_page_uri", "cursor"] == list(
        schemas["Page_APIKey_"]["properties"]
    )
    assert {"APIKey", "HTTPSEdgeRoute", "EndpointOAuthGitHub", "IPPolicy"} <= schemas.keys()
    assert not [name for name in schemas if "Input" in name or "Output" in name]
    assert "client_id" in schemas["EndpointOAuthGitHub"]["properties"]
    assert not {"token", "client_secret"} & {
        n for s in schemas.values() for n in s.get("properties", {})
    }


async def test_the_application_of_the_page() -> None:
    """Its ten lines answer with the account's endpoints, page by page, and say what they are."""
    (program,) = (
        block.text
        for block in start_here.blocks(PAGE_OF_MODELS.read_text("utf-8"))
        if "FastAPI()" in block.text
    )
    assert 10 >= len([line for line in program.splitlines() if line])
    async with FakeNgrok(agents=2) as fake, Client(fake.api_key, base_url=fake.url) as ngrok:
        scope: dict[str, Any] = {"ngrok": ngrok}
        exec(program, scope)  # noqa: S102 # the page is ours
        endpoints = await ngrok.endpoints.list()
        answer = await asked("GET", "/urls", app=scope["app"])
        document = await asked("GET", "/openapi.json", app=scope["app"])

    assert endpoints.to_dict() == answer.json()
    schemas = document.json()["components"]["schemas"]
    shown = {field.name for field in attrs.fields(Endpoint) if field.name != "_extra"}
    assert shown == schemas["Endpoint"]["properties"].keys()
    assert (
        "#/components/schemas/Endpoint"
        == schemas["Page_Endpoint_"]["properties"]["items"]["items"]["$ref"]
    )
