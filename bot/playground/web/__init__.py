"""The page of the playground: a chat client in the browser over the loopback Discord."""

from bot.playground.web.app import create_app

__all__ = ["create_app"]
