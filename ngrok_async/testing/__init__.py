"""An ngrok API to test against, without ngrok: `FakeNgrok`.

`python -m ngrok_async.testing` serves it alone, for programs in other processes.
"""

from ngrok_async.testing._agent import Agent
from ngrok_async.testing._fake import FakeNgrok
from ngrok_async.testing._fleet import AgentOptions
from ngrok_async.testing._server import ReceivedRequest
from ngrok_async.testing.clock import TurnableClock

__all__ = ["Agent", "AgentOptions", "FakeNgrok", "ReceivedRequest", "TurnableClock"]
