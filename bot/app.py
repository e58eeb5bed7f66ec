"""The composition root: builds every part from the settings, starts and stops them in order."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import discord
import yarl

from bot import heap, reconnecting
from bot.cdn import cdn_files
from bot.chat.account import Prices
from bot.chat.metering import Meter
from bot.chat.models import Catalogue
from bot.chat.policy import Defaults, Policy
from bot.chat.respond import Responder
from bot.chores import Chore, doing
from bot.client import Bot, intents
from bot.clock import LoopClock
from bot.errors import AuthCodeError, LLMError, StartupError
from bot.keyring import Keyring
from bot.llm.client import GatewayChatModel
from bot.llm.credits import GatewayAccount
from bot.llm.downloads import Downloads, public_session
from bot.llm.hosts import Hosts
from bot.llm.models import read_models
from bot.log import watch
from bot.pictures.shrinking import scaled
from bot.settings import Settings
from bot.storage.conversations import SqlConversationStore
from bot.storage.database import Database, migrate as migrate_database
from bot.storage.preferences import SqlPreferenceStore
from bot.storage.quotas import SqlQuotaStore
from bot.storage.retention import prune
from bot.storage.runs import BEAT_SECONDS, Runs
from bot.storage.state import SqlStateStore
from bot.storage.variants import SqlVariantStore

log = logging.getLogger(__name__)

HOUR = 3_600
PRICES_FROM = timedelta(days=7)
TEN_SECONDS = 10
FINISH_SECONDS = 4.5
"""For the last words after the grace period: hosts send SIGKILL 30 seconds after SIGTERM."""
LEAVE_SECONDS = 2
"""For the connection to end, once it has been closed."""


async def run(settings: Settings) -> None:
    """Run the bot until it is told to stop.

    Raises:
        StartupError: Discord or the gateway refused us; the text says what to do.
    """
    heap.configure()
    async with running_bot(settings) as bot:
        # What is there by now stays; looking through it again and again would hold up replies.
        gc.collect()
        gc.freeze()
        stop, hurry = asyncio.Event(), asyncio.Event()

        def told() -> None:
            (hurry if stop.is_set() else stop).set()

        loop = asyncio.get_running_loop()
        watch(loop)
        for name in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(name, told)
        connection = asyncio.create_task(connect(bot))
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({connection, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if connection.done():
            connection.result()
            return
        grace = settings.shutdown_grace_seconds
        log.info("stopping; growing replies have %d s, a second signal ends them now", grace)
        await stop_bot(bot, grace=grace, hurry=hurry)
        await leave(connection)


async def leave(connection: asyncio.Task[None]) -> None:
    """Wait until the connection has ended; discord.py goes on trying to open a first one even
    when it has been closed."""
    await asyncio.wait({connection}, timeout=LEAVE_SECONDS)
    if connection.done():
        connection.result()
    else:
        connection.cancel()
        await asyncio.wait({connection})


async def stop_bot(bot: Bot, *, grace: float = 0, hurry: asyncio.Event | None = None) -> None:
    """Take no more questions, let replies grow for so many seconds or until told to `hurry`, end
    the rest visibly, then leave Discord."""
    waiting: set[asyncio.Task[Any]] = {asyncio.create_task(bot.responder.drain())}
    if hurry is not None:
        waiting.add(asyncio.create_task(hurry.wait()))
    await asyncio.wait(waiting, timeout=grace, return_when=asyncio.FIRST_COMPLETED)
    for task in waiting:
        task.cancel()
    try:
        async with asyncio.timeout(FINISH_SECONDS):
            await bot.responder.shutdown()
    except TimeoutError:
        log.warning("not every reply could be ended; the next start does it")
    await bot.close()


async def migrate(settings: Settings) -> None:
    """Bring the database up to date.

    Raises:
        StartupError: it cannot be reached or is newer than this bot.
    """
    await migrate_database(settings.database_url.get_secret_value())


@asynccontextmanager
async def running_bot(settings: Settings) -> AsyncIterator[Bot]:
    """A bot with all its services, logged in but not yet connected.

    Raises:
        StartupError: Discord or the gateway refused us; the text says what to do.
    """
    point_to(settings.discord_api_url)
    clock = LoopClock()
    token = settings.discord_token.get_secret_value()
    authcode = settings.liaobots_auth_code.get_secret_value()
    keyring = Keyring([key.get_secret_value() for key in settings.secrets_key])
    await migrate(settings)
    async with (
        Database(settings.database_url.get_secret_value()) as database,
        aiohttp.ClientSession(
            # No limit: a stream holds its connection, and replies must not queue for one.
            connector=aiohttp.TCPConnector(limit=0),
            cookie_jar=aiohttp.DummyCookieJar(),
        ) as session,
        public_session() as downloading,
        Runs(database) as run,
        cdn_files(settings.loopback_discord) as files,
    ):
        message_content = await _look_at_portal(token)
        hosts = Hosts(settings.gateway_urls, clock)
        account = GatewayAccount(session, hosts)
        await _check_auth_code(account, authcode)
        store = SqlConversationStore(database, run.id)
        variants = SqlVariantStore(database, run.id)
        quotas = SqlQuotaStore(database, run.id)
        prices = Prices()
        models = Catalogue()
        responder = Responder(
            model=GatewayChatModel(
                session,
                hosts=hosts,
                authcode=authcode,
                clock=clock,
                downloads=Downloads(downloading, dict.fromkeys(settings.gateway_urls, session)),
            ),
            store=store,
            variants=variants,
            clock=clock,
            meter=Meter(quotas, prices.of),
            scale=scaled,
            stream=settings.liaobots_stream,
        )
        defaults = Defaults(
            settings.default_chat_model,
            settings.default_image_model,
            retention_days=settings.media_retention_days,
            member_replies=settings.member_replies,
            channel_replies=settings.channel_replies,
        )
        bot = Bot(
            responder=responder,
            policy=Policy(defaults, SqlPreferenceStore(database), clock),
            store=store,
            variants=variants,
            state=SqlStateStore(database),
            keyring=keyring,
            files=files,
            account=account,
            models=models,
            quotas=quotas,
            authcode=authcode,
            clock=clock,
            presence=run,
            answers_dms=settings.answer_dms,
            missed=settings.missed_messages,
            look_back=timedelta(minutes=settings.look_back_minutes),
            deaf_since=run.heard_before,
            message_content=message_content,
            dev_guild_id=settings.dev_guild_id,
        )

        async def prune_media() -> object:
            return await prune(
                database,
                default_days=settings.media_retention_days,
                max_bytes=settings.media_max_mb * 1_000_000,
                now=datetime.now(UTC),
            )

        async def learn_models() -> int:
            listed = await read_models(session, hosts, authcode)
            models.learn(listed)
            return len(listed)

        async def learn_prices() -> int:
            since = datetime.now(UTC) - PRICES_FROM
            charged = await account.charges(authcode, since=since)
            prices.learn(charged)
            return len(charged)

        chores = (
            Chore("media pruned", HOUR, prune_media),
            Chore("quotas forgotten", HOUR, lambda: quotas.forget(datetime.now(UTC))),
            Chore("free memory given back", heap.TRIM_SECONDS, heap.trim),
            Chore("alive", BEAT_SECONDS, lambda: run.beat(hears=bot.hears)),
            Chore("endings still to be kept", TEN_SECONDS, responder.close_rest),
            Chore("models listed", HOUR, learn_models),
            Chore("charges read", HOUR, learn_prices),
        )
        async with bot, doing(chores, clock):
            await bot.login(token)
            yield bot


def point_to(api_url: str) -> None:
    """Send discord.py to this REST base; it asks there for the gateway's address."""
    discord.http.Route.BASE = api_url
    reconnecting.install()
    origin = yarl.URL(api_url).origin()
    if origin.host != "discord.com":
        discord.asset.Asset.BASE = str(origin)


async def connect(bot: Bot) -> None:
    """Stay connected until the bot is closed.

    Raises:
        StartupError: Discord refused the connection for good.
    """
    try:
        await bot.connect()
    except discord.PrivilegedIntentsRequired:
        raise StartupError(
            "Discord refuses the Message Content Intent: switch it on under Bot in the developer "
            "portal, then start again."
        ) from None
    except discord.ConnectionClosed as error:
        raise StartupError(f"Discord closed the connection for good (code {error.code}).") from None


async def _look_at_portal(token: str) -> bool:
    """Check the token and whether message content is granted; say what is missing there."""
    async with discord.Client(intents=intents(message_content=False)) as probe:
        try:
            await probe.login(token)
        except discord.LoginFailure:
            raise StartupError(
                "Discord does not accept DISCORD_TOKEN. Copy it again from Bot in the developer "
                "portal (Reset Token shows a new one)."
            ) from None
        except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
            raise StartupError(f"Discord cannot be reached: {error}") from None
        application = await probe.application_info()
        # Where discord.py reconnects to after a lost session; by itself it would go to Discord's
        # own gateway even with another REST base.
        _shards, gateway_url, _limits = await probe.http.get_bot_gateway()
        discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway_url)
    if application.interactions_endpoint_url:
        log.warning(
            "the developer portal has an Interactions Endpoint URL: commands and buttons go there "
            "and not to this bot; remove it under General Information"
        )
    flags = application.flags
    granted = flags.gateway_message_content or flags.gateway_message_content_limited
    if not granted:
        log.warning(
            "the Message Content Intent is off in the developer portal: mentions, DMs and commands "
            "work, but replies with the ping switched off and replied-to messages of others reach "
            "the bot empty; switch it on under Bot to change that"
        )
    return granted


async def _check_auth_code(account: GatewayAccount, authcode: str) -> None:
    try:
        balance = await account.balance(authcode)
    except AuthCodeError:
        raise StartupError(
            "The gateway does not accept LIAOBOTS_AUTH_CODE. Copy it again from your account."
        ) from None
    except LLMError as error:
        log.warning("no gateway host could be reached, the bot starts all the same: %s", error)
    else:
        log.info("gateway ready, balance %s", balance.balance)
