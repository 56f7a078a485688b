"""Jobs that people do with the calls, each in one line.

All of them are made of public calls only, so you could have written them; they wait by the client's
clock and do nothing in the background. What one call raises, they raise as it is; what only a job
can meet is a `JobError`, `WaitTimeoutError`, `NothingFoundError` or `SeveralFoundError` of
`ngrok_async.errors`.
"""

from ngrok_async.jobs._fleet_values import RolloutPlan, RolloutReport, Step
from ngrok_async.jobs._notices import (
    Added,
    Changed,
    Notice,
    Reconnected,
    Removed,
    Synced,
    Trouble,
)
from ngrok_async.jobs.ensuring import ensure
from ngrok_async.jobs.fleet import Rollout
from ngrok_async.jobs.ip_rules import IPRule, IPRulesPlan, IPRulesResult, IPRuleStep, plan_ip_rules
from ngrok_async.jobs.lending import temporary
from ngrok_async.jobs.releasing import release
from ngrok_async.jobs.waiting import wait_for
from ngrok_async.jobs.watching import Watch, watch

__all__ = [
    "Added",
    "Changed",
    "IPRule",
    "IPRuleStep",
    "IPRulesPlan",
    "IPRulesResult",
    "Notice",
    "Reconnected",
    "Removed",
    "Rollout",
    "RolloutPlan",
    "RolloutReport",
    "Step",
    "Synced",
    "Trouble",
    "Watch",
    "ensure",
    "plan_ip_rules",
    "release",
    "temporary",
    "wait_for",
    "watch",
]
