"""A FastAPI service that shows ngrok's agents and restarts them; all its workers share one budget.

    redis-server &
    NGROK_API_KEY=... uvicorn --app-dir examples --workers 2 fastapi_service:app

It needs fastapi, uvicorn and the extra `redis`, and lets in everybody who reaches it: put your own
login in front. From the environment: REDIS_URL (default: this machine), and NGROK_REQUESTS and
NGROK_WINDOW for an account whose limit is not 120 requests per 60 seconds.

Without NGROK_API_KEY each worker has a fake ngrok of its own, so try it with one. To try several,
start a fake for all with `python -m ngrok_async.testing --agents 5`, and set NGROK_API_URL and
NGROK_API_KEY to what it prints.
"""

import logging
import math
import os
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from typing import Annotated, TypedDict

import attrs
from fastapi import Depends, FastAPI, Path, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict
from redis.asyncio import Redis

from ngrok_async import Client, NgrokError, NotFoundError, RateLimitedError, Timeout
from ngrok_async.redis import RedisRateLimit
from ngrok_async.testing import FakeNgrok

# How many seconds a visitor waits for the rate limit before the answer is 503.
PATIENCE = 10.0

log = logging.getLogger(__name__)


class State(TypedDict):
    """What lives as long as the worker."""

    ngrok: Client


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncGenerator[State]:
    """Open one client per worker, and Redis, through which the workers share the rate limit."""
    async with AsyncExitStack() as stack:
        key, url = os.environ.get("NGROK_API_KEY"), None
        if not key:
            fake = await stack.enter_async_context(FakeNgrok(agents=5))
            key, url = fake.api_key, fake.url
            log.warning("No NGROK_API_KEY: this worker talks to a fake ngrok inside itself")
        redis = Redis.from_url(  # pyright: ignore[reportUnknownMemberType] # it has bare **kwargs
            os.environ.get("REDIS_URL", "redis://localhost")
        )
        limiter = RedisRateLimit(
            await stack.enter_async_context(redis),
            account=key,
            requests=int(os.environ.get("NGROK_REQUESTS", "120")),
            window=float(os.environ.get("NGROK_WINDOW", "60")),
        )
        client = Client(
            key, base_url=url, limiter=limiter, max_wait=PATIENCE, timeout=Timeout(total=30)
        )
        yield {"ngrok": await stack.enter_async_context(client)}


def ngrok_client(request: Request) -> Client:
    """Return the worker's client; tests put theirs here with `app.dependency_overrides`."""
    client: Client = request.state.ngrok
    return client


Ngrok = Annotated[Client, Depends(ngrok_client)]
AgentId = Annotated[str, Path(pattern=r"^ts_\w+$")]


class Agent(BaseModel):
    """What visitors see of an agent: of an attrs class, the fields that are named here."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    agent_version: str
    ip: str
    metadata: str
    os: str
    region: str
    started_at: datetime


class AgentPage(BaseModel):
    """Some agents, newest first; with `next` as `after` come the ones that follow."""

    agents: list[Agent]
    next: str | None


class Problem(BaseModel):
    """What went wrong, for a person; ngrok's support asks for the operation id."""

    detail: str
    operation_id: str | None


app = FastAPI(
    title="Agents",
    lifespan=lifespan,
    responses={status: {"model": Problem} for status in (404, 502, 503)},
)


@app.get("/agents")
async def list_agents(
    ngrok: Ngrok,
    after: Annotated[str | None, Query(min_length=1, max_length=2048)] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> AgentPage:
    """Return a page of the agents that are connected now."""
    page = await ngrok.tunnel_sessions.list(before_id=after, limit=limit)
    return AgentPage(agents=[Agent.model_validate(each) for each in page.items], next=page.cursor)


@app.get("/agents/{agent_id}")
async def get_agent(ngrok: Ngrok, agent_id: AgentId) -> Agent:
    """Return one agent."""
    return Agent.model_validate(await ngrok.tunnel_sessions.get(agent_id))


@app.post("/agents/{agent_id}/restart", status_code=204)
async def restart_agent(ngrok: Ngrok, agent_id: AgentId) -> None:
    """Have an agent start itself again; it comes back under another id."""
    await ngrok.tunnel_sessions.restart(agent_id)


@app.get("/health")
async def health(ngrok: Ngrok) -> dict[str, int | float]:
    """Tell what is known of the budget. Nothing is sent: asking may be as frequent as you like."""
    budget = attrs.asdict(ngrok.budget) if ngrok.budget else {}
    return {"worker": os.getpid(), **budget}


# FastAPI picks the handler of the class that fits the error best.
@app.exception_handler(RateLimitedError)
async def over_budget(_: Request, error: RateLimitedError) -> JSONResponse:
    """Answer 503 when the wait would be longer than our patience, or ngrok refused."""
    seconds = max(1, math.ceil(error.retry_after or 1))
    detail = f"Our ngrok account is busy: please try again in {seconds} s."
    return problem(503, detail, error, {"Retry-After": str(seconds)})


@app.exception_handler(NotFoundError)
async def not_found(_: Request, error: NotFoundError) -> JSONResponse:
    """Answer 404 for an agent that is gone, or back under another id."""
    return problem(404, "There is no such agent; it may have come back under another id.", error)


@app.exception_handler(NgrokError)
async def failed(request: Request, error: NgrokError) -> JSONResponse:
    """Answer 502 for everything else; what exactly it was, the log tells."""
    log.error("%s %s failed: %s", request.method, request.url.path, error)
    detail = "ngrok could not do this."
    if error.maybe_applied:
        detail += " It may have happened all the same: look before you try again."
    return problem(502, detail, error)


def problem(
    status: int, detail: str, error: NgrokError, headers: dict[str, str] | None = None
) -> JSONResponse:
    """Make an answer of texts of ours; those of ngrok are not for everybody."""
    content = Problem(detail=detail, operation_id=error.operation_id)
    return JSONResponse(content.model_dump(), status, headers)
