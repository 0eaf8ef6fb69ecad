"""Prints a receipt with the client that openapi-python-client makes."""

from __future__ import annotations

import json
import sys

from fiscald_client import Client  # type: ignore[import-not-found]
from fiscald_client.api.jobs import job, submit  # type: ignore[import-not-found]
from fiscald_client.models import JobAnswer, Line, Receipt, StoredReceipt, Submission  # type: ignore[import-not-found]


def main() -> None:
    client = Client(base_url=sys.argv[1], timeout=60)
    line = Line(name="Chleb razowy", quantity=2, price="3.50", vat="5%")
    sale = Submission(printer="till1", document=Receipt(type_="receipt", lines=[line]))
    answer = submit.sync("openapi-python-client/2026/1", client=client, body=sale, wait=30)
    again = job.sync("openapi-python-client/2026/1", client=client)
    if not isinstance(answer, JobAnswer) or not isinstance(again, JobAnswer):
        raise SystemExit(f"refused: {answer} {again}")
    if not isinstance(again.document, StoredReceipt):
        raise SystemExit("it is not kept")
    told = {"state": str(answer.state), "number": answer.result.number, "total": again.result.total}
    sys.stdout.write(json.dumps(told))


main()
