/* Which proxy the environment names for which host. source: curl(1), "Environment" */
#include <stdlib.h>

#include "oci/client_ask.h"

static const char *from_environment(const char *lower, const char *upper)
{
	const char *z = getenv(lower);
	if (!z || !*z)
		z = upper ? getenv(upper) : NULL;
	return z && *z ? z : NULL;
}

/* HTTP_PROXY is what a CGI program gets from a request's header "Proxy": never read. */
void registry_proxies_from_environment(struct registry_proxies *out)
{
	const char *all = from_environment("all_proxy", "ALL_PROXY");
	out->http = from_environment("http_proxy", NULL);
	out->https = from_environment("https_proxy", "HTTPS_PROXY");
	out->no = from_environment("no_proxy", "NO_PROXY");
	if (!out->http)
		out->http = all;
	if (!out->https)
		out->https = all;
}

/* A name stands for itself and all below it, with or without a dot before it. */
static bool names(struct str entry, const struct url *u)
{
	struct address_network network;
	struct address a;
	if (str_eq(entry, S("*")) || str_eq_nocase(entry, u->host))
		return true;
	if (address_parse(u->name, &a)) {
		struct address_rule rule = {.networks = &network, .n_networks = 1};
		return address_network_parse(entry, &network) && address_in(&rule, &a);
	}
	while (str_starts(entry, S(".")))
		entry = str_sub(entry, 1, entry.n);
	if (!entry.n || u->name.n < entry.n)
		return false;
	struct str tail = str_sub(u->name, u->name.n - entry.n, u->name.n);
	return str_eq_nocase(entry, tail) &&
	       (u->name.n == entry.n || u->name.p[u->name.n - entry.n - 1] == '.');
}

const char *client_proxy(const struct registry_proxies *p, const struct url *u)
{
	struct str list = str_of(p->no);
	while (list.n) {
		struct str entry = list, rest = {NULL, 0};
		str_cut(list, ',', &entry, &rest);
		entry = str_trim(entry);
		if (entry.n && names(entry, u))
			return NULL;
		list = rest;
	}
	return u->https ? p->https : p->http;
}
