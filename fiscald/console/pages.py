"""Every page of the console, by its path."""

from __future__ import annotations

from fiscald.console import documents, licence_flows, printers, registration, sandbox, technician, tokens, webhooks
from fiscald.console.application import Page

PAGES = (
    Page("", printers.overview),
    Page("printer", printers.printer),
    Page("printer/action", printers.action, printers.do_action),
    Page("printer/adopt", post=printers.adopt),
    Page("printer/journal", post=printers.confirm_journal),
    Page("documents", documents.documents),
    Page("document", documents.document),
    Page("document/paper", documents.picture),
    Page("document/withdraw", post=documents.withdraw),
    Page("document/decision", documents.decision, documents.decide),
    Page("sandbox", sandbox.sandbox, sandbox.try_out),
    Page("sandbox/json", sandbox.as_json, sandbox.try_json),
    Page("technician", technician.overview),
    Page("technician/scan", technician.scan, technician.start_scan),
    Page("technician/scan/run", technician.run_scan),
    Page("technician/doctor", technician.doctor),
    Page("technician/conversation", technician.conversation),
    Page("technician/conversation/lines", technician.follow),
    Page("technician/capture", technician.capture),
    Page("technician/tokens", tokens.tokens, tokens.make),
    Page("technician/tokens/revoke", post=tokens.revoke),
    Page("technician/webhooks", webhooks.webhooks),
    Page("technician/webhooks/test", post=webhooks.test),
    Page("technician/webhooks/dead", webhooks.dead),
    Page("technician/webhooks/resend", post=webhooks.resend),
    Page("technician/bugreport", technician.bugreport),
    Page("about", registration.about),
    Page("licence", registration.start, registration.register),
    Page("licence/later", post=registration.later),
    Page("licence/number", post=registration.check_field),
    Page("licence/enrol", licence_flows.enrol, licence_flows.enrol_step),
    Page("licence/move", licence_flows.move, licence_flows.move_step),
    Page("licence/offline", licence_flows.offline, licence_flows.make_request),
    Page("licence/request-file", post=licence_flows.request_file),
    Page("licence/import", post=licence_flows.bring_answer),
    Page("licence/check", post=licence_flows.ask_vendor),
    Page("licence/confirm", licence_flows.confirm, licence_flows.confirmed),
)
