"""A small portfolio world with every odd case in it, as records, and random changes of it."""
import json

DAYS = ["2024-03-01", "2024-03-04", "2024-03-05", "2024-03-06", "2024-03-07"]
TODAY = DAYS[-1]
NEXT_DAY = "2024-03-08"
TIME = 1_709_800_000_000  # 2024-03-07, in ms

INSTRUMENTS = [
    (1, "AAA", "Alpha Inc", "EQUITY", "USD", "US", "US", "Technology", None),
    (2, "BBB", "Beta plc", "EQUITY", "GBP", "GB", "IE", "Energy", None),
    (3, "CCC", "Gamma KK", "EQUITY", "JPY", "JP", "JP", "Technology", None),
    (4, "DDD", "Delta Inc", "EQUITY", "USD", "US", "US", None, None),
    (5, "UST", "Treasury 2030", "BOND", "USD", "US", "US", "Government", 1000),
    (6, "GLT", "Gilt 2035", "BOND", "GBP", "GB", "GB", "Government", None),
    (7, "FND", "World Fund", "FUND", "EUR", "LU", "LU", "Funds", None),
    (8, "ETF", "Tech ETF", "ETF", "USD", "US", "IE", "Technology", None),
    (9, "EMP", "Empty ETF", "ETF", "USD", "US", "IE", "Technology", None),
    (20, "USD", "US Dollar", "CURRENCY", "USD", None, None, None, None),
    (21, "GBP", "Pound", "CURRENCY", "GBP", None, None, None, None),
    (22, "CHF", "Swiss Franc", "CURRENCY", "CHF", None, None, None, None),
]
ACCOUNTS = [("A1", "Growth", "P1"), ("A2", "Value", "P1"), ("A3", "Income", "P2"), ("A4", "Idle", "P2"), ("A5", "Orders only", "P3"), ("A6", "Cash only", None)]
RATES = {"USD": 1.0, "GBP": 1.2701, "EUR": 1.0832, "JPY": 0.00667}  # none for CHF
STATUSES = ["CREATED", "PARTIALLY_FILLED", "FILLED", "CANCELLED"]


class Maker:
    """Makes records, each (topic, key, object or None), from a random generator."""

    def __init__(self, rng):
        self.rng, self.orders, self.clock, self.today = rng, 0, TIME, TODAY

    def time(self):
        self.clock += self.rng.randint(1, 5000)
        return self.clock

    def price(self, instrument, date):
        value = round(self.rng.uniform(5, 200), 2) if instrument < 20 else 1.0
        currency = next(i[4] for i in INSTRUMENTS if i[0] == instrument)
        return ("base.price", f"{instrument}#{date}", {"instrumentId": instrument, "date": date, "price": value, "currency": currency, "source": "X", "timestamp": self.time()})

    def rate(self, currency, date):
        value = RATES[currency] if currency == "USD" else round(RATES[currency] * self.rng.uniform(0.97, 1.03), 5)
        return ("base.fx-rate", f"{currency}#{date}", {"currency": currency, "date": date, "rateToUsd": value, "timestamp": self.time()})

    def holding(self, account, instrument, date):
        return ("base.sod-holding", f"{date}#{instrument}#{account}", {
            "holdingId": f"H{instrument}{account}", "date": date, "instrumentId": instrument, "accountId": account,
            "position": float(self.rng.choice([100, -50, 12.5, 1000, 0.1, -3, 7])), "timestamp": self.time()})

    def order(self, number=None):
        rng = self.rng
        if number is None:
            self.orders += 1
            number = self.orders
        status, quantity = rng.choice(STATUSES), float(rng.choice([10, 100, 33.5, 0, 1]))
        filled = {"CREATED": 0.0, "FILLED": quantity}.get(status, round(quantity * rng.random(), 3))
        return ("base.order-events", f"O{number}", {
            "orderId": f"O{number}", "instrumentId": rng.choice(INSTRUMENTS)[0], "accountId": rng.choice(["A1", "A2", "A3", "A5"]),
            "date": self.today if rng.random() < 0.9 else DAYS[-2], "side": rng.choice(["BUY", "SELL"]), "orderQuantity": quantity, "filledQuantity": filled,
            "orderStatus": status, "orderPrice": None if rng.random() < 0.3 else 10.0, "orderType": rng.choice(["MARKET", "LIMIT"]),
            "venue": rng.choice(["XNYS", "XLON", None]), "timestamp": self.time()})

    def cash(self):
        account, instrument = self.rng.choice(["A1", "A3", "A6"]), self.rng.choice([20, 21, 22])
        return ("base.intraday-cash", f"{self.today}#{instrument}#{account}", {
            "date": self.today, "instrumentId": instrument, "accountId": account, "quantity": float(self.rng.choice([1000, -250.25, 17, -1])),
            "movementType": self.rng.choice(["DEPOSIT", "FEE", "DIVIDEND"]), "referenceId": "R", "timestamp": self.time() + self.rng.randint(0, 2) * 3_600_000})

    def tick(self):
        return ("stock_ticks", None, {"symbol": self.rng.choice(["AAA", "BBB", "CCC"]), "price": round(self.rng.uniform(10, 20), 2),
                                      "volume": self.rng.choice([0, 1, 100, 250]), "timestamp": self.clock + self.rng.randint(-200_000, 200_000)})

    def first(self):
        """The static data and the start of the day. Instrument 4 has no price today, CHF never a rate, 3 no price before."""
        rng, out = self.rng, []
        for account, name, pid in ACCOUNTS:
            out.append(("base.account", account, {"accountId": account, "accountName": name, "baseCurrency": "USD", "pid": pid, "timestamp": self.time()}))
        for i, symbol, name, kind, currency, risk, domicile, sector, face in INSTRUMENTS:
            r = {"instrumentId": i, "symbol": symbol, "instrumentName": name, "instrumentType": kind, "currency": currency, "countryOfRisk": risk,
                 "countryOfDomicile": domicile, "sector": sector, "subSectors": [], "timestamp": self.time()}
            if face:
                r["faceValue"] = float(face)
            out.append(("base.instrument", str(i), r))
        for date in DAYS:
            out += [self.rate(c, date) for c in RATES]
            for i in range(1, 10):
                if not (i == 4 and date == TODAY) and not (i == 3 and date != TODAY):
                    out.append(self.price(i, date))
        for etf, member, weight in ((8, 1, 0.5), (8, 3, 0.3), (8, 2, 0.2)):
            out.append(("base.etf-constituent", f"{etf}#{member}", {"etfId": etf, "instrumentId": member, "weight": weight, "timestamp": self.time()}))
        for member, weight in ((1, 0.4), (2, 0.35), (4, 0.05), (5, 0.2)):
            for date in DAYS[-2:]:
                out.append(("base.benchmark-weight", f"SP500#{member}#{date}", {"benchmarkId": "SP500", "instrumentId": member, "date": date, "weight": weight, "timestamp": self.time()}))
        for account in ("A1", "A2", "A3"):
            for i in rng.sample([x[0] for x in INSTRUMENTS], 8):
                out += [self.holding(account, i, date) for date in DAYS[-2:]]
        out.append(self.holding("A1", 99, TODAY))       # an instrument that nobody knows
        out.append(self.holding("GONE", 1, TODAY))      # an account that nobody knows
        out += [self.order() for _ in range(12)] + [self.cash() for _ in range(3)] + [self.tick() for _ in range(25)]
        return out

    def roll(self):
        """The start of the next day: holdings, prices and rates of a new date, orders and cash of the old one stay behind."""
        self.today = NEXT_DAY
        out = [self.holding(a, i, NEXT_DAY) for a in ("A1", "A2", "A4") for i in self.rng.sample([x[0] for x in INSTRUMENTS], 6)]
        out += [self.price(i, NEXT_DAY) for i in self.rng.sample(range(1, 10), 7)] + [self.rate(c, NEXT_DAY) for c in RATES]
        return out + [self.order(), self.order()]

    def turn(self):
        """A few records of one turn."""
        rng = self.rng
        return [record for _ in range(rng.randint(1, 4)) for record in [self.one()]]

    def one(self):
        rng = self.rng
        kind = rng.randint(0, 9)
        if kind <= 2:
            return self.price(rng.randint(1, 9), self.today)
        if kind == 3:
            return self.order(rng.randint(1, self.orders) if rng.random() < 0.6 else None)
        if kind == 4:
            return self.holding(rng.choice(["A1", "A2", "A3", "A4"]), rng.choice(INSTRUMENTS)[0], self.today)
        if kind == 5:
            return self.cash()
        if kind == 6:
            return self.tick()
        if kind == 7:
            return self.rate(rng.choice(list(RATES)), self.today)
        topic, key = rng.choice([("base.price", f"{rng.randint(1, 9)}#{self.today}"), ("base.order-events", f"O{rng.randint(1, self.orders)}"),
                                 ("base.fx-rate", f"GBP#{self.today}"), ("base.sod-holding", f"{self.today}#{rng.randint(1, 9)}#A{rng.randint(1, 3)}"),
                                 ("base.etf-constituent", "8#2"), ("base.intraday-cash", f"{self.today}#20#A6")])
        if kind == 8:
            return (topic, key, None)
        name = rng.choice(["Growth", "Growth and more"])
        return ("base.account", "A1", {"accountId": "A1", "accountName": name, "baseCurrency": "USD", "pid": rng.choice(["P1", "P2"]), "timestamp": self.time()})


def lines(records):
    """As `mockgen --to -` writes them: topic, key and value between tabs."""
    return "".join(f"{t}\t{k or ''}\t{'' if v is None else json.dumps(v)}\n" for t, k, v in records)
