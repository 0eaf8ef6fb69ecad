"""HTTP/1.1 and JSON, one request at a time.

================================ ==================================== ===============================================
request                          answer                               meaning
================================ ==================================== ===============================================
POST /token {"pin"}              200 {"token"}, 403                   every other request carries it, or is answered 403
GET /printer                     200 {"id", "ready", "reports",       unique number; daily reports; the cash slips that
                                 "documents", "value"}                it ever printed, and what they come to, in grosze
POST /documents {"cash_in": 100} 201 {"id"}, 422                      stored under an id of the printer's, not printed
PUT /documents/ID                200 {"state", "why"}, 404            confirmed: printed once, however often
GET /documents/ID                200 {"state", "why"}, 404            stored, open, done or refused
DELETE /documents/ID             200 {}, 404                          forgotten, if it is not confirmed
================================ ==================================== ===============================================

A request has a number in ``Request``, and its answer repeats it. An answer about a document has no length and ends with
the stream. What is no such request is answered 400.
"""

#: Longest body of a request or an answer, in bytes.
LONGEST = 4096
