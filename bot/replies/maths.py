"""LaTeX formulas as readable Unicode, and telling them from prices."""

# ruff: noqa: RUF001  # Greek letters and signs of mathematics are meant.

from __future__ import annotations

import re
from functools import cache

from pylatexenc.latex2text import (  # type: ignore[import-untyped]  # it ships no types
    LatexNodes2Text,
    MacroTextSpec,
    SpecialsTextSpec,
    get_default_latex_context_db as text_specs,
)
from pylatexenc.latexwalker import (  # type: ignore[import-untyped]
    LatexWalker,
    LatexWalkerParseError,
    get_default_latex_context_db as walker_specs,
)
from pylatexenc.macrospec import (  # type: ignore[import-untyped]
    MacroSpec,
    MacroStandardArgsParser,
    SpecialsSpec,
    std_macro,
)

from bot.replies.drawing import ALT_LIMIT, Drawing, DrawingKind
from bot.replies.markup import break_fences

_PLAIN = "0123456789+-=()abcdefghijklmnoprstuvwxyzABDEGHIJKLMNOPRTUVWαβγδθφχ"
_RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂᵅᵝᵞᵟᶿᵠᵡ"
_SUPERSCRIPT = dict(zip(_PLAIN, _RAISED, strict=True)) | {"′": "′", "'": "'", "*": "*", "−": "⁻"}
_SUBSCRIPT = dict(
    zip(
        "0123456789+-=()aehijklmnoprstuvxβγρφχ",
        "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ",
        strict=True,
    )
)
_ROOTS = {"3": "∛", "4": "∜"}
_NAMED = "log ln lg exp sin cos tan cot sec csc arcsin arccos arctan sinh cosh tanh max min sup inf"
_NAMED += " lim det dim ker gcd deg arg Pr hom mod argmax argmin"
_WORDS = (
    "text mathrm operatorname textbf textit mathbf textrm mathit boldsymbol mathsf texttt boxed"
)

_SPACES = re.compile(r"[ \t]{2,}")
_RELATION = re.compile(r"[ \t]*([=≠≈≡≤≥<>→←↔⇒⇐⇔↦∈∉⊂⊆∪∩±×÷]|(?<=[\w)\]}⁰-₎])[+−](?=.))[ \t]*")
_ONE_TERM = re.compile(r"[\w.′]*|[^\s\w]*\w|\([^()]*\)")
_ONE_FACTOR = re.compile(r"[\d.]+|[^\s\d][⁰-₎ᵃ-ᵿ²³¹ₐ-ₜ]*|\([^()]*\)")
_SCRIPT_AFTER_NAME = re.compile(r"(?<=[a-z]) (?=[_^₀-₉])")
_WORD = re.compile(r"[^\W\d_]{2,}")
_NUMBER_AND_WORDS = re.compile(r"\d[\d.,]*\s+[^\W\d_]{2,}")
_SYMBOL = re.compile(r"[\^_={}<>]|\\[A-Za-z{|,;!]")
_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)
_FORGIVEN = 6
"""Groups up to which a formula with a mistake in it is read nevertheless."""
_SHORT = re.compile(r"-?\d*[^\W\d_]['′]?(?:[\s+\-*/,()|!\d]++[^\W\d_]?)*|-?[\d.,]+|[+\-]?∞")


def is_maths(text: str) -> bool:
    """Whether what stands between the delimiters reads like a formula, not like words or prices."""
    text = text.strip()
    if not text or _NUMBER_AND_WORDS.match(text):
        return False
    if _SYMBOL.search(text):
        return True
    if len(_WORD.findall(text)) > 1:
        return False
    return bool(_SHORT.fullmatch(text)) or bool(re.fullmatch(r"\w+\(.*\)", text))


def superscript(text: str) -> str:
    """The text raised, as `^(text)` where Unicode has no raised form of it."""
    return _scripted(text, _SUPERSCRIPT, "^")


def subscript(text: str) -> str:
    """The text lowered, as `_(text)` where Unicode has no lowered form of it."""
    return _scripted(text, _SUBSCRIPT, "_")


def to_unicode(latex: str) -> str:
    """A formula as one can read it in plain text; its own source when it cannot be understood."""
    walker, converter = _converter()
    try:
        text = str(converter.nodelist_to_text(_nodes(latex.strip(), walker)))
    except Exception:  # noqa: BLE001  # pylatexenc fails in many ways on half a formula.
        return latex.strip()
    text = _SCRIPT_AFTER_NAME.sub("", _RELATION.sub(r" \1 ", _SPACES.sub(" ", text)))
    lines = (_SPACES.sub(" ", line).strip() for line in text.splitlines())
    return "\n".join(line for line in lines if line) or latex.strip()


def _nodes(source: str, context: object) -> object:
    """The formula as a tree; what is open at its end is closed, as it may yet come.

    Raises:
        LatexWalkerParseError: it cannot be understood.
    """
    depth = sum(1 if brace == "{" else -1 for brace in _BRACE.findall(source) if len(brace) == 1)
    try:
        return _parsed(source + "}" * depth, context, tolerant=False)
    except LatexWalkerParseError:
        # The tolerant parser tries twice what it does not understand, and so within each other.
        if sum(map(source.count, "{[")) > _FORGIVEN:
            raise
        return _parsed(source, context, tolerant=True)


def _parsed(source: str, context: object, *, tolerant: bool) -> object:
    walker = LatexWalker(source, latex_context=context, tolerant_parsing=tolerant)
    nodes, *_rest = walker.get_latex_nodes()
    return nodes


def formula_block(latex: str) -> str:
    """A display formula in Unicode, as a code block."""
    return _block(to_unicode(latex))


def formula_drawing(latex: str) -> Drawing:
    """A display formula as a picture, or as a code block."""
    source = latex.strip()
    shown = to_unicode(source)
    return Drawing(DrawingKind.FORMULA, source, shown[:ALT_LIMIT], _block(shown))


def _block(shown: str) -> str:
    return f"```\n{break_fences(shown)}\n```\n"


def _scripted(text: str, table: dict[str, str], mark: str) -> str:
    text = text.strip()
    if all(character in table for character in text):
        return "".join(table[character] for character in text)
    return f"{mark}{text}" if len(text) == 1 else f"{mark}({text})"


def _grouped(text: str) -> str:
    text = text.strip()
    return text if _ONE_TERM.fullmatch(text) else f"({text})"


@cache
def _converter() -> tuple[object, LatexNodes2Text]:
    """The parser's and the converter's vocabulary; pylatexenc's own loses what stands in braces."""

    def argument(node: object, converter: LatexNodes2Text, index: int = -1) -> str:
        arguments = node.nodeargd.argnlist if node.nodeargd else []  # type: ignore[attr-defined]
        if not arguments or arguments[index] is None:
            return ""
        return str(converter.nodelist_to_text([arguments[index]])).strip()

    def raised(node: object, l2tobj: LatexNodes2Text) -> str:
        return superscript(argument(node, l2tobj))

    def lowered(node: object, l2tobj: LatexNodes2Text) -> str:
        return subscript(argument(node, l2tobj))

    def fraction(node: object, l2tobj: LatexNodes2Text) -> str:
        over, under = argument(node, l2tobj, 0), argument(node, l2tobj, 1)
        below = under if _ONE_FACTOR.fullmatch(under) else f"({under})"
        return f"{_grouped(over)}/{below}"

    def root(node: object, l2tobj: LatexNodes2Text) -> str:
        degree, radicand = argument(node, l2tobj, 0), argument(node, l2tobj)
        sign = _ROOTS.get(degree) or (superscript(degree) if degree else "") + "√"
        return sign + (radicand if len(radicand) == 1 or radicand.isdigit() else f"({radicand})")

    def words(node: object, l2tobj: LatexNodes2Text) -> str:
        arguments = node.nodeargd.argnlist if node.nodeargd else []  # type: ignore[attr-defined]
        return str(l2tobj.nodelist_to_text(arguments[-1:]))

    def name(node: object) -> str:
        return f" {node.macroname} "  # type: ignore[attr-defined]

    walker, texts = walker_specs(), text_specs()
    fractions = ("frac", "dfrac", "tfrac", "cfrac")
    walker.add_context_category(
        "liaocord",
        prepend=True,
        macros=[
            *(std_macro(macro, False, 2) for macro in fractions),
            std_macro("sqrt", True, 1),
            *(std_macro(macro, False, 1) for macro in _WORDS.split()),
            *(MacroSpec(macro) for macro in (*_NAMED.split(), "left", "right", "quad", "qquad")),
        ],
        specials=[
            SpecialsSpec(mark, args_parser=MacroStandardArgsParser("{")) for mark in ("^", "_")
        ],
    )
    texts.add_context_category(
        "liaocord",
        prepend=True,
        macros=[
            MacroTextSpec("mid", simplify_repl=" | "),
            MacroTextSpec("ne", simplify_repl="≠"),
            *(MacroTextSpec(macro, simplify_repl=fraction) for macro in fractions),
            MacroTextSpec("sqrt", simplify_repl=root),
            *(MacroTextSpec(macro, simplify_repl=words) for macro in _WORDS.split()),
            *(MacroTextSpec(macro, simplify_repl=name) for macro in _NAMED.split()),
            *(MacroTextSpec(macro, simplify_repl="  ") for macro in ("quad", "qquad")),
            *(MacroTextSpec(macro, simplify_repl="") for macro in ("left", "right")),
            *(MacroTextSpec(macro, simplify_repl=" ⇒ ") for macro in ("implies", "Longrightarrow")),
        ],
        specials=[
            SpecialsTextSpec("^", simplify_repl=raised),
            SpecialsTextSpec("_", simplify_repl=lowered),
            SpecialsTextSpec("&", simplify_repl=" "),
        ],
    )
    texts.set_unknown_macro_spec(MacroTextSpec("", simplify_repl=name))
    return walker, LatexNodes2Text(latex_context=texts, keep_comments=True)
