"""How Sphinx makes the site of these pages: `make docs`, or `python docs/build.py [OUT]`.

Everything is in the checkout and nothing asks a network: pages are Markdown (MyST), formulas become MathML, the
reference is read from the docstrings, the gallery from the figures. Any warning stops the build.
"""

import sys
from importlib.metadata import version as version_of
from pathlib import Path

import jax

DOCS = Path(__file__).parent
ROOT = DOCS.parent
sys.path.insert(0, str(ROOT))
jax.config.update("jax_enable_x64", True)

project = "grok_theory"
author = "The grok_theory authors"
copyright = author
version = release = version_of("grok_theory")

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
    "sphinx_design",
    "docs.making.mathml",
    "docs.making.drawings",
    "docs.making.docstrings",
    "docs.making.names",
    "docs.making.uses",
    "docs.making.pages",
]
exclude_patterns = ["making"]

# Pages.
myst_enable_extensions = ["dollarmath", "colon_fence", "deflist", "attrs_inline"]
myst_fence_as_directive = ["math"]  # as GitHub writes a formula
myst_heading_anchors = 4
myst_dmath_allow_labels = True
math_numfig = False

# Notebooks are executed when the site is made; one that fails stops the build.
nb_execution_mode = "force"
nb_execution_show_tb = True
nb_execution_timeout = 300
nb_merge_streams = True

# Reference.
add_module_names = False
autodoc_member_order = "groupwise"
autodoc_preserve_defaults = True
autodoc_typehints_format = "short"
autosummary_generate = False
autosummary_ignore_module_all = False
napoleon_google_docstring = False
napoleon_preprocess_types = False
napoleon_use_rtype = False
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 88
default_role = "py:obj"  # a name in single backticks is a link where there is such a name
viewcode_line_numbers = True

# A name of ours that leads nowhere is a fault; a name of another package has no page here.
nitpicky = True
nitpick_ignore_regex = [
    (r"py:.*", r"(?s)(?!grok_theory\.).*"),
    (r"py:class", r".*"),  # of an annotation: records that come back and have no entry of their own
]

# The site.
html_theme = "furo"
html_title = project
html_static_path = ["site.css", "explorer"]
html_css_files = ["site.css"]
html_math_renderer = "mathml"
html_show_sourcelink = False
html_copy_source = False
html_show_search_summary = False  # read by script from other pages, which a browser refuses from a disk
pygments_style = "friendly"
pygments_dark_style = "github-dark"
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
