"""What the build backend leaves undone."""

from __future__ import annotations

import os
import re
import struct
from pathlib import Path

from pdm.backend.hooks import Context

PICTURE = re.compile(r"<!-- picture: begin -->.*?<!-- picture: end -->\n\n", re.DOTALL)


def pdm_build_initialize(context: Context) -> None:
    """Take the README as the description, without its pictures: an index has no such files."""
    text = PICTURE.sub("", (context.root / "README.md").read_text("utf-8"))
    context.config.metadata["readme"] = {"text": text, "content-type": "text/markdown"}


def pdm_build_finalize(context: Context, artifact: Path) -> None:
    """Write the given time into the gzip header of the sdist (RFC 1952, section 2.3.1).

    Without it, the sdist tells when it was compressed.
    """
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    if context.target == "sdist" and epoch is not None:
        with artifact.open("r+b") as archive:
            archive.seek(4)
            archive.write(struct.pack("<I", int(epoch)))
