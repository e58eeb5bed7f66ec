"""A bot with two commands, for the tests of interactions."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import discord
from discord import app_commands

from tests.playground.discord.client import Client

Asked = discord.Interaction[Client]
Act = Callable[[Asked], Awaitable[None]]


async def say_prompt(asked: Asked) -> None:
    await asked.response.send_message(f"prompt: {asked.extras.get('prompt')}")


class Bot(Client):
    """A client with a few commands; what a command does is set by the test."""

    def __init__(self) -> None:
        super().__init__()
        self.act: Act = say_prompt
        self.errors: list[Exception] = []
        self.tree.on_error = self._note  # type: ignore[method-assign]

        @self.tree.command(description="Ask")
        async def ask(
            asked: Asked,
            prompt: str,
            model: str | None = None,
            file: discord.Attachment | None = None,
            count: app_commands.Range[int, 1, 4] = 1,
        ) -> None:
            asked.extras |= {"prompt": prompt, "model": model, "file": file, "count": count}
            await self.act(asked)

        @ask.autocomplete("model")
        async def models(asked: Asked, current: str) -> list[app_commands.Choice[str]]:
            names = ["gpt-4o", "gpt-5", "gemini-3-pro"]
            if current == "never":
                await asyncio.Event().wait()
            return [app_commands.Choice(name=n, value=n) for n in names if n.startswith(current)]

        config = app_commands.Group(
            name="config",
            description="Settings",
            guild_only=True,
            default_permissions=discord.Permissions(manage_guild=True),
        )

        @config.command(description="Models")
        async def model(asked: Asked, chat: str, who: discord.User | None = None) -> None:
            asked.extras |= {"chat": chat, "who": who}
            await self.act(asked)

        self.tree.add_command(config)

    def does(self, act: Act) -> Act:
        """Set what the commands do: `@bot.does`."""
        self.act = act
        return act

    async def _note(self, asked: Asked, error: app_commands.AppCommandError) -> None:
        self.errors.append(getattr(error, "original", error))

    async def setup_hook(self) -> None:
        await self.tree.sync()
