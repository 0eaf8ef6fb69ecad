"""The client novitus-noviapi from PyPI, as it is: every endpoint of a NoviAPI printer at the address given."""

import base64
import datetime
import json
import sys

from noviapi import NoviApiClient
from noviapi.exceptions import ConflictError, NotFoundError

ARTICLE = {"name": "Chleb razowy", "ptu": "A", "quantity": "2", "price": "3.50", "value": "7.00"}
RECEIPT = {"items": [{"article": ARTICLE}], "summary": {"total": "7.00", "pay_in": "7.00"}}
INVOICE = RECEIPT | {
    "info": {"number": "FV/1"},
    "buyer": {"name": "Firma", "id": "5260250274", "address": ["Prosta 1"]},
}
PACKET = base64.b64encode("<pakiet><informacja akcja=\"wersja\"></informacja></pakiet>".encode("cp1250")).decode()
FRAME = base64.b64encode(b"\x1bP#v\x1b\\").decode()


def main() -> None:
    told = {}
    with NoviApiClient(sys.argv[1]) as client:

        def do(kind, document, state="DONE"):
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
        told["receipt"] = do("receipt", RECEIPT).jpkid
        told["invoice"] = do("invoice", INVOICE).jpkid
        told["printout"] = do("nf_printout", {"lines": [{"textline": {"text": "Witamy", "masked": False}}]}).jpkid
        told["refused"] = do("receipt", RECEIPT | {"summary": {"total": "8.00", "pay_in": "8.00"}}, "ERROR").error.code
        for kind in ("device", "fiscal_memory", "protected_memory"):
            assert getattr(do("status", {"type": kind}).response.status, kind) is not None
        do("configuration", {"operation": "program", "options": [{"key": 1, "value": "30"}]})
        told["setting"] = do("configuration", {"operation": "read_array", "to_read": [1]}).response.configuration[0].value
        do("graphic", {"operation": "program", "id": 1, "base64": base64.b64encode(b"00080001FF").decode()})
        told["graphics"] = do("graphic", {"operation": "read_indexes"}).response.graphic.programmed_indexes
        told["paid"] = do("eft", {"operation": "transaction", "brutto": "7.00"}).response.eft.amount
        do("lock", {"operation": "enable"}, "ERROR")
        told["classic"] = do("direct_io", {"nov_cmd": {"base64": FRAME}}).response.packet.value
        told["xml"] = do("direct_io", {"xml_cmd": {"base64": PACKET}}).response.packet.value
        stored = client.receipt_send(RECEIPT).request.id
        told["queue"] = client.queue_check().requests_in_queue
        today = {"date": f"{datetime.date.today():%d/%m/%Y}"}
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
        told["report"] = do("daily_report", today).jpkid
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
