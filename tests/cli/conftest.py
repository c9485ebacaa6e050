from __future__ import annotations

from ..support.commands import cors as cors
