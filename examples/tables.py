"""The rows of ``examples/data``: a small shop, with known defects in known numbers. Pure.

Its last day is 2025-09-30; what is called future lies in 2099.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import List, Tuple

from examples.planting import Bed, Dice, Row

FIRST_DAY = date(2023, 1, 1)
FUTURE = "2099-01-01T00:00:00Z"
_GIVEN = (
    "Zoë",
    "José",
    "Łukasz",
    "Siân",
    "Ольга",
    "Jürgen",
    "Anna",
    "François",
    "Björn",
    "Chloé",
    "太郎",
    "Åse",
    "David",
)
_FAMILY = (
    "Müller",
    "García",
    "Żak",
    "Jones",
    "Иванова",
    "Weiß",
    "O'Brien",
    "Lefèvre",
    "Sørensen",
    "Rossi",
    "山田",
    "Demir",
)
_COUNTRIES = ("DE", "GB", "FR", "NO", "PL", "IT", "TR", "JP")  # NO is Norway, not a "no"
_NOT_EMAILS = (
    "anna.example.com",
    "bob@",
    "@example.com",
    "dora at example.com",
    "eve@@example.com",
    "fay@example..com",
)
_WAREHOUSES = ("Hamburg", "Leeds", "Lyon")
_WORDS = ("Oak", "Steel", "Paper", "Glass", "Copper", "Linen", "Clay", "Cork")
_THINGS = ("Lamp", "Chair", "Desk", "Shelf", "Clock", "Bowl", "Frame", "Stool")


def customers() -> Bed:
    """Build 1,000 customers and 12 copies; a customer is ``customer_id``."""
    dice = Dice(1)
    rows = [_customer(dice, number) for number in range(1, 1001)]
    bed = Bed("customers", rows, dice)
    bed.plant("name", "mojibake", 7, _misread_name)
    bed.pad("name", 9)
    bed.put("email", "invalid e-mail", _NOT_EMAILS, 23)
    bed.put("email", "missing", [""], 31)
    bed.put("email", "placeholder", ["n/a", "-", "N/A"], 11)
    bed.put("phone", "missing", [""], 40)
    bed.put("postcode", "placeholder", ["-"], 14)
    bed.plant("birth_date", "written 31.12.1990", 25, lambda row, _: _rewrite(row, "%d.%m.%Y"))
    bed.plant("birth_date", "written 31/12/1990", 18, lambda row, _: _rewrite(row, "%d/%m/%Y"))
    bed.put("birth_date", "impossible date", ["2024-02-30", "1987-13-01"], 5)
    bed.put("birth_date", "sentinel", ["1900-01-01"], 6)
    bed.put("balance", "sentinel", ["-999"], 10)
    bed.put("balance", "missing", [""], 16)
    bed.plant(None, "updated before created", 13, _update_too_early)
    bed.put("updated_at", "future", [FUTURE], 4)
    bed.repeat_keys("customer_id", 8)
    bed.repeat_rows(12, "customer_id")
    return bed


def orders() -> Bed:
    """Build 1,200 orders of the first half of 2024; typed values, as Parquet wants them."""
    dice = Dice(2)
    rows = []
    for number in range(1, 1201):
        ordered = datetime(
            2024,
            1 + (number - 1) // 200,
            1 + dice.below(28),
            dice.below(24),
            dice.below(60),
            tzinfo=timezone.utc,
        )
        rows.append(
            {
                "order_id": 50_000 + number,
                "customer_id": 1 + dice.below(1000),
                "status": dice.one_of(("paid", "shipped", "returned")),
                "amount": 5 + dice.below(49_500) / 100,
                "ordered_at": ordered,
                "shipped_at": ordered + timedelta(hours=1 + dice.below(200)),
            }
        )
    bed = Bed("orders", rows, dice)
    bed.put("status", "missing", [None], 20)
    bed.put("status", "placeholder", ["n/a", "?"], 8)
    bed.put("amount", "not a number (NaN)", [float("nan")], 6)
    bed.put("amount", "sentinel", [-999.0], 7)
    bed.put("amount", "infinity", [float("inf")], 2)
    bed.plant(None, "shipped before ordered", 9, _ship_too_early)
    bed.repeat_keys("order_id", 5)
    return bed


def order_items() -> Bed:
    """Build 600 items, an object and an array inside each; lines that are no JSON come when it is written."""
    dice = Dice(3)
    rows: List[Row] = [
        {
            "order_item_id": number,
            "order_id": 50_000 + (number + 1) // 2,
            "product": {"sku": _sku(dice), "name": _thing(dice)},
            "quantity": 1 + dice.below(9),
            "unit_price": 1 + dice.below(9_900) / 100,
            "tags": dice.some_of(("gift", "sale", "new", "bulk"), dice.below(3)),
        }
        for number in range(1, 601)
    ]
    bed = Bed("order_items", rows, dice)
    bed.plant("product.sku", "missing", 10, lambda row, _: row["product"].update(sku=None))
    bed.put("quantity", "sentinel", [-999], 4)
    bed.put("quantity", "not a number", ["three", "a few"], 5)
    bed.repeat_keys("order_item_id", 3)
    return bed


def products() -> Tuple[Bed, Bed]:
    """Build the two sheets of a workbook: 80 products and their 80 prices."""
    dice = Dice(4)
    things = [
        {
            "product_id": number,
            "sku": f"P-{number:04d}",
            "name": _thing(dice),
            "launched": _day(dice, FIRST_DAY, 900),
        }
        for number in range(1, 81)
    ]
    prices = [
        {"sku": f"P-{number:04d}", "price": 1 + dice.below(9_900) / 100, "currency": "EUR"}
        for number in range(1, 81)
    ]
    catalogue = Bed("products.Products", things, dice)
    catalogue.put("name", "missing", [None], 4)
    catalogue.repeat_keys("product_id", 3)
    listed = Bed("products.Prices", prices, dice)
    listed.put("price", "placeholder", ["n/a"], 5)
    listed.put("price", "not a number", ["free", "on request"], 2)
    return catalogue, listed


def suppliers() -> Bed:
    """Build 120 suppliers with decimal commas; lines with a field too many are made when they are written."""
    dice = Dice(5)
    rows = [
        {
            "supplier_id": f"{number:05d}",
            "company": f"{dice.one_of(_FAMILY)} {dice.one_of(('GmbH', 'Ltd', 'SARL', 'AS'))}",
            "rating": f"{1 + dice.below(40) / 10:.1f}".replace(".", ","),
            "email": f"sales{number}@supplier.example",
        }
        for number in range(1, 121)
    ]
    bed = Bed("suppliers_utf16", rows, dice)
    bed.plant("rating", "written 3.5", 8, lambda row, _: row.update(rating=row["rating"].replace(",", ".")))
    bed.put("email", "invalid e-mail", _NOT_EMAILS, 3)
    return bed


def legacy() -> Bed:
    """Build 200 rows of an old system, without a header: the columns have numbers only."""
    dice = Dice(6)
    rows = [
        {
            "_c0": f"{number * 37:06d}",
            "_c1": f"{dice.one_of(('Café', 'Bäckerei', 'Señal', 'Forêt', 'Straße'))} {dice.one_of(_WORDS)}",
            "_c2": f"{10 + dice.below(90_000) / 100:.2f}",
            "_c3": f"{_day(dice, FIRST_DAY, 300):%d.%m.%Y}",
        }
        for number in range(1, 201)
    ]
    bed = Bed("legacy_latin1", rows, dice)
    bed.put("_c2", "missing", [""], 6)
    bed.pad("_c1", 5)
    bed.put("_c3", "impossible date", ["31.02.2023", "00.00.2023"], 2)
    return bed


def stock() -> Bed:
    """Build 300 typed rows for a Delta table."""
    dice = Dice(7)
    rows: List[Row] = [
        {
            "stock_id": number,
            "sku": f"P-{1 + dice.below(80):04d}",
            "warehouse": dice.one_of(_WAREHOUSES),
            "quantity": dice.below(500),
            "updated_at": datetime(2025, 9, 1 + dice.below(30), dice.below(24), tzinfo=timezone.utc),
        }
        for number in range(1, 301)
    ]
    bed = Bed("stock", rows, dice)
    bed.put("warehouse", "missing", [None], 5)
    bed.put("quantity", "sentinel", [-999], 3)
    bed.put("updated_at", "future", [datetime(2099, 1, 1, tzinfo=timezone.utc)], 2)
    return bed


def returns() -> Bed:
    """Build 60 returned goods, for one JSON document."""
    dice = Dice(8)
    rows: List[Row] = [
        {
            "return_id": number,
            "order_id": 50_000 + 1 + dice.below(1200),
            "reason": dice.one_of(("too small", "broken", "changed my mind")),
            "refunded": dice.below(2) == 1,
            "returned_on": f"{_day(dice, date(2024, 2, 1), 200):%Y-%m-%d}",
        }
        for number in range(1, 61)
    ]
    bed = Bed("returns", rows, dice)
    bed.put("reason", "missing", [None], 5)
    bed.put("reason", "placeholder", ["-"], 4)
    bed.repeat_keys("return_id", 2)
    return bed


def _customer(dice: Dice, number: int) -> Row:
    created = datetime(2023, 1, 1, tzinfo=timezone.utc) + timedelta(minutes=dice.below(900_000))
    updated = created + timedelta(minutes=1 + dice.below(500_000))
    updated = min(updated, datetime(2025, 9, 30, 18, tzinfo=timezone.utc))
    return {
        "customer_id": number,
        "name": f"{dice.one_of(_GIVEN)} {dice.one_of(_FAMILY)}",
        "email": f"customer{number}@example.com",
        "phone": f"+44{dice.below(10**9):010d}",
        "postcode": f"{dice.below(100_000):05d}",
        "birth_date": f"{_day(dice, date(1945, 1, 1), 21_000):%Y-%m-%d}",
        "country": dice.one_of(_COUNTRIES),
        "balance": f"{dice.below(500_000) / 100 - 200:.2f}",
        "created_at": f"{created:%Y-%m-%dT%H:%M:%SZ}",
        "updated_at": f"{updated:%Y-%m-%dT%H:%M:%SZ}",
    }


def _misread_name(row: Row, number: int) -> None:
    """Read a name's UTF-8 as Latin-1, as a careless import does."""
    row["name"] = ("Jürgen Müller", "José García", "François Lefèvre")[number % 3].encode().decode("latin-1")


def _rewrite(row: Row, form: str) -> None:
    row["birth_date"] = f"{date.fromisoformat(row['birth_date']):{form}}"


def _update_too_early(row: Row, number: int) -> None:
    created = datetime.strptime(row["created_at"], "%Y-%m-%dT%H:%M:%S%z")
    row["updated_at"] = f"{created - timedelta(days=1 + number):%Y-%m-%dT%H:%M:%SZ}"


def _ship_too_early(row: Row, number: int) -> None:
    row["shipped_at"] = row["ordered_at"] - timedelta(days=1 + number)


def _day(dice: Dice, first: date, days: int) -> date:
    return first + timedelta(days=dice.below(days))


def _sku(dice: Dice) -> str:
    return f"P-{1 + dice.below(80):04d}"


def _thing(dice: Dice) -> str:
    return f"{dice.one_of(_WORDS)} {dice.one_of(_THINGS)}"
