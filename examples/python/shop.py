"""A small shop: every sale is printed once, whatever fails in between. Needs the standard library only.

shop.py sell NAME PRICE VAT                store a sale and print its receipt
shop.py resume                             ask about every open sale: whenever your program starts
shop.py decide KEY WHO printed NUMBER      undecided: a person has found the receipt
shop.py decide KEY WHO not_printed         undecided: a person has found no receipt

Ends with 0 printed, 1 not printed, 2 wrong usage, 3 undecided, 5 refused, 6 not known yet.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
import sys
import time
import uuid
from typing import Any
from urllib.parse import quote

SOCKET = os.environ.get("FISCALD_SOCKET", "/run/fiscald/fiscald.sock")
SALES = os.environ.get("SHOP_SALES", "sales.jsonl")  # the shop's database
PRINTER = os.environ.get("SHOP_PRINTER", "till1")
WAIT = 3  # seconds until fiscald answers "not yet": the cashier learns soon that there is no paper
TIMEOUT = float(os.environ.get("SHOP_TIMEOUT", "15"))  # seconds; more than WAIT
PAUSES = (0.5, 1, 2, 4)  # seconds before the same question again
NO_ANSWER = (0, 408, 429, 500, 503)  # the outcome is unknown: ask again with the same key
FINAL = ("done", "failed", "refused")


# -- the shop's database: the last line of a key counts -------------------------------------------------------


def store(record: dict[str, Any]) -> None:
    """Return when the record is on the disk: after a power cut it must be there."""
    with open(SALES, "a", encoding="utf-8") as file:
        # The first newline ends what an earlier crash may have left unfinished.
        file.write("\n" + json.dumps(record, ensure_ascii=False) + "\n")
        file.flush()
        os.fsync(file.fileno())


def sales() -> dict[str, dict[str, Any]]:
    """Every sale by its key."""
    found: dict[str, dict[str, Any]] = {}
    if os.path.exists(SALES):
        with open(SALES, encoding="utf-8", errors="replace") as file:
            for line in file:
                try:
                    record = json.loads(line)
                except ValueError:  # unfinished, so never submitted
                    continue
                found[record["key"]] = found.get(record["key"], {}) | record
    return found


# -- fiscald ----------------------------------------------------------------------------------------------------


class Connection(http.client.HTTPConnection):
    """HTTP on a Unix socket."""

    def connect(self) -> None:
        """Connect to it."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(SOCKET)


def call(method: str, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """One request. The status is 0 if there is no answer, or one that is not fiscald's."""
    connection = Connection("localhost", timeout=TIMEOUT)
    try:
        data = json.dumps(body).encode()
        connection.request(method, path, data, {"Content-Type": "application/json"})
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    except (OSError, http.client.HTTPException, ValueError):
        return 0, {}
    finally:
        connection.close()


def ask(method: str, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """The same request until there is an answer. The key makes that safe: nothing is printed twice."""
    for pause in PAUSES:
        status, answer = call(method, path, body)
        if status not in NO_ANSWER:
            return status, answer
        print("Brak odpowiedzi. Pytam ponownie o tę samą sprzedaż.", flush=True)
        time.sleep(pause)
    return call(method, path, body)


def submit(key: str, document: dict[str, Any]) -> int:
    """Ask for a receipt until the answer is final."""
    shown = ""
    while True:
        path = f"/v1/jobs/{quote(key, safe='')}?wait={WAIT}"
        status, answer = ask("PUT", path, {"printer": PRINTER, "document": document})
        if answer.get("state") not in ("accepted", "running"):
            return tell(key, status, answer)
        waiting = (answer["waiting"] or {}).get("detail_pl", "")  # no paper, printer off
        if waiting not in ("", shown):
            print("Czekam:", waiting, flush=True)
            shown = waiting


def tell(key: str, status: int, answer: dict[str, Any]) -> int:
    """Show the cashier what became of the sale, and store it if it is final."""
    if status in NO_ANSWER:
        print("Wynik nie jest jeszcze znany. Zapytaj później: resume")
        return 6
    if status >= 400:
        print("Odmowa:", answer["detail_pl"])
        print(answer["detail"], file=sys.stderr)  # for the developer: which field, and what to send instead
        if answer["document"] != "not_printed":  # this request did nothing, but an earlier one may have printed
            return 6
        store({"key": key, "state": "refused"})
        return 5
    if answer["state"] == "done":
        number = answer["result"]["number"]
        store({"key": key, "state": "done", "number": number})
        print("Wydrukowano paragon nr", number)
        return 0
    if answer["state"] == "failed":  # the corrected receipt is a new sale with a new key
        store({"key": key, "state": "failed"})
        print("Nie wydrukowano:", answer["error"]["detail_pl"])
        return 1
    # Undecided: the printer itself does not know. Only a person who looks at the paper can say.
    print("Nie wiadomo, czy paragon się wydrukował:", answer["error"]["detail_pl"])
    for line in answer["document"]["lines"]:
        print(f"Szukaj na papierze: {line['name']} {line['price']}, około {answer['created_at']}")
    print(f"Jest taki paragon:      decide {key} KTO printed NUMER")
    print(f"Nie ma takiego paragonu: decide {key} KTO not_printed")
    return 3


# -- the till ---------------------------------------------------------------------------------------------------


def sell(name: str, price: str, vat: str) -> int:
    """One sale."""
    key = f"sale-{uuid.uuid4()}"  # made with the sale; an invoice number is as good
    document = {"type": "receipt", "lines": [{"name": name, "price": price, "vat": vat}]}
    store({"key": key, "document": document})  # before the first request: after a crash, resume asks with this key
    return submit(key, document)


def resume() -> int:
    """Ask about every sale that has no final answer; the worst result counts."""
    open_sales = {key: sale for key, sale in sales().items() if sale.get("state") not in FINAL}
    return max([submit(key, sale["document"]) for key, sale in open_sales.items()], default=0)


def decide(key: str, who: str, verdict: str, number: str | None = None) -> int:
    """What a person found on the paper of an undecided sale."""
    decision: dict[str, Any] = {"verdict": verdict, "by": who}
    if number is not None:
        decision["number"] = int(number)
    return tell(key, *ask("POST", f"/v1/jobs/{quote(key, safe='')}/resolution", decision))


def main(arguments: list[str]) -> int:
    """The exit code."""
    match arguments:
        case ["sell", name, price, vat]:
            return sell(name, price, vat)
        case ["resume"]:
            return resume()
        case ["decide", key, who, "printed", number] if number.isdecimal():
            return decide(key, who, "printed", number)
        case ["decide", key, who, "not_printed"]:
            return decide(key, who, "not_printed")
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
