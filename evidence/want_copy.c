/* Copies of wants: a lookup outlives the policies that asked. */
#include <stdlib.h>

#include "evidence/evidence.h"
#include "evidence/pack.h"

static void pack_key(struct pack *k, const struct sig_key *in, struct sig_key *out)
{
	struct str spki = pack_str(k, in->spki);

	if (out)
		out->spki = spki;
}

static const struct sig_authority_key *pack_keys(struct pack *k, const struct sig_authority *a)
{
	struct sig_authority_key *keys = pack_put(k, a->keys, a->n_keys * sizeof(*keys));

	for (size_t i = 0; i < a->n_keys; i++) {
		struct sig_key *key = pack_put(k, a->keys[i].key, sizeof(*key));
		pack_key(k, a->keys[i].key, key);
		if (keys && key)
			keys[i].key = key;
	}
	return keys;
}

/* ---- identities ---- */

static struct identity_match pack_match(struct pack *k, const struct identity_match *m)
{
	struct str exact = pack_str(k, m->exact), regex = pack_str(k, m->regex);

	return (struct identity_match){exact, regex};
}

static const struct identity_demand *pack_identities(struct pack *k, const struct sig_authority *a)
{
	struct identity_demand *out = pack_put(k, a->identities, a->n_identities * sizeof(*out));

	for (size_t i = 0; i < a->n_identities; i++) {
		struct identity_demand d = a->identities[i];
		struct identity_extension_match *x =
			pack_put(k, d.extensions, d.n_extensions * sizeof(*x));
		for (size_t n = 0; n < d.n_extensions; n++) {
			struct identity_match value = pack_match(k, &d.extensions[n].value);
			if (x)
				x[n].value = value;
		}
		d.issuer = pack_match(k, &d.issuer);
		d.subject = pack_match(k, &d.subject);
		d.extensions = x;
		if (out)
			out[i] = d;
	}
	return out;
}

/* ---- trusted roots ---- */

static struct trusted_log *pack_logs(struct pack *k, const struct trusted_log *in, size_t n)
{
	struct trusted_log *out = pack_put(k, in, n * sizeof(*out));

	for (size_t i = 0; i < n; i++) {
		struct trusted_log l = in[i];
		l.id = pack_str(k, l.id);
		l.checkpoint_id = pack_str(k, l.checkpoint_id);
		l.base_url = pack_str(k, l.base_url);
		l.host = pack_str(k, l.host);
		l.operator= pack_str(k, l.operator);
		pack_key(k, &in[i].key, &l.key);
		if (out)
			out[i] = l;
	}
	return out;
}

static struct trusted_authority *pack_authorities(struct pack *k,
						  const struct trusted_authority *in, size_t n)
{
	struct trusted_authority *out = pack_put(k, in, n * sizeof(*out));

	for (size_t i = 0; i < n; i++) {
		struct trusted_authority a = in[i];
		a.uri = pack_str(k, a.uri);
		for (size_t c = 0; c < a.n_certificates; c++)
			a.certificates[c] = pack_str(k, a.certificates[c]);
		if (out)
			out[i] = a;
	}
	return out;
}

static const struct trusted_root *pack_root(struct pack *k, const struct trusted_root *in)
{
	struct trusted_root r, *out;

	if (!in)
		return NULL;
	out = pack_put(k, in, sizeof(*out));
	r = *in;
	r.logs = pack_logs(k, in->logs, in->n_logs);
	r.ct_logs = pack_logs(k, in->ct_logs, in->n_ct_logs);
	r.certificate_authorities =
		pack_authorities(k, in->certificate_authorities, in->n_certificate_authorities);
	r.timestamp_authorities =
		pack_authorities(k, in->timestamp_authorities, in->n_timestamp_authorities);
	if (out)
		*out = r;
	return out;
}

static const struct sig_authority *pack_all(struct pack *k, const struct evidence_want *in)
{
	struct sig_authority *out = pack_put(k, in->authorities, in->n_authorities * sizeof(*out));

	for (size_t i = 0; i < in->n_authorities; i++) {
		struct sig_authority a = in->authorities[i];
		a.keys = pack_keys(k, &in->authorities[i]);
		a.identities = pack_identities(k, &in->authorities[i]);
		/* Authorities of one policy mostly have the same. */
		if (i > 0 && a.root == in->authorities[i - 1].root)
			a.root = out ? out[i - 1].root : NULL;
		else
			a.root = pack_root(k, a.root);
		if (out)
			out[i] = a;
	}
	return out;
}

/* ---- the demand ---- */

static const struct sig_annotation *pack_annotations(struct pack *k, const struct sig_demand *d)
{
	struct sig_annotation *out = pack_put(k, d->annotations, d->n_annotations * sizeof(*out));

	for (size_t i = 0; i < d->n_annotations; i++) {
		struct str key = pack_str(k, d->annotations[i].key);
		struct str value = pack_str(k, d->annotations[i].value);
		if (out)
			out[i] = (struct sig_annotation){key, value};
	}
	return out;
}

static struct predicate_globs pack_globs(struct pack *k, const struct predicate_globs *g)
{
	struct str *items = pack_put(k, g->items, g->n * sizeof(*items));

	for (size_t i = 0; i < g->n; i++) {
		struct str s = pack_str(k, g->items[i]);
		if (items)
			items[i] = s;
	}
	return (struct predicate_globs){items, g->n};
}

static const struct predicate_demand *pack_predicate(struct pack *k,
						     const struct predicate_demand *in)
{
	struct predicate_demand d, *out;

	if (!in)
		return NULL;
	out = pack_put(k, in, sizeof(*out));
	d = *in;
	d.accepted = pack_globs(k, &in->accepted);
	d.forbidden_packages = pack_globs(k, &in->forbidden_packages);
	d.forbidden_licences = pack_globs(k, &in->forbidden_licences);
	d.builders = pack_globs(k, &in->builders);
	d.sources = pack_globs(k, &in->sources);
	d.build_types = pack_globs(k, &in->build_types);
	if (out)
		*out = d;
	return out;
}

static struct evidence_want *pack_want(struct pack *k, const struct evidence_want *in)
{
	struct evidence_want copy = *in;
	struct evidence_want *out = pack_put(k, in, sizeof(*in));

	copy.authorities = pack_all(k, in);
	copy.demand.predicate_type = pack_str(k, in->demand.predicate_type);
	copy.demand.predicate = pack_predicate(k, in->demand.predicate);
	copy.demand.annotations = pack_annotations(k, &in->demand);
	copy.demand.reference = pack_str(k, in->demand.reference);
	copy.repository.host = pack_str(k, in->repository.host);
	copy.repository.path = pack_str(k, in->repository.path);
	if (out)
		*out = copy;
	return out;
}

struct evidence_want *evidence_want_dup(const struct evidence_want *want)
{
	struct pack k = {NULL, 0};

	pack_want(&k, want);
	k = (struct pack){malloc(k.n), 0};
	return k.p ? pack_want(&k, want) : NULL;
}
