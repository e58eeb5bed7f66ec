"""Collect every sentence shown to people into `bot/locales/liaocord.pot`.

`python -m scripts.messages` writes the catalogue; with `--check` it only says whether the committed
one is up to date, by its exit code. Command texts are read from the commands themselves, because
discord.py takes them from docstrings.
"""

from __future__ import annotations

import inspect
import io
import pkgutil
import sys
from importlib import import_module
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import write_po
from discord import app_commands
from discord.ext import commands

from bot import cogs

ROOT = Path(__file__).parent.parent
CATALOGUE = ROOT / "bot" / "locales" / "liaocord.pot"
KEYWORDS = {"_": None, "ngettext": (1, 2)}


def collect() -> bytes:
    """The catalogue as it should be."""
    catalogue = Catalog(project="Liaocord", charset="utf-8")
    found = extract_from_dir(str(ROOT / "bot"), [("**.py", "python")], keywords=KEYWORDS)
    for _file, _line, message, _comments, _context in found:
        catalogue.add(message)
    for text in sorted(command_texts()):
        catalogue.add(text)
    written = io.BytesIO()
    write_po(written, catalogue, width=100, omit_header=True, sort_output=True, no_location=True)
    return written.getvalue()


def command_texts() -> set[str]:
    """Descriptions of all commands, groups and options."""
    texts: set[str] = set()
    for module in pkgutil.iter_modules(cogs.__path__, f"{cogs.__name__}."):
        for _name, member in inspect.getmembers(import_module(module.name), inspect.isclass):
            if issubclass(member, commands.Cog) and member.__module__ == module.name:
                texts.add(str(member.__cog_group_description__ or ""))
                for command in member.__cog_app_commands__:
                    texts.add(str(command.description))
                    if isinstance(command, app_commands.Command):
                        texts |= {str(p.description) for p in command.parameters}
    return texts - {"", "…"}


def main() -> int:
    """Write or check the catalogue."""
    current = collect()
    if "--check" not in sys.argv:
        CATALOGUE.write_bytes(current)
        return 0
    if CATALOGUE.exists() and CATALOGUE.read_bytes() == current:
        return 0
    print("bot/locales/liaocord.pot is out of date: run `make messages`", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
