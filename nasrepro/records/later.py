"""Fields that are younger than the first records: what is written is what it was before there were any."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import BaseModel, SerializerFunctionWrapHandler, model_serializer


class LaterFields(BaseModel):
    """Leaves a field of `later` out of what it writes while the field says what went without saying, its default.

    So the key of a specification, and the bytes of a record, are those from before the field.
    """

    later: ClassVar[tuple[str, ...]] = ()

    @model_serializer(mode="wrap")
    def _without_later(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        content: dict[str, Any] = write(self)
        fields = type(self).model_fields
        return {
            name: value for name, value in content.items() if name not in self.later or value != fields[name].default
        }
