"""The licence of an installed package, as an SPDX expression."""

from typing import Any

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

# classifiers that name one licence; "BSD License" names several and is left to the License field
_CLASSIFIERS = {
    "MIT License": "MIT",
    "MIT No Attribution License (MIT-0)": "MIT-0",
    "Apache Software License": "Apache-2.0",
    "ISC License (ISCL)": "ISC",
    "Python Software Foundation License": "PSF-2.0",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "The Unlicense (Unlicense)": "Unlicense",
    "zlib/libpng License": "Zlib",
    "GNU General Public License v2 (GPLv2)": "GPL-2.0-only",
    "GNU General Public License v2 or later (GPLv2+)": "GPL-2.0-or-later",
    "GNU General Public License v3 (GPLv3)": "GPL-3.0-only",
    "GNU General Public License v3 or later (GPLv3+)": "GPL-3.0-or-later",
    "GNU Lesser General Public License v2 or later (LGPLv2+)": "LGPL-2.0-or-later",
    "GNU Lesser General Public License v3 (LGPLv3)": "LGPL-3.0-only",
    "GNU Lesser General Public License v3 or later (LGPLv3+)": "LGPL-3.0-or-later",
    "GNU Affero General Public License v3": "AGPL-3.0-only",
}
_NAMES = {
    "mit license": "MIT",
    "the mit license": "MIT",
    "apache 2.0": "Apache-2.0",
    "apache 2.0 license": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache license, version 2.0": "Apache-2.0",
    "apache license version 2.0": "Apache-2.0",
    "bsd 3-clause": "BSD-3-Clause",
    "bsd 3-clause license": "BSD-3-Clause",
    "3-clause bsd license": "BSD-3-Clause",
    "bsd 2-clause": "BSD-2-Clause",
    "bsd 2-clause license": "BSD-2-Clause",
    "2-clause bsd license": "BSD-2-Clause",
    "psf": "PSF-2.0",
    "mpl 2.0": "MPL-2.0",
}


def licence(metadata: Any) -> str:
    """From License-Expression, else License, else one unambiguous classifier; "" when none says."""
    for field in ("License-Expression", "License"):
        stated = _canonical(metadata.get(field) or "")
        if stated:
            return stated
    return _classified(metadata.get_all("Classifier") or ())


def _canonical(text: str) -> str:
    name = " ".join(text.split())
    if name.lower() in _NAMES:
        return _NAMES[name.lower()]
    try:
        return canonicalize_license_expression(name)
    except InvalidLicenseExpression:
        return ""


def _classified(classifiers: Any) -> str:
    names = {entry.split(" :: ")[-1] for entry in classifiers if entry.startswith("License :: OSI Approved :: ")}
    return _CLASSIFIERS.get(names.pop(), "") if len(names) == 1 else ""
