"""What the product's views are asked, and the calculation's answer to each."""
import expand
import small_world
from calculation import World

RELATIVE = 1e-9


def checks():
    """name of the question → (view, selection, key columns, the calculation's answer)"""
    by = ["account_name", "sector"]
    all_dimensions = expand.load()["account_overview"].group_by
    return {
        "account_overview": ("account_overview", {}, ["account_name", "instrument_name"], lambda w: w.account_overview(["account_name", "instrument_name"])),
        "overview_sector": ("account_overview", {"group_by": ["sector"]}, ["sector"], lambda w: w.account_overview(["sector"])),
        "overview_currency": ("account_overview", {"group_by": ["currency"]}, ["currency"], lambda w: w.account_overview(["currency"])),
        "overview_two": ("account_overview", {"group_by": by, "accounts": ["A1", "A4"], "exposures": ["current"]}, by,
                         lambda w: w.account_overview(by, ["A1", "A4"], ["current"])),
        "overview_order": ("account_overview", {"group_by": ["order_status", "venue", "pid"], "exposures": ["sod", "expected"]}, ["order_status", "venue", "pid"],
                           lambda w: w.account_overview(["order_status", "venue", "pid"], None, ["sod", "expected"])),
        "overview_all": ("account_overview", {"group_by": all_dimensions}, all_dimensions, lambda w: w.account_overview(all_dimensions)),
        "risk": ("risk", {}, ["account_id"], World.risk),
        "portfolio_totals": ("portfolio_totals", {}, ["pid"], World.portfolio_totals),
        "portfolio": ("portfolio", {}, ["pid", "instrument_type", "sector"], lambda w: w.portfolio(["instrument_type", "sector"])),
        "pid_carve_out": ("pid_carve_out", {"pids": ["P1"]}, ["part", "pid"], lambda w: w.pid_carve_out(["pid"], ["P1"])),
        "cash_only": ("cash_only", {}, ["account_name", "currency"], World.cash_only),
        "account_cash_summary": ("account_cash_summary", {}, ["account_id", "currency", "window_start"], World.account_cash_summary),
        "market_values": ("market_values", {}, ["account_id", "instrument_id"], World.market_values),
        "performance": ("performance", {}, by, World.performance),
        "attribution": ("attribution", {}, ["account_id", "benchmark_id", "sector"], World.attribution),
        "volatility": ("volatility", {}, ["instrument_id"], World.volatility),
        "value_at_risk": ("value_at_risk", {}, ["account_id"], World.value_at_risk),
        "ohlc_1s": ("ohlc_1s", {}, ["symbol", "window_start"], lambda w: w.bars(1000)),
        "ohlc_1m": ("ohlc_1m", {}, ["symbol", "window_start"], lambda w: w.bars(60_000)),
        "ohlc_5m": ("ohlc_5m", {}, ["symbol", "window_start"], lambda w: w.bars(300_000)),
        "ohlc_1h": ("ohlc_1h", {}, ["symbol", "window_start"], lambda w: w.bars(3_600_000)),
        "ohlc_1d": ("ohlc_1d", {}, ["symbol", "window_start"], lambda w: w.bars(86_400_000)),
        "latest_quote": ("latest_quote", {}, ["symbol"], World.latest_quote),
        "top_movers": ("top_movers", {"count": 1}, ["symbol"], lambda w: w.top_movers(1)),
        "alerts": ("alerts", {}, ["kind", "subject"], lambda w: w.alerts(now=small_world.TIME + 90_000)),
    }


def same(a, b):
    """Two figures, to 1e-9; or two texts."""
    if a is None or b is None or isinstance(a, str) or isinstance(b, str):
        return a == b
    return abs(float(a) - float(b)) <= RELATIVE * max(1.0, abs(float(a)), abs(float(b)))
