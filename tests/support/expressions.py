"""Regular expressions that people write, and slow ones that can block a worker.

Each slow expression was measured to take more than three seconds on a text that a client may send.
"""

from __future__ import annotations

# Hosts, for expressions that list many of them.
_HOSTS = [f"{name}{number}" for number in range(50) for name in ("shop", "blog", "api", "www")]


def _any_of(hosts: list[str], domain: str) -> str:
    return "|".join(f"{host}\\.{domain}" for host in hosts)


FINE_ORIGINS = r"""
https://(?:[a-z]|[a-z0-9])+\.example\.com
https://(\w|\d)+\.example\.com
https://(?i:[a-z]|[A-Z])+\.example\.com
https://(?=(?:[a-z]|[a-f])*\.shop)[a-z.]+
https://.*\.example\.com
https://.+\.example\.com
^https://.*\.example\.com$
^https://.*?\.example\.com$
https?://.*\.example\.com
https?://.*\.example\.com(:\d+)?
^https?://(.+\.)?example\.com$
^https?://(.*\.)?example\.com(:\d+)?$
https?://(localhost|127\.0\.0\.1)(:\d+)?
^https?://localhost(:\d+)?$
^https?://localhost:\d+$
^http://localhost:[0-9]+$
http://localhost:(3000|5000|8080)
https?://localhost:.*
http://localhost.*
^http://(localhost|127\.0\.0\.1|\[::1\]):[0-9]{1,5}$
https?://127\.0\.0\.1:\d{4,5}
^https?://(?:localhost|127\.0\.0\.1|0\.0\.0\.0)(?::\d{1,5})?/?$
https?://192\.168\.\d{1,3}\.\d{1,3}(:\d+)?
http://192\.168\.\d+\.\d+:3000
^http://10\.\d{1,3}\.\d{1,3}\.\d{1,3}(:\d+)?$
https?://(?:\d{1,3}\.){3}\d{1,3}(?::\d{1,5})?
^https?://((25[0-5]|(2[0-4]|1\d|[1-9]|)\d)\.?\b){4}(:\d+)?$
^https?://(?:(?:25[0-5]|2[0-4][0-9]|[01]?[0-9][0-9]?)\.){3}(?:25[0-5]|2[0-4][0-9]|[01]?[0-9][0-9]?)(:[0-9]+)?$
https?://(10|172\.(1[6-9]|2\d|3[01])|192\.168)(\.\d{1,3}){2,3}(:\d+)?
https?://(\d{1,3}(\.|:|$)){4}
^https://[a-z0-9-]+--site\.netlify\.app$
^https://deploy-preview-\d+--my-site\.netlify\.app$
^https://(deploy-preview-\d+--|[a-z0-9-]+--)?my-site\.netlify\.app$
https://[a-z0-9-]+-myteam\.vercel\.app
https://my-app-[a-z0-9]+-myteam\.vercel\.app
https://my-app(-[a-z0-9-]+)?\.vercel\.app
^https://my-app-git-[\w-]+-team\.vercel\.app$
https://.*-team\.vercel\.app
https://pr-\d+\.my-app\.vercel\.app
https://[a-z0-9]+\.ngrok\.io
https://[0-9a-f-]+\.ngrok-free\.app
https://([a-z0-9-]+\.)?ngrok(-free)?\.(io|app|dev)
https://[a-z0-9-]+\.github\.io
https://.*\.github\.dev
https://[a-z0-9-]+-\d+\.app\.github\.dev
https://[a-z0-9-]+\.pages\.dev
https://[a-f0-9]{8}\.my-app\.pages\.dev
https://([a-f0-9]{8}\.)?my-app\.pages\.dev
https://[a-z0-9-]+\.herokuapp\.com
https://my-app-pr-\d+\.herokuapp\.com
https://my-app-staging-pr-[0-9]+\.herokuapp\.com
https://[a-z0-9-]+\.web\.app
https://my-project--[a-z0-9-]+\.web\.app
https://my-project(--[a-z0-9-]+-[a-z0-9]{8})?\.web\.app
https://[a-z0-9-]+-uc\.a\.run\.app
https://[a-z0-9-]+-[a-z0-9]{10}-[a-z]{2}\.a\.run\.app
https://[a-z0-9]+\.cloudfront\.net
https://[a-z0-9]{13,14}\.cloudfront\.net
https://[a-z0-9-]+\.s3(\.[a-z0-9-]+)?\.amazonaws\.com
https://[a-z0-9-]+\.s3-website[.-][a-z0-9-]+\.amazonaws\.com
https://[a-z0-9]+\.execute-api\.[a-z0-9-]+\.amazonaws\.com
https://(main|dev|pr-\d+)\.[a-z0-9]+\.amplifyapp\.com
https://[a-z0-9-]+\.azurewebsites\.net
https://[a-z0-9-]+\.\d+\.azurestaticapps\.net
https://[\w-]+\.gitpod\.io
https://\d+-[\w-]+\.ws-[a-z]{2}\d+\.gitpod\.io
https://[a-z0-9-]+\.repl\.co
https://[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}\.id\.repl\.co
https://[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\.example\.com
https://[a-z0-9]+\.csb\.app
https://[a-z0-9-]+\.lovable\.app
https://[a-z0-9-]+\.onrender\.com
https://[a-z0-9-]+\.fly\.dev
https://[a-z0-9-]+(\.[a-z0-9-]+)*\.trycloudflare\.com
^https://([a-z0-9]+[.])*example[.]com$
^https://([a-z0-9-]+\.)*example\.com$
^https://([a-z0-9-]+\.)+example\.com$
^https://([\w-]+\.)*example\.com$
^https?://([\w-]+\.)*example\.com(:\d+)?$
^https?://(\w+\.)*example\.(com|org|net)(:\d{1,5})?$
^https://(?:[a-z0-9-]+\.)*(?:example|sample)\.(?:com|co\.uk)$
https://(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+example\.com
^https?://(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*example\.com(?::\d{1,5})?$
https://(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?\.)+[a-zA-Z]{2,}
https://(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,5}example\.com
^https://(?!-)[a-z0-9-]{1,63}(?<!-)\.example\.com$
^https://(?:(?!-)[a-z0-9-]{1,63}(?<!-)\.)+example\.com$
^(?=.{1,253}$)https://(?:[a-z0-9-]{1,63}\.)+[a-z]{2,63}$
^https://(?:xn--)?[a-z0-9]+(?:-[a-z0-9]+)*\.example\.com$
https://[a-z]+(-[a-z]+)*\.example\.com
https://[a-z0-9]+(?:-[a-z0-9]+)*\.example\.com
https://[a-z][a-z0-9-]*[a-z0-9]\.example\.com
https://[a-z0-9][a-z0-9-]{0,61}[a-z0-9]\.example\.com
https://[a-z0-9-]{1,63}\.example\.com
https://.{1,63}\.example\.com
https://[^.]+\.example\.com
https://[^./]+\.example\.com
https://[^/]+\.example\.com
https?://[^/]+\.example\.com(:\d+)?
https?://[^/:]+(:\d+)?
https?://[^/]+(:\d+)?.*
https://\w+\.example\.com
https://[\w-]+\.[\w-]+\.example\.com
https://[\w.-]+\.example\.com
https://[\w.-]+\.[\w.-]+\.example\.com
https://[a-z0-9.-]+\.example\.com
^https://[A-Za-z0-9.-]+\.example\.(com|net)$
https://(www\.)?example\.com
^https?://(www\.)?example\.com$
^https?://(www\.|app\.)?example\.(com|org)(:\d+)?$
https://(www|app|api|admin)\.example\.com
https://(dev|staging|test|qa|prod)(-\d+)?\.example\.com
https://(?:dev|staging)-(?:eu|us)-\d+\.example\.com
https://(.*-)?app\.example\.com
https://app(-.*)?\.example\.com
https://app-[0-9]+\.example\.com
https://app\.shop\.example
https://.*\.shop\.example
(https?://)?(www\.)?example\.com
https?://(app|admin)\.shop\.example
https://(a|b|c)\.example\.com
\Ahttps://(a|b|c)\.example\.com\Z
(?i)https://app\.example\.com
(?i)^https://([a-z0-9-]+\.)*example\.com$
(?i:https)://APP\.example\.com
^(?i:https?)://(?P<sub>[a-z0-9-]+)\.example\.com$
^(?P<scheme>https?)://(?P<host>[^:/]+)(?P<port>:\d+)?$
https://(?P<tenant>[a-z0-9-]+)\.example\.com(?::(?P<port>\d+))?
https://(?!evil)[a-z]+\.example\.com
https://(?!.*evil).*\.example\.com
^(?!https://(admin|internal)\.).*\.example\.com$
https://(?:(?!--)[a-z-])+\.example\.com
https://((?!internal).)*\.example\.com
https://\w+(?<!evil)\.example\.com
https://.*(?<!-internal)\.example\.com
(chrome|moz)-extension://[a-p]{32}
chrome-extension://[a-z]{32}
^chrome-extension://.*$
moz-extension://[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}
^(capacitor|ionic|http|https)://localhost$
^(https://.*\.example\.com|http://localhost:\d+)$
^https://(.*\.)?example\.com$|^http://localhost(:\d+)?$
https://.*\.example\.com|https://.*\.example\.org|http://localhost:.*
https://example\.com|https://.*\.example\.com
https://([a-z]{2}\.)?example\.com
https://[a-z]{2}(-[a-z]{2})?\.example\.com
https://(?:[a-z]{2,3}\.){0,2}example\.com
https://(s[0-9]+\.)?example\.com
https://[a-z]+\d*\.example\.com
https://[a-z]+[0-9]+\.example\.com
https://[a-z]+[a-z0-9]*\.example\.com
https://[a-z0-9]+[a-z0-9-]*\.example\.com
https://[a-z0-9]+[a-z0-9-]*[a-z0-9]+\.example\.com
https://[a-z0-9]+(-[a-z0-9]+)?(-[a-z0-9]+)?\.example\.com
https://[a-z]+\.[a-z]+\.[a-z]+\.example\.com
https://.*\..*\.example\.com
https://.*\..*\.com
https?://.+\..+
https://.*example.*
.*example\.com.*
.*\.example\.com
.*example\.com$
(.+\.)?example\.com
.*
.+
https?://.*
https://.+
^https?://
^https://
https://example\.(com|org|net|co\.uk|de|fr|it|es)
https://(?:[^.]+\.)?example\.com
https://(?:[^.]+\.)*example\.com
https://([^.]+\.){1,3}example\.com
https://([^.:/]+\.)*example\.com(:[0-9]+)?
https://(?:\w+-)*\w+\.example\.com
https://(?:\w+[.-])*example\.com
https://\S+\.example\.com
https://[\S]+
https://[\da-z-]+\.example\.com(:(80|443|8\d{3}))?
^https:\/\/[a-z0-9-]+\.example\.com$
^https?:\/\/(?:[a-z0-9-]+\.)?example\.com(?::[0-9]{2,5})?$
^https?:\/\/([a-z0-9]+([\-\.]{1}[a-z0-9]+)*\.[a-z]{2,5})(:[0-9]{1,5})?$
^https?:\/\/(www\.)?[-a-zA-Z0-9@:%._\+~#=]{1,256}\.[a-zA-Z0-9()]{1,6}\b([-a-zA-Z0-9()@:%_\+.~#?&//=]*)$
^(http|https)://[a-zA-Z0-9\-\.]+\.[a-zA-Z]{2,3}(/\S*)?$
^(?:https?:\/\/)?(?:[^@\n]+@)?(?:www\.)?([^:\/\n?]+)
https://[0-9a-z]{4}-\d{1,3}-\d{1,3}-\d{1,3}-\d{1,3}\.ngrok\.io
https://([0-9]{1,3}-){3}[0-9]{1,3}\.nip\.io
https?://(?:[0-9]{1,3}\.){3}[0-9]{1,3}\.nip\.io(?::\d+)?
http://[\w-]+\.local(:\d+)?
http://[\w-]+(\.lan|\.local|\.home)?(:\d+)?
https://[a-z0-9]{1,20}-[a-z0-9]{1,20}-[a-z0-9]{1,20}\.example\.com
https://[a-z]{3,10}[0-9]{1,4}[a-z]{0,2}\.example\.com
https://branch-[a-zA-Z0-9._-]+\.preview\.example\.com
https://feature-[a-z]+-\d+(-[a-z]+)*\.example\.com
https://v\d+(\.\d+){0,2}\.example\.com
https://v\d+(-\d+)*\.example\.com
https://(?:[a-z]+\.)?(?:eu|us|ap)(?:-(?:east|west|central)-\d)?\.example\.com
https://.+\.(?:dev|staging|prod)\.example\.(?:com|io)
https?://(.*\.)?(example|example-staging|example-dev)\.(com|net)(:[0-9]+)?$
app://.*
file://.*
null
^null$|^https://example\.com$
^https?://(?:[\w-]+\.){0,3}example\.com(?::\d+)?$
https://(?:[a-z0-9-]{1,63}\.){1,4}example\.com
^https://([a-z\d]([a-z\d-]*[a-z\d])?\.)*example\.com$
^(https?:\/\/)?([\w-]+\.)+[\w-]+(:\d+)?$
^https?://([a-z0-9\-]+\.){1,3}[a-z]{2,}(:[0-9]{1,5})?$
^https://(?=[a-z0-9-]{1,63}\.)[a-z0-9]+(-[a-z0-9]+)*\.example\.com$
^https://(?!-)(?:[a-zA-Z\d-]{0,62}[a-zA-Z\d]\.){1,126}(?!\d+)[a-zA-Z\d]{1,63}$
http://\[([0-9a-f]{1,4}:){7}[0-9a-f]{1,4}\]
http://\[(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}\](:\d+)?
https?://(\[[0-9a-f:]+\]|[\w.-]+)(:\d+)?
https://v(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?\.example\.com
^https?://(?:www\.)?(?:[a-z0-9-]+\.)?(?:foo|bar)\.(?:com|co\.(?:uk|nz))(?::\d{2,5})?$
https://(?:[^.]+\.){2}example\.com
^https://[a-z]+(?:-[a-z0-9]+){0,5}\.example\.com$
^https://(?:[a-z]+-){1,3}[a-z]+\.example\.com$
https://(?:pr|mr)-?\d+(?:-[0-9a-f]{7,40})?\.example\.com
https://[0-9a-f]{7,40}\.preview\.example\.com
https://([a-z]+\.)?([a-z]+\.)?([a-z]+\.)?example\.com
https://(.+)\.(.+)\.example\.com
^https://(?:.+\.)?(?:.+\.)?example\.com$
https://(?:[a-z0-9-]+\.)+(?:com|net|org|io|dev|app)
https://(?:(?:[a-z0-9-]+\.)*example\.com|(?:[a-z0-9-]+\.)*example\.org)(?::\d+)?
^(https?)://((([a-z0-9-]+\.)*example\.com)|localhost|127\.0\.0\.1)(:[0-9]+)?$
^https://((?:dev|qa|uat)-)?(?:[a-z]{2}-)?portal(?:-v\d)?\.example\.com$
^(?:https?://)?(?:[a-z0-9_-]+\.)*example\.(?:com|net)(?:/.*)?$
https?://(?:.*\.)?example\.com(?::\d+)?(?:/.*)?
^https://([a-z0-9]+-){2}[a-z0-9]+\.example\.com$
^https://[a-z0-9]([a-z0-9-]*[a-z0-9])?\.example\.com$
^https://[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$
^https?://([a-zA-Z0-9]([a-zA-Z0-9\-]{0,61}[a-zA-Z0-9])?\.)+[a-zA-Z]{2,6}(:\d{1,5})?$
^(http(s)?:\/\/)?((w){3}.)?example(\.com)?$
https?://[a-zA-Z0-9]+(?:[-.][a-zA-Z0-9]+)*(?::\d+)?
https://(\w+)-(\w+)-(\w+)\.example\.com
https://\w+(-\w+)?(-\w+)?(-\w+)?\.example\.com
https://([\w\-]+\.)*\w+\.example\.com
https://(?:[\w-]+\.)*[\w-]+\.example\.com
https://(\d+\.){3}\d+:\d+
https://(((dev|test)\.)?(eu|us)\.)?example\.com
https://(?:\w{1,10}-){0,4}\w{1,10}\.example\.com
https://(?:[a-f0-9]{2}:){5}[a-f0-9]{2}\.example\.com
https://(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?
https://[a-z0-9_-]{1,32}(\.[a-z0-9_-]{1,32}){0,3}\.example\.com
https://(?:[1-9]\d{0,2})(?:,\d{3})*\.example\.com
https://(\S*\.)?example\.com(:\d*)?
https://(?:.{0,20}\.)?example\.com
https://.{1,30}\..{1,30}\.example\.com
https://[a-z]{1,20}\d{0,5}-[a-z]{0,10}\d{0,5}\.example\.com
(?:https?|wss?)://(?:[a-z0-9-]+\.)*example\.com(?::\d+)?
^https://(?:(?:alpha|beta|gamma)\.)*example\.com$
^https://(?:(?:www|m|mobile|amp)\.)?(?:(?:en|de|fr)\.)?example\.com$
^[a-z][a-z0-9+.-]*://[^/?#]+$
^https?://(?:[^:@/]+(?::[^@/]*)?@)?[^:/]+(?::\d+)?$
^https://(?:[a-z0-9-]+)(?:\.[a-z0-9-]+)*(?:\.example\.com)$
^https://[\w-]+(\.[\w-]+)+$
""".strip().splitlines()
FINE_ORIGINS += [
    f"https://({_any_of(_HOSTS, 'example')})",
    rf"^https?://(?:{_any_of(_HOSTS * 2, 'example')})(?::\d+)?$",
    "|".join(rf"https://{host}\.example" for host in _HOSTS * 2),
    rf"https://(www\.)?({_any_of(_HOSTS, 'com')})",
    rf"https://([a-z0-9-]+\.)*({_any_of(_HOSTS[:40], 'com')})",
    rf"https://(.*\.)?({_any_of(_HOSTS[:100], 'com')})",
]

FINE_PATHS = r"""
/api/.*
^/api/.*
^/api/.*$
^/api/v\d+/(users|items)/.*
/api/v[0-9]+/.*
/api/v\d+(\.\d+)?/.*
.*/public/.*
/(api|auth)/.*
^/(?!admin).*
/(?!admin)[a-z]+(/[a-z]+)*/?
^/((?!private).)*$
^/users/\d+/posts/\d+$
/users/[^/]+/posts/[^/]+
/static/.*\.(js|css|png)$
.*\.json$
.*\.(png|jpe?g|gif|svg|woff2?)$
^/files/.+\.[a-z]{2,4}$
/api/(v1|v2)/[\w-]+/?
^/[a-z]{2}(-[A-Z]{2})?/.*
^/[\w-]+/[\w-]+/?$
^/([\w-]+/)*[\w-]*$
^/(\w+/)*\w+$
^/api(/.*)?$
/api(/|$)
^/graphql/?$
/webhooks/(stripe|github)/.*
/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}
/items/[0-9a-f-]{36}/.*
(?i)/api/.*
/api/.*/export
/.*/export/.*
r/api/*
/*
^/(?:[a-z0-9-]+/)*export$
^/(api|public)/(?!internal)[^/]+.*$
/\w+/\d+/\w+
^/.*
.*
.+
/.+
^/download/(?P<name>[^/]+)$
/a/.*/b/.*
/api/(?:[^/]+/)*[^/]+\.json
^/(?:[^/]+/){2,4}edit$
^(/[a-z0-9_-]+)+/?$
^(?:/[^/]+)*/health$
^/api/v(?:1|2)/.+?/detail$
/.*\.(?:min\.)?js$
^/(?P<lang>[a-z]{2})/(?P<slug>[\w-]+)/(?P<id>\d+)(?:\.(?P<fmt>json|xml))?$
^/api/(?:v\d+/)?(?:users|groups)(?:/\d+)?/?$
^/(?!api|static|admin).*$
^/(?:(?!/internal).)*$
/api/[^/]+/[^/]+/[^/]+
^/api/\w+(?:/\w+)*$
^/api/\w+(?:/\w+)*/?$
/v[12]/.*/(?:list|detail)
^/docs(?:/.*)?$
^/(img|css|js)/.+\.(?:png|css|js)(?:\?.*)?$
^/[^.]*$
^/(\d{4})/(\d{2})/(\d{2})/[\w-]+$
/(?:a|b|c)/(?:d|e|f)/.*
^/api/.*/.*$
^/.*/edit$
^/[a-z0-9-]+(?:/[a-z0-9-]+){0,5}$
^/rest/(?:[A-Za-z]+Service)/(?:[A-Za-z]+)$
.*/callback/?$
/api/(.*)
/(?:[\w.-]+/)*
^/_next/.*|^/static/.*
^/(api|rpc)(/v\d+)*(/[\w-]+)+$
^/(img|css|js|fonts)/.+\.(?:png|jpe?g|gif|css|js|woff2?|ttf|svg|ico)(?:\?.*)?$
^/(?:static|assets|media)/.*/.*\.(?:png|jpe?g|gif|css|js|woff2?|ttf|svg|ico)$
^/(api|rpc)(/v\d+)*(/[\w-]+)+(/detail|/list|/export)?(\.json|\.xml)?$
^/(?:[\w-]+/)*(?:list|detail|export|import)/.*\.(?:json|xml|csv)$
^/.*(?:login|logout|register|reset).*\.(?:php|asp|jsp)$
""".strip().splitlines()

FINE_PATHS.append("|".join(f"/tenant-{number}/" for number in range(2000)))

FINE_HEADERS = r"""
X-.*
X-App-.*-.*
X-.*-.*-.*-.*
X-[a-z]+-[a-z]+-[a-z]+-[a-z]+
x-.*
X-[A-Za-z]+(-[A-Za-z]+)*
X-[A-Za-z-]+
X-(\w+-)*\w+
^X-Custom-.*$
(?i)x-.+
X-(Request|Correlation)-Id
^(X|Y)-.*-Id$
X-\w+
X-[\w-]+-Id
.*
.*-Token
^(?!Cookie).*$
^(?!X-Internal-).*
(Content-Type|Authorization|X-Requested-With)
Content-.*
Access-Control-.*
X-[a-z0-9]{1,20}
Sentry-.*|Baggage
^x-amz-(meta-.*|acl|date)$
X-.*-.*
X-.*-.*-.*
Ce-[a-z0-9]+
^X-(?:[A-Z][a-z]+-)*[A-Z][a-z]+$
^x-[a-z0-9]+(?:-[a-z0-9]+)*$
(?:X|Y|Z)-[\w]+(-[\w]+){0,4}
^(?:Content|Accept)-(?:Type|Language|Encoding)$
^(?!.*Secret).*$
x-(?:request|correlation|trace)-(?:id|key)
[A-Za-z][A-Za-z0-9-]*
^[!#$%&'*+.^_`|~0-9A-Za-z-]+$
X-.*-.*-.*-.*
traceparent|tracestate|b3|x-b3-.*
""".strip().splitlines()

SLOW_ORIGINS = r"""
https://([a-z]+)+\.shop\.example
https://([a-z0-9]+)*\.shop\.example
https://([a-z0-9-]+\.?)+\.example\.com
https://(\w+-?)*\.example\.com
https://(.+\.)+example\.com
https://(.*\.)*example\.com
https://(a|a)*\.example\.com
https://([a-z]|[a-z0-9]+)+\.example\.com
https://((a+)+)+\.example\.com
https://(?:a|ab|b)+\.example\.com
https://([a-z]*)*\.example\.com
https://(?:(?:[a-z]+)?)+\.example\.com
https://(?:[a-z]?){40}\.example\.com
https://(?:[a-z]{0,3}){20}\.example\.com
https://(?:[a-z]+){12}\.example\.com
https://(?:[a-z]{1,4}){1,40}\.example\.com
https://(?:[a-z]{1,20}){10}\.example\.com
https://(?:(?:[a-z]{1,4}){1,3}){1,8}\.example\.com
https://(?:(?:[a-z]{1,4}){3}){8}\.example\.com
https://(?:(?:[a-z]+){3}){3}\.example\.com
https://((?:[a-z]{1,8}){8}){8}\.example\.com
https://(?:(?:a{1,20}){4}){4}\.example\.com
https://(?:[a-z]{2,3}){30}\.example\.com
https://(?:aa|aaa){30}\.example\.com
https://(?:a|aa){30}\.example\.com
https://(?:a|aa){1,60}\.example\.com
https://(?:(?:[a-z0-9]{1,5})-?){1,60}\.example\.com
https://(?:([a-z])|\1)+\.shop\.example
https://(?:([a-z])\1?)+\.shop\.example
https://(?P<x>[a-z])(?:(?P=x)|[a-z])*\.shop\.example
https://([a-z])?(?(1)(?:(a)|[a-z])+|b)\.shop\.example
https://(x)?(?(1)b|(?:[a-z]+)+)\.shop\.example
https://(?=([a-z]+)+\.shop)[a-z.]+
https://(?!([a-z]+)+\.shop)evil\.example
https://(?!(?:.*a){8}z)[a-z.]+x
https://[a-z]{42}(?<!(?:(a)|([a-z])){40}-)\.example
https://(?:[a-z](?=[a-z]*[a-z]*[a-z]*[a-z]*\.shop))+\.example
https://(?:(?=([a-z]+)+\.)[a-z])+\.example
https://.*.*.*.*.*\.example\.com
https://.*\..*\..*\..*\..*\.com
https://[a-z]+[a-z]+[a-z]+[a-z]+[a-z]+\.example\.com
https://[a-z]*[a-z0-9]*[a-z0-9-]*\w*[\w.]*\.example\.com
https://[\w.-]+[\w-]+[\w.]+[a-z.]+\.[a-z]+\.example\.com
.*.*.*.*.*example\.com
(.*)(.*)(.*)(.*)(.*)\.example\.com
(.*)*\.example\.com
(.+)+\.example\.com
^(https?://)?([\da-z.-]+)\.([a-z.]{2,6})([/\w .-]*)*/?$
^(([a-z])+.)+[A-Z]([a-z])+$
^https?://(([a-z0-9]+-?)+\.?)+x$
https://([a-z0-9]+(-[a-z0-9]*)*)+\.example\.com
https://(([a-z0-9-]*)\.?)*example\.com
https://([a-z0-9\-]*[a-z0-9]*)+\.example\.com
(https://)?(www\.)?([a-z0-9]+\.?)+\.com
https://([^.]+)+\.example\.com
https://([^/]+)*\.example\.com
https://(\S+)+\.example\.com
https://(\w*\d*)+\.example\.com
https://(?:\w+\.?\w+)+\.example\.com
https://(?:[a-z]|(?i:Q|q|[a-z]))+\.example\.com
https://([a-z]+|[0-9]+|[a-z0-9]+)+\.example\.com
https://(?:a?b?c?d?)*\.example\.com
https://(?:a?){50}a{50}\.example
https://([a-z]{1,}){1,}\.example\.com
https://([a-z]+?)+?\.example\.com
https://([a-z]+?)*?\.example\.com
https://((ab)*|(a|b)*)*\.example\.com
https://(a*b*)*\.example\.com
https://([ab]c|a[cd])*\.example\.com
https://(?:(?:|[a-z])){40}\.example
https://(?:|){40}x\.example
https://(?:(?:|)(?:|)(?:|)(?:|)(?:|)){6}x\.example
https://(?:[a-z]*-?){20}\.example
https://(?:[a-z0-9]{1,8}-?){12}\.example\.com
""".strip().splitlines()
# Sequences of parts, without a loop.
SLOW_ORIGINS += [
    f"https://{row}\\.example"
    for row in (
        "[a-z]?" * 40 + "[a-z]{40}",
        "a?" * 40,
        "(?:a|a)" * 30,
        "(?:[a-z]|(a))" * 30,
        "(?:a|aa)" * 30,
        "(?:a|ab|b)(?:b|ba|)" * 16,
        "([a-z]|([a-f])|([a-c]))" * 18,
        "(?:[a-z]{0,2})" * 30,
        "[a-z]{0,5}" * 15,
        "[a-z]{1,9}" * 9,
        "(?:[a-z]-?)?" * 40,
        "(?:[a-z]?[a-z]?)?" * 20,
        "[a-z]*" * 6,
        "(?:|a)" * 40,
        "(?:|)" * 40 + "x",
        "(?=" + "[a-z]?" * 40 + r"[a-z]{40}\.x)[a-z.]*",
        "(?:" + "[a-z]?" * 12 + "-?){3}",
        "(?:" * 6 + "[a-z]{1,3}" + "){1,3}" * 6,
        r"([a-z])" + r"(?:\1|[a-z])" * 30,
    )
]

SLOW_PATHS = r"""
^/static/(.+/)*[^/]+\.(js|css)$
/(\w+)+x
/(\w+)+$
^/(\w+/?)+$
^/([\w-]+/?)*$
/(.*/)*export
/.*/.*/.*/x
/[\w/]+[\w/]+[\w/]+\.json$
^/((a|aa)+/)+$
/(?!(a+)+b)
/(a+)+(?=b)
/((\w+)+/)?
/(.+)+\.json
/(?:([a-z])|\1)+/x
^/(/?[a-z]*)*$
""".strip().splitlines()
SLOW_PATHS += ["/[a-z]*[a-z]*a?a?" + "a" * 700 + "b"]
SLOW_PATHS += ["/" + "[a-z]?" * 40 + "[a-z]{40}/x", "/" + "(?:a|a)" * 30 + "/x"]

SLOW_HEADERS = r"""
X-.*-.*-.*-.*-.*-id
X-(?:[A-Za-z]+-?)*
X-(\w+-?)*
X-(.*)*-Id
(X-|[\w-]+)+!
X-(?:([a-z])|\1)+-Id
X-(?:\w?){40}-Id
(?:[\w-]{1,9}){9}!
""".strip().splitlines()
SLOW_HEADERS += ["X-" + "[a-z]?" * 30 + "[a-z]{30}-Id", "X-" + "(?:a|a)" * 30 + "-Id"]

UNDECIDED_ORIGINS = r"""
https://([a-z]+)(?:\1|[a-z])+\.shop\.example
https://(?P<x>[a-z]+)(?P=x)*([a-z]+)\2*([a-z]+)\.shop\.example
https://.+a.+b.+c.+d.+e\.example
https://([a-z0-9]{1,63}\.?){1,10}example\.com
""".strip().splitlines()
