/* The JSON Schema of spec.authorities. */
#include "cli/schema_inside.h"

static const char *const none[] = {NULL};

static void put_text(struct json_writer *w, const char *key)
{
	schema_open_object(w, key, none);
	schema_type(w, "file", "string");
	schema_type(w, "inline", "string");
	schema_close_object(w);
}

static void put_texts(struct json_writer *w, const char *key)
{
	json_key(w, str_of(key));
	json_open(w, '{');
	schema_field(w, "type", "array");
	json_key(w, S("minItems"));
	json_int(w, 1);
	put_text(w, "items");
	json_close(w);
}

static void put_roots(struct json_writer *w)
{
	put_text(w, "trustedRoot");
	put_texts(w, "trustedRoots");
}

static void put_identity(struct json_writer *w)
{
	schema_type(w, "issuer", "string");
	schema_type(w, "issuerRegex", "string");
	schema_type(w, "subject", "string");
	schema_type(w, "subjectRegex", "string");
	schema_string_map(w, "extensions");
	schema_string_map(w, "extensionsRegex");
	put_roots(w);
}

static void put_keyless(struct json_writer *w)
{
	schema_open_object(w, "keyless", none);
	put_identity(w);
	schema_close_object(w);
}

static void put_certificates(struct json_writer *w)
{
	static const char *const required[] = {"roots", NULL};

	schema_open_object(w, "certificates", required);
	put_text(w, "roots");
	put_identity(w);
	put_text(w, "timestampAuthority");
	schema_type(w, "useCurrentTime", "boolean");
	schema_close_object(w);
}

static void put_threshold(struct json_writer *w, const char *key)
{
	static const char *const required[] = {"threshold", NULL};

	schema_open_object(w, key, required);
	json_key(w, S("threshold"));
	json_open(w, '{');
	schema_field(w, "type", "integer");
	json_key(w, S("minimum"));
	json_int(w, 0);
	json_close(w);
	schema_close_object(w);
}

/* A map of names to {key: ...}, {keys: [...]}, {keyless: ...} or {certificates: ...}. */
void schema_put_authorities(struct json_writer *w)
{
	json_key(w, S("authorities"));
	json_open(w, '{');
	schema_field(w, "type", "object");
	json_key(w, S("minProperties"));
	json_int(w, 1);
	json_key(w, S("additionalProperties"));
	schema_open_object(w, NULL, none);
	put_text(w, "key");
	put_texts(w, "keys");
	put_keyless(w);
	put_certificates(w);
	put_roots(w);
	put_threshold(w, "transparencyLog");
	put_threshold(w, "timestamps");
	put_threshold(w, "certificateTransparency");
	schema_type(w, "maxSignatureAge", "string");
	schema_close_object(w);
	json_close(w);
}
