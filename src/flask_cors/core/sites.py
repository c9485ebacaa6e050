"""Hosts as browsers group them: sites, public suffixes, the loopback hosts, trustworthy origins.

A site is a scheme and a registrable domain: a public suffix and the label before it
(https://html.spec.whatwg.org/#site). The whole list of public suffixes
(https://publicsuffix.org) changes weekly and is not for a library to carry; the tests compare
what stands here with it.
"""

from __future__ import annotations

import re

# Hosting platforms whose customers each have a subdomain, as the list of public suffixes has them.
_PLATFORMS = frozenset(
    """
    a.run.app amplifyapp.com appspot.com awsapprunner.com azurestaticapps.net azurewebsites.net
    blogspot.com cloudapp.net cloudfront.net cloudfunctions.net co.com csb.app deno.dev duckdns.org
    elasticbeanstalk.com firebaseapp.com fly.dev framer.app github.io githubusercontent.com
    gitlab.io herokuapp.com hf.space lovable.app myshopify.com netlify.app ngrok-free.app ngrok.app
    ngrok.io now.sh ondigitalocean.app onrender.com pages.dev pythonanywhere.com r2.dev repl.co
    replit.app replit.dev run.app streamlit.app surge.sh trycloudflare.com up.railway.app uk.com
    us.com vercel.app vercel.dev web.app webflow.io workers.dev
    """.split()  # noqa: SIM905  (one a line would be fifty lines)
)

# Shared as well, though that list has them not.
_SHARED = frozenset({"amazonaws.com", "glitch.me", "nip.io", "railway.app", "sslip.io"})
# Top-level names that nobody sells names below.
_PRIVATE = frozenset(
    "corp example home internal intranet invalid lan local localdomain localhost test".split()  # noqa: SIM905  (a line)
)

# What registries name the suffixes that they sell under, most often: co.uk, com.au, ac.jp. Not each
# of these exists under each country; where one does not, nobody else has a host there either.
_REGISTRY_SUFFIX = r"(?:ac|co|com|edu|gob|gov|mil|net|ne|nom|or|org|sch)\.[a-z]{2}"
_IPV4 = r"[0-9]+(?:\.[0-9]+){3}"
_LOOPBACK = r"(?:.+\.)?localhost\.?|127(?:\.[0-9]+){3}|\[::1\]"


def is_address(host: str) -> bool:
    """Return whether a host, as a browser writes it, is an IP address."""
    return host.startswith("[") or re.fullmatch(_IPV4, host) is not None


def is_public_suffix(host: str) -> bool:
    """Return whether anyone can register a name directly below a host.

    A host of one label is such a suffix, known or not (https://publicsuffix.org/list/, "*").
    """
    if is_address(host):
        return False
    host = host.lower().removesuffix(".")
    if "." not in host:
        return True
    return host in _PLATFORMS or re.fullmatch(_REGISTRY_SUFFIX, host) is not None


def is_shared_suffix(host: str) -> bool:
    """Return whether strangers have, or can have, hosts below a host."""
    host = host.lower().removesuffix(".")
    return host in _SHARED or (is_public_suffix(host) and host not in _PRIVATE)


def registrable_domain(host: str) -> str:
    """Return the public suffix of a host and the label before it.

    An IP address and a public suffix have none: what is returned is the host itself, which is of
    one site with itself alone.
    """
    labels = host.split(".")
    if not is_address(host):
        for start in range(1, len(labels)):
            if is_public_suffix(".".join(labels[start:])):
                return ".".join(labels[start - 1 :])
    return host


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine to every browser.

    `localhost` and names below it, with a final dot too, 127.0.0.0/8 and [::1]
    (https://www.w3.org/TR/secure-contexts/#is-origin-trustworthy, steps 4 and 5).
    """
    return re.fullmatch(_LOOPBACK, host.lower()) is not None


def is_trustworthy(scheme: str, host: str) -> bool:
    """Return whether nobody on the network can have changed what comes from an origin.

    https://www.w3.org/TR/secure-contexts/#is-origin-trustworthy
    """
    return scheme in {"https", "wss", "file"} or is_loopback(host)
