"""Drives every endpoint of a NoviAPI printer with the client novitus-noviapi from PyPI, as it is."""

from __future__ import annotations

import base64
import json
import sys
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from noviapi import NoviApiClient  # type: ignore[import-not-found]
from noviapi.exceptions import ConflictError, NotFoundError  # type: ignore[import-not-found]

ARTICLE = {"name": "Chleb razowy", "ptu": "A", "quantity": "2", "price": "3.50", "value": "7.00"}
RECEIPT: dict[str, Any] = {"items": [{"article": ARTICLE}], "summary": {"total": "7.00", "pay_in": "7.00"}}
INVOICE = RECEIPT | {
    "info": {"number": "FV/1"},
    "buyer": {"name": "Firma", "id": "5260250274", "address": ["Prosta 1"]},
}
PRINTOUT = {"lines": [{"textline": {"text": "Witamy", "masked": False}}]}
WRONG_SUM = RECEIPT | {"summary": {"total": "8.00", "pay_in": "8.00"}}
ONE_DOT = base64.b64encode(b"00080001FF").decode()
PACKET = base64.b64encode('<pakiet><informacja akcja="wersja"></informacja></pakiet>'.encode("cp1250")).decode()
FRAME = base64.b64encode(b"\x1bP#v\x1b\\").decode()


def main() -> None:
    told: dict[str, Any] = {}
    with NoviApiClient(sys.argv[1]) as client:

        def do(kind: str, document: dict[str, Any], state: str = "DONE") -> Any:
            job_id = getattr(client, f"{kind}_send")(document).request.id
            assert getattr(client, f"{kind}_confirm")(job_id).request.status == "CONFIRMED"
            answer = getattr(client, f"{kind}_check")(job_id, timeout=10_000)
            while answer.request.status in ("QUEUED", "PENDING"):
                answer = getattr(client, f"{kind}_check")(job_id, timeout=10_000)
            assert answer.request.status == state, answer
            return answer.request

        assert client.comm_test()
        client.token_get()
        client.token_refresh()
        told["jpkid"] = [do("receipt", RECEIPT).jpkid, do("invoice", INVOICE).jpkid, do("nf_printout", PRINTOUT).jpkid]
        told["refused"] = do("receipt", WRONG_SUM, "ERROR").error.code
        for kind in ("device", "fiscal_memory", "protected_memory"):
            assert getattr(do("status", {"type": kind}).response.status, kind) is not None
        do("configuration", {"operation": "program", "options": [{"key": 1, "value": "30"}]})
        read = do("configuration", {"operation": "read_array", "to_read": [1]}).response
        told["setting"] = read.configuration[0].value
        do("graphic", {"operation": "program", "id": 1, "base64": ONE_DOT})
        told["graphics"] = do("graphic", {"operation": "read_indexes"}).response.graphic.programmed_indexes
        told["paid"] = str(do("eft", {"operation": "transaction", "brutto": "7.00"}).response.eft.amount)
        do("lock", {"operation": "enable"}, "ERROR")
        told["direct"] = [
            base64.b64decode(do("direct_io", command).response.packet.value).decode("cp1250")
            for command in ({"nov_cmd": {"base64": FRAME}}, {"xml_cmd": {"base64": PACKET}})
        ]
        stored = client.receipt_send(RECEIPT).request.id
        told["waiting"] = client.queue_check().requests_in_queue
        today = {"date": f"{datetime.now(ZoneInfo('Europe/Warsaw')):%d/%m/%Y}"}
        try:
            client.daily_report_send(today)
        except ConflictError as error:
            told["conflict"] = error.detail.exception.code
        assert client.receipt_cancel(stored).request.status == "DELETED"
        assert client.queue_clear().status == "DELETED"
        try:
            client.receipt_check(stored)
        except NotFoundError as error:
            told["not_found"] = error.detail.exception.code
        told["jpkid"].append(do("daily_report", today).jpkid)
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
