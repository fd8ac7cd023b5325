"""What the product's views must say, worked out from the records themselves in fractions: no SQL, none of the server's code.

A World takes records as the topics carry them (a JSON object, or None for a tombstone) and answers each view as a dict
from the row's key to its figures. The end-to-end check of the figures uses it too.
"""
import collections
import datetime
import json
import math
from fractions import Fraction

NAV = {"sod": "sod_nav_usd", "current": "current_nav_usd", "expected": "expected_nav_usd"}
DIMENSIONS = {
    "account_name": "accountName", "pid": "pid", "instrument_name": "instrumentName", "instrument_type": "instrumentType", "currency": "currency",
    "country_of_risk": "countryOfRisk", "country_of_domicile": "countryOfDomicile", "sector": "sector",
    "order_status": "orderStatus", "order_type": "orderType", "venue": "venue",
}
OF_ACCOUNT = ("account_name", "pid")
OF_ORDER = ("order_status", "order_type", "venue")


def milliseconds(t):
    """A record's time as an integer; ISO 8601 text or a number already."""
    if not isinstance(t, str):
        return int(t)
    moment = datetime.datetime.fromisoformat(t.replace("Z", "+00:00"))
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.timezone.utc)
    return (moment - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)) // datetime.timedelta(milliseconds=1)


def total(values):
    """The sum of those that are known; None where none is."""
    known = [v for v in values if v is not None]
    return sum(known, Fraction(0)) if known else None


def times(*factors):
    result = Fraction(1)
    for f in factors:
        if f is None:
            return None
        result *= Fraction(f)
    return result


def ratio(a, b):
    return None if a is None or not b else a / b


def deviation(values):
    """Standard deviation of a sample, or None."""
    if len(values) < 2:
        return None
    mean = sum(values, Fraction(0)) / len(values)
    return math.sqrt(float(sum((v - mean) ** 2 for v in values) / (len(values) - 1)))


Part = collections.namedtuple("Part", "kind account instrument order sod current expected no_price no_rate updated price_time")


class World:
    def __init__(self):
        self.topics = collections.defaultdict(dict)
        self.ticks = []

    def apply(self, topic, key, value):
        """One record of a topic. value: the JSON text or object, None for a tombstone."""
        if isinstance(value, (str, bytes)):
            value = json.loads(value) if value not in ("", b"", "null", b"null") else None
        if topic == "stock_ticks":
            self.ticks.append(value)
        elif value is None:
            self.topics[topic].pop(key, None)
        else:
            self.topics[topic][key] = value

    def rows(self, topic):
        return self.topics["base." + topic].values()

    # --- what values are made of ---
    def index(self):
        """Look-ups by key, made once per question."""
        self.account = {r["accountId"]: r for r in self.rows("account")}
        self.instrument = {r["instrumentId"]: r for r in self.rows("instrument")}
        self.price = {(r["instrumentId"], r["date"]): r for r in self.rows("price")}
        self.rate = {(r["currency"], r["date"]): r for r in self.rows("fx-rate")}
        self.date = max((r["date"] for r in self.rows("sod-holding")), default=None)
        older = [d for _, d in self.price if self.date and d < self.date]
        self.previous = max(older, default=None)

    def unit(self, instrument, date):
        """USD of one unit on a date; what is missing ('no price', 'no rate' or ''); the price's and the rate's time."""
        price = self.price.get((instrument["instrumentId"], date))
        rate = self.rate.get((instrument["currency"], date))
        kind = instrument["instrumentType"]
        if kind == "CURRENCY":
            local = Fraction(1)
        elif price is None:
            local = None
        elif kind == "BOND":
            local = Fraction(price["price"]) / 100 * Fraction(instrument.get("faceValue") or 100)
        else:
            local = Fraction(price["price"])
        missing = "no price" if local is None else "no rate" if rate is None else ""
        value = times(local, rate["rateToUsd"]) if local is not None and rate else None
        return value, missing, price and milliseconds(price["timestamp"]), rate and milliseconds(rate["timestamp"])

    def part(self, kind, record, sod, current, expected, order=None):
        account, instrument = self.account.get(record["accountId"]), self.instrument.get(record["instrumentId"])
        if not account or not instrument:
            return None
        unit, missing, price_time, rate_time = self.unit(instrument, record["date"])
        if kind == "cash":  # a movement needs no price, whatever the instrument
            rate = self.rate.get((instrument["currency"], record["date"]))
            unit, missing, price_time = (Fraction(rate["rateToUsd"]), "", None) if rate else (None, "no rate", None)
        updated = max(t for t in (milliseconds(record["timestamp"]), price_time, rate_time) if t is not None)
        value = [Fraction(0) if q is None else times(q, unit) for q in (sod, current, expected)]
        return Part(kind, account, instrument, order, *value, missing == "no price", missing == "no rate", updated, price_time)

    def parts(self):
        """Everything that has a value on the business date."""
        self.index()
        out = []
        for r in self.rows("sod-holding"):
            if r["date"] == self.date:
                out.append(self.part("holding", r, r["position"], r["position"], r["position"]))
        for r in self.rows("order-events"):
            if r["date"] == self.date:
                sign = 1 if r["side"] == "BUY" else -1
                filled = sign * Fraction(r.get("filledQuantity") or 0)
                expected = filled if r["orderStatus"] == "CANCELLED" else sign * Fraction(r["orderQuantity"])
                out.append(self.part("order", r, None, filled, expected, r))
        for r in self.rows("intraday-cash"):
            if r["date"] == self.date:
                out.append(self.part("cash", r, None, r["quantity"], r["quantity"]))
        out = [p for p in out if p]
        busy = {p.account["accountId"] for p in out}
        zero = Fraction(0)
        for key, a in self.account.items():
            if key not in busy:
                out.append(Part("none", a, {}, None, zero, zero, zero, False, False, milliseconds(a["timestamp"]), None))
        return out

    def dimension(self, part, name):
        source = part.account if name in OF_ACCOUNT else (part.order or {}) if name in OF_ORDER else part.instrument
        return source.get(DIMENSIONS[name])

    def groups(self, parts, group_by):
        result = collections.defaultdict(list)
        for p in parts:
            result[tuple(self.dimension(p, d) for d in group_by)].append(p)
        return result

    # --- the views ---
    def account_overview(self, group_by, accounts=None, exposures=("sod", "current", "expected")):
        parts = [p for p in self.parts() if accounts is None or p.account["accountId"] in accounts]
        if not any(d in OF_ACCOUNT for d in group_by):
            parts = [p for p in parts if p.kind != "none"]
        result = {}
        for key, members in self.groups(parts, group_by).items():
            row = {NAV[e]: total(getattr(p, e) for p in members) for e in exposures}
            no_price, no_rate = sum(p.no_price for p in members), sum(p.no_rate for p in members)
            row["last_updated"] = max(p.updated for p in members)
            row["price_timestamp"] = max((p.price_time for p in members if p.price_time is not None), default=None)
            row["quality"] = ", ".join(w for w, n in (("no price", no_price), ("no rate", no_rate)) if n) or "ok"
            row["missing"] = no_price + no_rate
            result[key] = row
        return result

    def positions(self):
        """(account, instrument) → the parts of one position."""
        result = collections.defaultdict(list)
        for p in self.parts():
            if p.kind != "none":
                result[p.account["accountId"], p.instrument["instrumentId"]].append(p)
        return result

    def risk(self):
        accounts = collections.defaultdict(list)
        for (account, _), members in self.positions().items():
            accounts[account].append((total(p.current for p in members), sum(p.no_price + p.no_rate for p in members)))
        result = {}
        for account, held in accounts.items():
            known = [v for v, _ in held if v is not None]
            gross = sum(abs(v) for v in known) if known else None
            result[account,] = {
                "gross_usd": gross, "net_usd": total(known), "long_usd": sum(v for v in known if v > 0), "short_usd": sum(v for v in known if v < 0),
                "positions": len(known), "concentration": ratio(sum(v * v for v in known), gross and gross * gross),
                "largest": ratio(max((abs(v) for v in known), default=None), gross), "missing": sum(n for _, n in held),
            }
        return result

    def portfolio_totals(self):
        portfolios = collections.defaultdict(list)
        for members in self.positions().values():
            portfolios[members[0].account.get("pid")].append(members)
        result = {}
        for pid, held in portfolios.items():
            value = {e: [total(getattr(p, e) for p in members) for members in held] for e in NAV}
            known = [v for v in value["current"] if v is not None]
            result[pid,] = {
                "accounts": len({m[0].account["accountId"] for m in held}), "instruments": len({m[0].instrument["instrumentId"] for m in held}),
                "sod_nav_usd": total(value["sod"]), "current_nav_usd": total(value["current"]), "expected_nav_usd": total(value["expected"]),
                "gross_usd": total(abs(v) for v in known), "long_usd": sum(v for v in known if v > 0), "short_usd": sum(v for v in known if v < 0),
                "cash_usd": sum((total(p.current for p in m) or 0) for m in held if m[0].instrument["instrumentType"] == "CURRENCY"),
            }
        return result

    def portfolio(self, group_by):
        whole = {pid: row["current_nav_usd"] for (pid,), row in self.portfolio_totals().items()}
        parts = [p for p in self.parts() if p.kind != "none"]
        result = {}
        for key, members in self.groups(parts, ["pid"] + list(group_by)).items():
            current = total(p.current for p in members)
            result[key] = {"sod_nav_usd": total(p.sod for p in members), "current_nav_usd": current,
                           "expected_nav_usd": total(p.expected for p in members), "weight": ratio(current, whole[key[0]])}
        return result

    def pid_carve_out(self, group_by, pids=None):
        parts = [p for p in self.parts() if p.kind != "none"]
        whole = total(p.current for p in parts)
        result = {}
        for word, side in (("chosen", True), ("rest", False)):
            mine = [p for p in parts if (pids is None or p.account.get("pid") in pids) == side]
            for key, members in self.groups(mine, group_by).items():
                current = total(p.current for p in members)
                result[(word,) + key] = {"sod_nav_usd": total(p.sod for p in members), "current_nav_usd": current, "share": ratio(current, whole)}
        return result

    def cash_only(self):
        """By account and currency."""
        parts = [p for p in self.parts() if p.kind != "none" and p.instrument["instrumentType"] == "CURRENCY"]
        return {key: {"sod_usd": total(p.sod for p in m), "current_usd": total(p.current for p in m), "expected_usd": total(p.expected for p in m)}
                for key, m in self.groups(parts, ["account_name", "currency"]).items()}

    def account_cash_summary(self, window_ms=3_600_000):
        self.index()
        groups = collections.defaultdict(list)
        for r in self.rows("intraday-cash"):
            if r["date"] == self.date and r["accountId"] in self.account and r["instrumentId"] in self.instrument:
                currency = self.instrument[r["instrumentId"]]["currency"]
                groups[r["accountId"], currency, milliseconds(r["timestamp"]) // window_ms * window_ms].append(Fraction(r["quantity"]))
        result = {}
        for key, q in groups.items():
            rate = self.rate.get((key[1], self.date))
            result[key] = {"movements": len(q), "inflow": sum(v for v in q if v > 0), "outflow": sum(v for v in q if v < 0), "net": sum(q),
                           "net_usd": times(sum(q), rate["rateToUsd"]) if rate else None}
        return result

    def market_values(self):
        """By account and instrument, ETFs taken apart."""
        made_of = collections.defaultdict(list)
        for r in self.rows("etf-constituent"):
            made_of[r["etfId"]].append((r["instrumentId"], Fraction(r["weight"])))
        groups = collections.defaultdict(list)
        for p in self.parts():
            if p.kind == "none":
                continue
            own = p.instrument["instrumentId"]
            for member, weight in made_of.get(own) or [(own, Fraction(1))]:
                if member in self.instrument:
                    groups[p.account["accountId"], member].append((p, weight, own in made_of))
        return {key: {"sod_usd": total(times(p.sod, w) for p, w, _ in m), "current_usd": total(times(p.current, w) for p, w, _ in m),
                      "expected_usd": total(times(p.expected, w) for p, w, _ in m),
                      "through_etfs_usd": total([Fraction(0)] + [times(p.current, w) for p, w, through in m if through])}
                for key, m in groups.items()}

    # --- the day against the previous close ---
    def day_return(self, instrument):
        now, before = self.unit(instrument, self.date)[0], self.unit(instrument, self.previous)[0]
        return None if now is None or not before else now / before - 1

    def day_positions(self):
        """Holdings as (account, instrument, value at the previous close, profit), None where a value is missing."""
        self.index()
        out = []
        for r in self.rows("sod-holding"):
            account, instrument = self.account.get(r["accountId"]), self.instrument.get(r["instrumentId"])
            if r["date"] == self.date and account and instrument:
                now, before = self.unit(instrument, self.date)[0], self.unit(instrument, self.previous)[0]
                known = now is not None and before is not None
                out.append((account, instrument, times(r["position"], before), times(r["position"], now - before) if known else None))
        return out

    def sector(self, instrument):
        return instrument.get("sector") or ("Cash" if instrument["instrumentType"] == "CURRENCY" else "Unclassified")

    def performance(self):
        """By account name and sector."""
        groups = collections.defaultdict(list)
        for account, instrument, start, profit in self.day_positions():
            groups[account["accountName"], self.sector(instrument)].append((start, profit))
        whole = total(s for m in groups.values() for s, p in m if p is not None)
        result = {}
        for key, m in groups.items():
            start, profit = total(s for s, p in m if p is not None), total(p for _, p in m)
            result[key] = {"start_usd": start, "profit_usd": profit, "day_return": ratio(profit, start), "weight": ratio(start, whole),
                           "contribution": ratio(profit, whole), "missing": sum(p is None for _, p in m)}
        return result

    def attribution(self):
        """By account, benchmark and sector: Brinson and Fachler."""
        self.index()
        bench = collections.defaultdict(lambda: collections.defaultdict(list))
        for r in self.rows("benchmark-weight"):
            instrument = self.instrument.get(r["instrumentId"])
            earned = self.day_return(instrument) if instrument and r["date"] == self.date else None
            if earned is not None:
                bench[r["benchmarkId"]][self.sector(instrument)].append((Fraction(r["weight"]), earned))
        held = collections.defaultdict(lambda: collections.defaultdict(list))
        for account, instrument, start, profit in self.day_positions():
            if profit is not None:
                held[account["accountId"]][self.sector(instrument)].append((start, profit))
        result = {}
        for account, mine in held.items():
            start_all = sum(s for m in mine.values() for s, _ in m)
            for name, theirs in bench.items():
                weight_all = sum(w for m in theirs.values() for w, _ in m)
                return_all = sum(w * r for m in theirs.values() for w, r in m) / weight_all
                for sector in set(mine) | set(theirs):
                    start, weight = sum(s for s, _ in mine.get(sector, [])), sum(w for w, _ in theirs.get(sector, []))
                    own = ratio(sum(p for _, p in mine.get(sector, [])), start)
                    other = ratio(sum(w * r for w, r in theirs.get(sector, [])), weight)
                    own, other = (other if own is None else own), (own if other is None else other)
                    w, v = start / start_all, weight / weight_all
                    result[account, name, sector] = {
                        "portfolio_weight": w, "benchmark_weight": v, "portfolio_return": own, "benchmark_return": other,
                        "allocation": (w - v) * (other - return_all), "selection": v * (own - other), "interaction": (w - v) * (own - other),
                    }
        return result

    def daily_returns(self):
        self.index()
        series = collections.defaultdict(list)
        for (instrument, date), r in self.price.items():
            series[instrument].append((date, Fraction(r["price"])))
        return {i: {d: p / before - 1 for (_, before), (d, p) in zip(s, s[1:])} for i, s in ((i, sorted(s)) for i, s in series.items())}

    def volatility(self):
        result = {}
        for instrument, returns in self.daily_returns().items():
            d = deviation(list(returns.values()))
            if d is not None and instrument in self.instrument:
                result[instrument,] = {"days": len(returns), "daily_volatility": d, "yearly_volatility": d * math.sqrt(252)}
        return result

    def value_at_risk(self, benchmark="SP500"):
        returns = self.daily_returns()
        weights = {r["instrumentId"]: Fraction(r["weight"]) for r in self.rows("benchmark-weight") if r["benchmarkId"] == benchmark and r["date"] == self.date}
        bench = collections.defaultdict(Fraction)
        for i, w in weights.items():
            for d, r in returns.get(i, {}).items():
                bench[d] += w * r
        accounts = collections.defaultdict(dict)
        for (account, instrument), members in self.positions().items():
            value = total(p.current for p in members)
            if value is not None:
                accounts[account][instrument] = value
        result = {}
        for account, held in accounts.items():
            net, days = sum(held.values()), collections.defaultdict(Fraction)
            for i, v in held.items():
                for d, r in returns.get(i, {}).items():
                    days[d] += v * r
            d = deviation(list(days.values()))
            if d is None:
                continue
            active = deviation([profit / net - bench[day] for day, profit in days.items() if day in bench]) if net else None
            result[account,] = {"net_usd": net, "days": len(days), "var_95_usd": 1.6448536269514722 * d, "var_99_usd": 2.3263478740408408 * d,
                                "yearly_volatility": d / abs(float(net)) * math.sqrt(252) if net else None,
                                "tracking_error": active and active * math.sqrt(252)}
        return result

    # --- market data ---
    def bars(self, ms):
        groups = collections.defaultdict(list)
        for number, t in enumerate(self.ticks):
            groups[t["symbol"], milliseconds(t["timestamp"]) // ms * ms].append((milliseconds(t["timestamp"]), number, Fraction(t["price"]), t["volume"]))
        result = {}
        for key, ticks in groups.items():
            ticks.sort()
            prices, volume = [t[2] for t in ticks], sum(t[3] for t in ticks)
            result[key] = {"open": prices[0], "high": max(prices), "low": min(prices), "close": prices[-1], "volume": volume, "trades": len(ticks),
                           "vwap": ratio(sum(t[2] * t[3] for t in ticks), volume), "last_trade": ticks[-1][0]}
        return result

    def latest_quote(self):
        days, result = self.bars(86_400_000), {}
        for symbol in {s for s, _ in days}:
            bar = days[symbol, max(start for s, start in days if s == symbol)]
            result[symbol,] = {"price": bar["close"], "open": bar["open"], "high": bar["high"], "low": bar["low"], "volume": bar["volume"],
                               "change": bar["close"] - bar["open"], "change_ratio": (bar["close"] - bar["open"]) / bar["open"]}
        return result

    def top_movers(self, count=10):
        quotes = self.latest_quote()
        first = sorted(quotes, key=lambda k: (-abs(quotes[k]["change_ratio"]), k))[:count]
        return {k: {n: quotes[k][n] for n in ("price", "open", "change", "change_ratio")} for k in first}

    def alerts(self, now=0, move_limit=0.05, weight_limit=0.1, stale_ms=60000):
        self.index()
        result = {}
        for i, instrument in self.instrument.items():
            p, q = self.price.get((i, self.date)), self.price.get((i, self.previous))
            if p and q and abs(Fraction(p["price"]) / Fraction(q["price"]) - 1) > Fraction(move_limit):
                result["price move", f"instrument {i}"] = {"value": abs(Fraction(p["price"]) / Fraction(q["price"]) - 1)}
            if p and milliseconds(p["timestamp"]) + stale_ms < now:
                result["stale price", f"instrument {i}"] = {"value": milliseconds(p["timestamp"])}
        gross = {a: row["gross_usd"] for (a,), row in self.risk().items()}
        for (account, i), members in self.positions().items():
            value = total(p.current for p in members)
            if value is not None and abs(value) > Fraction(weight_limit) * gross[account]:
                result["position limit", f"account {account}, instrument {i}"] = {"value": abs(value) / gross[account]}
        lacking = collections.Counter()
        for p in self.parts():
            if p.kind == "holding" and (p.no_price or p.no_rate):
                lacking["no value", f"instrument {p.instrument['instrumentId']}, {'no price' if p.no_price else 'no rate'}"] += 1
        for r in self.rows("sod-holding"):
            if r["date"] == self.date:
                if r["instrumentId"] not in self.instrument:
                    lacking["unknown instrument", f"instrument {r['instrumentId']}"] += 1
                if r["accountId"] not in self.account:
                    lacking["unknown account", f"account {r['accountId']}"] += 1
        for key, n in lacking.items():
            result[key] = {"value": n}
        return result
