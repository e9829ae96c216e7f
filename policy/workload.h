/*
 * The workload: the pod template found in an object, with everything that names an image.
 *
 * One walker for all rules. It visits init containers, containers, ephemeral containers and image
 * volumes, in this order, and makes one `struct subject` of each; rules see subjects and never parse
 * objects. What it cannot understand becomes a finding, which is refused like a violation: silence is
 * no answer. spec: policy 3.1, 3.2; admission 5
 *
 * Results live in the arena; they borrow strings from the object's tree.
 */
#ifndef ASSAY_POLICY_WORKLOAD_H
#define ASSAY_POLICY_WORKLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/node.h"
#include "core/text.h"
#include "oci/reference.h"

/* A field as found. Zero is the state that no rule accepts. */
enum field_state {
	FIELD_WRONG_TYPE = 0, /* present, not null, not of the field's type; `node` shows it */
	FIELD_ABSENT,         /* absent or null */
	FIELD_SET,
};

/* Which securityContext an effective value came from. */
enum field_level { FIELD_OF_CONTAINER = 0, FIELD_OF_POD };

struct field {
	enum field_state state;
	enum field_level level;  /* of SET and WRONG_TYPE values */
	const struct node *node; /* NULL if absent */
	int64_t integer;         /* by the field's type, when SET */
	bool boolean;
	struct str str;
};

enum subject_kind {
	SUBJECT_INIT_CONTAINER = 0,
	SUBJECT_CONTAINER,
	SUBJECT_EPHEMERAL_CONTAINER,
	SUBJECT_IMAGE_VOLUME, /* no process: runAs and readOnlyRootFilesystem do not apply */
};

struct subject {
	enum subject_kind kind;
	size_t index;    /* in its list, as written */
	struct str name; /* container or volume name; empty when absent or no string */
	uint32_t line;   /* of the item in the file; 0 without positions */
	bool unchanged;  /* UPDATE of a Pod: this one already runs as it is; rules leave it alone */

	struct field image;         /* .image, or .image.reference of a volume */
	bool reference_ok;          /* `reference` is filled; else `reference_why` says why not */
	struct reference reference; /* parsed once, for all rules */
	struct str reference_why;

	/* Own securityContext only (there is no pod-level field): */
	struct field read_only_root_filesystem;
	/* Effective: the container's if present and not null, else the pod's: */
	struct field run_as_user;
	struct field run_as_group;
	struct field run_as_non_root;
};

/* Something in the object that is not as Kubernetes defines it. Becomes a violation "object". */
struct workload_finding {
	struct str path;
	const struct subject *subject; /* NULL: of the object as a whole */
	const struct node *node;       /* what stands there, NULL: nothing */
	const char *want;              /* "a list of containers" */
	size_t too_many; /* how many stand there, when that is what is wrong; else 0 */
};

struct workload_kind {
	const char *group; /* "", "apps", "batch" */
	const char *kind;
	const char *template_path; /* path of the pod template in the object, "" for a Pod */
	const char *pod_path;      /* path of its spec: "spec.template.spec", "spec" for a Pod */
	bool is_pod;
};

struct workload {
	const struct workload_kind *kind;
	struct str pod_path;      /* "spec.template.spec" */
	struct subject *subjects; /* init, containers, ephemeral, volumes */
	size_t n_subjects;
	struct workload_finding *findings;
	size_t n_findings;
	/* Pod level securityContext, for messages and for runAsNonRoot: */
	struct field pod_run_as_user;
	struct field pod_run_as_group;
	struct field pod_run_as_non_root;
	bool pod_has_read_only_root_filesystem; /* a field that Kubernetes does not have there */
	bool windows;                           /* spec.os.name: windows */
};

/* Append the path of a subject as the user wrote it: "spec.template.spec.containers[0]". Paths are not
 * kept in subjects, because only violations need them. */
void subject_put_path(struct text *t, const struct workload *w, const struct subject *s);

/* The kind of this group and kind ("Deployment" of "apps"); the version does not matter, all have the
 * same shape. The old group "extensions" counts as "apps". NULL: no workload. */
const struct workload_kind *workload_kind_find(struct str group, struct str kind);
/* All kinds, ended by one with kind == NULL; for tables and tests. */
const struct workload_kind *workload_kinds(void);

/* Extract. `object` may be anything, NULL included: what is wrong becomes a finding. Returns NULL only
 * when the arena is exhausted. */
struct workload *workload_extract(struct arena *a, const struct workload_kind *kind,
				  const struct node *object);

/* Nothing that a rule looks at differs (images, effective security settings, order, names, OS), and
 * neither has findings. spec: admission 4 "unchanged" */
bool workload_same(const struct workload *a, const struct workload *b);

/* Pods: mark in `now` every subject that `before` has with the same list, name and settings. None is
 * marked when a setting of the Pod as a whole differs or either has findings. */
void workload_mark_unchanged(struct workload *now, const struct workload *before);

#endif
