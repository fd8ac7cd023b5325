"""What is checked of one case, and the name of what went wrong."""
import oracle

STRATEGIES = ("auto", "delta", "group", "rerun")


class Failure(Exception):
    def __init__(self, kind, strategy, text):
        super().__init__(f"{kind} ({strategy}): {text}")
        self.kind, self.strategy, self.text = kind, strategy, text


def expected(sqlite, statements):
    """The stock shell's outcome, or the reason why this script has none that could be compared."""
    plain = oracle.stock(sqlite, statements)
    if plain.status is None:
        return None, "slow"
    if plain.unexpected_errors():
        return None, "invalid"
    if any(oracle.stock(sqlite, statements, way).blocks != plain.blocks for way in oracle.OTHER_WAYS):
        return None, "open"
    return plain, ""


def one_strategy(program, statements, plain, strategy, loose):
    """Raises Failure. A view that cannot be kept by the strategy is kept by its own: the run is worth as much."""
    options = ["--verify"] if strategy == "auto" else ["--verify", "--strategy", strategy]
    found = oracle.ours(program, statements, options)
    if found.status is None:
        raise Failure("slow", strategy, found.errors[0])
    if found.status < 0 or found.status > 2 or any("Sanitizer" in e or "runtime error:" in e for e in found.errors):
        raise Failure("crash", strategy, f"status {found.status}: {' '.join(found.errors[-3:])[:600]}")
    wrong = [e for e in found.errors if "verify" in e.lower()]
    if wrong:
        raise Failure("verify", strategy, " ".join(wrong)[:600])
    refused = found.unexpected_errors()
    if refused:
        raise Failure("refused", strategy, refused[0][:600])
    text = oracle.difference(plain, found, loose)
    if text:
        raise Failure("differs", strategy, text)


def check(program, sqlite, statements, loose, strategies=STRATEGIES):
    """What became of the case: 'checked', or why it could not be. Raises Failure."""
    plain, why_not = expected(sqlite, statements)
    if not plain:
        return why_not
    for strategy in strategies:
        one_strategy(program, statements, plain, strategy, loose)
    return "checked"
