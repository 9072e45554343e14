"""The wires we speak: one line each."""

from __future__ import annotations

from rushes.providers.base import Adapter
from rushes.providers.dashscope import DashScope
from rushes.providers.openai import OpenAI
from rushes.providers.vertex import Vertex

PROVIDERS: dict[str, type[Adapter]] = {
    OpenAI.wire: OpenAI,
    DashScope.wire: DashScope,
    Vertex.wire: Vertex,
}
