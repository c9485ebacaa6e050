from __future__ import annotations

from flask_cors import __version__

project = "Flask-CORS"
author = "the Flask-CORS contributors"
copyright = f"2026 {author}"
version = release = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc"]
exclude_patterns = ["_build", "examples"]
nitpicky = True

autodoc_member_order = "bysource"
autodoc_typehints = "description"
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

html_theme = "furo"
html_title = f"Flask-CORS {release}"
