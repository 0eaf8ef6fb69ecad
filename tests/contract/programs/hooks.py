"""For the fuzzer: waits are short, and the endless recording is not requested."""

from __future__ import annotations

from typing import Any

import schemathesis  # type: ignore[import-not-found]


@schemathesis.hook  # type: ignore[untyped-decorator]
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    query = case.query or {}
    if str(query.get("follow")).lower() == "true":
        query["follow"] = "false"
    try:
        if 0.1 < float(query.get("wait", 0)) <= 600:
            query["wait"] = 0.1
    except (TypeError, ValueError):
        pass
    case.query = query
