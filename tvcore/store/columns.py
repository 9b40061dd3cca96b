"""Types of columns that are the same on every engine."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import JSON, BigInteger, Dialect, Integer, Text, TypeDecorator


class _JsonText(TypeDecorator[Any]):
    """JSON as text of ours: PostgreSQL's own types refuse NaN and U+0000, which members' metadata may have."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """Return *value* as it is stored."""
        return None if value is None else json.dumps(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """Return what was stored as *value*."""
        return None if value is None else json.loads(value)


Json = JSON(none_as_null=True).with_variant(_JsonText(), "postgresql")
Count = Integer().with_variant(BigInteger(), "postgresql")  # SQLite's integers have 64 bits in any case

__all__ = ["Count", "Json"]
