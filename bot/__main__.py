"""The command line: `python -m bot`, `python -m bot playground`, `python -m bot migrate`."""

from __future__ import annotations

import argparse
import sys

import uvloop

from bot import app, log
from bot.errors import SettingsError, StartupError
from bot.redaction import without_secrets
from bot.settings import Settings

REFUSED = 2
"""Exit code when the environment is wrong or Discord or the gateway refuses us."""


def main() -> int:
    """Run what the command line asks for; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bot", description="Liaocord")
    parser.add_argument(
        "command",
        nargs="?",
        choices=("bot", "playground", "migrate"),
        default="bot",
        help="bot (default), playground: try it without a token, migrate: update the database",
    )
    command = parser.parse_args().command
    try:
        match command:
            case "playground":
                from bot.playground.run import main as run_playground  # the bot needs none of it

                run_playground()
            case "migrate":
                settings = _settings()
                uvloop.run(app.migrate(settings))
            case _:
                settings = _settings()
                uvloop.run(app.run(settings))
    except SettingsError as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
        return REFUSED
    except StartupError as error:
        print(without_secrets(str(error)), file=sys.stderr)
        return REFUSED
    except KeyboardInterrupt:
        return 130
    return 0


def _settings() -> Settings:
    settings = Settings.load()
    log.configure(settings.log_level, settings.log_format, settings.secrets)
    return settings


if __name__ == "__main__":
    sys.exit(main())
