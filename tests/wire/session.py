"""A session as ngrok writes it."""

from typing import Any, Final

TIME: Final = "2026-01-02T03:04:05Z"
SESSION: Final[dict[str, Any]] = {
    "id": "ts_1",
    "uri": "https://api.ngrok.com/tunnel_sessions/ts_1",
    "agent_version": "3.19.1",
    "credential": {"id": "cr_1", "uri": "https://api.ngrok.com/credentials/cr_1"},
    "ip": "203.0.113.7",
    "metadata": '{"host":"edge"}',
    "os": "linux",
    "region": "us",
    "started_at": TIME,
    "transport": "ngrok/2",
}
