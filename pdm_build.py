"""What the build backend leaves undone: without it, the sdist tells when it was compressed."""

from __future__ import annotations

import os
import struct
from pathlib import Path

from pdm.backend.hooks import Context


def pdm_build_finalize(context: Context, artifact: Path) -> None:
    """Write the given time into the gzip header of the sdist (RFC 1952, section 2.3.1)."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    if context.target == "sdist" and epoch is not None:
        with artifact.open("r+b") as archive:
            archive.seek(4)
            archive.write(struct.pack("<I", int(epoch)))
