"""An offline stand-in for the gateway: both dialects over HTTP on 127.0.0.1, no model behind it."""

from bot.playground.standin.faults import Fault, FaultPlan
from bot.playground.standin.journal import Outcome, ReceivedCall
from bot.playground.standin.server import StandInGateway

__all__ = ["Fault", "FaultPlan", "Outcome", "ReceivedCall", "StandInGateway"]
