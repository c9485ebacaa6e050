"""Kinds of hosts that browsers distinguish: sites, public suffixes, loopback and trustworthy hosts.

A site is a scheme and a registrable domain: a public suffix and the label before it
(https://html.spec.whatwg.org/#site). The full list of public suffixes (https://publicsuffix.org)
changes weekly, so a library cannot include it. The lists here are short; the tests compare them
with the full one.
"""

from __future__ import annotations

import re
from itertools import combinations

# Hosting platforms that give each customer a subdomain, from the list of public suffixes.
_PLATFORMS = frozenset(
    """
    a.run.app amplifyapp.com appspot.com awsapprunner.com azurestaticapps.net azurewebsites.net
    blogspot.com cloudapp.net cloudfront.net cloudfunctions.net co.com csb.app deno.dev duckdns.org
    elasticbeanstalk.com firebaseapp.com fly.dev framer.app github.io githubusercontent.com
    gitlab.io herokuapp.com hf.space lovable.app myshopify.com netlify.app ngrok-free.app ngrok.app
    ngrok.io now.sh ondigitalocean.app onrender.com pages.dev pythonanywhere.com r2.dev repl.co
    replit.app replit.dev run.app streamlit.app surge.sh trycloudflare.com up.railway.app uk.com
    us.com vercel.app vercel.dev web.app webflow.io workers.dev
    """.split()  # noqa: SIM905  (one name per line would take fifty lines)
)

# Shared as well, although the list does not have them.
_SHARED = frozenset({"amazonaws.com", "glitch.me", "nip.io", "railway.app", "sslip.io"})
# Top-level domains in which nobody sells names.
_PRIVATE = frozenset(
    "corp example home internal intranet invalid lan local localdomain localhost test".split()  # noqa: SIM905  (one line)
)

# The usual second-level domains in which registries sell names: co.uk, com.au, ac.jp. Not all of
# them exist in each country; where one does not, nobody has a host there.
_REGISTRY_SUFFIX = r"(?:ac|co|com|edu|gob|gov|mil|net|ne|nom|or|org|sch)\.[a-z]{2}"
_MOST_WORDS = 40  # of an expression
_IPV4 = r"[0-9]+(?:\.[0-9]+){3}"
_LOOPBACK = r"(?:.+\.)?localhost\.?|127(?:\.[0-9]+){3}|\[::1\]"


def is_address(host: str) -> bool:
    """Return whether a host, as a browser writes it, is an IP address."""
    return host.startswith("[") or re.fullmatch(_IPV4, host) is not None


def is_public_suffix(host: str) -> bool:
    """Return whether anyone can register a name directly below a host.

    Every host of one label counts as one (https://publicsuffix.org/list/, the rule "*").
    """
    if is_address(host):
        return False
    host = host.lower().removesuffix(".")
    if "." not in host:
        return True
    return host in _PLATFORMS or re.fullmatch(_REGISTRY_SUFFIX, host) is not None


def is_shared_suffix(host: str) -> bool:
    """Return whether strangers can have hosts below a host."""
    host = host.lower().removesuffix(".")
    return host in _SHARED or (is_public_suffix(host) and host not in _PRIVATE)


def shared_suffixes_in(pattern: str) -> list[str]:
    """Return the hosts that strangers can have hosts below and that an expression may contain.

    These are made of each word and each two words of it, and are the known ones that end in a word.
    """
    words = dict.fromkeys(re.findall(r"[a-z0-9-]+", re.sub(r"\\[a-zA-Z]", " ", pattern).lower()))
    few = [word for word in words if not word.isdecimal()][:_MOST_WORDS]
    hosts = [*few, *map(".".join, combinations(few, 2))]
    known = [host for host in _PLATFORMS | _SHARED if host.rpartition(".")[2] in few]
    found = {*known, *filter(is_shared_suffix, hosts)}
    return sorted(found, key=lambda host: (host.count("."), host))


def registrable_domain(host: str) -> str:
    """Return the public suffix of a host and the label before it.

    An IP address or a public suffix has none. The host itself is returned for it, since only the
    same host is of the same site.
    """
    labels = host.split(".")
    if not is_address(host):
        for start in range(1, len(labels)):
            if is_public_suffix(".".join(labels[start:])):
                return ".".join(labels[start - 1 :])
    return host


def is_loopback(host: str) -> bool:
    """Return whether browsers take a host for the local machine.

    These are `localhost` and its subdomains, also with a final dot, 127.0.0.0/8 and [::1]
    (https://www.w3.org/TR/secure-contexts/#is-origin-trustworthy, steps 4 and 5).
    """
    return re.fullmatch(_LOOPBACK, host.lower()) is not None


def is_trustworthy(scheme: str, host: str) -> bool:
    """Return whether an origin is trustworthy: nobody on the network can change its content.

    https://www.w3.org/TR/secure-contexts/#is-origin-trustworthy
    """
    return scheme in {"https", "wss", "file"} or is_loopback(host)
