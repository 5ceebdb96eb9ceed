"""The base of everything that is a piece of a paper as data."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """A piece of a paper as data: frozen, and nothing in it that is not known here."""

    model_config = ConfigDict(frozen=True, extra="forbid")
